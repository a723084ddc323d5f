//! The server layer around a real axum router: ids on every response and every line, one access line a request,
//! whatever becomes of it. Export is off; what is exported is `otlp.rs`'s to show.

use std::time::Duration;

use crate::place::Place;
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request},
    http::{HeaderMap, Method, Response, StatusCode},
    routing::{get, post},
};
use correlog::http::ServerLayer;
use futures_util::stream;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::{Layer, ServiceExt};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const REMOTE_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const REMOTE_SPAN: &str = "b7ad6b7169203331";

async fn logs(Path(id): Path<String>) -> String {
    tracing::info!(target: "handler", "handling");
    format!("run {id}")
}

async fn fails() -> (StatusCode, &'static str) {
    tracing::error!(target: "handler", "it broke");
    (StatusCode::BAD_GATEWAY, "no")
}

async fn panics() -> &'static str {
    panic!("on purpose");
}

async fn streams() -> Body {
    let chunks = (0..3).map(|n| {
        tracing::info!(target: "handler", n, "chunk");
        Ok::<_, std::io::Error>("0123456789")
    });
    Body::from_stream(stream::iter(chunks))
}

async fn takes_json(Json(value): Json<Value>) -> String {
    value.to_string()
}

async fn never() {
    std::future::pending::<()>().await;
}

fn router() -> Router {
    Router::new()
        .route("/runs/{id}", get(logs))
        .route("/fails", get(fails))
        .route("/panics", get(panics))
        .route("/streams", get(streams))
        .route("/json", post(takes_json))
        .route("/never", get(never))
        .layer(ServerLayer::axum())
}

fn request(method: Method, path: &str, headers: &[(&str, &str)], body: &'static str) -> Request {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).expect("a request")
}

