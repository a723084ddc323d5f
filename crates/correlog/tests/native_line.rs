//! The native line: its order, its places, its types, what is inherited and what hostile values become.
//!
//! Does not test ids (`ids.rs`) and files (`files.rs`).

mod support;

use serde_json::json;
use support::Memory;
use tracing::{error, info, info_span};
use tracing_subscriber::prelude::*;

fn log(run: impl FnOnce()) -> Memory {
    let memory = Memory::default();
    let layer = memory
        .builder()
        .service_version("1.4.0")
        .service_instance_id("api-1")
        .environment("prod")
        .code_location(false)
        .build();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
    memory
}

#[test]
fn the_keys_stand_in_their_order() {
    let memory = log(|| {
        let span = info_span!("run_workflow", tenant_id = "acme", workflow_run_id = %"r-1");
        let _entered = span.enter();
        info!(target: "api::runner", duration_ms = 12.5, retries = 2, "workflow finished");
    });
    let line = memory.text();
    let start = r#"{"@timestamp":""#;
    let body = r#"","level":"INFO","message":"workflow finished","service":{"name":"test","version":"1.4.0","instance":{"id":"api-1"}},"deployment":{"environment":{"name":"prod"}},"logger":"api::runner","span":{"name":"run_workflow"},"duration_ms":12.5,"tenant_id":"acme","workflow_run_id":"r-1","attributes":{"retries":2},"log":{"stream":""#;
    assert!(line.starts_with(start), "{line}");
    assert_eq!(&line[start.len() + 30..][..body.len()], body);
    assert!(line.ends_with("\",\"seq\":0}}\n"), "{line}");
}

#[test]
fn objects_hold_their_fields_whoever_sets_them() {
    let memory = log(|| {
        let span =
            info_span!("request", http.route = "/run", http.request.method = "POST", url.path = "/run");
        let _entered = span.enter();
        info!(http.response.status_code = 200, tenant_id = 7, "done");
    });
    let line = memory.line("done");
    assert_eq!(
        line["http"],
        json!({"request": {"method": "POST"}, "response": {"status_code": 200}, "route": "/run"})
    );
    assert_eq!(line["url"], json!({"path": "/run"}));
    assert_eq!(line["tenant_id"], "7");
}

#[test]
fn what_is_recorded_later_is_seen_by_later_events_below() {
    let memory = log(|| {
        let outer = info_span!("outer", user = tracing::field::Empty, tenant_id = "a");
        let _outer = outer.enter();
        let inner = info_span!("inner", tenant_id = "b", own = 1);
        let _inner = inner.enter();
        info!("before");
        outer.record("user", "kim");
        inner.record("own", 2);
        info!(own = 3, "after");
        info!("last");
    });
    assert_eq!(memory.line("before")["attributes"], json!({"own": 1}));
    assert_eq!(memory.line("after")["attributes"], json!({"own": 3, "user": "kim"}));
    assert_eq!(memory.line("last")["attributes"], json!({"own": 2, "user": "kim"}));
    assert_eq!(memory.line("last")["tenant_id"], "b");
}

/// The innermost span is remembered from event to event: here it changes, or what it has changes, between them.
#[test]
fn an_event_is_in_the_span_that_is_the_innermost_one_now() {
    let memory = log(|| {
        let outer = info_span!("outer", at = "outer", seen = tracing::field::Empty);
        let inner = info_span!(parent: &outer, "inner", own = 1);
        let entered = outer.enter();
        info!("1");
        inner.in_scope(|| info!("2"));
        info!("3");
        inner.in_scope(|| {
            info!("4");
            outer.record("seen", true);
            info!("5");
            // A span that is entered twice stays where it stands, as tracing has it.
            outer.in_scope(|| info!("6"));
            info!("7");
        });
        info!("8");
        drop(entered);
        info!("9");
        inner.in_scope(|| info!("10"));
    });
    let check = |message: &str, span: Option<&str>, attributes: serde_json::Value| {
        let line = memory.line(message);
        assert_eq!(line["span"]["name"].as_str(), span, "{message}");
        assert_eq!(line["attributes"], attributes, "{message}");
    };
    check("1", Some("outer"), json!({"at": "outer"}));
    check("2", Some("inner"), json!({"at": "outer", "own": 1}));
    check("3", Some("outer"), json!({"at": "outer"}));
    check("4", Some("inner"), json!({"at": "outer", "own": 1}));
    check("5", Some("inner"), json!({"at": "outer", "own": 1, "seen": true}));
    check("6", Some("inner"), json!({"at": "outer", "own": 1, "seen": true}));
    check("7", Some("inner"), json!({"at": "outer", "own": 1, "seen": true}));
    check("8", Some("outer"), json!({"at": "outer", "seen": true}));
    check("9", None, json!(null));
    check("10", Some("inner"), json!({"at": "outer", "own": 1, "seen": true}));
}

/// Where a filter hides the innermost span from the layer, the nearest one that it sees counts.
#[test]
fn a_hidden_span_hides_nothing_else() {
    let memory = Memory::default();
    let layer = memory.layer().with_filter(tracing_subscriber::filter::LevelFilter::INFO);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let hidden = tracing::debug_span!("hidden", hidden = true);
        let (one, two) = (info_span!("one", at = 1), info_span!("two", at = 2));
        let entered = one.enter();
        hidden.in_scope(|| info!("in one"));
        drop(entered);
        let _entered = two.enter();
        hidden.in_scope(|| info!("in two"));
    });
    assert_eq!(memory.line("in one")["attributes"], json!({"at": 1}));
    assert_eq!(memory.line("in two")["attributes"], json!({"at": 2}));
}

#[test]
fn errors_become_exceptions() {
    let memory = log(|| {
        let error = "x".parse::<i32>().unwrap_err();
        error!(error = &error as &dyn std::error::Error, "failed");
        error!(error = %error);
    });
    let line = memory.line("failed");
    assert_eq!(
        line["exception"],
        json!({"message": "invalid digit found in string", "type": "ParseIntError"})
    );
    assert_eq!(memory.lines()[1]["message"], "invalid digit found in string");
}

#[test]
fn orders_to_opentelemetry_are_no_fields_of_the_line() {
    let memory = log(|| {
        info_span!("request", otel.name = "GET /", otel.kind = "server", own = 1)
            .in_scope(|| info!("in request"));
    });
    assert_eq!(memory.line("in request")["attributes"], json!({"own": 1}));
}
