//! The story for machines: `correlog.trace/1`, described in docs/SEARCH.md. Keys are only ever added; one that goes
//! or changes its meaning makes it `/2`.

use super::document::time_text;
use super::entry::{Entry, Kind};
use super::header::Node;
use super::{Searched, Story};
use serde_json::{Value, json};

pub const SCHEMA: &str = "correlog.trace/1";

/// The whole story as one object. Times are RFC 3339 in UTC, durations and offsets milliseconds.
pub fn story(story: &Story, links: &Value) -> Value {
    json!({
        "schema": SCHEMA,
        "found": true,
        "query": story.subject.query,
        "read_as": story.subject.read_as,
        "trace_ids": story.subject.trace_ids,
        "workflow_run_ids": story.subject.run_ids,
        "searched": searched(&story.searched),
        "notes": story.subject.notes,
        "header": header(story),
        "first_error": story.first_error.map(|place| first_error(story, place)),
        "lanes": lanes(story),
        "spans": spans(story),
        "gaps": gaps(story),
        "lines": of_kind(story, |entry| entry.kind != Kind::Record),
        "records": of_kind(story, |entry| entry.kind == Kind::Record),
        "nodes": story.nodes.iter().map(|one| node(story, one)).collect::<Vec<_>>(),
        "links": links,
    })
}

/// Nothing found is an answer of the same schema.
pub fn not_found(query: &str, read_as: &[String], at: &Searched, reasons: &[String]) -> Value {
    json!({
        "schema": SCHEMA, "found": false, "query": query, "tried_as": read_as,
        "searched": searched(at), "notes": reasons,
    })
}

fn searched(at: &Searched) -> Value {
    let days = at.days.as_ref().map(|(first, last)| json!({"first": first, "last": last}));
    json!({"source": at.source, "days": days, "places": at.places, "parts": at.parts, "bytes": at.bytes})
}

fn header(story: &Story) -> Value {
    let header = &story.header;
    json!({
        "services": header.services,
        "started_at": header.started.map(time_text),
        "finished_at": header.finished.map(time_text),
        "duration_ms": header.duration_ms,
        "outcome": header.outcome,
        "outcome_from": header.outcome_from,
        "tenant_ids": header.tenants,
        "app_ids": header.apps,
        "workflow_ids": header.workflows,
        "environments": header.environments,
        "total_tokens": header.total_tokens,
        "lines": header.lines,
        "records": header.records,
        "levels": header.levels,
    })
}

fn first_error(story: &Story, place: usize) -> Value {
    let entry = &story.entries[place];
    json!({
        "line": line_number(story, place),
        "at": entry.at.map(time_text),
        "service": entry.service,
        "message": entry.message,
        "exception_type": entry.document.text("exception.type"),
        "exception_message": entry.document.text("exception.message"),
        "stacktrace": entry.document.text("exception.stacktrace"),
    })
}

/// Place in `lines`, which leaves the records out.
fn line_number(story: &Story, place: usize) -> usize {
    story.entries[..place].iter().filter(|entry| entry.kind != Kind::Record).count()
}

fn lanes(story: &Story) -> Vec<Value> {
    let lane = |lane: &super::spans::Lane| {
        json!({
            "service": lane.service,
            "first_ms": lane.first.map(|at| story.offset_ms(at)),
            "last_ms": lane.last.map(|at| story.offset_ms(at)),
            "lines": lane.lines,
            "errors": lane.errors,
        })
    };
    story.lanes.iter().map(lane).collect()
}

fn spans(story: &Story) -> Vec<Value> {
    let span = |span: &super::spans::Span| {
        json!({
            "span_id": span.span_id,
            "parent_span_id": span.parent_span_id,
            "name": span.name,
            "service": span.service,
            "start_ms": story.offset_ms(span.first),
            "duration_ms": span.duration_ms(),
            "lines": span.lines,
            "errors": span.errors,
        })
    };
    story.spans.iter().map(span).collect()
}

fn gaps(story: &Story) -> Vec<Value> {
    let gap = |gap: &super::spans::Gap| {
        let from = story.entries[gap.after].at.map(|at| story.offset_ms(at));
        json!({"from_ms": from, "duration_ms": gap.duration_ms})
    };
    story.gaps.iter().map(gap).collect()
}

fn of_kind(story: &Story, wanted: impl Fn(&Entry) -> bool) -> Vec<Value> {
    story.entries.iter().filter(|entry| wanted(entry)).map(|one| line(story, one)).collect()
}

fn line(story: &Story, entry: &Entry) -> Value {
    let text = |field: &str| entry.document.text(field);
    json!({
        "at": entry.at.map(time_text),
        "offset_ms": entry.at.map(|at| story.offset_ms(at)),
        "service": entry.service,
        "level": entry.level,
        "message": entry.message,
        "duration_ms": entry.duration_ms,
        "record": entry.document.record(),
        "is_context": entry.kind == Kind::Context,
        "trace_id": text("trace_id"),
        "span_id": entry.span_id,
        "span_name": text("span.name"),
        "workflow_run_id": text("workflow_run_id"),
        "index": entry.document.index,
        "id": entry.document.id,
        "document": entry.document.source,
    })
}

fn node(story: &Story, node: &Node) -> Value {
    json!({
        "node_execution_id": node.id,
        "node_id": node.node_id,
        "title": node.title,
        "node_type": node.node_type,
        "status": node.status,
        "started_at": node.started.map(time_text),
        "start_ms": node.started.map(|at| story.offset_ms(at)),
        "elapsed_ms": node.elapsed_ms,
        "total_tokens": node.total_tokens,
        "model": node.model,
        "error": node.error,
        "workflow_run_id": node.run_id,
    })
}
