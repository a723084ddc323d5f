//! The console exporter: one readable line a span on standard error, for a developer who has no collector. Not
//! for machines, and never on standard output, which may be the log.

use std::io::Write;

use opentelemetry::trace::Status;
use opentelemetry_sdk::{
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};

#[derive(Debug)]
pub(super) struct ConsoleExporter;

impl SpanExporter for ConsoleExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let text: String = batch.iter().map(line).collect();
        let written = std::io::stderr().lock().write_all(text.as_bytes());
        written.map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
    }
}

fn line(span: &SpanData) -> String {
    let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
    let status = match &span.status {
        Status::Unset | Status::Ok => String::new(),
        Status::Error { description } => format!(" ERROR {description}"),
    };
    let ids = &span.span_context;
    format!("span {} {} {:.3?} {}{status}\n", ids.trace_id(), ids.span_id(), took, span.name)
}
