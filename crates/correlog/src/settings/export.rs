//! Where spans and metrics go: the exporter's address, key, queue and schedule. Values only; `otlp` builds the
//! exporters from them.

use std::{fmt, time::Duration};

/// What happens to spans and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exporter {
    /// Nothing leaves the process. Trace ids are made and stamped all the same.
    Off,
    /// One line a span on standard error, for a developer's eyes.
    Console,
    /// OpenTelemetry's own protocol; needs the feature `otlp`.
    Otlp(Otlp),
}

/// An OTLP receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Otlp {
    /// gRPC, or protobuf over HTTP (default: HTTP).
    pub protocol: Protocol,
    /// Where spans go: for HTTP the whole URL with its path, for gRPC the address.
    pub traces_endpoint: String,
    /// Where metrics go, likewise.
    pub metrics_endpoint: String,
    /// Sent as `Authorization: Bearer …` (default: none).
    pub api_key: Option<Secret>,
    /// Further headers of every export.
    pub headers: Vec<(String, Secret)>,
}

/// The wire of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// gRPC.
    Grpc,
    /// Protobuf over HTTP/1.1.
    HttpProtobuf,
}

/// The span processor and its queue.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Batch {
    /// Batched on a thread of its own, or inside the span's end (default: batch).
    pub processor: Processor,
    /// Time between two exports (default: 5 s; 200 ms in a development environment).
    pub schedule_delay: Duration,
    /// Spans waiting for export at most; beyond it they are dropped and counted (default: 2,048).
    pub queue_size: usize,
    /// Spans in one export at most, not more than the queue holds (default: 512).
    pub export_size: usize,
    /// Limit of one export (default: 10 s).
    pub export_timeout: Duration,
}

/// How ended spans reach the exporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Processor {
    /// Queued and exported by a thread of its own.
    Batch,
    /// Exported inside the span's end, by the thread that ends it. Only where asked for by name: a slow receiver
    /// then makes every request slow.
    Simple,
}

/// A value that is never printed: its `Debug` is `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            processor: Processor::Batch,
            schedule_delay: Duration::from_secs(5),
            queue_size: 2048,
            export_size: 512,
            export_timeout: Duration::from_secs(10),
        }
    }
}

impl Otlp {
    /// A receiver at `base` (`http://localhost:4318`), without a key: over HTTP the signal's path is added.
    pub fn new(protocol: Protocol, base: &str) -> Self {
        Self {
            protocol,
            traces_endpoint: protocol.endpoint(base, "v1/traces"),
            metrics_endpoint: protocol.endpoint(base, "v1/metrics"),
            api_key: None,
            headers: Vec::new(),
        }
    }
}

impl Protocol {
    /// Where a signal goes when only the base address is known.
    pub(super) fn endpoint(self, base: &str, path: &str) -> String {
        match self {
            Self::Grpc => base.to_owned(),
            Self::HttpProtobuf => format!("{}/{path}", base.trim_end_matches('/')),
        }
    }

    /// The address of a collector on this host, from the OTLP specification.
    pub(super) fn default_base(self) -> &'static str {
        match self {
            Self::Grpc => "http://localhost:4317",
            Self::HttpProtobuf => "http://localhost:4318",
        }
    }
}
