//! The access line: exactly one for each request, whatever became of it. It is written when the response's body has
//! ended, or when the request or the body is dropped before that.

use std::time::Instant;

use http::{HeaderMap, Method, StatusCode};
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
    /// gRPC's own outcome, from the headers or the trailers; its HTTP status is 200 whatever happens.
    pub(super) grpc_status: Option<u16>,
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

    /// Takes `grpc-status` from headers or trailers that have it.
    pub(super) fn take_grpc_status(&mut self, headers: &HeaderMap) {
        let Some(status) = headers.get("grpc-status").and_then(|value| value.to_str().ok()) else { return };
        self.grpc_status = status.parse().ok();
        if self.is_grpc_failure() {
            self.span.context().span().set_status(Status::error(""));
        }
    }

    /// What OpenTelemetry's conventions call a server's error: unknown, deadline exceeded, unimplemented, internal,
    /// unavailable, data loss.
    fn is_grpc_failure(&self) -> bool {
        matches!(self.grpc_status, Some(2 | 4 | 12..=15))
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
            duration_ms = access.started.elapsed().as_nanos() as f64 / 1e6,
            rpc.grpc.status_code = access.grpc_status,
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
        if server_error || self.is_grpc_failure() || self.end == End::Failed {
            line!(error, &*self);
        } else {
            line!(info, &*self);
        }
    }
}
