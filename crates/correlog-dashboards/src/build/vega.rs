//! The two Vega-Lite panels of one trace: a trace is seconds within a wide time range, where a date histogram is one
//! bar. Everything else is made of aggregations.

use serde_json::{Value, json};

use super::panels::{free_standing, text};

/// Most lines and nodes drawn; the table below them has all.
const HITS_MAX: u32 = 2000;

/// Lines as ticks in their service's row, nodes as bars from their start to their end.
pub fn timeline(id: &str, title: &str, index: &str) -> Value {
    let source = [
        "@timestamp",
        "service.name",
        "level",
        "message",
        "record",
        "node_id",
        "created_at",
        "elapsed_time",
        "status",
    ];
    let is_node = "datum._source.record=='node_execution'";
    let is_good = "datum._source.status=='succeeded'||datum._source.status=='running'";
    let service = "datum._source.service ? datum._source.service.name : 'no service'";
    let spec = json!({
        "data": data(index, &source, &["workflow_run", "workflow_app_log", "shipper_status"]),
        "transform": [
            // A node's own time is that of its last change; it started when its row was made.
            { "as": "t", "calculate": format!(
                "toDate({is_node} && datum._source.created_at ? datum._source.created_at : datum._source['@timestamp'])"
            ) },
            { "as": "e", "calculate": format!("{is_node} ? datum.t + 1000*(datum._source.elapsed_time||0) : datum.t") },
            { "as": "row", "calculate": format!("{is_node} ? 'node '+datum._source.node_id : ({service})") },
            { "as": "lv", "calculate": format!("{is_node} ? ({is_good} ? 'INFO' : 'ERROR') : datum._source.level") },
            { "as": "msg", "calculate": "datum._source.message" },
        ],
        "encoding": {
            "color": { "field": "lv", "type": "nominal", "title": "level", "scale": {
                "domain": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"],
                "range": ["#DDE1E6", "#B4B9C1", "#5B9BD5", "#F2B134", "#D13438", "#7B1E1E"],
            } },
            "tooltip": [
                { "field": "row", "title": "where" },
                { "field": "t", "format": "%H:%M:%S.%L", "title": "time", "type": "temporal" },
                { "field": "msg", "title": "message" },
            ],
            "x": { "field": "t", "type": "temporal", "title": null,
                "axis": { "format": "%H:%M:%S.%L", "grid": true, "labelOverlap": true } },
            "y": { "field": "row", "type": "nominal", "title": null, "axis": { "labelLimit": 150 },
                "sort": { "field": "t", "op": "min" } },
        },
        "layer": [
            {
                "transform": [{ "filter": is_node }], "encoding": { "x2": { "field": "e" } },
                "mark": { "type": "bar", "height": 8, "opacity": 0.7 },
            },
            {
                "transform": [{ "filter": format!("!({is_node})") }],
                "mark": { "type": "tick", "size": 14, "thickness": 2 },
            },
        ],
    });
    panel(id, title, spec)
}

/// How many lines each service wrote, over the seconds since the first.
pub fn lines_by_service(id: &str, title: &str, index: &str) -> Value {
    let others = ["workflow_run", "workflow_app_log", "node_execution", "shipper_status"];
    let spec = json!({
        "data": data(index, &["@timestamp", "service.name"], &others),
        "mark": "bar",
        "transform": [
            { "as": "t", "calculate": "time(toDate(datum._source['@timestamp']))" },
            { "joinaggregate": [{ "as": "t0", "field": "t", "op": "min" }] },
            { "as": "s", "calculate": "(datum.t-datum.t0)/1000" },
            { "as": "service", "calculate": "datum._source.service ? datum._source.service.name : 'no service'" },
        ],
        "encoding": {
            "color": { "field": "service", "type": "nominal", "title": null, "scale": { "range": [
                "#54B399", "#6092C0", "#D36086", "#9170B8", "#CA8EAE", "#D6BF57", "#B9A888", "#DA8B45", "#AA6556",
                "#E7664C",
            ] } },
            "x": { "bin": { "maxbins": 40 }, "field": "s", "type": "quantitative",
                "title": "seconds since the first line" },
            "y": { "aggregate": "count", "type": "quantitative", "title": "lines",
                "axis": { "format": "d", "tickMinStep": 1 } },
        },
    });
    panel(id, title, spec)
}

/// The query must name the dashboard's context part by part; `%context%` beside a query is an error.
fn data(index: &str, source: &[&str], but_records: &[&str]) -> Value {
    let body = json!({
        "size": HITS_MAX,
        "sort": [{ "@timestamp": "asc" }],
        "_source": source,
        "query": { "bool": {
            "must": ["%dashboard_context-must_clause%", { "range": { "@timestamp": { "%timefilter%": true } } }],
            "filter": ["%dashboard_context-filter_clause%"],
            "must_not": ["%dashboard_context-must_not_clause%", { "terms": { "record": but_records } }],
        } },
    });
    json!({ "format": { "property": "hits.hits" }, "url": { "index": index, "body": body } })
}

fn panel(id: &str, title: &str, mut spec: Value) -> Value {
    spec["$schema"] = json!("https://vega.github.io/schema/vega-lite/v5.json");
    // Without this an empty result shows "Infinite extent".
    spec["config"] = json!({ "kibana": { "hideWarnings": true }, "view": { "stroke": null } });
    free_standing(id, title, "vega", &json!({ "spec": text(&spec) }), json!([]))
}
