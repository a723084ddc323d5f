//! The trace and span ids of a line: where they come from and how they are written.
//!
//! Takes them from OpenTelemetry's current context and never asks tracing-opentelemetry for them while an event is
//! written: that would start spans by looking at them, and hangs when something logs while a span starts.

pub(crate) mod cache;
pub(crate) mod current;
#[cfg(feature = "init")]
pub mod generator;

use opentelemetry::trace::SpanContext;

use crate::line::json;

/// The ids of one valid span context; a context of zeros is no `Ids` at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ids {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    trace_flags: u8,
}

impl Ids {
    /// `None` for the zeros that a tracer which does nothing, or a suppressed context, gives.
    #[inline]
    pub fn of(context: &SpanContext) -> Option<Self> {
        context.is_valid().then(|| Self {
            trace_id: context.trace_id().to_bytes(),
            span_id: context.span_id().to_bytes(),
            trace_flags: context.trace_flags().to_u8(),
        })
    }

    /// `,"trace_id":"…","span_id":"…","trace_flags":"…"`, lower-case hex.
    fn text(self) -> IdsText {
        let mut text = TEMPLATE;
        put_hex(&mut text[13..45], &self.trace_id);
        put_hex(&mut text[58..74], &self.span_id);
        put_hex(&mut text[91..93], &[self.trace_flags]);
        text
    }
}

/// The ids as they stand on a line.
pub(crate) type IdsText = [u8; 94];

/// The ids a thread wrote last, and their text: most events have the same ids as the one before them.
#[derive(Debug)]
pub(crate) struct LastIds {
    ids: Ids,
    text: IdsText,
}

impl LastIds {
    pub const fn new() -> Self {
        // The text of no ids is never asked for: valid ids are not zero.
        Self { ids: Ids { trace_id: [0; 16], span_id: [0; 8], trace_flags: 0 }, text: TEMPLATE }
    }

    #[inline]
    pub fn text(&mut self, ids: Ids) -> &IdsText {
        if self.ids != ids {
            *self = Self { ids, text: ids.text() };
        }
        &self.text
    }
}

const TEMPLATE: IdsText =
    *b",\"trace_id\":\"________________________________\",\"span_id\":\"________________\",\"trace_flags\":\"__\"";

#[inline]
fn put_hex(digits: &mut [u8], bytes: &[u8]) {
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&json::HEX_PAIRS[usize::from(*byte)]);
    }
}
