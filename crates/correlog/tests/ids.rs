//! The ids of every kind of event, under every sampler, wrapper and order of the layers.
//!
//! Does not test the hazards (`hazards.rs`): there the question is whether the process lives.

mod support;

use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracer, SdkTracerProvider};
use serde_json::Value;
use support::Memory;
use tracing::{Dispatch, Instrument, Span, debug, debug_span, info, info_span};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::reload;

type Boxed<S> = Box<dyn Layer<S> + Send + Sync>;

/// How a layer is wrapped.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrap {
    Bare,
    Option,
    Vec,
    Boxed,
    Filtered,
    Reload,
}

const WRAPS: [Wrap; 6] = [Wrap::Bare, Wrap::Option, Wrap::Vec, Wrap::Boxed, Wrap::Filtered, Wrap::Reload];

fn wrap<S, L>(layer: L, how: Wrap) -> Boxed<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    L: Layer<S> + Send + Sync + 'static,
{
    match how {
        Wrap::Bare | Wrap::Boxed => Box::new(layer),
        Wrap::Option => Box::new(Some(layer)),
        Wrap::Vec => Box::new(vec![layer]),
        Wrap::Filtered => Box::new(layer.with_filter(LevelFilter::TRACE)),
        Wrap::Reload => Box::new(reload::Layer::new(layer).0),
    }
}

/// Our layer and OpenTelemetry's, which sees spans from INFO on, in either order.
fn dispatch(memory: &Memory, tracer: SdkTracer, ours: Wrap, theirs: Wrap, is_ours_first: bool) -> Dispatch {
    let layer = memory.layer();
    match (is_ours_first, ours, theirs) {
        // Unboxed, so that the order shows in the types.
        (true, Wrap::Bare, Wrap::Bare) => {
            Dispatch::new(Registry::default().with(layer).with(otel(tracer).with_filter(LevelFilter::INFO)))
        }
        (false, Wrap::Bare, Wrap::Bare) => {
            Dispatch::new(Registry::default().with(otel(tracer).with_filter(LevelFilter::INFO)).with(layer))
        }
        (true, ..) => {
            let otel = wrap(otel(tracer), theirs).with_filter(LevelFilter::INFO);
            Dispatch::new(Registry::default().with(wrap(layer, ours)).with(otel))
        }
        (false, ..) => {
            let otel = wrap(otel(tracer), theirs).with_filter(LevelFilter::INFO);
            Dispatch::new(Registry::default().with(otel).with(wrap(layer, ours)))
        }
    }
}

fn otel<S>(tracer: SdkTracer) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer().with_tracer(tracer)
}

/// A service's eleven kinds of events. Returns the ids each should have: `None` for none, else trace and span.
fn eleven_events(can_set_parent: bool) -> Vec<(&'static str, Option<(String, String)>)> {
    let mut expected = Vec::new();
    let mut expect = |message: &'static str, span: Option<&Span>| {
        expected.push((message, span.map(ids_of)));
    };
    info!("1 outside");
    expect("1 outside", None);
    let outer = info_span!("outer");
    let never_entered = info_span!("never_entered");
    let below_outer = info_span!(parent: &outer, "below_outer");
    {
        let _outer = outer.enter();
        info!("2 in outer");
        let inner = info_span!("inner");
        let entered = inner.enter();
        info!("3 in inner");
        info!(parent: &outer, "4 parent outer");
        info!(parent: None, "5 no parent");
        debug_span!("debug").in_scope(|| debug!("6 in a span that OpenTelemetry does not see"));
        info!(parent: &never_entered, "7 parent never entered");
        info!(parent: &below_outer, "8 parent never entered below outer");
        drop(entered);
        info!(parent: &inner, "9 parent inner, left");
        expect("3 in inner", Some(&inner));
        expect("6 in a span that OpenTelemetry does not see", Some(&inner));
        expect("9 parent inner, left", Some(&inner));
    }
    expect("2 in outer", Some(&outer));
    expect("4 parent outer", Some(&outer));
    expect("5 no parent", None);
    expect("7 parent never entered", None);
    expect("8 parent never entered below outer", Some(&outer));
    remote(can_set_parent, &mut expect);
    // Looking started nothing: a parent can still be set.
    if can_set_parent {
        never_entered.set_parent(remote_context(1)).expect("the span was not started by looking at it");
    }
    expected
}

