//! Export against receivers that speak the official protocol, over gRPC and over HTTP: the ids that arrive are the
//! ids on the lines and in the headers. And against receivers that are down, slow or broken: nothing but a count.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::place::Place;
use crate::receiver::{self, Behaviour, Receiver};
use axum::{Router, body::Body, extract::Request, routing::get};
use correlog::{
    http::ServerLayer,
    init::ExportStats,
    settings::{Exporter, Otlp, Processor, Protocol, Secret, Settings},
};
use tower::ServiceExt;

const KEY: &str = "k3y-for-the-receiver";

async fn handler() -> &'static str {
    tracing::info!(target: "handler", "handling");
    "done"
}

async fn failing() -> &'static str {
    tracing::error!(target: "handler", error = "no such model", "the call failed");
    "failed"
}

/// One request through the server layer; its trace and span id.
pub async fn ask(path: &str) -> (String, String) {
    let router = Router::new()
        .route("/tasks/{n}", get(handler))
        .route("/failing", get(failing))
        .layer(ServerLayer::axum());
    let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
    let response = router.oneshot(request).await.expect("infallible");
    let one = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    (one("x-trace-id"), one("x-span-id"))
}

fn exporting(receiver: &Receiver, protocol: Protocol) -> impl FnOnce(&mut Settings) {
    let mut otlp = Otlp::new(protocol, &receiver.url);
    otlp.api_key = Some(Secret::new(KEY));
    move |settings| {
        settings.export = Exporter::Otlp(otlp);
        // Only a flush exports: what arrives then is what the test made.
        settings.batch.schedule_delay = Duration::from_secs(3600);
        settings.metrics.interval = Duration::from_secs(3600);
    }
}

fn check_arrival(protocol: Protocol) {
    let receiver = Receiver::start(protocol, Behaviour::Accept);
    let place = Place::new(|settings| {
        exporting(&receiver, protocol)(settings);
        settings.service.version = "1.4.0".to_owned();
        settings.service.environment = "staging".to_owned();
        settings.service.git_commit = "abc123".to_owned();
        settings.service.attributes = vec![("team".to_owned(), "red".to_owned())];
    });
    let (trace, span) = place.run(ask("/tasks/7"));
    place.run(async { tracing::info_span!("job").in_scope(|| tracing::info!(target: "handler", "alone")) });
    place.guard.flush();

    let spans = receiver.spans();
    let server = spans.iter().find(|span| span.name == "GET /tasks/{n}").expect("the server's span");
    assert_eq!((&server.trace_id, &server.span_id), (&trace, &span), "header and export");
    let lines = place.lines_of("handler");
    assert_eq!(
        (&lines[0]["trace_id"], &lines[0]["span_id"]),
        (&trace.into(), &span.into()),
        "line and export"
    );
    let job = spans.iter().find(|span| span.name == "job").expect("the job's span");
    assert_eq!(lines[1]["trace_id"], job.trace_id.as_str());
    assert_eq!(lines[1]["span_id"], job.span_id.as_str());

    assert_eq!(receiver.authorization(), BTreeSet::from([format!("Bearer {KEY}")]));
    let resource = receiver.resource();
    let is =
        |name: &str, value: &str| assert_eq!(resource.get(name).map(String::as_str), Some(value), "{name}");
    is("service.name", "test");
    is("service.version", "1.4.0");
    is("deployment.environment.name", "staging");
    is("vcs.ref.head.revision", "abc123");
    is("team", "red");
    is("os.type", std::env::consts::OS);
    is("process.pid", &std::process::id().to_string());
    assert!(resource.contains_key("host.name"));
    let instance = lines[0]["service"]["instance"]["id"].as_str().expect("an instance on the line");
    is("service.instance.id", instance);
    let stats = place.guard.export_stats();
    assert_eq!((stats.ended, stats.exported, stats.pending), (spans.len() as u64, spans.len() as u64, 0));
}

#[test]
fn what_arrives_over_http_is_what_the_lines_say() {
    check_arrival(Protocol::HttpProtobuf);
}

