//! HTTP headers as a carrier of the trace context. Values that are not visible ASCII are passed over, never an
//! error: they come from outside.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector};

/// Writes a context into headers.
#[derive(Debug)]
pub struct HeaderCarrier<'a>(
    /// The headers written to.
    pub &'a mut HeaderMap,
);

/// Reads a context from headers.
#[derive(Debug)]
pub struct HeaderReader<'a>(
    /// The headers read.
    pub &'a HeaderMap,
);

impl Injector for HeaderCarrier<'_> {
    fn set(&mut self, key: &str, value: String) {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) else { return };
        self.0.insert(name, value);
    }
}

impl Extractor for HeaderReader<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let all: Vec<_> = self.0.get_all(key).iter().filter_map(|value| value.to_str().ok()).collect();
        if all.is_empty() { None } else { Some(all) }
    }
}
