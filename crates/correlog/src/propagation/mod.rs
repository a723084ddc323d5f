//! The trace context on its way between processes: into and out of anything that holds strings under names, be it
//! HTTP headers, a job's metadata or a database row. It uses the global propagator (`init` sets it; a service with
//! an OpenTelemetry set-up of its own keeps its own) and sends nothing itself.
//!
//! A queue's producer and worker, in full:
//!
//! ```
//! use std::collections::HashMap;
//! let mut job: HashMap<String, String> = HashMap::new();
//! correlog::propagation::inject(&mut job);
//! // … the job travels …
//! let span = tracing::info_span!("job");
//! correlog::propagation::continue_from(&span, &job);
//! let _entered = span.enter();
//! ```

mod b3;
#[cfg(test)]
mod tests;

pub use b3::{B3Encoding, B3Propagator};

use opentelemetry::{
    Context, global,
    propagation::{Extractor, Injector},
    trace::TraceContextExt,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Writes the current trace context into `carrier`: any [`Injector`], among them `HashMap<String, String>` and
/// [`Pairs`]. Nothing is written where there is no valid context.
pub fn inject(carrier: &mut dyn Injector) {
    inject_context(&Context::current(), carrier);
}

/// Writes the context of `span`, which need not be entered (it is started by this).
pub fn inject_span(span: &Span, carrier: &mut dyn Injector) {
    inject_context(&span.context(), carrier);
}

/// The context found in `carrier`, or an empty one. To make it the parent of spans, prefer [`continue_from`]; to
/// run code within it without a span, `attach` it.
pub fn extract(carrier: &dyn Extractor) -> Context {
    // From an empty context: what happens to be current here is not where the carrier comes from.
    global::get_text_map_propagator(|propagator| propagator.extract_with_context(&Context::new(), carrier))
}

/// Makes the context in `carrier` the parent of `span`, so that the trace goes on here.
///
/// Call it right after the span is made and before it is entered: a span that has started keeps the parent it has.
/// A function under `#[instrument]` has entered its span already; there, make the span in the caller.
///
/// Returns whether a trace context was found and taken.
pub fn continue_from(span: &Span, carrier: &dyn Extractor) -> bool {
    let context = extract(carrier);
    let found = context.span().span_context().is_valid();
    // Set also when nothing was found: the baggage alone may be there, and an empty parent makes a new trace.
    span.set_parent(context).is_ok() && found
}

pub(crate) fn inject_context(context: &Context, carrier: &mut dyn Injector) {
    global::get_text_map_propagator(|propagator| propagator.inject_context(context, carrier));
}

/// A carrier for message formats that hold headers as a list. Names are compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs(
    /// Name and value of each header.
    pub Vec<(String, String)>,
);

impl Injector for Pairs {
    fn set(&mut self, key: &str, value: String) {
        match self.0.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
            Some(pair) => pair.1 = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }
}

impl Extractor for Pairs {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}
