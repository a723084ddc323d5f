//! The language by example, its refusals, and that no text makes it panic.

use super::compile::TEXT_FIELDS;
use super::{Problem, read};
use correlog_schema::fields::{FIELDS, Kind};
use proptest::prelude::*;
use serde_json::{Value, json};

fn any(parts: Value) -> Value {
    json!({"bool": {"should": parts, "minimum_should_match": 1}})
}

fn words(text: &str) -> Value {
    let one = |field: &str| json!({"match": {field: {"query": text, "operator": "and"}}});
    any(Value::from(["message", "exception.message", "error", "inputs", "outputs"].map(one).to_vec()))
}

/// A text that the catalogue gains is looked into too.
#[test]
fn words_are_looked_for_in_every_text_of_the_catalogue() {
    let is_text = |kind: &Kind| matches!(kind, Kind::MatchOnlyText { .. });
    let mut texts: Vec<&str> =
        FIELDS.iter().filter(|field| is_text(&field.kind)).map(|field| field.path).collect();
    let mut searched = TEXT_FIELDS.to_vec();
    texts.sort_unstable();
    searched.sort_unstable();
    assert_eq!(searched, texts);
}

#[test]
fn queries_become_opensearch_queries() {
    let error = json!({"term": {"level": "ERROR"}});
    let api = json!({"term": {"service.name": "api"}});
    let slow = json!({"range": {"duration_ms": {"gte": 500}}});
    for (text, expect) in [
        ("", json!({"match_all": {}})),
        ("level:error", error.clone()),
        ("service:api", api.clone()),
        ("serviceName:api", api.clone()),
        ("level:error service.name:api", json!({"bool": {"filter": [error, api]}})),
        ("level:error AND service.name:api", json!({"bool": {"filter": [error, api]}})),
        ("level:error or service.name:api", any(json!([error, api]))),
        (
            "duration_ms >= 500 and (level:error or not service.name:api)",
            json!({"bool": {"filter": [slow, any(json!([error, {"bool": {"must_not": [api]}}]))]}}),
        ),
        ("duration_ms>=500", slow.clone()),
        ("duration_ms:>=500", slow),
        ("-level:error", json!({"bool": {"must_not": [error]}})),
        ("level:(error or warn)", any(json!([error, {"term": {"level": "WARN"}}]))),
        ("timeout", words("timeout")),
        ("attributes.customer:ac*", json!({"prefix": {"attributes.customer": {"value": "ac"}}})),
        ("attributes.customer:\"ac*\"", json!({"term": {"attributes.customer": "ac*"}})),
        ("tenant_id:*", json!({"exists": {"field": "tenant_id"}})),
        ("@timestamp > now-15m", json!({"range": {"@timestamp": {"gt": "now-15m"}}})),
        (
            "created_at < 2026-11-21T10:00:00Z",
            json!({"range": {"created_at": {"lt": "2026-11-21T10:00:00Z"}}}),
        ),
        (
            "trace_id:4BF92F35-77B3-4DA6-A3CE-929D0E0E4736",
            json!({"term": {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}}),
        ),
        ("http.response.status_code:503", json!({"term": {"http.response.status_code": 503}})),
        ("message:\"timed out\"", json!({"match_phrase": {"message": "timed out"}})),
    ] {
        let found = read(text).unwrap_or(Value::Null);
        assert_eq!(found, expect, "{text}");
    }
}

#[test]
fn a_bare_id_is_looked_for_as_an_id() {
    let query = read("4bf92f35-77b3-4da6-a3ce-929d0e0e4736").expect("a query");
    let forms = json!(["4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736"]);
    assert_eq!(query["bool"]["should"][0]["terms"]["trace_id"], forms);
    assert_eq!(query["bool"]["should"][1]["terms"]["workflow_run_id"], forms);
}

#[test]
fn what_would_be_wrong_is_refused_with_a_sentence() {
    for (text, expect) in [
        ("attributes.bytes_out >= 5000", "attributes.bytes_out cannot be compared"),
        ("level > info", "level is text and cannot be compared"),
        ("duration_ms:long", "duration_ms is a number"),
        ("@timestamp > yesterday", "@timestamp is a time"),
        ("exception.stacktrace:main", "exception.stacktrace is kept but not searchable"),
        ("customer:acme", "there is no field \"customer\""),
        ("status_code:500", "there is no field \"status_code\""),
        ("(level:error", "a ( is opened and not closed"),
        ("level:error)", "a ) closes nothing"),
        ("\"timed out", "a quote is opened"),
        ("level:", "level has no value"),
        (":error", "has no field before it"),
        ("level:error and", "the query ends"),
        ("()", "nothing between"),
        ("level:(error service.name:api)", "level:( ) may hold values only"),
    ] {
        let Problem { what, hint } = read(text).expect_err(text);
        assert!(what.contains(expect), "{text}: {what}");
        assert!(!hint.is_empty(), "{text}");
    }
    assert!(read("status_code:500").expect_err("no field").hint.contains("http.response.status_code"));
    assert!(read(&"(".repeat(100_000)).is_err());
    assert!(read(&"not ".repeat(100_000)).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([a-z.]{1,8}|[:<>=()\"\\\\*-]|and|or|not|level:| |\\PC){0,20}") {
        match read(&text) {
            Ok(query) => prop_assert!(query.is_object()),
            Err(problem) => prop_assert!(!problem.what.is_empty() && !problem.hint.is_empty()),
        }
    }
}
