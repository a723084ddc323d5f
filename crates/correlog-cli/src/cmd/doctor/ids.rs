//! The lines' side: which services log without trace ids, and where ids stand under other people's names.

use super::Patient;
use crate::error::Result;
use serde_json::{Value, json};

/// Names under which other tools write a trace id; the shipper knows them at the root of a line, not deep within.
const SPELLINGS: [&str; 9] = [
    "traceId",
    "traceID",
    "trace",
    "trace.id",
    "dd.trace_id",
    "otelTraceID",
    "x_trace_id",
    "requestId",
    "correlation_id",
];
/// Below this share of lines with ids a service is named; start-up lines never have one.
const SHARE_MIN: f64 = 0.5;
const LINES_MIN: u64 = 20;

pub fn shares(patient: &mut Patient<'_>) -> Result<()> {
    let body = json!({
        "size": 0,
        "query": {"bool": {
            "filter": [{"range": {"@timestamp": {"gte": "now-24h"}}}],
            "must_not": [{"exists": {"field": "shipper.lines_read"}}],
            "should": [{"term": {"record": "log"}}, {"bool": {"must_not": [{"exists": {"field": "record"}}]}}],
            "minimum_should_match": 1,
        }},
        "aggs": {"by": {"terms": {"field": "service.name", "missing": "-", "size": 100},
            "aggs": {"with": {"filter": {"exists": {"field": "trace_id"}}}}}},
    });
    let Some(found) = patient.search(&body)? else { return Ok(()) };
    let mut well = Vec::new();
    for bucket in found.pointer("/aggregations/by/buckets").and_then(Value::as_array).into_iter().flatten() {
        let service = bucket.get("key").and_then(Value::as_str).unwrap_or("-");
        let lines = bucket.get("doc_count").and_then(Value::as_u64).unwrap_or(0);
        let with = bucket.pointer("/with/doc_count").and_then(Value::as_u64).unwrap_or(0);
        let share = with as f64 / lines.max(1) as f64;
        let what =
            format!("{service}: {:.0} % of {lines} lines within 24 hours carry a trace id", share * 100.0);
        if share >= SHARE_MIN || (lines < LINES_MIN && with > 0) {
            well.push(what);
        } else {
            patient.ill(
                "ids",
                what,
                "add correlog::layer() inside the service's spans (docs/SEARCH.md, \"Lines without ids\")",
            );
        }
    }
    well.into_iter().for_each(|what| patient.well("ids", what));
    Ok(())
}

pub fn spellings(patient: &mut Patient<'_>) -> Result<()> {
    let filters: serde_json::Map<String, Value> = SPELLINGS
        .iter()
        .map(|name| ((*name).to_owned(), json!({"exists": {"field": format!("attributes.{name}")}})))
        .collect();
    let body = json!({"size": 0, "query": {"range": {"@timestamp": {"gte": "now-24h"}}},
        "aggs": {"spelt": {"filters": {"filters": filters}}}});
    let Some(found) = patient.search(&body)? else { return Ok(()) };
    let buckets = found.pointer("/aggregations/spelt/buckets").and_then(Value::as_object);
    for (name, bucket) in buckets.into_iter().flatten() {
        let count = bucket.get("doc_count").and_then(Value::as_u64).unwrap_or(0);
        if count > 0 {
            patient.ill(
                "spelling",
                format!("{count} lines within 24 hours have their id in attributes.{name}, where no trace is looked for"),
                format!("correlog search 'attributes.{name}:*' shows them; write the field trace_id at the line's root"),
            );
        }
    }
    Ok(())
}
