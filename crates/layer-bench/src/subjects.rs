//! The layers that are compared, each in a subscriber with the same OpenTelemetry layer.
//!
//! Does not emit events.

use std::io;

use correlog::{LayerBuilder, Target, Writer};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Dispatch;
use tracing_bunyan_formatter::{BunyanFormattingLayer, JsonStorageLayer};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// A name and how its subscriber is made.
pub struct Subject {
    pub name: &'static str,
    pub make: fn() -> Dispatch,
}

pub const SUBJECTS: &[Subject] = &[
    Subject { name: "nothing", make: || Dispatch::new(base()) },
    Subject { name: "correlog", make: || Dispatch::new(base().with(correlog_layer())) },
    Subject { name: "fmt-json", make: || Dispatch::new(base().with(fmt_json(io::sink))) },
    Subject { name: "json-subscriber", make: || Dispatch::new(base().with(json_subscriber())) },
    Subject {
        name: "tracing-bunyan-formatter",
        make: || {
            let bunyan = BunyanFormattingLayer::new("bench".to_owned(), io::sink);
            Dispatch::new(base().with(JsonStorageLayer).with(bunyan))
        },
    },
];

/// The registry with OpenTelemetry's layer, sampling everything and exporting nothing, for spans only.
pub fn base() -> impl tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync {
    let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOn).build();
    let otel = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    Registry::default().with(otel.with_filter(filter_fn(|metadata| metadata.is_span())))
}

/// With what a service has by default, ids and code location included, into a target that does nothing.
fn correlog_layer() -> correlog::CorrelogLayer {
    let (writer, _) = Writer::builder(Target::io(io::sink())).build().expect("a sink opens");
    LayerBuilder::new(writer).service_name("bench").build()
}

pub fn fmt_json<S, W>(write: W) -> impl Layer<S> + Send + Sync
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().json().with_writer(write)
}

fn json_subscriber<S>() -> impl Layer<S> + Send + Sync
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    json_subscriber::fmt::layer().with_writer(io::sink).with_opentelemetry_ids(true)
}
