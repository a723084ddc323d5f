//! Trace ids over HTTP: a tower layer for servers (axum, hyper, tonic) that puts `X-Trace-Id` on every response, and
//! one for clients that sends the context along. It uses tracing and the global propagator only, so it works with
//! `init` and with a service's own OpenTelemetry set-up alike; it exports nothing and reads no body.
//!
//! Looked at first: `axum-tracing-opentelemetry` 0.42 (answers with `traceparent` only; spans at TRACE level, which
//! an INFO filter takes away), `tower-otel` 0.12 (spans and metrics, no headers on responses, no access line),
//! `tower-http`'s `TraceLayer` (no context), `reqwest-tracing` 0.7 (not for the current OpenTelemetry). None puts
//! the id on responses of panics and rejected extractors, which is what a user's report starts from.

mod access;
mod body;
mod carrier;
mod client;
mod fault;
#[cfg(feature = "reqwest")]
mod reqwest;
mod server;

pub use body::TracedBody;
pub use carrier::{HeaderCarrier, HeaderReader};
pub use client::{ClientFuture, ClientLayer, ClientService};
#[cfg(feature = "reqwest")]
pub use reqwest::TraceMiddleware;
pub use server::{ServerFuture, ServerLayer, ServerService};

use http::{Extensions, HeaderName};

/// The response header that names the trace: 32 lower-case hex digits.
pub const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

/// The response header that names the server's span: 16 lower-case hex digits.
pub const X_SPAN_ID: HeaderName = HeaderName::from_static("x-span-id");

/// Finds the route's template (`/runs/{id}`) in a request's extensions.
pub type RouteFn = fn(&Extensions) -> Option<&str>;
