//! Only the layer, in a service that has an OpenTelemetry set-up of its own: no feature of this crate is needed.
//!
//! `cargo run -p correlog --example own_opentelemetry`. The order of the layers does not matter.

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{Layer, filter::filter_fn, prelude::*};

fn main() {
    // Yours, with your exporter.
    let provider = SdkTracerProvider::builder().build();
    let opentelemetry = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("billing"))
        // Without this filter each line would also become an event of its span.
        .with_filter(filter_fn(|meta| meta.is_span()));

    tracing_subscriber::registry().with(opentelemetry).with(correlog::layer()).init();

    tracing::info_span!("charge", tenant_id = "acme").in_scope(|| tracing::info!(cents = 1250, "charged"));
}
