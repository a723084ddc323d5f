//! What a panel asks of OpenSearch: its query and aggregations as the `_search` Dashboards would send.
//!
//! Made so that a test can run every panel on a real node; times are left to the caller.

use serde_json::{Map, Value, json};

use crate::dql;

/// One request of one panel.
#[derive(Debug, Clone)]
pub struct Request {
    /// Id of the saved object it was made from.
    pub panel: String,
    pub index: String,
    pub body: Value,
}

/// Every request of every saved object; markdown and dashboards ask nothing.
#[must_use]
pub fn all(objects: &[Value]) -> Vec<Request> {
    let pattern = objects.iter().find(|object| object["type"] == "index-pattern");
    let both = pattern.and_then(|object| object["attributes"]["title"].as_str()).unwrap_or_default();
    objects.iter().flat_map(|object| of(object, both)).collect()
}

fn of(object: &Value, both: &str) -> Vec<Request> {
    let id = object["id"].as_str().unwrap_or_default();
    let request = |index: &str, body: Value| Request { panel: id.to_owned(), index: index.to_owned(), body };
    if object["type"] == "search" {
        let sort: Vec<Value> = array(&object["attributes"]["sort"])
            .iter()
            // Runs have no number in a stream, and the pattern spans both families.
            .map(|pair| json!({ text(&pair[0]): { "order": pair[1], "unmapped_type": "long" } }))
            .collect();
        let body = json!({ "size": 5, "query": query(&source_query(object)), "sort": sort });
        return vec![request(both, body)];
    }
    let Some(state) = embedded(&object["attributes"]["visState"]) else { return Vec::new() };
    let params = &state["params"];
    match text(&state["type"]) {
        "markdown" => Vec::new(),
        "vega" => vega(params).map(|(index, body)| request(&index, body)).into_iter().collect(),
        "metrics" => vec![request(text(&params["index_pattern"]), tsvb(params))],
        "input_control_vis" => array(&params["controls"])
            .iter()
            .map(|control| {
                let terms = json!({ "terms": { "field": control["fieldName"], "size": 100 } });
                request(both, json!({ "size": 0, "aggs": { "values": terms } }))
            })
            .collect(),
        _ => {
            let body = json!({
                "size": 0, "track_total_hits": true, "query": query(&source_query(object)),
                "aggs": aggregations(array(&state["aggs"])),
            });
            vec![request(both, body)]
        }
    }
}

/// Buckets nest in their order, metrics stand in the innermost and wherever a bucket is ordered by one.
fn aggregations(aggs: &[Value]) -> Value {
    let (metrics, buckets): (Vec<&Value>, Vec<&Value>) =
        aggs.iter().partition(|agg| agg["schema"] == "metric");
    let mut inner = Map::new();
    for metric in &metrics {
        if metric["type"] != "count" {
            inner.insert(
                text(&metric["id"]).to_owned(),
                json!({ text(&metric["type"]): metric_body(metric) }),
            );
        }
    }
    let metrics_only = inner.clone();
    for bucket in buckets.iter().rev() {
        let mut aggs = metrics_only.clone();
        aggs.extend(inner);
        let mut body = bucket_body(bucket, &metrics);
        if !aggs.is_empty() {
            body["aggs"] = Value::Object(aggs);
        }
        inner = Map::from_iter([(text(&bucket["id"]).to_owned(), body)]);
    }
    Value::Object(inner)
}

fn metric_body(metric: &Value) -> Value {
    let mut body = json!({ "field": metric["params"]["field"] });
    if metric["type"] == "percentiles" {
        body["percents"] = metric["params"]["percents"].clone();
    }
    body
}

fn bucket_body(bucket: &Value, metrics: &[&Value]) -> Value {
    let params = &bucket["params"];
    match text(&bucket["type"]) {
        "date_histogram" => json!({
            "date_histogram": { "field": params["field"], "fixed_interval": "1h", "min_doc_count": 1 },
        }),
        "filters" => {
            let named = array(&params["filters"])
                .iter()
                .map(|filter| (text(&filter["label"]).to_owned(), query(text(&filter["input"]["query"]))));
            json!({ "filters": { "filters": named.collect::<Map<_, _>>() } })
        }
        _ => {
            let order_by = text(&params["orderBy"]);
            let metric =
                metrics.iter().find(|metric| metric["id"] == *order_by.split('.').next().unwrap_or_default());
            let key = match metric {
                Some(metric) if metric["type"] == "percentiles" && !order_by.contains('.') => {
                    format!("{order_by}.{}", metric["params"]["percents"][0])
                }
                Some(metric) if metric["type"] != "count" => order_by.to_owned(),
                _ => "_count".to_owned(),
            };
            json!({ "terms": { "field": params["field"], "size": params["size"], "order": { key: "desc" } } })
        }
    }
}

fn tsvb(params: &Value) -> Value {
    let series = &params["series"][0];
    let ratio = &series["metrics"][0];
    let part = |name: &str| json!({ "filter": query(text(&ratio[name]["query"])) });
    let both = json!({ "numerator": part("numerator"), "denominator": part("denominator") });
    let mut aggs = both;
    if params["type"] == "timeseries" {
        let time = json!({ "field": params["time_field"], "fixed_interval": "1h", "min_doc_count": 1 });
        aggs = json!({ "time": { "date_histogram": time, "aggs": aggs } });
    }
    if series["split_mode"] == "terms" {
        aggs = json!({ "split": { "terms": { "field": series["terms_field"], "size": 10 }, "aggs": aggs } });
    }
    json!({ "size": 0, "track_total_hits": true, "query": query(text(&params["filter"]["query"])), "aggs": aggs })
}

/// The panel's own request, with what Dashboards puts in at run time left out.
fn vega(params: &Value) -> Option<(String, Value)> {
    let spec = embedded(&params["spec"])?;
    let url = &spec["data"]["url"];
    let mut body = url["body"].clone();
    for clause in ["must", "filter", "must_not"] {
        let kept =
            |part: &&Value| !part.is_string() && part.pointer("/range/@timestamp/%timefilter%").is_none();
        let clauses = array(&body["query"]["bool"][clause]).iter().filter(kept).cloned().collect();
        body["query"]["bool"][clause] = clauses;
    }
    Some((text(&url["index"]).to_owned(), body))
}

/// The query of a saved object's own search source.
pub(crate) fn source_query(object: &Value) -> String {
    let source = embedded(&object["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]);
    source.map(|source| text(&source["query"]["query"]).to_owned()).unwrap_or_default()
}

/// JSON that a saved object keeps as text.
pub(crate) fn embedded(value: &Value) -> Option<Value> {
    serde_json::from_str(value.as_str()?).ok()
}

pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A query that does not parse finds nothing; the lint says so.
fn query(text: &str) -> Value {
    dql::parse(text).map_or_else(|_| json!({ "match_none": {} }), |query| query.to_opensearch())
}