fn remote(can_set_parent: bool, expect: &mut impl FnMut(&'static str, Option<&Span>)) {
    for (flags, message) in [(1, "10 below a sampled remote span"), (0, "11 below an unsampled remote span")]
    {
        let span = info_span!("remote");
        if can_set_parent {
            span.set_parent(remote_context(flags)).expect("not started");
        }
        span.in_scope(|| info!("{message}"));
        expect(message, Some(&span));
    }
}

fn remote_context(flags: u8) -> opentelemetry::Context {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    let remote = SpanContext::new(
        TraceId::from(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c),
        SpanId::from(0xb7ad_6b71_6920_3331),
        TraceFlags::new(flags),
        true,
        TraceState::default(),
    );
    opentelemetry::Context::new().with_remote_span_context(remote)
}

/// Asks OpenTelemetry itself, when nothing can be changed by that any more.
fn ids_of(span: &Span) -> (String, String) {
    let context = span.in_scope(opentelemetry::Context::current);
    let context = context.span().span_context().clone();
    assert!(context.is_valid());
    (context.trace_id().to_string(), context.span_id().to_string())
}

fn check(memory: &Memory, expected: &[(&str, Option<(String, String)>)], how: &str) {
    for (message, ids) in expected {
        let line = memory.line(message);
        let (trace, span) = (line["trace_id"].as_str(), line["span_id"].as_str());
        match ids {
            None => assert_eq!(
                (trace, span, &line["trace_flags"]),
                (None, None, &Value::Null),
                "{message}: {how}"
            ),
            Some((t, s)) => {
                assert_eq!((trace, span), (Some(t.as_str()), Some(s.as_str())), "{message}: {how}")
            }
        }
    }
}

fn samplers() -> [(Sampler, &'static str); 3] {
    [(Sampler::AlwaysOn, "01"), (Sampler::AlwaysOff, "00"), (Sampler::TraceIdRatioBased(0.5), "")]
}

#[test]
fn eleven_kinds_of_events_under_every_sampler_wrapper_and_order() {
    for (sampler, flags) in samplers() {
        for ours in WRAPS {
            for theirs in WRAPS {
                for is_ours_first in [true, false] {
                    let how =
                        format!("{sampler:?}, ours {ours:?}, theirs {theirs:?}, ours first {is_ours_first}");
                    let memory = Memory::default();
                    let (tracer, _provider, _) = support::tracer(sampler.clone());
                    let dispatch = dispatch(&memory, tracer, ours, theirs, is_ours_first);
                    let expected = tracing::dispatcher::with_default(&dispatch, || {
                        eleven_events(theirs != Wrap::Reload)
                    });
                    check(&memory, &expected, &how);
                    if !flags.is_empty() {
                        assert_eq!(memory.line("3 in inner")["trace_flags"], flags, "{how}");
                    }
                }
            }
        }
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

/// In a process of its own, because a global subscriber stays.
#[test]
fn a_global_subscriber_gives_the_same_ids() {
    if std::env::var_os("CORRELOG_TEST_GLOBAL").is_some() {
        let memory = Memory::default();
        let (tracer, _provider, _) = support::tracer(Sampler::AlwaysOn);
        let dispatch = dispatch(&memory, tracer, Wrap::Option, Wrap::Boxed, true);
        tracing::dispatcher::set_global_default(dispatch).expect("the only one");
        let expected = eleven_events(true);
        return check(&memory, &expected, "global");
    }
    let test = std::env::current_exe().expect("this test");
    let child = std::process::Command::new(test)
        .args(["--exact", "a_global_subscriber_gives_the_same_ids", "--nocapture"])
        .env("CORRELOG_TEST_GLOBAL", "1")
        .output()
        .expect("this test runs");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}

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