async fn get_path(path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    router().oneshot(request(Method::GET, path, headers, "")).await.expect("infallible")
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.expect("the whole body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn ids(headers: &HeaderMap) -> (String, String) {
    let one = |name: &str| {
        let value = headers.get(name).unwrap_or_else(|| panic!("no {name}"));
        value.to_str().expect("text").to_owned()
    };
    let (trace, span) = (one("x-trace-id"), one("x-span-id"));
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    assert!(trace.len() == 32 && is_hex(&trace) && trace != "0".repeat(32), "{trace}");
    assert!(span.len() == 16 && is_hex(&span) && span != "0".repeat(16), "{span}");
    (trace, span)
}

/// The only access line of this place.
fn access(place: &Place) -> Value {
    let mut lines = place.lines_of("correlog::access");
    assert_eq!(lines.len(), 1, "one access line a request");
    lines.remove(0)
}

#[test]
fn header_lines_and_access_line_have_the_same_ids() {
    let place = Place::new(|_| {});
    let (trace, span) = place.run(async {
        let response = get_path("/runs/7?secret=1", &[]).await;
        let ids = ids(response.headers());
        assert_eq!(text(response).await, "run 7");
        ids
    });
    let handler = &place.lines_of("handler")[0];
    assert_eq!((&handler["trace_id"], &handler["span_id"]), (&trace.clone().into(), &span.clone().into()));
    assert_eq!(handler["http"]["route"], "/runs/{id}", "the route is on every line of the request");
    let access = access(&place);
    assert_eq!(access["trace_id"], trace.as_str());
    assert_eq!(access["span_id"], span.as_str());
    assert_eq!(access["level"], "INFO");
    assert_eq!(access["message"], "GET /runs/7 200");
    assert_eq!(access["http"]["request"]["method"], "GET");
    assert_eq!(access["http"]["route"], "/runs/{id}");
    assert_eq!(access["http"]["response"]["status_code"], 200);
    assert_eq!(access["url"]["path"], "/runs/7");
    assert_eq!(access["attributes"]["http.response.body.size"], 5);
    assert!(access["attributes"].get("otel.kind").is_none(), "orders to OpenTelemetry are no facts");
    assert!(access["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0));
    assert!(!place.lines().iter().any(|line| line.to_string().contains("secret")), "no query in the log");
}

fn check_status(method: Method, path: &str, body: &'static str, status: u16, level: &str) {
    let place = Place::new(|_| {});
    let (trace, _) = place.run(async {
        let response = router().oneshot(request(method, path, &[], body)).await.expect("infallible");
        assert_eq!(response.status().as_u16(), status, "{path}");
        let ids = ids(response.headers());
        text(response).await;
        ids
    });
    let access = access(&place);
    assert_eq!(access["http"]["response"]["status_code"], status);
    assert_eq!(access["trace_id"], trace.as_str());
    assert_eq!(access["level"], level, "{path}");
}

#[test]
fn every_kind_of_answer_has_the_headers_and_one_access_line() {
    check_status(Method::GET, "/runs/1", "", 200, "INFO");
    check_status(Method::HEAD, "/runs/1", "", 200, "INFO");
    check_status(Method::GET, "/nowhere", "", 404, "INFO");
    check_status(Method::POST, "/runs/1", "", 405, "INFO");
    check_status(Method::POST, "/json", "{}", 415, "INFO");
    check_status(Method::GET, "/fails", "", 502, "ERROR");
    check_status(Method::GET, "/panics", "", 500, "ERROR");
    check_status(Method::GET, "/streams", "", 200, "INFO");
}

#[test]
fn a_panic_becomes_a_500_that_names_its_trace_and_not_its_reason() {
    let place = Place::new(|_| {});
    let (trace, body) = place.run(async {
        let response = get_path("/panics", &[]).await;
        let (trace, _) = ids(response.headers());
        (trace, text(response).await)
    });
    assert!(body.contains(&trace) && !body.contains("on purpose"), "{body}");
    let line = &place.lines_of("correlog::http")[0];
    assert_eq!((&line["level"], &line["trace_id"]), (&"ERROR".into(), &trace.into()));
    assert_eq!(line["exception"]["type"], "panic");
    assert_eq!(line["exception"]["message"], "on purpose");
}

#[test]
fn a_stream_is_within_its_request_to_its_end() {
    let place = Place::new(|_| {});
    let (trace, _) = place.run(async {
        let response = get_path("/streams", &[]).await;
        assert!(place.lines_of("correlog::access").is_empty(), "the body is still to come");
        let ids = ids(response.headers());
        assert_eq!(text(response).await.len(), 30);
        ids
    });
    let chunks = place.lines_of("handler");
    assert_eq!(chunks.len(), 3);
    assert!(chunks.iter().all(|line| line["trace_id"] == trace.as_str()));
    assert_eq!(access(&place)["attributes"]["http.response.body.size"], 30);
}

#[test]
fn who_goes_away_leaves_one_line_too() {
    let place = Place::new(|_| {});
    place.run(async {
        let cut = tokio::time::timeout(Duration::from_millis(20), get_path("/never", &[])).await;
        assert!(cut.is_err());
    });
    let line = access(&place);
    assert_eq!(line["message"], "GET /never cancelled");
    assert!(line["http"].get("response").is_none());

    let place = Place::new(|_| {});
    place.run(async {
        let mut response = get_path("/streams", &[]).await;
        response.body_mut().frame().await.expect("a frame").expect("a good frame");
    });
    assert_eq!(access(&place)["message"], "GET /streams 200 cut off");
}

fn check_end<R, E>(answer: fn() -> Result<Response<R>, E>, message: &str, level: &str)
where
    R: http_body::Body<Data = axum::body::Bytes>,
{
    let place = Place::new(|_| {});
    place.run(async {
        let service = tower::service_fn(|_: Request| std::future::ready(answer()));
        if let Ok(response) =
            ServerLayer::new().layer(service).oneshot(request(Method::GET, "/x", &[], "")).await
        {
            assert_eq!(ids(response.headers()).0.len(), 32);
            let _ = response.into_body().collect().await;
        }
    });
    let line = access(&place);
    assert_eq!((&line["message"], &line["level"]), (&message.into(), &level.into()));
    assert!(line["trace_id"].is_string());
}

#[test]
fn a_service_may_fail_in_every_way_a_tower_service_can() {
    let broken = || {
        let chunks = [Ok("some"), Err(std::io::Error::other("gone"))];
        Ok::<_, std::io::Error>(Response::new(Body::from_stream(stream::iter(chunks))))
    };
    check_end(|| Ok::<_, std::io::Error>(Response::new(Body::empty())), "GET /x 200", "INFO");
    check_end(|| Err::<Response<Body>, _>(std::io::Error::other("no")), "GET /x failed", "ERROR");
    check_end(broken, "GET /x 200 failed", "ERROR");
    let dies = || -> Result<Response<Body>, std::io::Error> { panic!("before there is a future") };
    check_end(dies, "GET /x 500", "ERROR");
}

fn check_parent(headers: &[(&str, &str)], expect: Option<(&str, &str)>) {
    let place = Place::new(|settings| settings.trace.sampling_ratio = 0.0);
    let (trace, span) = place.run(async {
        let response = get_path("/runs/1", headers).await;
        let ids = ids(response.headers());
        text(response).await;
        ids
    });
    let line = access(&place);
    assert_eq!((&line["trace_id"], &line["span_id"]), (&trace.clone().into(), &span.into()), "{headers:?}");
    match expect {
        Some((remote, flags)) => {
            assert_eq!(trace, remote, "{headers:?}");
            assert_eq!(line["trace_flags"], flags, "{headers:?}");
        }
        None => {
            assert_ne!(trace, REMOTE_TRACE, "{headers:?}");
            assert_eq!(line["trace_flags"], "00", "sampled out, and with its ids all the same: {headers:?}");
        }
    }
}

#[test]
fn the_callers_context_is_continued_in_every_form() {
    let b3 = format!("{REMOTE_TRACE}-{REMOTE_SPAN}-1");
    let unsampled = TRACEPARENT.replace("-01", "-00");
    check_parent(&[("traceparent", TRACEPARENT)], Some((REMOTE_TRACE, "01")));
    check_parent(&[("traceparent", &unsampled)], Some((REMOTE_TRACE, "00")));
    check_parent(&[("b3", &b3)], Some((REMOTE_TRACE, "01")));
    check_parent(&[("X-B3-TraceId", REMOTE_TRACE), ("X-B3-SpanId", REMOTE_SPAN)], Some((REMOTE_TRACE, "00")));
    let other = TRACEPARENT.replace("0af7", "1bf8");
    let wins = "1bf8651916cd43dd8448eb211c80319c";
    check_parent(&[("b3", &b3), ("traceparent", &other)], Some((wins, "01")));
}

#[test]
fn nonsense_starts_a_trace_of_our_own() {
    check_parent(&[], None);
    check_parent(&[("traceparent", "00-zz")], None);
    check_parent(&[("traceparent", &format!("00-{}-{REMOTE_SPAN}-01", "0".repeat(32)))], None);
    check_parent(&[("b3", "1")], None);
}

fn check_external(given: &str, expect: Option<&str>) {
    let place = Place::new(|_| {});
    let (trace, _) = place.run(async {
        let response = get_path("/runs/1", &[("X-Trace-Id", given)]).await;
        let ids = ids(response.headers());
        text(response).await;
        ids
    });
    assert_ne!(trace, given, "a caller's id is never adopted");
    for line in [&place.lines_of("handler")[0], &access(&place)] {
        assert_eq!(line.get("external_trace_id").and_then(Value::as_str), expect, "{given:?}");
    }
}

#[test]
fn a_callers_own_id_is_kept_beside_ours() {
    check_external("order-4711_b", Some("order-4711_b"));
    check_external(REMOTE_TRACE, Some(REMOTE_TRACE));
    check_external("two words", None);
    check_external("", None);
    check_external(&"x".repeat(129), None);
}

#[test]
fn no_log_filter_takes_the_ids_away() {
    let place = Place::new(|settings| settings.log.filter = "off,handler=error".to_owned());
    let (trace, _) = place.run(async {
        let response = get_path("/fails", &[]).await;
        let ids = ids(response.headers());
        text(response).await;
        ids
    });
    let lines = place.lines();
    assert_eq!(lines.len(), 1, "only what the filter lets through");
    assert_eq!((&lines[0]["message"], &lines[0]["trace_id"]), (&"it broke".into(), &trace.into()));
    assert_eq!(lines[0]["http"]["route"], "/fails");
}
