//! The client's side, for any tower client of `http` requests (hyper-util, tonic): a span for the call, and the
//! context in its headers. It writes no line; what a failed call means is the caller's to say.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use opentelemetry::trace::{Status, TraceContextExt};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::carrier::HeaderCarrier;
use crate::propagation;

/// Put it around a client: every request carries the current trace on, under a span of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientLayer {
    _private: (),
}

impl ClientLayer {
    /// There is nothing to choose.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService { inner }
    }
}

/// A client within [`ClientLayer`].
#[derive(Debug, Clone)]
pub struct ClientService<S> {
    inner: S,
}

impl<S, Q, R> Service<Request<Q>> for ClientService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let span = open(request.method(), request.uri());
        inject(&span, request.headers_mut());
        let future = span.in_scope(|| self.inner.call(request));
        ClientFuture { future, span }
    }
}

/// The call's span. Its path has no query, which often holds secrets.
pub(super) fn open(method: &Method, uri: &Uri) -> Span {
    tracing::info_span!(
        target: "correlog::http",
        "http call",
        otel.name = method.as_str(),
        otel.kind = "client",
        http.request.method = method.as_str(),
        server.address = uri.host(),
        server.port = uri.port_u16(),
        url.path = uri.path(),
        http.response.status_code = Empty,
    )
}

/// The context of `span` in `headers`; of the caller's span, where a filter has taken the call's away.
pub(super) fn inject(span: &Span, headers: &mut HeaderMap) {
    let carrier = &mut HeaderCarrier(headers);
    if span.is_disabled() {
        propagation::inject(carrier);
    } else {
        propagation::inject_span(span, carrier);
    }
}

/// Notes how the call ended; `None` when no response came.
pub(super) fn close(span: &Span, status: Option<StatusCode>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    // A client's call has failed from 400 on, by OpenTelemetry's conventions.
    if status.is_none_or(|status| status.as_u16() >= 400) {
        span.context().span().set_status(Status::error(""));
    }
}

pin_project! {
    /// The answer to a client's call, on its way.
    #[derive(Debug)]
    pub struct ClientFuture<F> {
        #[pin]
        future: F,
        span: Span,
    }
}

impl<F, R, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let entered = this.span.enter();
        let outcome = ready!(this.future.poll(context));
        drop(entered);
        close(this.span, outcome.as_ref().ok().map(Response::status));
        Poll::Ready(outcome)
    }
}