#[test]
fn what_arrives_over_grpc_is_what_the_lines_say() {
    check_arrival(Protocol::Grpc);
}

fn check_metrics(protocol: Protocol) {
    use opentelemetry::metrics::MeterProvider;
    let receiver = Receiver::start(protocol, Behaviour::Accept);
    let place = Place::new(exporting(&receiver, protocol));
    let meter = place.guard.meter_provider().expect("metrics are on").meter("test");
    meter.u64_counter("workflows").build().add(3, &[]);
    place.guard.flush();
    assert!(receiver.metrics().contains("workflows"), "{:?}", receiver.metrics());
    assert_eq!(receiver.authorization(), BTreeSet::from([format!("Bearer {KEY}")]));
}

#[test]
fn metrics_arrive_too() {
    check_metrics(Protocol::HttpProtobuf);
    check_metrics(Protocol::Grpc);
}

#[test]
fn spans_and_metrics_leave_by_themselves() {
    use opentelemetry::metrics::MeterProvider;
    let receiver = Receiver::start(Protocol::HttpProtobuf, Behaviour::Accept);
    let place = Place::new(|settings| {
        exporting(&receiver, Protocol::HttpProtobuf)(settings);
        settings.batch.schedule_delay = Duration::from_millis(20);
        settings.metrics.interval = Duration::from_millis(20);
    });
    let meter = place.guard.meter_provider().expect("metrics are on").meter("test");
    meter.u64_counter("workflows").build().add(1, &[]);
    place.run(ask("/tasks/1"));
    receiver.wait_until("a span", |receiver| !receiver.spans().is_empty());
    receiver.wait_until("a metric", |receiver| receiver.metrics().contains("workflows"));
}

#[test]
fn the_simple_processor_exports_within_the_spans_end() {
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let receiver = Receiver::start(protocol, Behaviour::Accept);
        let place = Place::new(|settings| {
            exporting(&receiver, protocol)(settings);
            settings.batch.processor = Processor::Simple;
        });
        tracing::dispatcher::with_default(&place.dispatch, || {
            drop(tracing::info_span!("short").entered());
            assert_eq!(receiver.spans().len(), 1, "{protocol:?}");
        });
        assert_eq!(place.guard.export_stats().exported, 1);
    }
}

#[test]
fn exactly_the_sampled_traces_are_exported_and_all_have_ids() {
    let receiver = Receiver::start(Protocol::HttpProtobuf, Behaviour::Accept);
    let place = Place::new(|settings| {
        exporting(&receiver, Protocol::HttpProtobuf)(settings);
        settings.trace.sampling_ratio = 0.25;
    });
    let all: BTreeSet<String> = place.run(async {
        let mut all = BTreeSet::new();
        for n in 0..200 {
            all.insert(ask(&format!("/tasks/{n}")).await.0);
        }
        all
    });
    place.guard.flush();
    // The sampler's own rule, from the SDK: the lower 63 of the last 64 bits against the ratio.
    let is_sampled = |id: &String| {
        let low = u64::from_str_radix(&id[16..], 16).expect("hexadecimal");
        (low >> 1) < (0.25 * (1_u64 << 63) as f64) as u64
    };
    let wanted: BTreeSet<String> = all.iter().filter(|id| is_sampled(id)).cloned().collect();
    let exported: BTreeSet<String> = receiver.spans().into_iter().map(|span| span.trace_id).collect();
    assert_eq!(all.len(), 200);
    assert_eq!(exported, wanted);
    for line in place.lines_of("handler") {
        let id = line["trace_id"].as_str().expect("an id on every line").to_owned();
        assert_eq!(line["trace_flags"], if wanted.contains(&id) { "01" } else { "00" });
    }
}

