//! `correlog search QUERY`: lines and records by a small query language, the newest, oldest of them first; `--follow`
//! goes on with what arrives. The language itself is in `crate::query`.

mod follow;
mod show;

use crate::args::Common;
use crate::cluster::Cluster;
use crate::cmd::trace::indexed::{hits, range_clause, refused};
use crate::cmd::trace::times::{self, TimeArgs};
use crate::config::{self, Config};
use crate::error::{EXIT_NEGATIVE, Error, Result};
use crate::query;
use crate::story::document::Document;
use crate::{cmd::trace, print};
use opensearch::http::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Words, "a phrase", field:value, field:pre*, field:*, field >= number, and, or, not, ( ); nothing finds all
    #[arg(value_name = "QUERY")]
    pub query: Vec<String>,
    /// Lines of this service
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Lines of this level and above
    #[arg(long, value_name = "LEVEL", value_parser = ["trace", "debug", "info", "warn", "error", "fatal"], ignore_case = true)]
    pub level: Option<String>,
    /// Lines of this tenant
    #[arg(long, value_name = "ID")]
    pub tenant: Option<String>,
    #[command(flatten)]
    pub times: TimeArgs,
    /// The most lines to print
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub limit: u64,
    /// Go on with lines as they arrive, until interrupted
    #[arg(long, short = 'f')]
    pub follow: bool,
}

const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    let now = times::now();
    let filter = filter(args, now)?;
    let cluster = Cluster::connect(&config)?;
    cluster.version()?;
    let search = Search { cluster: &cluster, path: path(&config), filter };
    let style = trace::style();
    let newest = search.page(&[], args.limit, "desc")?;
    if args.follow {
        return follow::run(&search, newest, common.json, style);
    }
    let total = newest.total;
    let mut documents = newest.documents;
    documents.reverse();
    if common.json {
        let hits: Vec<Value> = documents.iter().map(show::json).collect();
        print::json(&json!({"schema": "correlog.search/1", "total": total, "hits": hits}))?;
    } else {
        let lines = documents.iter().map(|document| show::line(document, style));
        print::data(&lines.collect::<String>())?;
        if total > documents.len() as u64 {
            print::note(&format!("the newest {} of {total}; --limit shows more", documents.len()));
        }
    }
    if documents.is_empty() {
        let notice = "nothing matches; values are case-sensitive, `correlog doctor` shows what there is";
        print::note(notice);
        return Ok(ExitCode::from(EXIT_NEGATIVE));
    }
    Ok(ExitCode::SUCCESS)
}

/// The clauses every page of this search shares.
fn filter(args: &Args, now_ms: i64) -> Result<Vec<Value>> {
    let text = args.query.join(" ");
    let query = query::read(&text)
        .map_err(|problem| Error::usage(print::harmless(&problem.what), print::harmless(&problem.hint)))?;
    let mut filter = vec![query];
    let mut term = |field: &str, value: &Option<String>| {
        filter.extend(value.iter().map(|value| json!({"term": {field: value}})));
    };
    term("service.name", &args.service);
    term("tenant_id", &args.tenant);
    if let Some(level) = &args.level {
        let from = LEVELS.iter().position(|known| known.eq_ignore_ascii_case(level)).unwrap_or(0);
        filter.push(json!({"terms": {"level": LEVELS[from..]}}));
    }
    filter.extend(range_clause(args.times.range(now_ms)?));
    // The shipper's own status documents are found by those who ask for them.
    if !text.contains("record") && !text.contains("shipper.") {
        filter.push(json!({"bool": {"must_not": [{"term": {"record": "shipper_status"}}]}}));
    }
    Ok(filter)
}

fn path(config: &Config) -> String {
    format!("/{}-*,{}-*/_search?ignore_unavailable=true", config.index.logs, config.index.workflow)
}

#[derive(Debug)]
pub struct Search<'a> {
    cluster: &'a Cluster,
    path: String,
    filter: Vec<Value>,
}

#[derive(Debug, Default)]
pub struct Page {
    pub documents: Vec<Document>,
    pub total: u64,
}

impl Search<'_> {
    pub fn page(&self, more: &[Value], size: u64, order: &str) -> Result<Page> {
        let filter: Vec<&Value> = self.filter.iter().chain(more).collect();
        let body = json!({
            "size": size,
            "track_total_hits": true,
            "query": {"bool": {"filter": filter}},
            "sort": [{"@timestamp": {"order": order, "missing": "_last", "unmapped_type": "date_nanos"}}],
        });
        let reply = self.cluster.send(Method::Post, &self.path, Some(&body))?;
        if !reply.ok() {
            return Err(refused(self.cluster, &reply));
        }
        let total = reply.body.pointer("/hits/total/value").and_then(Value::as_u64).unwrap_or(0);
        Ok(Page { documents: hits(&reply.body), total })
    }
}
