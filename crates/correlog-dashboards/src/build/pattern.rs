//! The one index pattern: its whole field list and the formatters that make ids links.
//!
//! The list is shipped because Dashboards otherwise saves the pattern on first open, with the opener's address
//! (`parsedUrl`) in every formatter, which then sends everybody's links there.

use correlog_schema::fields::{ALIASES, FIELDS, Kind, field};
use serde_json::{Map, Value, json};

use super::PATTERN_ID;
use super::panels::text;
use crate::Prefixes;
use crate::links;

pub fn index_pattern(prefixes: &Prefixes<'_>) -> Value {
    json!({
        "id": PATTERN_ID,
        "type": "index-pattern",
        "migrationVersion": { "index-pattern": "7.6.0" },
        "references": [],
        "attributes": {
            "title": prefixes.both(),
            "timeFieldName": "@timestamp",
            "fields": text(&Value::Array(fields())),
            "fieldFormatMap": text(&Value::Object(formats())),
        },
    })
}

fn fields() -> Vec<Value> {
    let mut rows: Vec<(String, Value)> = Vec::new();
    let mut add = |name: &str, kind: Kind, sub_type: Option<Value>| {
        let mut row = json!({
            "name": name, "type": dashboards_type(kind), "esTypes": [kind.type_name()],
            "searchable": kind.is_searchable(), "aggregatable": kind.is_aggregatable(),
            "readFromDocValues": kind.is_aggregatable(),
        });
        if let Some(sub_type) = sub_type {
            row["subType"] = sub_type;
        }
        rows.push((name.to_owned(), row));
    };
    for field in FIELDS {
        add(field.path, field.kind, None);
        if let Kind::MatchOnlyText { keyword_cut: Some(cut) } = field.kind {
            let keyword =
                correlog_schema::fields::Keyword { cut, lowercase: false, doc_values: true, indexed: true };
            let parent = json!({ "multi": { "parent": field.path } });
            add(&format!("{}.keyword", field.path), Kind::Keyword(keyword), Some(parent));
        }
    }
    for (alias, path) in ALIASES {
        let target = field(path).expect("every alias points at a field");
        add(alias, target.kind, None);
    }
    for (name, kind, is_searchable) in
        [("_id", "string", true), ("_index", "string", true), ("_source", "_source", false)]
    {
        let row = json!({
            "name": name, "type": kind, "esTypes": [name], "searchable": is_searchable, "aggregatable": is_searchable,
            "readFromDocValues": false,
        });
        rows.push((name.to_owned(), row));
    }
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn dashboards_type(kind: Kind) -> &'static str {
    match kind {
        Kind::DateNanos => "date",
        Kind::FlatObject => "unknown",
        kind if kind.is_number() => "number",
        _ => "string",
    }
}

fn formats() -> Map<String, Value> {
    let mut formats = Map::new();
    let dates = FIELDS.iter().filter(|field| field.kind == Kind::DateNanos).map(|field| field.path);
    for path in dates.chain(["time"]) {
        // Without the fallback, a smallest or largest date shows as 2026-11-21T07:48:25+00:00.
        let params = json!({ "patternFallback": "YYYY-MM-DD HH:mm:ss.SSS" });
        formats.insert(path.to_owned(), json!({ "id": "date_nanos", "params": params }));
    }
    for (path, pattern) in [
        ("duration_ms", "0,0.0"),
        ("elapsed_time", "0,0.00"),
        ("http.response.status_code", "0"),
        ("total_price", "0,0.0000"),
    ] {
        formats.insert(path.to_owned(), json!({ "id": "number", "params": { "pattern": pattern } }));
    }
    for (path, query) in [
        ("trace_id", "trace_id:{{value}}"),
        ("traceId", "trace_id:{{value}}"),
        ("workflow_run_id", "workflow_run_id:\"{{value}}\""),
    ] {
        // Without the label the cell shows the whole address; a new tab does not work.
        let params = json!({ "urlTemplate": links::formatter(query), "labelTemplate": "{{value}}", "openLinkInCurrentTab": true });
        formats.insert(path.to_owned(), json!({ "id": "url", "params": params }));
    }
    formats
}
