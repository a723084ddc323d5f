//! The ids of every kind of event, under every sampler, wrapper and order of the layers.
//!
//! Does not test the hazards (`hazards.rs`): there the question is whether the process lives.

mod support;

use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use serde_json::Value;
use support::Memory;
use support::matrix::{
    WRAPS, Wrap, check, dispatch, eleven_events, eleven_events_of_tasks, ids_of, otel, ways,
};
use tracing::{Dispatch, Instrument, Span, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

/// Hazards B and G, too.
#[test]
fn eleven_kinds_of_events_under_every_sampler_wrapper_and_order() {
    for way in ways() {
        way.check(|dispatch, can_set_parent| {
            tracing::dispatcher::with_default(dispatch, || eleven_events(can_set_parent))
        });
    }
}

#[test]
fn eleven_kinds_of_events_of_tasks_under_every_sampler_wrapper_and_order() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // Another task, which logs in a span of its own, runs in between.
    let other = async || {
        for _ in 0..20 {
            info!("between");
            tokio::task::yield_now().await;
        }
    };
    for way in ways() {
        way.check(|dispatch, can_set_parent| {
            tracing::dispatcher::with_default(dispatch, || {
                let other = other().instrument(info_span!("another task"));
                let both = async { tokio::join!(eleven_events_of_tasks(can_set_parent), other).0 };
                runtime.block_on(both)
            })
        });
    }
}

/// Each way in a process of its own, because a global subscriber stays.
#[test]
fn a_global_subscriber_gives_the_same_ids_under_every_sampler_wrapper_and_order() {
    const WAY: &str = "CORRELOG_TEST_WAY";
    if let Ok(number) = std::env::var(WAY) {
        let number: usize = number.parse().expect("a number of a way");
        return ways()[number].check(|dispatch, can_set_parent| {
            tracing::dispatcher::set_global_default(dispatch.clone()).expect("the only one");
            eleven_events(can_set_parent)
        });
    }
    for number in 0..ways().len() {
        let child = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "a_global_subscriber_gives_the_same_ids_under_every_sampler_wrapper_and_order"])
            .env(WAY, number.to_string())
            .output()
            .expect("this test runs");
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "way {number}: {said}");
    }
}

#[test]
fn spans_made_in_advance_and_entered_with_nothing_between_are_told_apart() {
    for is_ours_first in [true, false] {
        for theirs in WRAPS {
            let memory = Memory::default();
            let (tracer, _provider, _) = support::tracer(Sampler::AlwaysOn);
            let dispatch = dispatch(&memory, tracer, Wrap::Boxed, theirs, is_ours_first);
            let expected = tracing::dispatcher::with_default(&dispatch, || {
                let spans: Vec<Span> = (0..4).map(|_| info_span!(parent: None, "made in advance")).collect();
                let entered: Vec<_> = spans.iter().map(Span::enter).collect();
                info!(parent: &spans[0], "a");
                info!(parent: &spans[1], "b");
                info!(parent: &spans[2], "c");
                info!(parent: &spans[3], "d");
                entered.into_iter().rev().for_each(drop);
                let names = ["a", "b", "c", "d"];
                names.into_iter().zip(spans.iter().map(|span| Some(ids_of(span)))).collect::<Vec<_>>()
            });
            check(&memory, &expected, &format!("theirs {theirs:?}, ours first {is_ours_first}"));
        }
    }
}

#[test]
fn the_ids_on_the_lines_are_the_ids_that_are_exported() {
    let memory = Memory::default();
    let (tracer, provider, exporter) = support::tracer(Sampler::AlwaysOn);
    let dispatch = dispatch(&memory, tracer, Wrap::Bare, Wrap::Bare, true);
    tracing::dispatcher::with_default(&dispatch, || info_span!("work").in_scope(|| info!("in work")));
    drop(provider);
    let exported = exporter.get_finished_spans().expect("it is not shut down");
    let line = memory.line("in work");
    assert_eq!(line["span_id"], exported[0].span_context.span_id().to_string());
    assert_eq!(line["trace_id"], exported[0].span_context.trace_id().to_string());
    assert_eq!(line["span"]["name"], "work");
}

