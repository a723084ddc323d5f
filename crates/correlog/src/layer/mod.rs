//! The layer: tracing's callbacks, and what each of them does.
//!
//! Does not filter and does not know files. It asks tracing-opentelemetry for nothing but what
//! `LayerBuilder::inactive_context` wants.

mod builder;
mod mark;
mod order;
mod scratch;
mod span;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::SystemTime;

use tracing_core::dispatcher::WeakDispatch;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

pub use builder::LayerBuilder;

use crate::ids::cache::KnownOrder;
use crate::ids::{Ids, current};
use crate::line::assemble::{self, Head};
use crate::line::catalogue::DURATION_MS;
use crate::line::fields::{Fields, Name};
use crate::line::json;
use crate::line::limits::Limits;
use crate::line::visit::Visitor;
use crate::writer::Writer;
use scratch::{Near, Scratch};
use span::{SpanNode, Timing};

/// Writes one JSON line for each event, with the trace and span ids of the OpenTelemetry context it belongs to.
///
/// Made by [`LayerBuilder`]. Where it stands among the other layers does not matter.
pub struct CorrelogLayer {
    writer: Writer,
    resource: Vec<u8>,
    limits: Limits,
    span_close: bool,
    code_location: bool,
    inactive_context: bool,
    mark_spans: bool,
    order: KnownOrder,
    dispatch: OnceLock<WeakDispatch>,
    /// Tells the layers of one process apart, for what is kept per thread.
    number: u64,
}

impl fmt::Debug for CorrelogLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CorrelogLayer").field("writer", &self.writer).finish_non_exhaustive()
    }
}

impl CorrelogLayer {
    fn new(builder: &LayerBuilder, writer: Writer, resource: Vec<u8>) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(1);
        Self {
            writer,
            resource,
            limits: builder.limits,
            span_close: builder.span_close,
            code_location: builder.code_location,
            inactive_context: builder.inactive_context,
            mark_spans: builder.mark_spans,
            order: KnownOrder::default(),
            dispatch: OnceLock::new(),
            number: MADE.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The ids of an event: of the current context, of its explicit parent, or none for an explicit root.
    #[inline]
    fn ids<S>(&self, event: &Event<'_>, node: Option<&SpanNode>, ctx: &Context<'_, S>) -> Option<Ids>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if event.is_contextual() {
            let ids = current::ids();
            self.settle_innermost(ids, ctx);
            if ids.is_some() || !self.inactive_context {
                return ids;
            }
        }
        self.ids_of(node?, ctx)
    }

    /// Makes the line of an event. The registry's lock on the span is given back before the line is written, since
    /// that may wait.
    #[inline]
    fn assemble<S>(&self, event: &Event<'_>, scratch: &mut Scratch, time: SystemTime, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Scratch { fields, line, log, callsites, ids: last_ids, near } = scratch;
        let callsite = callsites.of(event.metadata(), self.number, &self.resource);
        event.record(&mut Visitor { callsite, fields, limits: &self.limits, log: Some(log) });
        let mut origin = callsite.origin.as_slice();
        let mut target = event.metadata().target();
        if callsite.is_log {
            log.write_origin(&self.resource);
            (origin, target) = (&log.origin, &log.target);
            if self.code_location {
                log.write_code(fields);
            }
        }
        let mut explicit;
        let near = if event.is_contextual() {
            self.near(near, ctx)
        } else {
            explicit = self.of_parent(event, ctx);
            explicit.as_mut().map(|near| near.refresh())
        };
        let node = near.map(|near| near.node.as_ref());
        let ids = if current::is_opentelemetrys_own(target) { None } else { self.ids(event, node, ctx) };
        let head = Head {
            time,
            opening: &callsite.opening,
            origin,
            ids: ids.map(|ids| last_ids.text(ids)),
            span: node.map_or(b"", |node| &node.name),
            code: if self.code_location { &callsite.code } else { b"" },
        };
        assemble::event(line, &head, fields, near.and_then(|near| near.fields.as_deref()));
    }

    /// The innermost span that the layer sees on this thread.
    #[inline]
    fn near<'a, S>(&self, near: &'a mut Option<Near>, ctx: &Context<'_, S>) -> Option<&'a Near>
    where
        S: Subscriber + for<'b> LookupSpan<'b>,
    {
        let current = ctx.current_span();
        let id = current.id()?.into_u64();
        if !near.as_ref().is_some_and(|near| near.is_of(self.number, id)) {
            let node = ctx.lookup_current().and_then(|span| node_of(&span))?;
            *near = Some(Near::new(scratch::changes(), self.number, id, node));
        }
        near.as_mut().map(|near| near.refresh())
    }

