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

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

    use super::*;

    #[test]
    fn a_span_is_one_line_with_its_ids_its_name_and_its_error() {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let mut span = provider.tracer("test").start("charge the card");
        span.set_status(Status::error("declined"));
        span.end();
        let span = exporter.get_finished_spans().expect("the span").remove(0);
        let line = line(&span);
        assert!(line.starts_with(&format!("span {} ", span.span_context.trace_id())), "{line}");
        assert!(line.ends_with(" charge the card ERROR declined\n"), "{line}");
    }
}
