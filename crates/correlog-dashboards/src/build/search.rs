//! The saved searches: tables of documents with chosen columns.

use serde_json::{Value, json};

use super::panels::text;
use super::{LINES, NODES, PATTERN_ID, RUNS};

const STUCK: &str = "record:workflow_run and status:(running or paused) and created_at < \"now-15m\"";

/// Id, title, query, columns, sort.
type Search =
    (&'static str, &'static str, String, &'static [&'static str], &'static [(&'static str, &'static str)]);

pub fn all() -> Vec<Value> {
    let newest: &[(&str, &str)] = &[("@timestamp", "desc")];
    let oldest: &[(&str, &str)] = &[("@timestamp", "asc")];
    let searches: [Search; 6] = [
        (
            "correlog-s-lines",
            "Lines, in time order",
            LINES.to_owned(),
            &["service.name", "level", "message", "exception.type", "logger", "trace_id"],
            &[("@timestamp", "asc"), ("log.seq", "asc")],
        ),
        (
            "correlog-s-runs",
            "Workflow runs",
            RUNS.to_owned(),
            &[
                "status",
                "app_id",
                "tenant_id",
                "created_from",
                "elapsed_time",
                "total_tokens",
                "total_price",
                "error",
                "workflow_run_id",
            ],
            newest,
        ),
        (
            "correlog-s-nodes",
            "Node executions",
            NODES.to_owned(),
            &[
                "node_type",
                "title",
                "status",
                "elapsed_time",
                "model_name",
                "total_tokens",
                "total_price",
                "error",
            ],
            oldest,
        ),
        (
            "correlog-s-stuck",
            "Stuck runs: running or paused for more than 15 minutes",
            STUCK.to_owned(),
            &["status", "app_id", "tenant_id", "created_from", "trace_id", "workflow_run_id"],
            oldest,
        ),
        (
            "correlog-s-5xx",
            "Answers with 5xx, newest first",
            format!("{LINES} and http.response.status_code >= 500"),
            &[
                "service.name",
                "http.request.method",
                "http.route",
                "http.response.status_code",
                "duration_ms",
                "exception.type",
                "trace_id",
            ],
            newest,
        ),
        (
            "correlog-s-no-id",
            "Lines without a trace id",
            format!("{LINES} and not trace_id:*"),
            &["service.name", "level", "logger", "message"],
            newest,
        ),
    ];
    searches.iter().map(object).collect()
}

fn object((id, title, query, columns, sort): &Search) -> Value {
    const REF: &str = "kibanaSavedObjectMeta.searchSourceJSON.index";
    let source =
        json!({ "filter": [], "indexRefName": REF, "query": { "language": "kuery", "query": query } });
    json!({
        "id": id,
        "type": "search",
        "migrationVersion": { "search": "7.9.3" },
        "references": [{ "id": PATTERN_ID, "name": REF, "type": "index-pattern" }],
        "attributes": {
            "title": title,
            "description": "",
            "columns": columns,
            "sort": sort,
            "kibanaSavedObjectMeta": { "searchSourceJSON": text(&source) },
        },
    })
}
