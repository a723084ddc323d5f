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
