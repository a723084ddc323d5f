//! OTLP over gRPC or HTTP: span and metric exporters from the settings. Retry, compression and the wire belong to
//! `opentelemetry-otlp`; when and how much is exported belongs to the SDK's processors.

mod client;

use std::{collections::HashMap, time::Duration};

use opentelemetry::Context;
use opentelemetry_otlp::{
    MetricExporter, Protocol as Wire, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
    tonic_types::metadata::MetadataMap,
};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
};
use tokio::runtime::Runtime;

use client::Client;

use crate::settings::{Metrics, Otlp, Protocol, Settings};

/// What exporting needs; `runtime` must live as long as the other two.
pub(crate) struct Parts {
    pub(crate) spans: SpanExporter,
    pub(crate) meter: Option<SdkMeterProvider>,
    pub(crate) runtime: Option<Runtime>,
}

/// # Errors
/// What the exporter says about an address, a header or a client it cannot use.
pub(crate) fn build(otlp: &Otlp, settings: &Settings, resource: Resource) -> Result<Parts, String> {
    let runtime = match otlp.protocol {
        Protocol::HttpProtobuf => None,
        Protocol::Grpc => Some(runtime()?),
    };
    // A gRPC channel puts its worker on the runtime it is made in.
    let _entered = runtime.as_ref().map(Runtime::enter);
    let spans = span_exporter(otlp, settings.batch.export_timeout)?;
    let meter = match settings.metrics.enabled {
        true => Some(meter_provider(otlp, &settings.metrics, resource)?),
        false => None,
    };
    drop(_entered);
    Ok(Parts { spans, meter, runtime })
}

fn runtime() -> Result<Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("correlog-otlp")
        // What the exporter's own client does is no part of any trace: its spans would be exported in their turn,
        // without end. The guard is forgotten, because it lasts as long as the thread.
        .on_thread_start(|| std::mem::forget(Context::enter_telemetry_suppressed_scope()))
        .enable_all()
        .build()
        .map_err(|error| format!("no thread for gRPC: {error}"))
}

fn span_exporter(otlp: &Otlp, timeout: Duration) -> Result<SpanExporter, String> {
    let built = match otlp.protocol {
        Protocol::Grpc => SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&otlp.traces_endpoint)
            .with_timeout(timeout)
            .with_metadata(metadata(otlp)?)
            .build(),
        Protocol::HttpProtobuf => SpanExporter::builder()
            .with_http()
            .with_protocol(Wire::HttpBinary)
            .with_endpoint(&otlp.traces_endpoint)
            .with_timeout(timeout)
            .with_http_client(Client::new(timeout)?)
            .with_headers(headers(otlp))
            .build(),
    };
    built.map_err(|error| error.to_string())
}

fn meter_provider(otlp: &Otlp, metrics: &Metrics, resource: Resource) -> Result<SdkMeterProvider, String> {
    let built = match otlp.protocol {
        Protocol::Grpc => MetricExporter::builder()
            .with_tonic()
            .with_endpoint(&otlp.metrics_endpoint)
            .with_timeout(metrics.timeout)
            .with_metadata(metadata(otlp)?)
            .build(),
        Protocol::HttpProtobuf => MetricExporter::builder()
            .with_http()
            .with_protocol(Wire::HttpBinary)
            .with_endpoint(&otlp.metrics_endpoint)
            .with_timeout(metrics.timeout)
            .with_http_client(Client::new(metrics.timeout)?)
            .with_headers(headers(otlp))
            .build(),
    };
    let exporter = built.map_err(|error| error.to_string())?;
    let reader = PeriodicReader::builder(exporter).with_interval(metrics.interval).build();
    Ok(SdkMeterProvider::builder().with_reader(reader).with_resource(resource).build())
}

fn headers(otlp: &Otlp) -> HashMap<String, String> {
    let key = otlp.api_key.iter().map(|key| ("authorization".to_owned(), format!("Bearer {}", key.expose())));
    let further = otlp.headers.iter().map(|(name, value)| (name.to_lowercase(), value.expose().to_owned()));
    key.chain(further).collect()
}

fn metadata(otlp: &Otlp) -> Result<MetadataMap, String> {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers(otlp) {
        // The value is a secret: only its name may be told.
        let refused = |_| format!("the header {name:?} is not allowed");
        let header = http::HeaderName::try_from(&name).map_err(|_| refused(()))?;
        map.insert(header, http::HeaderValue::try_from(value).map_err(|_| refused(()))?);
    }
    Ok(MetadataMap::from_headers(map))
}
