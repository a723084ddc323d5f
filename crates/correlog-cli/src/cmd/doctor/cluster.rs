//! The cluster's side: does it answer, is it ours to use, which days are there, is the template in force, have the fields
//! their types, do the clocks agree.

use super::Patient;
use crate::error::{Error, Result};
use correlog_schema::index::{Day, Place};
use opensearch::http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The days that have an index of log lines, oldest first, and the indices that are closed.
#[derive(Debug, Default)]
pub struct Days {
    pub open: BTreeSet<Day>,
    pub closed: BTreeSet<Day>,
}

/// Clocks further apart than this make "the last 15 minutes" mean two things.
const SKEW_MAX_S: i64 = 30;

pub fn is_reachable(patient: &mut Patient<'_>) -> bool {
    match patient.cluster.version() {
        Ok(version) => {
            let what = format!("{} is {} {}", patient.cluster.url, version.distribution, version.number);
            patient.well("cluster", what);
            true
        }
        Err(unfit) => {
            let error = Error::from(unfit);
            let fix = error.hint().to_owned();
            patient.ill("cluster", error.to_string(), fix);
            false
        }
    }
}

pub fn indices(patient: &mut Patient<'_>) -> Result<Days> {
    let path = format!("/_cat/indices/{}?format=json&h=index,status,health", patient.pattern());
    let reply = patient.cluster.get(&path)?;
    let Some(rows) = reply.body.as_array().filter(|_| reply.ok()) else {
        patient.well("indices", format!("not looked at: the answer was {}", reply.status));
        return Ok(Days::default());
    };
    let mut days = Days::default();
    let mut red = Vec::new();
    for row in rows {
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("health") == "red" {
            red.push(text("index").to_owned());
        }
        let place = Place::of_index_name(&patient.config.index.logs, text("index"));
        if let Some(Place::Day(day)) = place {
            let set = if text("status") == "close" { &mut days.closed } else { &mut days.open };
            set.insert(day);
        }
    }
    if !red.is_empty() {
        let what = format!("{} cannot be searched whole (health red)", red.join(", "));
        patient.ill("indices", what, "GET /_cluster/allocation/explain says why; add disk or nodes");
    }
    match (days.open.first(), days.open.last()) {
        (Some(first), Some(last)) => {
            let what = format!("{} days of log lines, {first} to {last}", days.open.len());
            patient.well("indices", what);
        }
        _ => patient.ill(
            "indices",
            format!(
                "there is no index {}-YYYY.MM.DD: nothing was ever shipped here",
                patient.config.index.logs
            ),
            "correlog ship --once, or check index.logs and opensearch.url",
        ),
    }
    Ok(days)
}

/// What an index made today would get, whichever templates overlap.
pub fn template(patient: &mut Patient<'_>) -> Result<()> {
    let today = Place::of_ms(patient.now_ms).index_name(&patient.config.index.logs);
    let path = format!("/_index_template/_simulate_index/{today}");
    let reply = patient.cluster.send(Method::Post, &path, None)?;
    if !reply.ok() {
        patient.well("template", format!("not looked at: the answer was {}", reply.status));
        return Ok(());
    }
    let mapping = reply.body.pointer("/template/mappings/properties/trace_id/type");
    if mapping == Some(&json!("keyword")) {
        patient.well("template", format!("a new {today} would get our fields"));
    } else {
        let what = format!("a new {today} would not get our fields: no template of ours is in force");
        patient.ill(
            "template",
            what,
            "correlog setup apply (correlog setup diff shows what stands in the way)",
        );
    }
    Ok(())
}

/// Indices that exist already keep the types they were made with.
pub fn fields(patient: &mut Patient<'_>) -> Result<()> {
    let path = format!(
        "/{}/_mapping/field/trace_id,workflow_run_id,@timestamp?ignore_unavailable=true",
        patient.pattern()
    );
    let reply = patient.cluster.get(&path)?;
    let Some(indices) = reply.body.as_object().filter(|_| reply.ok()) else { return Ok(()) };
    let mut wrong: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (index, found) in indices {
        for (field, leaf, expect) in [
            ("trace_id", "trace_id", "keyword"),
            ("workflow_run_id", "workflow_run_id", "keyword"),
            ("@timestamp", "@timestamp", "date_nanos"),
        ] {
            let pointer = format!("/mappings/{field}/mapping/{leaf}/type");
            let kind = found.pointer(&pointer).and_then(Value::as_str).unwrap_or("missing");
            if kind != expect {
                wrong.entry(format!("{field} is {kind}, not {expect}")).or_default().push(index);
            }
        }
    }
    for (what, indices) in &wrong {
        let shown = indices.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        patient.ill(
            "fields",
            format!("{what} in {} indices ({shown} …): they were made without our template", indices.len()),
            "correlog setup apply, then reindex those days (POST /_reindex) or wait until they are deleted",
        );
    }
    if wrong.is_empty() && !indices.is_empty() {
        patient.well(
            "fields",
            format!("trace_id, workflow_run_id and @timestamp are right in {} indices", indices.len()),
        );
    }
    Ok(())
}

pub fn clock(patient: &mut Patient<'_>) -> Result<()> {
    let reply = patient.cluster.get("/_cat/health?format=json&h=epoch")?;
    let epoch = reply.body.pointer("/0/epoch").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let skew: Option<i64> = epoch.map(|epoch: i64| epoch - patient.now_ms / 1000);
    match skew {
        Some(skew) if skew.abs() > SKEW_MAX_S => patient.ill(
            "clock",
            format!("this machine's clock and the cluster's are {} s apart", skew.abs()),
            "timedatectl set-ntp true, on the one that is wrong",
        ),
        Some(_) => patient.well("clock", "this machine's clock and the cluster's agree"),
        None => {}
    }
    future_lines(patient)
}

/// Lines from the future come from a host whose clock is fast; its lines stand in tomorrow's index or below all others.
fn future_lines(patient: &mut Patient<'_>) -> Result<()> {
    let body = json!({
        "size": 0,
        "query": {"range": {"@timestamp": {"gt": "now+2m"}}},
        "aggs": {"by": {"terms": {"field": "service.name", "size": 5}}},
    });
    let Some(found) = patient.search(&body)? else { return Ok(()) };
    for bucket in found.pointer("/aggregations/by/buckets").and_then(Value::as_array).into_iter().flatten() {
        let service = bucket.get("key").and_then(Value::as_str).unwrap_or("-");
        let count = bucket.get("doc_count").and_then(Value::as_u64).unwrap_or(0);
        let what = format!("{count} lines of {service} are from the future: its host's clock is fast");
        patient.ill("clock", what, "timedatectl set-ntp true, on that host");
    }
    Ok(())
}
