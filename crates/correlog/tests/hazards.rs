//! What hangs, aborts or lies in other layers, each reproduced: the letters are those of `docs/decisions/layer-ids.md`.
//!
//! Does not compare ids (`ids.rs`). What would end or hang this process runs in a process of its own, which must
//! end well within a limit.

mod support;

use std::cell::RefCell;
use std::process::Stdio;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{Sampler, SamplingResult, SdkTracer, SdkTracerProvider, ShouldSample};
use serde_json::Value;
use support::{Memory, child};
use tracing::{Dispatch, error, info, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

/// Runs the calling test again in a process of its own: `true` there, and here once that process ended well.
fn is_child(test: &str) -> bool {
    if child::is(test) {
        return true;
    }
    let mut child = child::command(test).stdout(Stdio::null()).spawn().expect("this test runs");
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            assert!(status.success(), "{test}: {status}");
            return false;
        }
        if Instant::now() > until {
            let _ = child.kill();
            panic!("{test} hangs");
        }
        std::thread::yield_now();
    }
}

fn tracer_with(sampler: impl ShouldSample + 'static) -> (SdkTracer, SdkTracerProvider) {
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    (provider.tracer("test"), provider)
}

/// A sampler that logs, as a service's own may.
#[derive(Debug, Clone)]
struct Chatty;

impl ShouldSample for Chatty {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: opentelemetry::trace::TraceId,
        name: &str,
        kind: &opentelemetry::trace::SpanKind,
        attributes: &[opentelemetry::KeyValue],
        links: &[opentelemetry::trace::Link],
    ) -> SamplingResult {
        info!("sampling {name}");
        Sampler::AlwaysOn.should_sample(parent, trace_id, name, kind, attributes, links)
    }
}

/// Hazard A.
#[test]
fn a_sampler_that_logs_does_not_hang() {
    if !is_child("a_sampler_that_logs_does_not_hang") {
        return;
    }
    for (is_ours_first, is_inactive) in [(true, false), (false, false), (true, true), (false, true)] {
        let memory = Memory::default();
        let (tracer, _provider) = tracer_with(Chatty);
        let layer = memory.builder().inactive_context(is_inactive).build();
        let activation = !is_inactive;
        let dispatch = match is_ours_first {
            true => {
                let otel =
                    tracing_opentelemetry::layer().with_tracer(tracer).with_context_activation(activation);
                Dispatch::new(Registry::default().with(layer).with(otel))
            }
            false => {
                let otel =
                    tracing_opentelemetry::layer().with_tracer(tracer).with_context_activation(activation);
                Dispatch::new(Registry::default().with(otel).with(layer))
            }
        };
        // Globally, a nested event is dispatched; with a scoped subscriber tracing would keep it from every layer.
        let work = || {
            let outer = info_span!("outer").entered();
            info!("in outer");
            info_span!("inner").in_scope(|| info!("in inner"));
            drop(outer);
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _default = tracing::dispatcher::set_default(&dispatch);
                work();
            });
        });
        assert!(memory.line("in inner")["trace_id"].is_string());
    }
}

/// Hazard A.
#[test]
fn a_sampler_that_logs_does_not_hang_a_global_subscriber() {
    if !is_child("a_sampler_that_logs_does_not_hang_a_global_subscriber") {
        return;
    }
    let memory = Memory::default();
    let (tracer, _provider) = tracer_with(Chatty);
    let otel = tracing_opentelemetry::layer().with_tracer(tracer);
    let dispatch = Dispatch::new(Registry::default().with(memory.layer()).with(otel));
    tracing::dispatcher::set_global_default(dispatch).expect("the only one");
    let outer = info_span!("outer").entered();
    info_span!("inner").in_scope(|| info!("in inner"));
    drop(outer);
    let outer = memory.line("sampling outer");
    assert_eq!(outer["trace_id"], Value::Null, "nothing is current while the root starts");
    let inner = memory.line("sampling inner");
    assert_eq!(inner["trace_id"], memory.line("in inner")["trace_id"], "the parent's trace");
    assert_ne!(inner["span_id"], memory.line("in inner")["span_id"]);
}

/// Hazard C.
#[test]
fn a_tracer_that_does_nothing_gives_no_zeros() {
    let memory = Memory::default();
    let dispatch =
        Dispatch::new(Registry::default().with(tracing_opentelemetry::layer()).with(memory.layer()));
    tracing::dispatcher::with_default(&dispatch, || info_span!("work").in_scope(|| info!("in work")));
    assert!(!memory.text().contains("trace_id"), "{}", memory.text());
    assert_eq!(memory.line("in work")["span"]["name"], "work");
}

