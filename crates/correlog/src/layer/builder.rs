//! How the layer is described: the service it speaks for, and its options.
//!
//! Does not read the environment; `correlog::layer()` does, for the name of the service.

use crate::layer::CorrelogLayer;
use crate::line::json;
use crate::line::limits::Limits;
use crate::writer::Writer;

/// Describes a [`CorrelogLayer`].
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use correlog::{LayerBuilder, Writer};
/// use tracing_subscriber::prelude::*;
///
/// let (writer, _guard) = Writer::builder(dir.path().join("api.jsonl")).build()?;
/// let layer = LayerBuilder::new(writer).service_name("api").environment("prod").build();
/// let subscriber = tracing_subscriber::registry().with(layer);
/// tracing::subscriber::with_default(subscriber, || tracing::info!(tenant_id = "acme", "ready"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct LayerBuilder {
    writer: Writer,
    service_name: Option<String>,
    service_version: Option<String>,
    service_instance_id: Option<String>,
    environment: Option<String>,
    pub(super) limits: Limits,
    pub(super) span_close: bool,
    pub(super) code_location: bool,
    pub(super) inactive_context: bool,
    pub(super) mark_spans: bool,
}

impl LayerBuilder {
    /// A layer that writes to `writer`.
    pub fn new(writer: Writer) -> Self {
        Self {
            writer,
            service_name: None,
            service_version: None,
            service_instance_id: None,
            environment: None,
            limits: Limits::default(),
            span_close: false,
            code_location: true,
            inactive_context: false,
            mark_spans: false,
        }
    }

    /// `service.name` [`unknown_service:` and the program's name, as OpenTelemetry has it].
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// `service.version` (default: absent).
    pub fn service_version(mut self, version: impl Into<String>) -> Self {
        self.service_version = Some(version.into());
        self
    }

    /// `service.instance.id`, one for each process (default: absent).
    pub fn service_instance_id(mut self, id: impl Into<String>) -> Self {
        self.service_instance_id = Some(id.into());
        self
    }

    /// `deployment.environment.name` (default: absent).
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// How long messages, fields and lines may be.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether a line is written when a span ends, with `duration_ms` and, under `attributes`, `busy_ms` and
    /// `idle_ms` (default: no).
    pub fn span_close(mut self, is_on: bool) -> Self {
        self.span_close = is_on;
        self
    }

    /// Whether `code.file.path` and `code.line.number` are written (default: yes).
    pub fn code_location(mut self, is_on: bool) -> Self {
        self.code_location = is_on;
        self
    }

    /// Whether ids are found where the OpenTelemetry layer has `with_context_activation(false)` (default: no).
    ///
    /// The layer then asks tracing-opentelemetry once for each span, when it is entered. That starts the
    /// OpenTelemetry span at that moment, so a `set_parent` must come before; and it does not work where either layer
    /// is within an `Option`, a `Vec` or a `reload::Layer`.
    pub fn inactive_context(mut self, is_on: bool) -> Self {
        self.inactive_context = is_on;
        self
    }

    /// Whether an ERROR event sets the status of the current OpenTelemetry span and adds an `exception` event to it
    /// (default: no).
    pub fn mark_spans(mut self, is_on: bool) -> Self {
        self.mark_spans = is_on;
        self
    }

    /// The layer.
    pub fn build(self) -> CorrelogLayer {
        let resource = self.resource();
        self.writer.set_resource(resource.clone());
        CorrelogLayer::new(&self, self.writer.clone(), resource)
    }

    /// `,"service":{…},"deployment":{…}`, copied into every line.
    fn resource(&self) -> Vec<u8> {
        let mut out = b",\"service\":{\"name\":".to_vec();
        let name = self.service_name.clone().unwrap_or_else(unknown_service);
        json::string(&mut out, &name, self.limits.field_bytes);
        if let Some(version) = &self.service_version {
            out.extend_from_slice(b",\"version\":");
            json::string(&mut out, version, self.limits.field_bytes);
        }
        if let Some(id) = &self.service_instance_id {
            out.extend_from_slice(b",\"instance\":{\"id\":");
            json::string(&mut out, id, self.limits.field_bytes);
            out.push(b'}');
        }
        out.push(b'}');
        if let Some(environment) = &self.environment {
            out.extend_from_slice(b",\"deployment\":{\"environment\":{\"name\":");
            json::string(&mut out, environment, self.limits.field_bytes);
            out.extend_from_slice(b"}}");
        }
        out
    }
}

fn unknown_service() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(|path| path.file_name()).and_then(|name| name.to_str());
    match name {
        Some(name) => format!("unknown_service:{name}"),
        None => "unknown_service".to_owned(),
    }
}
