//! Reads where every stored line stands, index by index, in the order in which the cluster has them: nothing is sorted
//! there and no source is sent. Forty bytes a document are held here.

use indicatif::{ProgressBar, ProgressStyle};
use opensearch::http::Method;
use serde_json::{Value, json};

use super::chain::{Link, Names, Step};
use crate::cluster::{Cluster, Reply};
use crate::error::{Error, Result};

pub const PAGE: usize = 10_000;
const KEEP_ALIVE: &str = "2m";
const FILTER: &str = "filter_path=_scroll_id,hits.hits.fields,error,_shards.failed";
pub const FIELDS: [&str; 6] =
    ["log.lineage", "log.offset", "log.next", "log.skipped", "log.stream", "log.seq"];

#[derive(Debug, Default)]
pub struct Stored {
    pub links: Vec<Link>,
    pub steps: Vec<Step>,
    pub lineages: Names,
    pub streams: Names,
}

/// Reads all of these indices.
pub fn read(cluster: &Cluster, indices: &[String]) -> Result<Stored> {
    let mut stored = Stored::default();
    let bar = progress(total(cluster, indices)?);
    for index in indices {
        one(cluster, index, &mut stored, &bar)?;
    }
    bar.finish_and_clear();
    Ok(stored)
}

fn progress(total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} documents, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn total(cluster: &Cluster, indices: &[String]) -> Result<u64> {
    let mut total = 0;
    for index in indices {
        let reply = cluster.send(Method::Get, &format!("/{index}/_count"), None)?;
        total += reply.body["count"].as_u64().unwrap_or(0);
    }
    Ok(total)
}

fn one(cluster: &Cluster, index: &str, stored: &mut Stored, bar: &ProgressBar) -> Result<()> {
    let body = json!({
        "size": PAGE,
        "sort": ["_doc"],
        // Not even the id: a stored field is unpacked with the whole document, which takes fifteen times longer.
        "stored_fields": "_none_",
        "docvalue_fields": FIELDS,
        "query": { "bool": { "filter": [{ "exists": { "field": "log.lineage" } }] } },
    });
    let path = format!("/{index}/_search?scroll={KEEP_ALIVE}&{FILTER}");
    let mut reply = checked(index, cluster.send(Method::Post, &path, Some(&body))?)?;
    let mut scroll = Value::Null;
    loop {
        if let Some(id) = reply.body.get_mut("_scroll_id") {
            scroll = id.take();
        }
        let hits = reply.body.pointer("/hits/hits").and_then(Value::as_array);
        let count = hits.map_or(0, Vec::len);
        for hit in hits.into_iter().flatten() {
            stored.take(&hit["fields"]);
        }
        bar.inc(count as u64);
        if count < PAGE {
            break;
        }
        let next = json!({ "scroll": KEEP_ALIVE, "scroll_id": scroll });
        reply =
            checked(index, cluster.send(Method::Post, &format!("/_search/scroll?{FILTER}"), Some(&next))?)?;
    }
    // A scroll that stays open costs the cluster memory until it times out; that it could not be closed is no fault.
    let _ = cluster.send(Method::Delete, "/_search/scroll", Some(&json!({ "scroll_id": [scroll] })));
    Ok(())
}

/// A page that lacks a shard would look like a gap.
fn checked(index: &str, reply: Reply) -> Result<Reply> {
    let failed = reply.body.pointer("/_shards/failed").and_then(Value::as_u64).unwrap_or(0);
    if reply.ok() && failed == 0 {
        return Ok(reply);
    }
    let what = match reply.ok() {
        true => format!("{failed} shards of {index} did not answer"),
        false => format!("{index} cannot be read: {} {}", reply.status, reply.error_type()),
    };
    Err(Error::unreachable(what, "is the cluster green or yellow? reading needs indices:data/read/*"))
}

impl Stored {
    pub fn take(&mut self, fields: &Value) {
        let text = |name: &str| fields[name][0].as_str();
        let number = |name: &str| fields[name][0].as_u64();
        let (Some(lineage), Some(start), Some(next)) =
            (text("log.lineage"), number("log.offset"), number("log.next"))
        else {
            return;
        };
        let lineage = self.lineages.number(lineage);
        let skipped = number("log.skipped").unwrap_or(0);
        self.links.push(Link { lineage, start, next, skipped, refused: false });
        if let (Some(stream), Some(seq)) = (text("log.stream"), number("log.seq")) {
            let stream = self.streams.number(stream);
            self.steps.push(Step { stream, seq, lineage, start });
        }
    }
}
