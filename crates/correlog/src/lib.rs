//! Puts the OpenTelemetry trace id on every JSON log line of a service that uses `tracing`.
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! let subscriber = tracing_subscriber::registry().with(correlog::layer());
//! tracing::subscriber::with_default(subscriber, || tracing::info!(tenant_id = "acme", "ready"));
//! ```
//!
//! Does not filter events, does not export spans and does not ship lines: an `EnvFilter`, OpenTelemetry's SDK and
//! `correlog ship` do.

#![warn(missing_docs)]

#[cfg(feature = "http")]
pub mod http;
mod ids;
#[cfg(feature = "init")]
pub mod init;
mod layer;
mod line;
#[cfg(feature = "otlp")]
mod otlp;
pub mod propagation;
mod record;
#[cfg(feature = "init")]
pub mod settings;
mod writer;

pub use layer::{CorrelogLayer, LayerBuilder};
pub use line::limits::Limits;
pub use record::{Record, RecordError, RecordKind, RecordValue};
pub use writer::{
    BuildError, Guard, Handle, Mode, Overflow, Rotation, ShutdownError, Stats, Target, Writer, WriterBuilder,
};

#[cfg(feature = "init")]
pub use ids::generator::TimeIdGenerator;
#[cfg(feature = "init")]
pub use init::init;

/// The layer with nothing to decide: one line for each event, written before the log statement returns, to the file
/// that `CORRELOG_FILE` names, else to stdout. `OTEL_SERVICE_NAME` is the service's name.
///
/// Where the file cannot be opened, stderr says so and the lines go to stdout.
#[must_use]
pub fn layer() -> CorrelogLayer {
    let builder = LayerBuilder::new(default_writer());
    match std::env::var("OTEL_SERVICE_NAME") {
        Ok(name) if !name.is_empty() => builder.service_name(name).build(),
        _ => builder.build(),
    }
}

/// The layer on a writer of your own; [`LayerBuilder`] has the options.
#[must_use]
pub fn layer_to(writer: Writer) -> CorrelogLayer {
    LayerBuilder::new(writer).build()
}

fn default_writer() -> Writer {
    use std::io::Write;
    if let Some(path) = std::env::var_os("CORRELOG_FILE").filter(|path| !path.is_empty()) {
        match Writer::builder(std::path::PathBuf::from(path)).build() {
            Ok((writer, _)) => return writer,
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "correlog: {error}; writing to stdout");
            }
        }
    }
    let (writer, _) = Writer::builder(Target::Stdout).build().expect("stdout needs nothing to be opened");
    writer
}
