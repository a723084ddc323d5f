//! What the demo's callers do: mostly ordinary runs, and one of everything that a dashboard has a panel for. It asserts
//! nothing about what becomes of it.

use crate::exec::Result;
use crate::http;
use serde_json::{Value, json};

/// So many ordinary runs, some slow, some failing; answers the trace id of the last failed one.
pub fn runs(api: &str, count: u32) -> Result<String> {
    let mut failed = None;
    for number in 0..count.max(1) {
        let mut body = json!({"tenant_id": "acme", "user": format!("user-{}", number % 3),
            "inputs": {"query": "where is my order?"}});
        if number % 7 == 3 {
            body["slow_ms"] = 300.into();
        }
        if number % 5 == 0 {
            body["fail_at"] = "http-request".into();
        }
        let trace = run(api, &body)?;
        if number % 5 == 0 {
            failed = Some(trace);
        }
    }
    failed.ok_or_else(|| "no run failed".to_owned())
}

/// One of each: every kind of failure, a run that is stuck since an hour, another version and other origins, and
/// requests that are redirected, not found and not understood.
pub fn variety(api: &str) -> Result<()> {
    for body in [
        json!({"tenant_id": "globex", "origin": "web-app", "version": "2026-10-12 14:00:00.000000"}),
        json!({"tenant_id": "globex", "origin": "webhook", "user": "user-7"}),
        json!({"fail_at": "knowledge-retrieval"}),
        json!({"fail_at": "llm"}),
        json!({"fail_at": "llm", "fail_how": "rate-limit", "user": "user-7"}),
        json!({"fail_at": "llm", "fail_how": "timeout"}),
        json!({"fail_at": "llm", "fail_how": "panic", "ago_s": 3600}),
        json!({"fail_at": "nowhere"}),
    ] {
        run(api, &body)?;
    }
    for path in ["/", "/health", "/nothing"] {
        http::get(&format!("{api}{path}"))?;
    }
    Ok(())
}

fn run(api: &str, body: &Value) -> Result<String> {
    let answer = http::post(&format!("{api}/workflows/run"), body)?;
    answer.header("x-trace-id").map(str::to_owned).ok_or_else(|| "a response without X-Trace-Id".to_owned())
}