    /// The explicit parent of an event.
    #[cold]
    fn of_parent<S>(&self, event: &Event<'_>, ctx: &Context<'_, S>) -> Option<Near>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let id = event.parent()?;
        let node = node_of(&ctx.span(id)?)?;
        Some(Near::new(scratch::changes(), self.number, id.into_u64(), node))
    }

    /// The fields of a span, as JSON text.
    fn fields(&self, metadata: &'static Metadata<'static>, record: impl FnOnce(&mut Visitor<'_>)) -> Fields {
        scratch::with(|scratch| {
            let mut fields = Fields::new();
            let callsite = scratch.callsites.of(metadata, self.number, &self.resource);
            record(&mut Visitor { callsite, fields: &mut fields, limits: &self.limits, log: None });
            fields
        })
    }

    fn write_close(&self, node: &SpanNode, metadata: &'static Metadata<'static>, ids: Option<Ids>) {
        let Some(timing) = &node.timing else { return };
        let (busy, idle) = timing.lock().unwrap_or_else(PoisonError::into_inner).close();
        let milliseconds = |duration: std::time::Duration| duration.as_nanos() as f64 / 1e6;
        scratch::with(|Scratch { fields, line, callsites, ids: last_ids, .. }| {
            let callsite = callsites.of(metadata, self.number, &self.resource);
            json::string(&mut fields.message, "span closed", usize::MAX);
            fields.set_slot(DURATION_MS, |out| json::float(out, milliseconds(busy + idle)));
            for (name, key, duration) in
                [("busy_ms", ",\"busy_ms\":", busy), ("idle_ms", ",\"idle_ms\":", idle)]
            {
                fields.add_attribute(Name::new(name), |out| {
                    out.extend_from_slice(key.as_bytes());
                    json::float(out, milliseconds(duration));
                });
            }
            let head = Head {
                time: SystemTime::now(),
                opening: &callsite.opening,
                origin: &callsite.origin,
                ids: ids.map(|ids| last_ids.text(ids)),
                span: &node.name,
                code: b"",
            };
            assemble::event(line, &head, fields, Some(&node.fields(node.version_sum())));
            self.writer.submit(line, false, head.time);
        });
    }
}

impl<S> Layer<S> for CorrelogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        if self.inactive_context {
            let _ = self.dispatch.set(dispatch.downgrade());
        }
    }

    fn on_layer(&mut self, _subscriber: &mut S) {
        self.learn_order_from_type::<S>();
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        self.settle_before_change(&ctx);
        let Some(span) = ctx.span(id) else { return };
        if span.extensions().get::<Arc<SpanNode>>().is_some() {
            return;
        }
        let own = self.fields(attributes.metadata(), |visitor| attributes.record(visitor));
        let parent = span.parent().and_then(|parent| node_of(&parent));
        let timing = self.span_close.then(Timing::start);
        let node = Arc::new(SpanNode::new(attributes.metadata().name(), parent, own, timing));
        span.extensions_mut().replace(node);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let Some(node) = node_of(&span) else { return };
        node.record(self.fields(span.metadata(), |visitor| values.record(visitor)));
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let time = SystemTime::now();
        let metadata = event.metadata();
        let is_error = *metadata.level() == Level::ERROR;
        scratch::with(|scratch| {
            self.assemble(event, scratch, time, &ctx);
            if is_error && self.mark_spans {
                mark::current_span(&scratch.fields, metadata.target());
            }
            self.writer.submit(&mut scratch.line, is_error, time);
        });
    }

    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        scratch::changed();
        let Some(node) = ctx.span(id).and_then(|span| node_of(&span)) else { return };
        if let Some(timing) = &node.timing {
            timing.lock().unwrap_or_else(PoisonError::into_inner).enter();
        }
        self.note_enter(&node, id, &ctx);
        scratch::entered(self.number, id.into_u64(), node);
    }

    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        scratch::changed();
        let Some(node) = ctx.span(id).and_then(|span| node_of(&span)) else { return };
        if let Some(timing) = &node.timing {
            timing.lock().unwrap_or_else(PoisonError::into_inner).exit();
        }
        self.note_exit(&node, id);
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        if !self.span_close {
            return;
        }
        let Some(span) = ctx.span(&id) else { return };
        let Some(node) = node_of(&span) else { return };
        let ids = self.ids_of(&node, &ctx);
        self.write_close(&node, span.metadata(), ids);
    }
}

fn node_of<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<Arc<SpanNode>> {
    span.extensions().get::<Arc<SpanNode>>().cloned()
}
