//! Learns which ids a span has from the contexts that the callbacks see; `ids/cache.rs` says why.
//!
//! Does not guess where it can know: what was seen while a span was the innermost one is certain.

use std::cell::Cell;

use tracing_core::Subscriber;
use tracing_core::span::Id;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::ids::cache::Order;
use crate::ids::{Ids, current};
use crate::layer::span::SpanNode;
use crate::layer::{CorrelogLayer, node_of};

thread_local! {
    /// The layer's number and the span that was entered last on this thread, while its ids are not certain; zeros
    /// otherwise.
    static UNCERTAIN: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

const NONE: (u64, u64) = (0, 0);

impl CorrelogLayer {
    /// Where the OpenTelemetry layer can be seen in the type of what our layer is put on, ours is after it. Where it
    /// cannot be seen it may be boxed, so nothing follows.
    pub(super) fn learn_order_from_type<S>(&self) {
        if std::any::type_name::<S>().contains("tracing_opentelemetry::layer::OpenTelemetryLayer<") {
            self.order.learn(Order::After);
        }
    }

    pub(super) fn note_enter<S>(&self, node: &SpanNode, id: &Id, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if self.inactive_context && !node.seen.is_settled() {
            node.seen.settle(self.ask(id));
            return;
        }
        let before = UNCERTAIN.replace(NONE);
        if before == NONE && node.seen.is_settled() {
            return;
        }
        let ids = current::ids();
        if let Some(previous) = self.uncertain(before, ctx) {
            previous.seen.note_after(ids);
        }
        if node.seen.is_settled() {
            return;
        }
        if self.order.get() == Some(Order::After) {
            node.seen.settle(ids);
            return;
        }
        node.seen.note_enter(ids);
        UNCERTAIN.set((self.number, id.into_u64()));
    }

    pub(super) fn note_exit(&self, node: &SpanNode, id: &Id) {
        let is_uncertain = UNCERTAIN.get() == (self.number, id.into_u64());
        if !is_uncertain && self.order.get().is_some() {
            return;
        }
        let ids = current::ids();
        if is_uncertain {
            UNCERTAIN.set(NONE);
            node.seen.note_after(ids);
        }
        // Before the OpenTelemetry layer, our `on_exit` still sees the span's context, and our `on_enter` did not yet
        // see it; after it, the other way round. Only a span with a context of its own can tell.
        let (Some(settled), Some(at_enter)) = (node.seen.settled(), node.seen.at_enter()) else { return };
        match (settled == at_enter, settled == ids) {
            (true, false) => self.order.learn(Order::After),
            (false, true) => self.order.learn(Order::Before),
            _ => {}
        }
    }

    /// Called when the innermost span's context is surely the current one, with that context's ids.
    #[inline]
    pub(super) fn settle_innermost<S>(&self, ids: Option<Ids>, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let uncertain = UNCERTAIN.get();
        if uncertain != NONE {
            self.settle_slowly(uncertain, ids, ctx);
        }
    }

    /// The same for a callback that has not looked at the context.
    pub(super) fn settle_before_change<S>(&self, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let uncertain = UNCERTAIN.get();
        if uncertain != NONE {
            self.settle_slowly(uncertain, current::ids(), ctx);
        }
    }

    #[cold]
    fn settle_slowly<S>(&self, uncertain: (u64, u64), ids: Option<Ids>, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        // Another layer's: its own callback is about to come and settles it.
        if uncertain.0 != self.number {
            return;
        }
        UNCERTAIN.set(NONE);
        // A span that starts may log before its context is the current one: nothing is settled by that, because the
        // OpenTelemetry layer then has the span without us having been told that it is entered.
        let is_innermost = ctx.current_span().id().is_some_and(|id| id.into_u64() == uncertain.1);
        if !is_innermost {
            return;
        }
        if let Some(node) = self.uncertain(uncertain, ctx) {
            node.seen.settle(ids);
        }
    }

    fn uncertain<S>(&self, uncertain: (u64, u64), ctx: &Context<'_, S>) -> Option<std::sync::Arc<SpanNode>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if uncertain.0 != self.number {
            return None;
        }
        ctx.span(&Id::from_u64(uncertain.1)).and_then(|span| node_of(&span))
    }

    /// The ids of a span or, where it was never entered, of its nearest ancestor that was.
    pub(super) fn ids_of<S>(&self, node: &SpanNode, ctx: &Context<'_, S>) -> Option<Ids>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        self.settle_before_change(ctx);
        let order = self.order.get().unwrap_or_else(|| self.likely_order(ctx));
        let mut next = Some(node);
        while let Some(span) = next {
            if let Some(ids) = span.seen.resolve(order) {
                return ids;
            }
            next = span.parent.as_deref();
        }
        None
    }

    /// Before there is proof: if the innermost span's context was current when it was entered, ours is after.
    fn likely_order<S>(&self, ctx: &Context<'_, S>) -> Order
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let innermost = ctx.lookup_current().and_then(|span| node_of(&span));
        let at_enter = innermost.and_then(|node| node.seen.at_enter());
        if at_enter == Some(current::ids()) { Order::After } else { Order::Before }
    }

    /// Asks the OpenTelemetry layer, which starts the span: only where it does not activate contexts.
    fn ask(&self, id: &Id) -> Option<Ids> {
        use opentelemetry::trace::TraceContextExt;
        let dispatch = self.dispatch.get()?.upgrade()?;
        let context = tracing_opentelemetry::get_otel_context(id, &dispatch)?;
        Ids::of(context.span().span_context())
    }
}
