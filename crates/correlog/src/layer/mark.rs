//! Marks the current OpenTelemetry span as failed by an ERROR event.
//!
//! Does not touch spans that no context makes current, and leaves events of OpenTelemetry itself alone: they may come
//! from within the span that would be marked.

use opentelemetry::KeyValue;
use opentelemetry::trace::{Status, get_active_span};

use crate::ids::current;
use crate::line::catalogue::{EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE, TABLE};
use crate::line::fields::Fields;
use crate::line::json;

/// Sets the span's status to what the event says, and adds an `exception` event where the event has an error.
pub(super) fn current_span(fields: &Fields, target: &str) {
    if current::is_opentelemetrys_own(target) || current::ids().is_none() {
        return;
    }
    let text = |at: usize| fields.slot(at).map(json::unquote);
    let message = text(EXCEPTION_MESSAGE).unwrap_or_else(|| json::unquote(&fields.message));
    let attributes: Vec<KeyValue> = [EXCEPTION_TYPE, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE]
        .into_iter()
        .filter_map(|at| Some(KeyValue::new(TABLE[at].path, text(at)?)))
        .collect();
    get_active_span(|span| {
        span.set_status(Status::error(message));
        if !attributes.is_empty() {
            span.add_event("exception", attributes);
        }
    });
}
