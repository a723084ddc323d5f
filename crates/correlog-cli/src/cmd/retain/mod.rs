//! `correlog retain`: deletes whole days older than so many, by the date in an index's name. Undated and odd
//! documents are never deleted, and nothing but indices of the configured prefixes is looked at.

use crate::args::Common;
use crate::cluster::Cluster;
use crate::cmd::setup;
use crate::config::{self, Config};
use crate::error::Result;
use crate::print;
use correlog_schema::index::{Day, Place};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many days to keep, today not counted
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,
    /// Only say what would be deleted
    #[arg(long)]
    dry_run: bool,
}

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    let cluster = Cluster::connect(&config)?;
    cluster.version()?;
    let rows = older(&config, &cluster, oldest_kept(setup::today(), args.days))?;
    let mut deleted = Vec::new();
    for row in &rows {
        let name = row["index"].as_str().unwrap_or_default();
        if !args.dry_run {
            setup::delete_index(&cluster, name)?;
        }
        deleted.push(json!({ "index": name, "documents": row["docs.count"], "bytes": row["store.size"] }));
    }
    if common.json {
        print::json(&json!({ "dry_run": args.dry_run, "deleted": deleted }))?;
    } else {
        print::data(&text(&deleted, args.dry_run))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `None` where the window of days begins later: nothing is old enough then.
fn oldest_kept(today: Day, days: u32) -> Option<Day> {
    today.plus(i32::try_from(days).ok()?.checked_neg()?)
}

fn older(config: &Config, cluster: &Cluster, oldest_kept: Option<Day>) -> Result<Vec<Value>> {
    let Some(oldest_kept) = oldest_kept else { return Ok(Vec::new()) };
    let mut older = Vec::new();
    for prefix in [&config.index.logs, &config.index.workflow] {
        let is_older = |row: &Value| {
            let place = row["index"].as_str().and_then(|name| Place::of_index_name(prefix, name));
            matches!(place, Some(Place::Day(day)) if day < oldest_kept)
        };
        older.extend(setup::indices(cluster, prefix)?.into_iter().filter(is_older));
    }
    Ok(older)
}

fn text(deleted: &[Value], dry_run: bool) -> String {
    let line = |row: &Value| {
        let name = row["index"].as_str().unwrap_or_default();
        format!("- {name}: {} documents\n", row["documents"].as_str().unwrap_or("0"))
    };
    let verb = if dry_run { "would be deleted" } else { "deleted" };
    let lines: String = deleted.iter().map(line).collect();
    format!("{lines}{} indices {verb}\n", deleted.len())
}
