//! The saved searches: tables of documents with chosen columns.

use serde_json::{Value, json};

use super::panels::text;
use super::{LINES, NODES, PATTERN_ID, RUNS};

const STUCK: &str = "record:workflow_run and status:(running or paused) and created_at < \"now-15m\"";

const NEWEST: &[(&str, &str)] = &[("@timestamp", "desc")];
const OLDEST: &[(&str, &str)] = &[("@timestamp", "asc")];

struct Search<'a> {
    id: &'a str,
    title: &'a str,
    query: &'a str,
    columns: &'a [&'a str],
    sort: &'a [(&'a str, &'a str)],
}

pub fn all() -> Vec<Value> {
    let mut searches = records();
    searches.extend(lines());
    searches
}

fn records() -> Vec<Value> {
    let title = "Stuck runs: running or paused for more than 15 minutes";
    let runs =
        ["status", "app_id", "tenant_id", "created_from", "elapsed_time", "total_tokens", "total_price"];
    let nodes = ["node_type", "title", "status", "elapsed_time", "model_name", "total_tokens", "total_price"];
    let stuck = ["status", "app_id", "tenant_id", "created_from", "trace_id", "workflow_run_id"];
    let runs: Vec<&str> = runs.into_iter().chain(["error", "workflow_run_id"]).collect();
    let nodes: Vec<&str> = nodes.into_iter().chain(["error"]).collect();
    [
        Search { id: "correlog-s-runs", title: "Workflow runs", query: RUNS, columns: &runs, sort: NEWEST },
        Search {
            id: "correlog-s-nodes",
            title: "Node executions",
            query: NODES,
            columns: &nodes,
            sort: OLDEST,
        },
        Search { id: "correlog-s-stuck", title, query: STUCK, columns: &stuck, sort: OLDEST },
    ]
    .iter()
    .map(object)
    .collect()
}

fn lines() -> Vec<Value> {
    let in_order = [("@timestamp", "asc"), ("log.seq", "asc")];
    let columns = ["service.name", "level", "message", "exception.type", "logger", "trace_id"];
    let requests = ["service.name", "http.request.method", "http.route", "http.response.status_code"];
    let requests: Vec<&str> =
        requests.into_iter().chain(["duration_ms", "exception.type", "trace_id"]).collect();
    let failed = format!("{LINES} and http.response.status_code >= 500");
    let without = format!("{LINES} and not trace_id:*");
    let few = ["service.name", "level", "logger", "message"];
    let title = ["Lines, in time order", "Answers with 5xx, newest first", "Lines without a trace id"];
    [
        Search { id: "correlog-s-lines", title: title[0], query: LINES, columns: &columns, sort: &in_order },
        Search { id: "correlog-s-5xx", title: title[1], query: &failed, columns: &requests, sort: NEWEST },
        Search { id: "correlog-s-no-id", title: title[2], query: &without, columns: &few, sort: NEWEST },
    ]
    .iter()
    .map(object)
    .collect()
}

fn object(search: &Search<'_>) -> Value {
    let Search { id, title, query, columns, sort } = search;
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
