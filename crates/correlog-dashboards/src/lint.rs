//! What must hold of every saved object: references complete, fields catalogued with a type the aggregation supports,
//! queries that parse, links that work everywhere, panels that do not overlap.
//!
//! Does not run anything on a server: `request` and its test do.

use std::collections::BTreeSet;

use correlog_schema::fields::{ALIASES, Field, Kind, field};
use serde_json::Value;

use crate::build::panels::CONTROLS_ID;
use crate::build::{NODES, RUNS};
use crate::dql;
use crate::links::LINK_FROM;
use crate::request::{array, embedded, source_query, text};

/// What there are few enough of to choose from. Never an id of a trace, a run or a user.
const CONTROLLED: [&str; 5] = ["service.name", "level", "deployment.environment.name", "tenant_id", "app_id"];

/// What leads to its story wherever it is shown.
const LINKED: [&str; 2] = ["trace_id", "workflow_run_id"];

/// What a run's record and its nodes' records both say: a sum over both would count it twice.
const SUMMED: [&str; 4] = ["completion_tokens", "prompt_tokens", "total_price", "total_tokens"];

/// Everything wrong, one sentence each; empty when all is well.
#[must_use]
pub fn lint(objects: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let ids: BTreeSet<(&str, &str)> =
        objects.iter().map(|object| (text(&object["type"]), text(&object["id"]))).collect();
    if ids.len() != objects.len() {
        found.push("two objects have one id".to_owned());
    }
    for object in objects {
        let id = text(&object["id"]);
        let mut mistakes = Vec::new();
        references(object, &ids, &mut mistakes);
        pins(object, &mut mistakes);
        match text(&object["type"]) {
            "index-pattern" => links(object, &mut mistakes),
            "dashboard" => {
                grid(object, &mut mistakes);
                furniture(object, &mut mistakes);
            }
            "search" => search(object, &mut mistakes),
            _ => visualization(object, &mut mistakes),
        }
        found.extend(mistakes.into_iter().map(|mistake| format!("{id}: {mistake}")));
    }
    found
}

fn references(object: &Value, ids: &BTreeSet<(&str, &str)>, mistakes: &mut Vec<String>) {
    let mut named = BTreeSet::new();
    for reference in array(&object["references"]) {
        let (kind, id) = (text(&reference["type"]), text(&reference["id"]));
        named.insert(text(&reference["name"]));
        if !ids.contains(&(kind, id)) {
            mistakes.push(format!("points at {kind} {id}, which is not there"));
        }
    }
    let mut used = BTreeSet::new();
    names_used(&object["attributes"], &mut used);
    for name in used.iter().filter(|name| !named.contains(name.as_str())) {
        mistakes.push(format!("uses the reference {name}, which it does not list"));
    }
    for name in named.iter().filter(|name| !used.contains(**name)) {
        mistakes.push(format!("lists the reference {name} and does not use it"));
    }
}

/// Every `…RefName`, also within JSON that is kept as text.
fn names_used(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(name) if key.ends_with("RefName") => {
                        found.insert(name.to_owned());
                    }
                    _ => names_used(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names_used(item, found)),
        Value::String(_) => {
            if let Some(inner @ (Value::Object(_) | Value::Array(_))) = embedded(value) {
                names_used(&inner, found);
            }
        }
        _ => {}
    }
}

/// The oldest Dashboards we support knows these; it refuses a file with higher ones.
fn pins(object: &Value, mistakes: &mut Vec<String>) {
    let kind = text(&object["type"]);
    let pin = match kind {
        "index-pattern" => "7.6.0",
        "visualization" => "7.10.0",
        "search" | "dashboard" => "7.9.3",
        _ => return mistakes.push(format!("has the unknown type {kind}")),
    };
    if object["migrationVersion"][kind] != pin {
        mistakes.push(format!("must say migrationVersion {pin}"));
    }
    if object.to_string().contains("parsedUrl") {
        mistakes.push("has somebody's address in it (parsedUrl)".to_owned());
    }
}

