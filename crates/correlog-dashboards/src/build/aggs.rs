//! Aggregations of a visualization as Dashboards writes them. They are turned into requests elsewhere (`request`).

use serde_json::{Value, json};

/// One aggregation without its id, which is its place in the list.
#[derive(Debug, Clone)]
pub struct Agg {
    kind: &'static str,
    schema: &'static str,
    params: Value,
}

impl Agg {
    /// Where the buckets go: `bucket` in tables, `segment` on the axis, `group` as series.
    pub fn at(mut self, schema: &'static str) -> Self {
        self.schema = schema;
        self
    }

    /// Buckets ordered by another metric than the first: its id, for a percentile `<id>.<percent>`.
    pub fn by(mut self, metric: &str) -> Self {
        self.params["orderBy"] = json!(metric);
        self
    }

    pub fn with_id(&self, id: usize) -> Value {
        json!({
            "enabled": true, "id": id.to_string(), "params": self.params, "schema": self.schema, "type": self.kind,
        })
    }

    pub fn label(&self) -> &str {
        self.params["customLabel"].as_str().unwrap_or_default()
    }
}

/// How many documents.
pub fn count(label: &str) -> Agg {
    Agg { kind: "count", schema: "metric", params: json!({ "customLabel": label }) }
}

/// `sum`, `min`, `max` or `cardinality` of a field.
pub fn metric(kind: &'static str, field: &str, label: &str) -> Agg {
    Agg { kind, schema: "metric", params: json!({ "field": field, "customLabel": label }) }
}

/// The legend reads "95th percentile of <label>", so labels are short.
pub fn percentiles(field: &str, label: &str, percents: &[u8]) -> Agg {
    let params = json!({ "field": field, "customLabel": label, "percents": percents });
    Agg { kind: "percentiles", schema: "metric", params }
}

/// The most frequent values of a field, by the first metric.
pub fn terms(field: &str, label: &str, size: u32) -> Agg {
    let params = json!({
        "field": field, "customLabel": label, "size": size, "order": "desc", "orderBy": "1",
        "missingBucket": false, "missingBucketLabel": "(none)", "otherBucket": false, "otherBucketLabel": "other",
    });
    Agg { kind: "terms", schema: "bucket", params }
}

/// One bucket a query.
pub fn filters(queries: &[(&str, &str)]) -> Agg {
    let filter = |(label, query): &(&str, &str)| json!({ "input": { "language": "kuery", "query": query }, "label": label });
    let params = json!({ "filters": queries.iter().map(filter).collect::<Vec<_>>() });
    Agg { kind: "filters", schema: "group", params }
}

/// Over time, with as many bars as fit.
pub fn over_time() -> Agg {
    let params = json!({
        "field": "@timestamp", "customLabel": "time", "interval": "auto", "min_doc_count": 1,
        "drop_partials": false, "extended_bounds": {}, "useNormalizedOpenSearchInterval": true,
    });
    Agg { kind: "date_histogram", schema: "segment", params }
}
