//! The eleven kinds of events, and every way in which the two layers can be put together.
//!
//! Does not judge: `ids.rs` does.

use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::trace::{Sampler, SdkTracer};
use serde_json::Value;
use tokio::task::yield_now;
use tracing::{Dispatch, Instrument, Span, debug, debug_span, info, info_span};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::reload;

use crate::support::{self, Memory};

type Boxed<S> = Box<dyn Layer<S> + Send + Sync>;

/// How a layer is wrapped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wrap {
    Bare,
    Option,
    Vec,
    Boxed,
    Filtered,
    Reload,
}

pub const WRAPS: [Wrap; 6] = [Wrap::Bare, Wrap::Option, Wrap::Vec, Wrap::Boxed, Wrap::Filtered, Wrap::Reload];

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
pub fn dispatch(
    memory: &Memory,
    tracer: SdkTracer,
    ours: Wrap,
    theirs: Wrap,
    is_ours_first: bool,
) -> Dispatch {
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

pub fn otel<S>(tracer: SdkTracer) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer().with_tracer(tracer)
}

/// What each line should have: `None` for no ids, else trace and span.
pub type Expected = Vec<(&'static str, Option<(String, String)>)>;

/// A service's eleven kinds of events. Returns the ids each should have: `None` for none, else trace and span.
pub fn eleven_events(can_set_parent: bool) -> Expected {
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

/// The same events from tasks that give way before each of them, so that their spans are left and entered again.
pub async fn eleven_events_of_tasks(can_set_parent: bool) -> Expected {
    let mut expected = Vec::new();
    let mut expect = |message: &'static str, span: Option<&Span>| {
        expected.push((message, span.map(ids_of)));
    };
    yield_now().await;
    info!("1 outside");
    expect("1 outside", None);
    let outer = info_span!("outer");
    let never_entered = info_span!("never_entered");
    let below_outer = info_span!(parent: &outer, "below_outer");
    let inner = async {
        yield_now().await;
        info!("2 in outer");
        let inner = info_span!("inner");
        let within = async {
            yield_now().await;
            info!("3 in inner");
            yield_now().await;
            info!(parent: &outer, "4 parent outer");
            info!(parent: None, "5 no parent");
            let hidden = async {
                yield_now().await;
                debug!("6 in a span that OpenTelemetry does not see");
            };
            hidden.instrument(debug_span!("debug")).await;
            info!(parent: &never_entered, "7 parent never entered");
            info!(parent: &below_outer, "8 parent never entered below outer");
        };
        within.instrument(inner.clone()).await;
        yield_now().await;
        info!(parent: &inner, "9 parent inner, left");
        inner
    };
    let inner = inner.instrument(outer.clone()).await;
    for message in ["3 in inner", "6 in a span that OpenTelemetry does not see", "9 parent inner, left"] {
        expect(message, Some(&inner));
    }
    for message in ["2 in outer", "4 parent outer", "8 parent never entered below outer"] {
        expect(message, Some(&outer));
    }
    expect("5 no parent", None);
    expect("7 parent never entered", None);
    remote(can_set_parent, &mut expect);
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
pub fn ids_of(span: &Span) -> (String, String) {
    let context = span.in_scope(opentelemetry::Context::current);
    let context = context.span().span_context().clone();
    assert!(context.is_valid());
    (context.trace_id().to_string(), context.span_id().to_string())
}

pub fn check(memory: &Memory, expected: &[(&str, Option<(String, String)>)], how: &str) {
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

/// One way to put the two layers together, under one sampler.
#[derive(Debug)]
pub struct Way {
    sampler: Sampler,
    /// What every line's flags are, where the sampler always decides alike.
    flags: Option<&'static str>,
    ours: Wrap,
    theirs: Wrap,
    is_ours_first: bool,
}

pub fn ways() -> Vec<Way> {
    let samplers = [
        (Sampler::AlwaysOn, Some("01")),
        (Sampler::AlwaysOff, Some("00")),
        (Sampler::TraceIdRatioBased(0.5), None),
    ];
    let mut ways = Vec::new();
    for (sampler, flags) in samplers {
        for ours in WRAPS {
            for theirs in WRAPS {
                for is_ours_first in [true, false] {
                    ways.push(Way { sampler: sampler.clone(), flags, ours, theirs, is_ours_first });
                }
            }
        }
    }
    ways
}

impl Way {
    /// Hands over the subscriber, and whether a parent can be set: not through a reloadable OpenTelemetry layer.
    pub fn check(&self, run: impl FnOnce(&Dispatch, bool) -> Expected) {
        let how = format!("{self:?}");
        let memory = Memory::default();
        let (tracer, _provider, _) = support::tracer(self.sampler.clone());
        let dispatch = dispatch(&memory, tracer, self.ours, self.theirs, self.is_ours_first);
        let expected = run(&dispatch, self.theirs != Wrap::Reload);
        assert_eq!(expected.len(), 11, "{how}");
        check(&memory, &expected, &how);
        if let Some(flags) = self.flags {
            assert_eq!(memory.line("3 in inner")["trace_flags"], flags, "{how}");
        }
    }
}