#[test]
fn an_error_event_fails_its_span_and_adds_an_exception() {
    for is_on in [true, false] {
        let receiver = Receiver::start(Protocol::HttpProtobuf, Behaviour::Accept);
        let place = Place::new(|settings| {
            exporting(&receiver, Protocol::HttpProtobuf)(settings);
            settings.trace.error_events = is_on;
        });
        place.run(ask("/failing"));
        place.guard.flush();
        let spans = receiver.spans();
        let exceptions: Vec<_> = spans[0].events.iter().filter(|event| *event == "exception").collect();
        assert_eq!((spans[0].is_error, exceptions.len()), (is_on, usize::from(is_on)));
        let others = spans[0].events.len() - exceptions.len();
        assert_eq!(others, 0, "other lines are no span events");
    }
}

#[test]
fn requests_end_while_the_receiver_holds_the_export() {
    let receiver = Receiver::start(Protocol::HttpProtobuf, Behaviour::Hold);
    let place = Place::new(|settings| {
        exporting(&receiver, Protocol::HttpProtobuf)(settings);
        settings.batch.queue_size = 20;
        settings.batch.export_size = 10;
        settings.batch.export_timeout = Duration::from_secs(60);
    });
    place.run(async {
        for n in 0..10 {
            ask(&format!("/tasks/{n}")).await;
        }
    });
    // The first export is under way and stays so: nothing answers it until `release`.
    receiver.wait_for_request();
    place.run(async {
        for n in 0..100 {
            ask(&format!("/tasks/{n}")).await;
        }
    });
    let stats = place.guard.export_stats();
    assert_eq!(
        (stats.ended, stats.exported, stats.failed),
        (110, 0, 0),
        "every request ended, none was exported"
    );
    assert_eq!(
        (stats.dropped, stats.pending),
        (80, 30),
        "the queue holds 20, the export 10, the rest is counted"
    );
    assert_eq!(place.lines_of("handler").len(), 110, "no line was lost");
    receiver.release();
    place.guard.flush();
    let stats = place.guard.export_stats();
    assert_eq!((stats.exported, stats.dropped, stats.pending), (30, 80, 0));
}

fn check_counted(url: &str, protocol: Protocol, expect: impl Fn(ExportStats)) {
    let place = Place::new(|settings| {
        settings.export = Exporter::Otlp(Otlp::new(protocol, url));
        settings.metrics.enabled = false;
        settings.batch.export_timeout = Duration::from_millis(300);
    });
    place.run(async {
        for n in 0..5 {
            ask(&format!("/tasks/{n}")).await;
        }
    });
    place.guard.flush();
    expect(place.guard.export_stats());
    assert_eq!(place.lines_of("handler").len(), 5);
}

#[test]
fn a_receiver_that_is_broken_or_away_costs_a_counted_drop() {
    let all_failed = |stats: ExportStats| {
        assert_eq!((stats.ended, stats.exported, stats.failed, stats.pending), (5, 0, 5, 0));
    };
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let broken = Receiver::start(protocol, Behaviour::Refuse);
        check_counted(&broken.url, protocol, all_failed);
        check_counted(&receiver::nobody(), protocol, all_failed);
    }
}

#[test]
fn the_guards_end_exports_what_is_left_and_ends_in_time() {
    let receiver = Receiver::start(Protocol::Grpc, Behaviour::Accept);
    let place = Place::new(exporting(&receiver, Protocol::Grpc));
    place.run(ask("/tasks/1"));
    let (lines, guard) = (place.lines_of("handler").len(), place.guard);
    assert!(guard.shutdown(Duration::from_secs(20)), "everything was done in time");
    assert_eq!((lines, receiver.spans().len()), (1, 1));

    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        let receiver = Receiver::start(protocol, Behaviour::Accept);
        let Place { dispatch, guard, .. } = Place::new(exporting(&receiver, protocol));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tracing::dispatcher::with_default(&dispatch, || {
            runtime.block_on(async {
                ask("/tasks/1").await;
                drop(guard);
            });
        });
        assert_eq!(receiver.spans().len(), 1, "also from within a runtime: {protocol:?}");
    }

    let held = Receiver::start(Protocol::HttpProtobuf, Behaviour::Hold);
    let place = Place::new(exporting(&held, Protocol::HttpProtobuf));
    place.run(ask("/tasks/1"));
    assert!(!place.guard.shutdown(Duration::from_millis(50)), "it says that not everything was done");
}
