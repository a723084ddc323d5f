//! Links of a story into OpenSearch Dashboards, Jaeger and Grafana, for the addresses that are configured. It asks no
//! server whether the link's target is there. How a link is spelt is decided where the dashboards are made.

use crate::config::Config;
use crate::story::Story;
use crate::story::document::time_text;
use correlog_dashboards::links::{self, Times, rison};
use serde_json::{Value, json};
use std::fmt::Write;

/// Name and address.
pub type Link = (String, Value);

const PAD_NS: i64 = 60_000_000_000;
/// More ids than these would make an address that mail clients and proxies cut.
const IDS_MAX: usize = 10;
const COLUMNS: [&str; 4] = ["service.name", "level", "message", "trace_id"];

pub fn of(story: &Story, config: &Config) -> Vec<Link> {
    let mut links = Vec::new();
    let mut add = |name: &str, url: String| links.push((name.to_owned(), Value::from(url)));
    let trace = story.subject.trace_ids.first();
    if let Some(base) = &config.dashboards_url {
        let (query, around) = (query(story), times(story));
        let times = around.as_ref().map_or(Times::Any, |(from, to)| Times::Between(from, to));
        add("dashboard", links::story(base, &query, times));
        add("discover", links::discover(base, &query, times, &COLUMNS));
    }
    if let (Some(base), Some(trace)) = (&config.jaeger_url, trace) {
        add("jaeger", format!("{}/trace/{}", base.trim_end_matches('/'), rison::percent(trace)));
    }
    if let (Some(base), Some(trace)) = (&config.grafana_url, trace) {
        add("grafana", grafana(base, trace, story));
    }
    links
}

pub fn append(out: &mut String, links: &[Link]) {
    if !links.is_empty() {
        out.push('\n');
    }
    for (name, url) in links {
        let _ = writeln!(out, "  {name:<9}  {}", url.as_str().unwrap_or_default());
    }
}

/// The whole story in the query bar's language; ids are always quoted, because a bare UUID warns and a bare id that
/// starts with a digit breaks the address.
fn query(story: &Story) -> String {
    let traces = story.subject.trace_ids.iter().map(|id| ("trace_id", id));
    let runs = story.subject.run_ids.iter().map(|id| ("workflow_run_id", id));
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let terms: Vec<String> =
        runs.chain(traces).take(IDS_MAX).map(|(field, id)| format!("{field}:\"{}\"", quoted(id))).collect();
    terms.join(" or ")
}

/// A minute around the story.
fn times(story: &Story) -> Option<(String, String)> {
    let (from, to) = story.header.started.zip(story.header.finished)?;
    let millis = |nanos: i64| time_text(nanos.div_euclid(1_000_000) * 1_000_000);
    Some((millis(from.saturating_sub(PAD_NS)), millis(to.saturating_add(PAD_NS))))
}

/// Explore with a Tempo data source whose uid is `tempo`.
fn grafana(base: &str, trace: &str, story: &Story) -> String {
    let ms = |nanos: i64| (nanos / 1_000_000).to_string();
    let range = match story.header.started.zip(story.header.finished) {
        Some((from, to)) => json!({"from": ms(from - PAD_NS), "to": ms(to + PAD_NS)}),
        None => json!({"from": links::LINK_FROM, "to": "now"}),
    };
    let source = json!({"type": "tempo", "uid": "tempo"});
    let query = json!({"refId": "A", "datasource": source, "queryType": "traceql", "query": trace});
    let panes = json!({"a": {"datasource": "tempo", "queries": [query], "range": range}});
    let base = base.trim_end_matches('/');
    format!("{base}/explore?schemaVersion=1&orgId=1&panes={}", rison::percent(&panes.to_string()))
}
