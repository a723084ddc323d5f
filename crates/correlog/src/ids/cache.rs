//! What is known of one tracing span's ids, for events that name it as their explicit parent.
//!
//! Does not ask the OpenTelemetry layer: only what our own callbacks saw in the current context is used, because
//! that works under every wrapper and in either order of the layers.
//!
//! The difficulty is the order. Where our layer was added after the OpenTelemetry layer, the context is already the
//! span's when our `on_enter` runs; where it was added before, it is still the outer one. So `on_enter` notes the
//! context it sees, and the next callback on the same thread (an event, a new span, the next `on_enter`, the
//! `on_exit`) sees the span's own. Which of the two is right follows from the order, and the order from evidence.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::ids::Ids;

/// The ids of one span as far as they were seen. `Some(None)` within is "looked, and there was no valid context".
#[derive(Debug, Default)]
pub(crate) struct SeenIds {
    /// Certain: seen in a callback during which this span was the innermost one.
    settled: OnceLock<Option<Ids>>,
    /// Seen when the span was entered: its own if our layer is after the OpenTelemetry layer.
    at_enter: OnceLock<Option<Ids>>,
    /// Seen when the next span was entered or this one left, with nothing between: its own if our layer is before.
    after: OnceLock<Option<Ids>>,
}

impl SeenIds {
    pub fn settle(&self, ids: Option<Ids>) {
        let _ = self.settled.set(ids);
    }

    pub fn note_enter(&self, ids: Option<Ids>) {
        let _ = self.at_enter.set(ids);
    }

    pub fn note_after(&self, ids: Option<Ids>) {
        let _ = self.after.set(ids);
    }

    pub fn is_settled(&self) -> bool {
        self.settled.get().is_some()
    }

    pub fn at_enter(&self) -> Option<Option<Ids>> {
        self.at_enter.get().copied()
    }

    pub fn settled(&self) -> Option<Option<Ids>> {
        self.settled.get().copied()
    }

    /// The span's ids, or `None` for a span that was never entered.
    pub fn resolve(&self, order: Order) -> Option<Option<Ids>> {
        let candidate = match order {
            Order::After => &self.at_enter,
            Order::Before => &self.after,
        };
        self.settled.get().or_else(|| candidate.get()).or_else(|| self.at_enter.get()).copied()
    }
}

/// Where our layer stands in relation to the OpenTelemetry layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Added after it: at `on_enter` the span's context is already the current one.
    After,
    /// Added before it.
    Before,
}

/// What is known of the order; it is learnt once.
#[derive(Debug, Default)]
pub(crate) struct KnownOrder(AtomicU8);

impl KnownOrder {
    pub fn get(&self) -> Option<Order> {
        match self.0.load(Ordering::Relaxed) {
            1 => Some(Order::After),
            2 => Some(Order::Before),
            _ => None,
        }
    }

    pub fn learn(&self, order: Order) {
        let code = match order {
            Order::After => 1,
            Order::Before => 2,
        };
        let _ = self.0.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
    }
}
