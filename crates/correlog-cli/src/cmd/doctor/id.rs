//! One id's own story: is it there after all, is its day there, does it stand in the wrong field, is it too new, was it
//! sampled out of the tracing back-end.

use super::Patient;
use super::cluster::Days;
use crate::cmd::trace::ask::Ask;
use crate::error::Result;
use correlog_schema::index::Day;
use serde_json::{Value, json};

const MINUTE_MS: i64 = 60_000;

pub fn examine(patient: &mut Patient<'_>, ask: &Ask, days: &Days) -> Result<()> {
    if is_there(patient, ask)? {
        return sampled(patient, ask);
    }
    if !elsewhere(patient, ask)? {
        let what = format!("no document has {} in any id, in attributes or in its message", ask.shown());
        patient.ill("id", what, "correlog trace ID --files 'path/to/logs*' searches the files themselves");
    }
    if let Some(ms) = ask.hints_ms.first() {
        the_day(patient, *ms, days);
    } else {
        patient.well("day", "the id carries no time, so every day was searched");
    }
    Ok(())
}

fn is_there(patient: &mut Patient<'_>, ask: &Ask) -> Result<bool> {
    let wanted = ask.wanted();
    let should: Vec<Value> =
        wanted.terms.iter().map(|(field, values)| json!({"terms": {*field: values}})).collect();
    let by_field: serde_json::Map<String, Value> = wanted
        .terms
        .iter()
        .map(|(field, values)| ((*field).to_owned(), json!({"terms": {*field: values}})))
        .collect();
    let body = json!({"size": 0, "track_total_hits": true,
        "query": {"bool": {"should": should, "minimum_should_match": 1}},
        "aggs": {"by": {"filters": {"filters": by_field}}}});
    let Some(found) = patient.search(&body)? else { return Ok(false) };
    let buckets = found.pointer("/aggregations/by/buckets").and_then(Value::as_object);
    let hits: Vec<String> = buckets
        .into_iter()
        .flatten()
        .filter_map(|(field, bucket)| {
            let count = bucket.get("doc_count").and_then(Value::as_u64).filter(|count| *count > 0)?;
            Some(format!("{count} as {field}"))
        })
        .collect();
    if hits.is_empty() {
        return Ok(false);
    }
    patient.well("id", format!("it is there: {} (correlog trace {})", hits.join(", "), ask.shown()));
    Ok(true)
}

/// Lines of a trace that was not sampled are stored; a tracing back-end has nothing of it.
fn sampled(patient: &mut Patient<'_>, ask: &Ask) -> Result<()> {
    let Some(trace) = &ask.trace else { return Ok(()) };
    let body = json!({"size": 0, "track_total_hits": true, "query": {"bool": {"filter": [
        {"term": {"trace_id": trace.to_string()}}, {"term": {"trace_flags": "00"}}]}}});
    let Some(found) = patient.search(&body)? else { return Ok(()) };
    let count = found.pointer("/hits/total/value").and_then(Value::as_u64).unwrap_or(0);
    if count > 0 {
        let what = format!(
            "{count} of its lines say it was not sampled: the lines exist, the trace in Jaeger does not"
        );
        patient.ill(
            "sampled",
            what,
            "raise the sampling rate (OTEL_TRACES_SAMPLER_ARG); the story needs no trace: correlog trace",
        );
    }
    Ok(())
}

/// The id somewhere it should not be: under another name, or only in a line's text.
fn elsewhere(patient: &mut Patient<'_>, ask: &Ask) -> Result<bool> {
    let in_attributes: Vec<Value> =
        ask.forms.iter().map(|form| json!({"term": {"attributes": form}})).collect();
    let in_message: Vec<Value> =
        ask.forms.iter().map(|form| json!({"match_phrase": {"message": form}})).collect();
    let should = [in_attributes, in_message].concat();
    let body = json!({"size": 1, "track_total_hits": true,
        "query": {"bool": {"should": should, "minimum_should_match": 1}}});
    let Some(found) = patient.search(&body)? else { return Ok(false) };
    let count = found.pointer("/hits/total/value").and_then(Value::as_u64).unwrap_or(0);
    let Some(source) = found.pointer("/hits/hits/0/_source") else { return Ok(false) };
    let service = source.pointer("/service/name").and_then(Value::as_str).unwrap_or("-");
    let key = source.get("attributes").and_then(|attributes| key_of(attributes, ask, "attributes"));
    let place = key.unwrap_or_else(|| "the message's text".to_owned());
    patient.ill(
        "spelling",
        format!("{count} lines hold the id in {place} (of {service}), not in trace_id"),
        format!(
            "correlog search '\"{}\"' shows them; write the field trace_id at the line's root",
            ask.shown()
        ),
    );
    Ok(true)
}

fn key_of(value: &Value, ask: &Ask, path: &str) -> Option<String> {
    match value {
        Value::Object(map) => {
            map.iter().find_map(|(key, value)| key_of(value, ask, &format!("{path}.{key}")))
        }
        Value::Array(values) => values.iter().find_map(|value| key_of(value, ask, path)),
        Value::String(text) => {
            ask.forms.iter().any(|form| form.eq_ignore_ascii_case(text)).then(|| path.to_owned())
        }
        _ => None,
    }
}

fn the_day(patient: &mut Patient<'_>, ms: i64, days: &Days) {
    let Some(day) = Day::of_ms(ms) else { return };
    let oldest = days.open.first().copied();
    if ms > patient.now_ms + MINUTE_MS {
        let what = format!("the id was made on {day}, in the future of this machine: a clock is wrong");
        patient.ill("clock", what, "timedatectl set-ntp true, on the host that made it");
    } else if days.closed.contains(&day) {
        let index = format!("{}-{day}", patient.config.index.logs);
        patient.ill(
            "day",
            format!("{index} is closed"),
            format!("curl -X POST {}/{index}/_open", patient.cluster.url),
        );
    } else if days.open.contains(&day) && patient.now_ms - ms < 2 * MINUTE_MS {
        let age = (patient.now_ms - ms) / 1000;
        let what = format!("the id is {age} s old: its lines may not have arrived");
        patient.ill("day", what, "correlog status, and try again; or correlog trace ID --files");
    } else if days.open.contains(&day) {
        patient.well("day", format!("the id was made on {day}, whose index is there and was searched"));
    } else if oldest.is_some_and(|oldest| day < oldest) {
        let what = format!(
            "the id was made on {day}; the oldest day kept is {}",
            oldest.map(|day| day.to_string()).unwrap_or_default()
        );
        patient.ill("retention", what, "correlog retain --days N keeps more; older days are in backups only");
    } else {
        let what =
            format!("the id was made on {day}, and there is no index of that day: nothing of it was shipped");
        patient.ill("day", what, "correlog status on the host that wrote the lines");
    }
}
