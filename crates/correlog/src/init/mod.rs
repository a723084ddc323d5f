//! One call that sets up everything: ids, sampling, propagation, export, the log lines and the guard that flushes
//! them. It installs no signal handler and no panic hook; the program decides when it ends.
//!
//! A service with an OpenTelemetry set-up of its own needs none of this, only [`layer`](crate::layer()).

mod console;
mod counted;
mod guard;
mod provider;
mod resource;

pub use counted::ExportStats;
pub use guard::Guard;

use std::fmt;

use opentelemetry::{
    global,
    propagation::{TextMapCompositePropagator, TextMapPropagator},
    trace::TracerProvider as _,
};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use tracing::{Dispatch, Level, Metadata};
use tracing_log::AsLog;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, LevelFilter, filter_fn},
    layer::SubscriberExt,
};

use crate::{
    BuildError,
    propagation::{B3Encoding, B3Propagator},
    settings::{Propagator, Settings},
};

/// Why `init` did not set anything up.
#[derive(Debug)]
#[non_exhaustive]
pub enum InitError {
    /// The log file could not be opened.
    Log(BuildError),
    /// The filter has a directive that cannot be read.
    Filter(String),
    /// The settings ask for something this build of the crate has not got.
    Feature {
        /// What was asked for.
        wanted: &'static str,
        /// The feature to add.
        feature: &'static str,
    },
    /// The exporter cannot be built: an address or a header it does not accept.
    Exporter(String),
    /// Something has installed a global subscriber or logger before.
    AlreadySet(&'static str),
}

/// Sets up logging and tracing for the whole process, and returns the guard to keep until its end.
///
/// Dropping the guard flushes what is left, within
/// [`shutdown_timeout`](crate::settings::Settings::shutdown_timeout). Call it once, first in `main`, inside or
/// outside of a runtime.
///
/// # Errors
/// [`InitError`]; nothing global has been changed then, except where it says that something was set before.
pub fn init(settings: Settings) -> Result<Guard, InitError> {
    let (dispatch, guard) = build(settings.clone())?;
    // First the subscriber, which may be refused; the other globals only when it is in.
    tracing::dispatcher::set_global_default(dispatch)
        .map_err(|_| InitError::AlreadySet("a global tracing subscriber"))?;
    install_propagators(&settings.trace.propagators);
    guard.install_providers();
    if settings.log.bridge_log {
        // With the subscriber's own limit, so that what nobody wants costs the `log` crate one comparison.
        tracing_log::LogTracer::builder()
            .with_max_level(LevelFilter::current().as_log())
            .init()
            .map_err(|_| InitError::AlreadySet("a logger of the log crate"))?;
    }
    Ok(guard)
}

/// The same without touching anything global but the propagators: for tests with a scoped subscriber
/// (`tracing::dispatcher::with_default`), and for programs that put a layer of their own on top.
///
/// # Errors
/// As [`init()`].
pub fn build(settings: Settings) -> Result<(Dispatch, Guard), InitError> {
    let service = resource::complete(&settings.service);
    let (providers, counts) = provider::providers(&settings, resource::resource(&service))?;
    let (line_layer, writer) = provider::line_layer(&settings, &service)?;
    let tracer = providers.tracer.tracer("correlog");
    install_propagators(&settings.trace.propagators);

    // Spans only: as span events the lines would double the cost of logging and be exported a second time.
    let span_level = settings.trace.span_level;
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_filter(filter_fn(move |meta| is_id_span(meta, span_level)));
    // A span with ids is never filtered away from the lines, or `RUST_LOG=warn` would take its fields off them.
    let wanted = EnvFilter::try_new(&settings.log.filter)
        .map_err(|error| InitError::Filter(error.to_string()))?
        .or(filter_fn(move |meta| is_id_span(meta, span_level))
            .with_max_level_hint(LevelFilter::from_level(span_level)));
    let subscriber = Registry::default().with(spans).with(line_layer.with_filter(wanted));
    let guard = Guard::new(providers, counts, writer, settings.shutdown_timeout);
    Ok((Dispatch::new(subscriber), guard))
}

fn is_id_span(meta: &Metadata<'_>, level: Level) -> bool {
    meta.is_span() && *meta.level() <= level
}

/// Makes these the process's propagators; [`build`] and [`init()`] do it.
fn install_propagators(wanted: &[Propagator]) {
    let propagators = wanted
        .iter()
        .map(|propagator| -> Box<dyn TextMapPropagator + Send + Sync> {
            match propagator {
                Propagator::TraceContext => Box::new(TraceContextPropagator::new()),
                Propagator::Baggage => Box::new(BaggagePropagator::new()),
                Propagator::B3 => Box::new(B3Propagator::new(B3Encoding::Single)),
                Propagator::B3Multi => Box::new(B3Propagator::new(B3Encoding::Multi)),
            }
        })
        .collect();
    global::set_text_map_propagator(TextMapCompositePropagator::new(propagators));
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(error) => write!(f, "{error}"),
            Self::Filter(error) => write!(f, "the log filter cannot be read: {error}"),
            Self::Feature { wanted, feature } => {
                write!(f, "{wanted} needs the feature `{feature}` of the crate correlog")
            }
            Self::Exporter(error) => write!(f, "the exporter cannot be built: {error}"),
            Self::AlreadySet(what) => write!(f, "{what} has been installed before"),
        }
    }
}

impl std::error::Error for InitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Log(error) => Some(error),
            _ => None,
        }
    }
}
