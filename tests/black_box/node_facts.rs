//! What the templates, the monitors and the documents rely on of OpenSearch itself, each seen on the real node
//! (docs/decisions/opensearch-facts.md). Nothing of the product runs here but `setup apply`.

use correlog_tests::place::Place;
use serde_json::{Value, json};
use xtask::http::{self, Answer};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn put(url: &str, body: &Value) -> Answer {
    http::put(url, body).expect("the node answers")
}

fn index(place: &Place, name: &str) -> String {
    format!("{}/{}-{name}", place.url, place.prefix)
}

/// The ids that a query finds in all indices of the place, in order.
fn ids(place: &Place, query: &Value, sort: &Value) -> Vec<String> {
    let target = index(place, "*");
    http::post(&format!("{target}/_refresh"), &Value::Null).expect("the node answers");
    let body = json!({ "query": query, "sort": sort });
    let answer = http::post(&format!("{target}/_search"), &body).expect("the node answers");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let hits = answer.json()["hits"]["hits"].as_array().cloned().expect("hits");
    hits.iter().map(|hit| hit["_id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn an_append_only_index_takes_create_with_an_id_of_ones_own_and_nothing_else() {
    let place = Place::new("sealed");
    let sealed = index(&place, "logs-2026.11.21");
    let made = put(&sealed, &json!({ "settings": { "index.append_only.enabled": true } }));
    assert_eq!(made.status, 200, "{}", made.text);
    let document = json!({ "message": "x" });
    let send = |action: &str| {
        let body = format!("{}\n{document}\n", json!({ action: { "_id": "one" } }));
        let url = format!("{sealed}/_bulk");
        let headers = [("content-type", "application/x-ndjson")];
        let answer = http::request("POST", &url, &headers, Some(&body)).expect("the node answers").json();
        let error = answer["error"]["type"].as_str().or(answer["items"][0][action]["error"]["type"].as_str());
        (answer["items"][0][action]["status"].as_u64(), error.map(str::to_owned))
    };
    assert_eq!(send("create"), (Some(201), None));
    assert_eq!(send("create"), (Some(409), Some("version_conflict_engine_exception".to_owned())));
    let (_, refused) = send("index");
    assert_eq!(refused.as_deref(), Some("validation_exception"));
}

#[test]
fn attributes_are_found_by_their_path_and_compared_as_text() {
    let place = Place::new("flat");
    for (id, attributes) in [
        ("a", json!({ "customer": "acme", "bytes_out": 9 })),
        ("b", json!({ "customer": "acorn", "bytes_out": 10_000 })),
        ("c", json!({ "other": "acme" })),
    ] {
        let url = format!("{}/_doc/{id}", index(&place, "logs-2026.11.21"));
        assert_eq!(put(&url, &json!({ "message": "x", "attributes": attributes })).status, 201);
    }
    let path = |query: &str| json!({ "query_string": { "query": query } });
    for (query, expect) in [
        (json!({ "term": { "attributes.customer": "acme" } }), ["a"].as_slice()),
        (path("attributes.customer:acme"), &["a"]),
        (path("attributes.customer:ac*"), &["a", "b"]),
        (path("attributes:acme"), &["a", "c"]),
        (json!({ "exists": { "field": "attributes.customer" } }), &["a", "b"]),
        // Wrong without a word, and therefore refused by `search` and by the lint of the dashboards.
        (json!({ "range": { "attributes.bytes_out": { "gte": 5000 } } }), &["a"]),
    ] {
        assert_eq!(ids(&place, &query, &json!([{ "_id": "asc" }])), expect, "{query}");
    }
}

#[test]
fn times_sort_to_the_nanosecond_over_both_families_and_a_bare_id_is_found() {
    let place = Place::new("nanos");
    for (id, family, time) in [
        ("third", "logs", "2026-11-21T10:00:00.000000003Z"),
        ("first", "logs", "2026-11-21T10:00:00.000000001Z"),
        ("second", "workflow", "2026-11-21T10:00:00.000000002Z"),
    ] {
        let url = format!("{}/_doc/{id}", index(&place, &format!("{family}-2026.11.21")));
        assert_eq!(put(&url, &json!({ "@timestamp": time, "trace_id": TRACE })).status, 201);
    }
    let sort = json!([{ "@timestamp": "asc" }]);
    for id in [TRACE.to_owned(), TRACE.to_uppercase(), format!("{}*", &TRACE[..12])] {
        let query = json!({ "query_string": { "query": id } });
        assert_eq!(ids(&place, &query, &sort), ["first", "second", "third"], "{id}");
    }
}

#[test]
fn what_is_refused_with_400_is_never_sent() {
    let place = Place::new("refuses");
    let codec = put(&index(&place, "codec"), &json!({ "settings": { "index.codec": "zstd_no_dict" } }));
    assert_eq!(codec.status, 400, "without its plugin: {}", codec.text);
    let url = |id: &str| format!("{}/_doc/{id}", index(&place, "logs-2026.11.21"));
    for (id, document) in [
        ("alias", json!({ "traceId": TRACE })),
        ("leaf", json!({ "attributes": { "long": "x".repeat(40_000) } })),
        ("year", json!({ "@timestamp": "9999-01-01T00:00:00Z" })),
    ] {
        let answer = put(&url(id), &document);
        assert_eq!(answer.status, 400, "{id}: {}", answer.text);
    }
}

/// A monitor's condition counts a filter's documents; both ways in which that might be written are understood.
#[test]
fn a_condition_counts_a_filters_documents() {
    let place = Place::new("paths");
    let url = index(&place, "workflow-2026.11.21");
    for (id, status) in [("a", "failed"), ("b", "failed"), ("c", "succeeded")] {
        let run = json!({ "tenant_id": "acme", "status": status });
        assert_eq!(put(&format!("{url}/_doc/{id}?refresh=true"), &run).status, 201);
    }
    let select = |path: &str| {
        let script = json!({ "lang": "painless", "source": "params.failed > 1" });
        let body = json!({ "size": 0, "aggs": { "tenants": {
            "composite": { "sources": [{ "tenant_id": { "terms": { "field": "tenant_id" } } }] },
            "aggs": {
                "failed": { "filter": { "term": { "status": "failed" } } },
                "alert": { "bucket_selector": { "buckets_path": { "failed": path }, "script": script } },
            },
        } } });
        http::post(&format!("{url}/_search"), &body).expect("the node answers")
    };
    for path in ["failed._count", "failed>_count"] {
        let answer = select(path);
        let buckets = answer.json()["aggregations"]["tenants"]["buckets"].as_array().map(Vec::len);
        assert_eq!(buckets, Some(1), "{path}: {}", answer.text);
    }
}