#[test]
fn ids_follow_a_task_that_yields() {
    let memory = Memory::default();
    let (tracer, _provider, _) = support::tracer(Sampler::AlwaysOn);
    let dispatch = dispatch(&memory, tracer, Wrap::Bare, Wrap::Bare, false);
    let task = |name: &'static str| {
        let span = info_span!("task");
        let own = span.clone();
        let work = async move {
            info!("{name} before");
            tokio::task::yield_now().await;
            info!("{name} after");
            ids_of(&own)
        };
        work.instrument(span)
    };
    tracing::dispatcher::with_default(&dispatch, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (a, b) = runtime.block_on(async { tokio::join!(task("a"), task("b")) });
        let expected = [("a before", &a), ("a after", &a), ("b before", &b), ("b after", &b)];
        check(&memory, &expected.map(|(message, ids)| (message, Some(ids.clone()))), "tasks");
        assert_ne!(a, b);
    });
}

/// Hazard I.
#[test]
fn a_context_that_is_not_activated_is_found_when_asked_for() {
    let check_order = |is_ours_first: bool| {
        let memory = Memory::default();
        let (tracer, _provider, _) = support::tracer(Sampler::AlwaysOn);
        let layer = memory.builder().inactive_context(true).build();
        let dispatch = match is_ours_first {
            true => Dispatch::new(
                Registry::default().with(layer).with(otel(tracer).with_context_activation(false)),
            ),
            false => Dispatch::new(
                Registry::default().with(otel(tracer).with_context_activation(false)).with(layer),
            ),
        };
        let context = tracing::dispatcher::with_default(&dispatch, || {
            let span = info_span!("work");
            span.in_scope(|| info!("in work"));
            span.context()
        });
        let context = context.span().span_context().clone();
        assert_eq!(memory.line("in work")["span_id"], context.span_id().to_string());
        assert_eq!(memory.line("in work")["trace_id"], context.trace_id().to_string());
    };
    check_order(true);
    check_order(false);
}

#[test]
fn the_lines_at_a_spans_end_have_its_ids_and_times() {
    for is_ours_first in [true, false] {
        let memory = Memory::default();
        let (tracer, _provider, _) = support::tracer(Sampler::AlwaysOn);
        let layer = memory.builder().span_close(true).build();
        let dispatch = match is_ours_first {
            true => Dispatch::new(Registry::default().with(layer).with(otel(tracer))),
            false => Dispatch::new(Registry::default().with(otel(tracer)).with(layer)),
        };
        let expected = tracing::dispatcher::with_default(&dispatch, || {
            let span = info_span!("work", tenant_id = "acme");
            span.in_scope(|| info!("in work"));
            ids_of(&span)
        });
        let line = memory.line("span closed");
        assert_eq!(line["trace_id"], expected.0);
        assert_eq!(line["span_id"], expected.1);
        assert_eq!(line["span"]["name"], "work");
        assert_eq!(line["tenant_id"], "acme");
        let time = |value: &Value| value.as_f64().expect("a number of milliseconds");
        let (busy, idle) = (time(&line["attributes"]["busy_ms"]), time(&line["attributes"]["idle_ms"]));
        assert!((time(&line["duration_ms"]) - busy - idle).abs() < 1e-6, "{line}");
    }
}

#[test]
fn an_error_marks_its_span_when_asked_for() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let memory = Memory::default();
    let layer = memory.builder().mark_spans(true).build();
    let otel = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("test"))
        .with_filter(tracing_subscriber::filter::filter_fn(|metadata| metadata.is_span()));
    let dispatch = Dispatch::new(Registry::default().with(otel).with(layer));
    tracing::dispatcher::with_default(&dispatch, || {
        info_span!("work").in_scope(|| {
            let error = "x".parse::<i32>().expect_err("not a number");
            tracing::error!(error = &error as &dyn std::error::Error, "it \"failed\"");
        });
    });
    let span = &exporter.get_finished_spans().expect("it is not shut down")[0];
    assert_eq!(span.status, opentelemetry::trace::Status::error("invalid digit found in string"));
    let event = span.events.iter().next().expect("an exception event");
    assert_eq!(event.name, "exception");
    assert!(
        event
            .attributes
            .iter()
            .any(|a| a.key.as_str() == "exception.type" && a.value.as_str() == "ParseIntError")
    );
}
