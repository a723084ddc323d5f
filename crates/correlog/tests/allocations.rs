//! Counts allocations: once warm, no event allocates, whatever it carries.
//!
//! The counter counts its own thread only: what the test harness does beside it is not ours.

mod support;

use std::error::Error;
use std::fmt;

use correlog::{LayerBuilder, Target, Writer};
use opentelemetry_sdk::trace::Sampler;
use tracing::{error, info, info_span};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;

#[derive(Debug)]
struct Refused(std::num::ParseIntError);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the number was refused")
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn check(what: &str, event: impl Fn()) {
    for _ in 0..8 {
        event();
    }
    let counted = allocation_counter::measure(|| (0..100).for_each(|_| event()));
    assert_eq!(counted.count_total, 0, "{what}: allocations in 100 events");
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocation_counter::measure(|| drop(vec![1])).count_total, 1);
}

#[test]
fn no_event_allocates() {
    tracing_log::LogTracer::init().expect("no other logger is set");
    let (tracer, provider, _) = support::tracer(Sampler::AlwaysOff);
    let otel = tracing_opentelemetry::layer().with_tracer(tracer);
    // The buffered writer is checked in the benchmark: its thread makes room when it likes.
    let (writer, _guard) = Writer::builder(Target::io(std::io::sink())).build().expect("a sink opens");
    let subscriber = tracing_subscriber::registry()
        .with(otel.with_filter(filter_fn(|metadata| metadata.is_span())))
        .with(LayerBuilder::new(writer).service_name("test").build());
    let failure = Refused("x".parse::<i32>().unwrap_err());
    tracing::subscriber::with_default(subscriber, || {
        check("no span", || info!(answer = 42, "plain"));
        let outer = info_span!("outer", tenant_id = "acme", workflow_run_id = %7).entered();
        let inner = info_span!("inner", attempt = 1, http.route = "/run");
        let inner = inner.entered();
        check(
            "fields",
            || info!(duration_ms = 12.5, share = 1.0 / 3.0, debug = ?"text", "with {}", "arguments"),
        );
        check("escapes", || info!(text = "a\"b\nc\u{1b}", "d\te"));
        check("catalogued", || info!(http.response.status_code = 200, user_id = 42, "catalogued"));
        check("explicit parent", || info!(parent: &outer, "in outer"));
        check("no parent", || info!(parent: None, "in nothing"));
        check("dyn Error", || error!(error = &failure as &dyn Error, "failed"));
        check("error as text", || error!(error = %failure));
        check("log", || log::info!(target: "elsewhere", "from {}", "log"));
        check("wide numbers", || info!(wide = u128::MAX, bytes = &b"bytes"[..], nan = f64::NAN, "wide"));
        drop(inner);
    });
    drop(provider);
}
