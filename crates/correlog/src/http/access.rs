//! The access line: exactly one for each request, whatever became of it. It is written when the response's body has
//! ended, or when the request or the body is dropped before that.

use std::time::Instant;

use http::{Method, StatusCode};
use opentelemetry::trace::{Status, TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// What is known of one request. Dropping it writes the line.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) span: Span,
    pub(super) started: Instant,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) request_size: Option<u64>,
    /// `None` until there is a response.
    pub(super) status: Option<StatusCode>,
    pub(super) response_size: u64,
    pub(super) end: End,
}

/// How far the request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Dropped before it was complete: the client went away, or a limit above us cut it off.
    Cancelled,
    /// The service or its body answered with an error instead of a response.
    Failed,
    Complete,
}

impl Access {
    /// Notes the response's status, on the span too.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.span.context().span().set_status(Status::error(""));
        }
    }

    fn outcome(&self) -> String {
        match (self.status, self.end) {
            (Some(status), End::Complete) => status.as_u16().to_string(),
            (Some(status), End::Cancelled) => format!("{} cut off", status.as_u16()),
            (Some(status), End::Failed) => format!("{} failed", status.as_u16()),
            (None, End::Failed) => "failed".to_owned(),
            (None, _) => "cancelled".to_owned(),
        }
    }
}

/// One line at one level; the macro wants its level as a constant.
macro_rules! line {
    ($level:ident, $access:expr) => {{
        let access = $access;
        tracing::$level!(
            target: "correlog::access",
            { http.request.method = access.method.as_str(),
            url.path = access.path,
            http.response.status_code = access.status.map(|status| status.as_u16()),
            duration_ms = access.started.elapsed().as_secs_f64() * 1000.0,
            http.request.body.size = access.request_size,
            http.response.body.size = access.status.map(|_| access.response_size) },
            "{} {} {}",
            access.method,
            access.path,
            access.outcome(),
        );
    }};
}

impl Drop for Access {
    fn drop(&mut self) {
        let span = self.span.clone();
        let _entered = span.enter();
        let server_error = self.status.is_some_and(|status| status.is_server_error());
        if server_error || self.end == End::Failed {
            line!(error, &*self);
        } else {
            line!(info, &*self);
        }
    }
}
