//! What `init` can be told, as plain values: who the service is, where its lines go, how traces are sampled and
//! exported. It reads the environment (in `from_env`) and nothing else; it opens no file and starts no thread.

mod env;
mod export;
mod parse;
#[cfg(test)]
mod tests;

pub use env::NAMES;
pub use export::{Batch, Exporter, Otlp, Processor, Protocol, Secret};

use std::{fmt, path::PathBuf, time::Duration};

use crate::writer::Rotation;

/// Everything [`init`](crate::init()) sets up, each part with a working default.
///
/// [`Settings::from_env`] fills it from the environment; a program may then change any field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Who writes: the resource of every span and the `service` of every line.
    pub service: Service,
    /// Where log lines go and which.
    pub log: Log,
    /// How trace ids are made, which traces are sampled, which headers carry them.
    pub trace: Trace,
    /// Where spans and metrics are exported to; off by default, and ids are stamped all the same.
    pub export: Exporter,
    /// Queue and schedule of the span exporter.
    pub batch: Batch,
    /// How often metrics are exported, and how long one export may take.
    pub metrics: Metrics,
    /// How long dropping the guard may take in all: last spans, last metrics, last lines. (default: 5 s)
    pub shutdown_timeout: Duration,
}

/// The service's identity, by OpenTelemetry's resource conventions.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Service {
    /// `service.name` (default: the program's file name).
    pub name: String,
    /// `service.version`, absent when empty.
    pub version: String,
    /// `service.instance.id` (default: host name and process id).
    pub instance_id: String,
    /// `deployment.environment.name`, absent when empty.
    pub environment: String,
    /// `vcs.ref.head.revision`: the git commit the program was built from, absent when empty.
    pub git_commit: String,
    /// Further resource attributes, as name and value.
    pub attributes: Vec<(String, String)>,
}

/// Where the log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogTarget {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A file, opened for appending, its directory created.
    File(PathBuf),
}

/// The log lines.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Log {
    /// Where they go (default: standard output).
    pub target: LogTarget,
    /// Which are written, in `tracing_subscriber::EnvFilter`'s language (default: `info`). It never removes a span that
    /// carries ids: those are governed by [`Trace::span_level`].
    pub filter: String,
    /// Collect lines for at most 100 ms instead of writing each before the log statement returns (default: false).
    /// A killed process may lose what was collected.
    pub buffered: bool,
    /// One line when a span closes, with its busy and idle time (default: false).
    pub span_close: bool,
    /// Events of the `log` crate become lines too (default: true).
    pub bridge_log: bool,
    /// When a new file is begun, by UTC (default: never). Files only.
    pub rotation: Rotation,
    /// Begin a new file before one grows beyond this many bytes (default: no limit). Files only.
    pub max_file_bytes: Option<u64>,
    /// How many files are kept, the current one included (default: all). Files only.
    pub keep_files: Option<usize>,
}

/// Traces: ids, sampling, propagation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Trace {
    /// The share of new traces that is recorded and exported, 0 to 1 (default: 0.1). Ids are made and stamped for all.
    pub sampling_ratio: f64,
    /// Follow the caller's sampling decision where there is one (default: true).
    pub parent_based: bool,
    /// Trace ids begin with 48 bits of Unix milliseconds, so that a lookup knows the day (default: true).
    pub time_ids: bool,
    /// Spans up to this level get ids, whatever the log filter says (default: INFO).
    pub span_level: tracing::Level,
    /// An ERROR event marks the current span as failed and adds an `exception` event to it (default: true).
    pub error_events: bool,
    /// The headers read and written, in this order (default: tracecontext, baggage, b3).
    pub propagators: Vec<Propagator>,
}

/// One way to carry a trace context in headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Propagator {
    /// W3C `traceparent` and `tracestate`.
    TraceContext,
    /// W3C `baggage`.
    Baggage,
    /// B3; both forms are read, the single `b3` header is written.
    B3,
    /// B3; both forms are read, the `x-b3-…` headers are written.
    B3Multi,
}

/// The metrics provider.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Metrics {
    /// Export metrics beside spans [true; nothing is exported while [`Settings::export`] is off].
    pub enabled: bool,
    /// Time between two exports (default: 60 s).
    pub interval: Duration,
    /// Limit of one export (default: 30 s).
    pub timeout: Duration,
}

/// One setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The environment variable.
    pub name: &'static str,
    /// What was found; `***` for a secret.
    pub value: String,
    /// What is allowed.
    pub expected: String,
}

/// Every setting that cannot be used, all at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl Settings {
    /// The settings in the process's environment; [`NAMES`] lists the variables and which wins.
    ///
    /// # Errors
    /// Every variable whose value cannot be used, with its name and what is allowed.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// The same from any source of names and values: a test's map, a configuration file.
    ///
    /// # Errors
    /// As [`Settings::from_env`].
    pub fn from_vars(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        env::read(&get)
    }

    /// The defaults for a service of this name: lines to standard output, nothing exported, every trace sampled
    /// at 0.1.
    pub fn new(service_name: impl Into<String>) -> Self {
        let mut settings = Self::default();
        settings.service.name = service_name.into();
        settings
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            service: Service::default(),
            log: Log::default(),
            trace: Trace::default(),
            export: Exporter::Off,
            batch: Batch::default(),
            metrics: Metrics {
                enabled: true,
                interval: Duration::from_secs(60),
                timeout: Duration::from_secs(30),
            },
            shutdown_timeout: Duration::from_secs(5),
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        let program = std::env::current_exe()
            .ok()
            .and_then(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        Self {
            // The name the OpenTelemetry SDKs use when they know nothing.
            name: program.unwrap_or_else(|| "unknown_service".to_owned()),
            version: String::new(),
            instance_id: String::new(),
            environment: String::new(),
            git_commit: String::new(),
            attributes: Vec::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            target: LogTarget::Stdout,
            filter: "info".to_owned(),
            buffered: false,
            span_close: false,
            bridge_log: true,
            rotation: Rotation::NEVER,
            max_file_bytes: None,
            keep_files: None,
        }
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            sampling_ratio: 0.1,
            parent_based: true,
            time_ids: true,
            span_level: tracing::Level::INFO,
            error_events: true,
            propagators: vec![Propagator::TraceContext, Propagator::Baggage, Propagator::B3],
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}: expected {}", self.name, self.value, self.expected)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            let separator = if n == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}
