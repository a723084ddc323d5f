//! From settings to the parts: the tracer provider with its processor, the meter provider, the layer with its
//! writer. Nothing here is global.

use std::sync::Arc;

use opentelemetry_sdk::{
    Resource,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SimpleSpanProcessor,
        SpanExporter, TracerProviderBuilder,
    },
};

use super::{
    InitError,
    console::ConsoleExporter,
    counted::{CountedExporter, CountedProcessor, Counts},
};
use crate::{
    CorrelogLayer, LayerBuilder, Mode, Target, TimeIdGenerator, Writer,
    settings::{Batch, Exporter, LogTarget, Processor, Service, Settings},
    writer,
};

/// What exports, and what it runs on.
pub(super) struct Providers {
    pub(super) tracer: SdkTracerProvider,
    #[cfg(feature = "otlp")]
    pub(super) meter: Option<opentelemetry_sdk::metrics::SdkMeterProvider>,
    /// gRPC needs a runtime that outlives the service's own, so that the last spans still leave.
    #[cfg(feature = "otlp")]
    pub(super) runtime: Option<tokio::runtime::Runtime>,
}

pub(super) fn providers(
    settings: &Settings,
    resource: Resource,
) -> Result<(Providers, Arc<Counts>), InitError> {
    let counts = Arc::new(Counts::default());
    let builder =
        SdkTracerProvider::builder().with_resource(resource.clone()).with_sampler(sampler(settings));
    let builder = match settings.trace.time_ids {
        true => builder.with_id_generator(TimeIdGenerator::new()),
        false => builder,
    };
    match &settings.export {
        Exporter::Off => Ok((Providers::local(builder), counts)),
        Exporter::Console => {
            let builder = with_processor(builder, ConsoleExporter, &settings.batch, &counts);
            Ok((Providers::local(builder), counts))
        }
        #[cfg(not(feature = "otlp"))]
        Exporter::Otlp(_) => Err(InitError::Feature { wanted: "export over OTLP", feature: "otlp" }),
        #[cfg(feature = "otlp")]
        Exporter::Otlp(otlp) => {
            let parts = crate::otlp::build(otlp, settings, resource).map_err(InitError::Exporter)?;
            let builder = with_processor(builder, parts.spans, &settings.batch, &counts);
            let providers = Providers { tracer: builder.build(), meter: parts.meter, runtime: parts.runtime };
            Ok((providers, counts))
        }
    }
}

impl Providers {
    /// Without anything that leaves the process.
    fn local(builder: TracerProviderBuilder) -> Self {
        Self {
            tracer: builder.build(),
            #[cfg(feature = "otlp")]
            meter: None,
            #[cfg(feature = "otlp")]
            runtime: None,
        }
    }
}

/// The sampler is the same whether or not this process exports: the services behind it follow its decision.
fn sampler(settings: &Settings) -> Sampler {
    let root = Sampler::TraceIdRatioBased(settings.trace.sampling_ratio);
    if settings.trace.parent_based { Sampler::ParentBased(Box::new(root)) } else { root }
}

fn with_processor<E: SpanExporter + 'static>(
    builder: TracerProviderBuilder,
    exporter: E,
    batch: &Batch,
    counts: &Arc<Counts>,
) -> TracerProviderBuilder {
    let counts = counts.clone();
    let exporter = CountedExporter::new(exporter, counts.clone());
    let queue_size = batch.queue_size as u64;
    match batch.processor {
        Processor::Simple => {
            let inner = SimpleSpanProcessor::new(exporter);
            builder.with_span_processor(CountedProcessor { inner, counts, queue_size })
        }
        Processor::Batch => {
            let config = BatchConfigBuilder::default()
                .with_max_queue_size(batch.queue_size)
                .with_max_export_batch_size(batch.export_size)
                .with_scheduled_delay(batch.schedule_delay)
                .build();
            let inner = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
            builder.with_span_processor(CountedProcessor { inner, counts, queue_size })
        }
    }
}

/// The layer, and the guard of the writer it writes to.
pub(super) fn line_layer(
    settings: &Settings,
    service: &Service,
) -> Result<(CorrelogLayer, writer::Guard), InitError> {
    let log = &settings.log;
    let target = match &log.target {
        LogTarget::Stdout => Target::Stdout,
        LogTarget::Stderr => Target::Stderr,
        LogTarget::File(path) => Target::File(path.clone()),
    };
    let mut builder = Writer::builder(target)
        .mode(if log.buffered { Mode::Buffered } else { Mode::Direct })
        .rotation(log.rotation.clone());
    if let Some(bytes) = log.max_file_bytes {
        builder = builder.max_file_bytes(bytes);
    }
    if let Some(files) = log.keep_files {
        builder = builder.keep_files(files);
    }
    let (writer, guard) = builder.build().map_err(InitError::Log)?;
    let mut layer = LayerBuilder::new(writer)
        .service_name(&service.name)
        .service_instance_id(&service.instance_id)
        .span_close(log.span_close)
        .mark_spans(settings.trace.error_events);
    if !service.version.is_empty() {
        layer = layer.service_version(&service.version);
    }
    if !service.environment.is_empty() {
        layer = layer.environment(&service.environment);
    }
    Ok((layer.build(), guard))
}
