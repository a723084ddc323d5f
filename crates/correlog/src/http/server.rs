//! The server's side: takes the caller's context, opens the span before anything can log, runs the service within
//! it, and puts the ids on whatever comes back.

use std::{
    any::Any,
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::Body;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{
    RouteFn, X_SPAN_ID, X_TRACE_ID,
    access::{Access, End},
    body::TracedBody,
    carrier::HeaderReader,
    fault,
};
use crate::propagation;

/// Put it around a whole server, outside of every other layer: what is inside is in the span.
///
/// Every response gets `X-Trace-Id` and `X-Span-Id`, sampled or not: errors, 404s, panics (they become a 500),
/// rejected extractors, streams. Every request gives one access line. The caller's W3C or B3 context is continued; a
/// caller's `X-Trace-Id` is noted as `external_trace_id` and never becomes our trace id.
#[derive(Clone)]
pub struct ServerLayer {
    route: RouteFn,
}

impl ServerLayer {
    /// Without knowledge of routes: spans are named by the method. For axum, see [`ServerLayer::axum`].
    pub fn new() -> Self {
        Self { route: |_| None }
    }

    /// For axum: spans and access lines name the route (`/runs/{id}`). Use it with `Router::layer`, after the last
    /// `route` and `fallback`, since axum knows the route only there.
    #[cfg(feature = "axum")]
    pub fn axum() -> Self {
        Self::new().with_route(|extensions| Some(extensions.get::<axum::extract::MatchedPath>()?.as_str()))
    }

    /// Takes the route's template from where your router leaves it.
    #[must_use]
    pub fn with_route(mut self, route: RouteFn) -> Self {
        self.route = route;
        self
    }
}

impl Default for ServerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ServerLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = ServerService<S>;

    fn layer(&self, inner: S) -> ServerService<S> {
        ServerService { inner, route: self.route }
    }
}

/// A service within [`ServerLayer`].
#[derive(Clone)]
pub struct ServerService<S> {
    inner: S,
    route: RouteFn,
}

impl<S: fmt::Debug> fmt::Debug for ServerService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, Q, R> Service<Request<Q>> for ServerService<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
    R: Body,
    R::Data: From<Bytes>,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let access = open(&request, self.route);
        let ids = access.span.context().span().span_context().clone();
        let inner = &mut self.inner;
        // A service may also panic here, before it has given a future.
        let called = access.span.in_scope(|| catch_unwind(AssertUnwindSafe(|| inner.call(request))));
        let state = match called {
            Ok(future) => State::Running { future },
            Err(panic) => State::Panicked { panic: Some(panic) },
        };
        ServerFuture { state, access: Some(access), ids }
    }
}

/// The span, with the caller as its parent, and the start of the access line.
fn open<Q>(request: &Request<Q>, route: RouteFn) -> Access {
    let route = route(request.extensions());
    let method = request.method();
    let name = match route {
        Some(route) => format!("{method} {route}"),
        None => method.to_string(),
    };
    // At ERROR, not because anything failed: a level filter must not be able to take the ids off the lines.
    // The name is given here and not recorded later, because a started span's name can no longer be recorded.
    let span = tracing::error_span!(
        target: "correlog::http",
        parent: None,
        "request",
        otel.name = name,
        otel.kind = "server",
        http.request.method = method.as_str(),
        http.route = route,
        url.path = request.uri().path(),
        http.response.status_code = Empty,
        external_trace_id = external_trace_id(request.headers()),
    );
    propagation::continue_from(&span, &HeaderReader(request.headers()));
    Access {
        span,
        started: Instant::now(),
        method: method.clone(),
        path: request.uri().path().to_owned(),
        request_size: content_length(request.headers()),
        status: None,
        response_size: 0,
        grpc_status: None,
        end: End::Cancelled,
    }
}

/// A caller's own id: 1 to 128 letters, digits, `-` and `_`. Anything else is not an id and not noted.
fn external_trace_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(X_TRACE_ID)?.to_str().ok()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ((1..=128).contains(&id.len()) && id.bytes().all(allowed)).then_some(id)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pin_project! {
    /// The answer of [`ServerService`], on its way.
    pub struct ServerFuture<F> {
        #[pin]
        state: State<F>,
        // Taken by the response's body. Dropped with the future if the request is cancelled.
        access: Option<Access>,
        ids: SpanContext,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Running { #[pin] future: F },
        Panicked { panic: Option<Box<dyn Any + Send>> },
    }
}

impl<F, R, E> Future for ServerFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
    R::Data: From<Bytes>,
{
    type Output = Result<Response<TracedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let span = this.access.as_ref().map_or_else(Span::none, |access| access.span.clone());
        let entered = span.enter();
        let outcome = match this.state.project() {
            StateProjection::Running { future } => {
                match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
                    Ok(polled) => Ok(ready!(polled)),
                    Err(panic) => Err(panic),
                }
            }
            StateProjection::Panicked { panic } => Err(panic.take().unwrap_or_else(|| Box::new(()))),
        };
        drop(entered);
        let Some(mut access) = this.access.take() else { return Poll::Pending };
        let mut response = match outcome {
            Ok(Ok(response)) => {
                access.answered(response.status());
                access.take_grpc_status(response.headers());
                response.map(|body| TracedBody::new(body, access))
            }
            Ok(Err(error)) => {
                access.end = End::Failed;
                return Poll::Ready(Err(error));
            }
            Err(panic) => panicked(&*panic, access, this.ids),
        };
        name(response.headers_mut(), this.ids);
        Poll::Ready(Ok(response))
    }
}

fn panicked<R: Body>(
    panic: &(dyn Any + Send),
    mut access: Access,
    ids: &SpanContext,
) -> Response<TracedBody<R>> {
    access.span.in_scope(|| fault::log(panic));
    access.answered(http::StatusCode::INTERNAL_SERVER_ERROR);
    let trace_id = ids.is_valid().then(|| ids.trace_id().to_string());
    fault::response(TracedBody::own(fault::text(trace_id.as_deref()), access))
}

/// The two headers. Absent where no OpenTelemetry is set up: an id that is on no line would mislead.
fn name(headers: &mut HeaderMap, ids: &SpanContext) {
    if !ids.is_valid() {
        return;
    }
    let hex = |text: String| HeaderValue::try_from(text).expect("hexadecimal digits are a header's value");
    headers.insert(X_TRACE_ID, hex(ids.trace_id().to_string()));
    headers.insert(X_SPAN_ID, hex(ids.span_id().to_string()));
}

impl<F> fmt::Debug for ServerFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerFuture").field("access", &self.access).finish_non_exhaustive()
    }
}
