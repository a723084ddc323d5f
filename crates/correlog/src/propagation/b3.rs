//! B3, the headers of Zipkin and of older service meshes. Ours, because the only current crate with a B3
//! propagator is the Zipkin exporter with all it brings. Both forms are read; which is written is chosen.
//!
//! Format: the single header `b3: {trace id}-{span id}[-{0|1|d}[-{parent}]]`, or `x-b3-traceid`, `x-b3-spanid`,
//! `x-b3-sampled`, `x-b3-flags`. A 64-bit trace id is padded with zeros on the left.

use std::sync::LazyLock;

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    propagation::{Extractor, Injector, TextMapPropagator, text_map_propagator::FieldIter},
    trace::{SpanContext, TraceContextExt, TraceState},
};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

static FIELDS: LazyLock<[String; 5]> =
    LazyLock::new(|| [SINGLE, TRACE_ID, SPAN_ID, SAMPLED, FLAGS].map(str::to_owned));

/// Reads and writes B3 headers.
#[derive(Debug, Clone, Copy)]
pub struct B3Propagator {
    encoding: B3Encoding,
}

/// Which form of B3 is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum B3Encoding {
    /// One `b3` header.
    Single,
    /// The `x-b3-…` headers.
    Multi,
}

impl B3Propagator {
    /// Writes the given form, reads both.
    pub fn new(encoding: B3Encoding) -> Self {
        Self { encoding }
    }
}

impl TextMapPropagator for B3Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let span = context.span();
        let ids = span.span_context();
        if !ids.is_valid() {
            return;
        }
        let sampled = if ids.is_sampled() { "1" } else { "0" };
        match self.encoding {
            B3Encoding::Single => {
                injector.set(SINGLE, format!("{}-{}-{sampled}", ids.trace_id(), ids.span_id()));
            }
            B3Encoding::Multi => {
                injector.set(TRACE_ID, ids.trace_id().to_string());
                injector.set(SPAN_ID, ids.span_id().to_string());
                injector.set(SAMPLED, sampled.to_owned());
            }
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        // Another propagator before us may have found the caller already; W3C says more than B3 does.
        if context.span().span_context().is_valid() {
            return context.clone();
        }
        match single(extractor).or_else(|| multi(extractor)) {
            Some(ids) => context.with_remote_span_context(ids),
            None => context.clone(),
        }
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&*FIELDS)
    }
}

fn single(extractor: &dyn Extractor) -> Option<SpanContext> {
    let mut parts = extractor.get(SINGLE)?.trim().split('-');
    let (trace_id, span_id) = (parts.next()?, parts.next()?);
    ids(trace_id, span_id, parts.next())
}

fn multi(extractor: &dyn Extractor) -> Option<SpanContext> {
    let (trace_id, span_id) = (extractor.get(TRACE_ID)?, extractor.get(SPAN_ID)?);
    let debug = extractor.get(FLAGS).is_some_and(|flags| flags.trim() == "1");
    let sampled = if debug { Some("d") } else { extractor.get(SAMPLED) };
    ids(trace_id.trim(), span_id.trim(), sampled.map(str::trim))
}

fn ids(trace_id: &str, span_id: &str, sampled: Option<&str>) -> Option<SpanContext> {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !matches!(trace_id.len(), 16 | 32) || span_id.len() != 16 || !hex(trace_id) || !hex(span_id) {
        return None;
    }
    let flags = match sampled {
        Some("1" | "d" | "true") => TraceFlags::SAMPLED,
        // Absent means the caller leaves the decision to us, which OpenTelemetry cannot say of a remote parent.
        _ => TraceFlags::default(),
    };
    let trace_id = TraceId::from_hex(trace_id).ok()?;
    let span_id = SpanId::from_hex(span_id).ok()?;
    let ids = SpanContext::new(trace_id, span_id, flags, true, TraceState::default());
    ids.is_valid().then_some(ids)
}