fn links(object: &Value, mistakes: &mut Vec<String>) {
    let attributes = &object["attributes"];
    let fields = embedded(&attributes["fields"]).unwrap_or_default();
    if array(&fields).is_empty() {
        mistakes.push("ships no fields, so Dashboards would write them on first open".to_owned());
    }
    let formats = embedded(&attributes["fieldFormatMap"]).unwrap_or_default();
    for field in array(&fields).iter().filter(|field| field["type"] == "date") {
        let name = text(&field["name"]);
        if text(&formats[name]["params"]["patternFallback"]).is_empty() {
            mistakes.push(format!("the smallest and largest {name} would show without fractions"));
        }
    }
    for path in LINKED {
        if formats[path]["id"] != "url" {
            mistakes.push(format!("{path} is no link to its story"));
        }
    }
    for (path, format) in formats.as_object().into_iter().flatten() {
        check_field(path, "a formatter", mistakes, |_| true);
        let params = &format["params"];
        let is_link = format["id"] == "url";
        if is_link && !text(&params["urlTemplate"]).starts_with("../app/") {
            mistakes.push(format!("the link of {path} breaks behind a base path"));
        }
        if is_link && !text(&params["urlTemplate"]).contains(LINK_FROM) {
            mistakes.push(format!("the link of {path} opens empty for what is older than its time range"));
        }
        if is_link && params["labelTemplate"] != "{{value}}" {
            mistakes.push(format!("the link of {path} would show the whole address"));
        }
    }
}

fn grid(object: &Value, mistakes: &mut Vec<String>) {
    let panels = embedded(&object["attributes"]["panelsJSON"]).unwrap_or_default();
    let mut taken = BTreeSet::new();
    for panel in array(&panels) {
        let number = |key: &str| panel["gridData"][key].as_u64().unwrap_or(0);
        let (x, y, w, h) = (number("x"), number("y"), number("w"), number("h"));
        if w == 0 || h == 0 || x + w > 48 {
            mistakes.push(format!("panel {} does not fit the grid", panel["panelIndex"]));
        }
        let cells = (x..x + w).flat_map(|column| (y..y + h).map(move |row| (column, row)));
        let free = cells.filter(|cell| taken.insert(*cell)).count() as u64;
        if free < w * h {
            mistakes.push(format!("panel {} overlaps another", panel["panelIndex"]));
        }
    }
}

/// What every dashboard has: a header that says how to read it, the shared filters, and a time range of its own.
fn furniture(object: &Value, mistakes: &mut Vec<String>) {
    let shown: Vec<&str> = array(&object["references"]).iter().map(|panel| text(&panel["id"])).collect();
    if shown.first() != Some(&format!("{}-head", text(&object["id"])).as_str()) {
        mistakes.push("does not begin with its header".to_owned());
    }
    if !shown.contains(&CONTROLS_ID) {
        mistakes.push("has no filters".to_owned());
    }
    let attributes = &object["attributes"];
    let has_range = text(&attributes["timeFrom"]).starts_with("now-") && attributes["timeTo"] == "now";
    if !has_range || attributes["timeRestore"] != true {
        mistakes.push("opens with whatever time range was there before".to_owned());
    }
}

fn search(object: &Value, mistakes: &mut Vec<String>) {
    let attributes = &object["attributes"];
    query(&source_query(object), mistakes);
    for column in array(&attributes["columns"]) {
        check_field(text(column), "a column", mistakes, |_| true);
    }
    for pair in array(&attributes["sort"]) {
        check_field(text(&pair[0]), "the sort", mistakes, |field| field.kind.is_aggregatable());
    }
}