struct LogsWhenDropped(&'static str);

impl Drop for LogsWhenDropped {
    fn drop(&mut self) {
        info!("{} goes", self.0);
    }
}

thread_local! {
    static EARLY: RefCell<Option<LogsWhenDropped>> = const { RefCell::new(None) };
    static LATE: RefCell<Option<LogsWhenDropped>> = const { RefCell::new(None) };
}

/// Destructors of thread locals run last made first: one made before OpenTelemetry's runs after it.
fn log_in_destructors(is_in_span: bool, is_context_used: bool, is_late: bool) {
    let thread = std::thread::spawn(move || {
        EARLY.with_borrow_mut(|slot| *slot = Some(LogsWhenDropped("early")));
        if is_context_used {
            let _attached = Context::new().attach();
        }
        if is_in_span {
            info_span!("work").in_scope(|| info!("in work"));
        }
        if is_late {
            LATE.with_borrow_mut(|slot| *slot = Some(LogsWhenDropped("late")));
        }
    });
    thread.join().expect("no destructor panics");
}

/// Hazard D.
#[test]
fn an_event_in_a_thread_locals_destructor_does_not_abort() {
    if !is_child("an_event_in_a_thread_locals_destructor_does_not_abort") {
        return;
    }
    let memory = Memory::default();
    let (tracer, _provider) = tracer_with(Sampler::AlwaysOn);
    let otel = tracing_opentelemetry::layer().with_tracer(tracer);
    let dispatch = Dispatch::new(Registry::default().with(otel).with(memory.layer()));
    tracing::dispatcher::set_global_default(dispatch).expect("the only one");
    for is_in_span in [true, false] {
        for is_context_used in [true, false] {
            log_in_destructors(is_in_span, is_context_used, true);
            // The thread's very first event may come when its context is gone already.
            log_in_destructors(is_in_span, is_context_used, false);
        }
    }
    let goes = memory
        .lines()
        .iter()
        .filter(|line| line["message"].as_str().is_some_and(|m| m.ends_with("goes")))
        .count();
    assert_eq!(goes, 12, "{}", memory.text());
}

/// Hazard D.
#[test]
fn events_of_opentelemetry_itself_do_not_look_at_the_context() {
    let memory = Memory::default();
    let (tracer, _provider) = tracer_with(Sampler::AlwaysOn);
    let otel = tracing_opentelemetry::layer().with_tracer(tracer);
    let dispatch = Dispatch::new(Registry::default().with(otel).with(memory.layer()));
    tracing::dispatcher::with_default(&dispatch, || {
        info_span!("work").in_scope(|| {
            info!(target: "opentelemetry_sdk::trace", "its own");
            info!("ours");
        });
    });
    assert_eq!(memory.line("its own")["trace_id"], Value::Null);
    assert!(memory.line("ours")["trace_id"].is_string());
}

/// Hazard D. OpenTelemetry warns while it holds its context when 65,535 of them are nested.
#[test]
fn leaked_contexts_do_not_end_the_service() {
    if !is_child("leaked_contexts_do_not_end_the_service") {
        return;
    }
    let memory = Memory::default();
    let dispatch = Dispatch::new(Registry::default().with(memory.layer()));
    tracing::dispatcher::set_global_default(dispatch).expect("the only one");
    info!("first");
    let leaked: Vec<_> = (0..66_000).map(|_| Context::new().attach()).collect();
    info!("last");
    assert_eq!(memory.line("last")["level"], "INFO");
    std::mem::forget(leaked);
}

/// Logs while it is logged.
struct Chatterbox;

impl std::fmt::Debug for Chatterbox {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        info!("formatting");
        formatter.write_str("Chatterbox")
    }
}

struct Panics;

impl std::fmt::Debug for Panics {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("a bug of the service")
    }
}

/// Hazard F.
#[test]
fn a_value_that_logs_or_panics_while_it_is_formatted_harms_no_line() {
    if !is_child("a_value_that_logs_or_panics_while_it_is_formatted_harms_no_line") {
        return;
    }
    let memory = Memory::default();
    let dispatch = Dispatch::new(Registry::default().with(memory.layer()));
    tracing::dispatcher::set_global_default(dispatch).expect("the only one");
    std::panic::set_hook(Box::new(|_| {}));
    let span = info_span!("work", chatty = ?Chatterbox, later = tracing::field::Empty);
    span.in_scope(|| info!(value = ?Chatterbox, "chatty"));
    span.in_scope(|| span.record("later", tracing::field::debug(Chatterbox)));
    info!(value = ?Panics, after = 1, "panics");
    error!("{:?}", Panics);
    assert_eq!(memory.line("chatty")["attributes"]["value"], "Chatterbox");
    assert_eq!(memory.line("panics")["attributes"]["value"], "[formatting this value panicked]");
    assert_eq!(memory.line("panics")["attributes"]["after"], 1);
    assert_eq!(memory.lines().last().expect("a line")["message"], "[formatting this value panicked]");
    assert_eq!(memory.lines().iter().filter(|line| line["message"] == "formatting").count(), 3);
}

/// Hazard E. A scoped subscriber keeps `Span::current()` empty within its own callbacks; ours must not depend on it.
#[test]
fn a_scoped_subscriber_has_the_span_and_its_fields() {
    let memory = Memory::default();
    let dispatch = Dispatch::new(Registry::default().with(memory.layer()));
    tracing::dispatcher::with_default(&dispatch, || {
        info_span!("work", tenant_id = "a").in_scope(|| info!("in work"))
    });
    assert_eq!(memory.line("in work")["tenant_id"], "a");
}

/// Hazard H. With `with_counting_event_filter` tracing-opentelemetry prints every event to stdout; the layer prints nothing.
#[test]
fn nothing_is_printed_to_stdout() {
    if child::is("nothing_is_printed_to_stdout") {
        let memory = Memory::default();
        let (tracer, _provider) = tracer_with(Sampler::AlwaysOn);
        let otel = tracing_opentelemetry::layer().with_tracer(tracer);
        let dispatch = Dispatch::new(Registry::default().with(otel).with(memory.layer()));
        tracing::dispatcher::with_default(&dispatch, || {
            info_span!("work").in_scope(|| error!("unmistakable words"))
        });
        return;
    }
    let child = child::output("nothing_is_printed_to_stdout");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
    assert!(!said.contains("unmistakable words") && !said.contains("evaluating"), "{said}");
}
