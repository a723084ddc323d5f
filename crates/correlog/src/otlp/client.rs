//! The HTTP client of the exporters: a blocking one, each request of which has a thread of its own for its time.
//!
//! Does not use an async client: on the batch processor's thread no runtime is. Does not use the blocking one where it
//! is asked to: the simple processor exports within the span's end, which is often within a runtime, and there a
//! blocking client panics. A thread costs little beside a request.

use std::io::Read;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::Context;
use opentelemetry_http::{HttpClient, HttpError};
use reqwest::blocking;

/// A receiver answers with a few bytes; one that does not must not fill our memory.
const ANSWER_MOST: u64 = 1 << 20;

#[derive(Debug, Clone)]
pub(super) struct Client(blocking::Client);

impl Client {
    /// # Errors
    /// What the client says about the machine's settings.
    pub fn new(timeout: Duration) -> Result<Self, String> {
        let build = move || blocking::Client::builder().timeout(timeout).build();
        // It must not be made on a thread that runs a runtime either.
        let built = thread::spawn(build).join().map_err(|_| "the HTTP client panicked".to_owned())?;
        built.map(Self).map_err(|error| error.to_string())
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let mut answer = self.0.execute(request.try_into()?)?;
        let headers = std::mem::take(answer.headers_mut());
        let status = answer.status();
        let mut body = Vec::new();
        answer.take(ANSWER_MOST).read_to_end(&mut body)?;
        let mut response = Response::builder().status(status).body(body.into())?;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.clone();
        let sending =
            thread::Builder::new().name("correlog-otlp".to_owned()).spawn(move || client.send(request))?;
        sending.join().map_err(|_| "the HTTP client panicked")?
    }
}