fn visualization(object: &Value, mistakes: &mut Vec<String>) {
    query(&source_query(object), mistakes);
    let Some(state) = embedded(&object["attributes"]["visState"]) else {
        return mistakes.push("its visState is not JSON".to_owned());
    };
    let params = &state["params"];
    aggregations(array(&state["aggs"]), mistakes);
    let is_summed = |agg: &Value| SUMMED.contains(&text(&agg["params"]["field"]));
    if array(&state["aggs"]).iter().any(is_summed) {
        let source = source_query(object);
        if source.contains(RUNS) == source.contains(NODES) {
            mistakes.push("sums what runs and their nodes both say".to_owned());
        }
    }
    if object["id"] == CONTROLS_ID {
        let offered: Vec<&str> =
            array(&params["controls"]).iter().map(|control| text(&control["fieldName"])).collect();
        if offered != CONTROLLED {
            mistakes.push(format!("offers {offered:?} to choose from"));
        }
    }
    for control in array(&params["controls"]) {
        let path = text(&control["fieldName"]);
        check_field(path, "a control", mistakes, |field| field.kind.is_aggregatable());
        if control["options"]["dynamicOptions"] != false {
            mistakes.push(format!("the list of {path} would stop at ten values"));
        }
        if !CONTROLLED.contains(&path) {
            mistakes.push(format!("{path} is no field to choose from a list"));
        }
    }
    if state["type"] == "metrics" {
        query(text(&params["filter"]["query"]), mistakes);
        for series in array(&params["series"]) {
            query(text(&series["metrics"][0]["numerator"]["query"]), mistakes);
            if let Some(path) = series["terms_field"].as_str() {
                check_field(path, "a split", mistakes, |field| field.kind.is_aggregatable());
            }
        }
    }
    if let Some(spec) = embedded(&params["spec"]) {
        vega(object, &spec, mistakes);
        for path in array(&spec["data"]["url"]["body"]["_source"]) {
            check_field(text(path), "Vega", mistakes, |_| true);
        }
    }
}

/// Hard to review, so only where nothing else will do: a trace is seconds within a wide time range.
fn vega(object: &Value, spec: &Value, mistakes: &mut Vec<String>) {
    if !text(&object["id"]).starts_with("correlog-t-") {
        mistakes.push("is Vega and not of one trace".to_owned());
    }
    let body = spec["data"]["url"]["body"].to_string();
    for part in ["must", "filter", "must_not"] {
        if !body.contains(&format!("\"%dashboard_context-{part}_clause%\"")) {
            mistakes.push(format!("does not follow the dashboard's {part} clauses"));
        }
    }
    if !body.contains("%timefilter%") || body.contains("%context%") {
        mistakes.push("does not follow the time range as Dashboards wants it".to_owned());
    }
}

fn aggregations(aggs: &[Value], mistakes: &mut Vec<String>) {
    let mut after_time = false;
    for agg in aggs {
        let (kind, params) = (text(&agg["type"]), &agg["params"]);
        if after_time && agg["schema"] == "group" {
            mistakes.push("splits after the time: that gives the top values of each bar".to_owned());
        }
        after_time |= kind == "date_histogram";
        for filter in array(&params["filters"]) {
            query(text(&filter["input"]["query"]), mistakes);
        }
        let Some(path) = params["field"].as_str() else { continue };
        check_field(path, kind, mistakes, |field| match kind {
            "sum" | "percentiles" => field.kind.is_number(),
            "min" | "max" => field.kind.is_number() || field.kind == Kind::DateNanos,
            "date_histogram" => field.kind == Kind::DateNanos,
            "terms" => matches!(field.kind, Kind::Keyword(keyword) if keyword.doc_values),
            _ => field.kind.is_aggregatable(),
        });
    }
}

fn query(text: &str, mistakes: &mut Vec<String>) {
    let query = match dql::parse(text) {
        Ok(query) => query,
        Err(mistake) => {
            let (at, wanted) = (mistake.at, mistake.wanted);
            return mistakes.push(format!("the query {text:?} wants {wanted} at byte {at}"));
        }
    };
    for path in query.fields() {
        check_field(path, "a query", mistakes, |field| field.kind.is_searchable());
    }
    for path in query.ranged() {
        // Below `attributes` numbers compare as text, which is silently wrong.
        check_field(path, "a range", mistakes, |field| {
            field.kind.is_number() || field.kind == Kind::DateNanos
        });
    }
}

fn check_field(path: &str, user: &str, mistakes: &mut Vec<String>, fits: impl Fn(&Field) -> bool) {
    let aliased = ALIASES.iter().find(|(alias, _)| *alias == path).map_or(path, |(_, target)| target);
    if let Some(parent) = aliased.strip_suffix(".keyword").and_then(field)
        && matches!(parent.kind, Kind::MatchOnlyText { keyword_cut: Some(_) })
    {
        return;
    }
    match field(aliased) {
        None => mistakes.push(format!("{user} asks for {path}, which is not catalogued")),
        Some(field) if !fits(field) => {
            mistakes.push(format!("{user} cannot use {path}, a {}", field.kind.type_name()));
        }
        Some(_) => {}
    }
}
