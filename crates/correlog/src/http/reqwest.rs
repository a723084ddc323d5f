//! The client's side for `reqwest`, as a middleware of `reqwest-middleware`. The same as `client`, whose layer
//! `reqwest` cannot take: its requests are not `http` requests.

use http::{Extensions, Uri};
use reqwest_middleware::{Middleware, Next, Result, reqwest};
use tracing::Instrument;

use super::client;

/// `reqwest_middleware::ClientBuilder::new(client).with(TraceMiddleware::new())`: every request carries the current
/// trace on, under a span of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceMiddleware {
    _private: (),
}

impl TraceMiddleware {
    /// There is nothing to choose.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait::async_trait]
impl Middleware for TraceMiddleware {
    async fn handle(
        &self,
        mut request: reqwest::Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<reqwest::Response> {
        let uri = Uri::try_from(request.url().as_str()).unwrap_or_default();
        let span = client::open(request.method(), &uri);
        client::inject(&span, request.headers_mut());
        let outcome = next.run(request, extensions).instrument(span.clone()).await;
        client::close(&span, outcome.as_ref().ok().map(reqwest::Response::status));
        outcome
    }
}
