//! What the tests of the layer share: a writer into memory, its lines as JSON, and an OpenTelemetry tracer.
//!
//! Does not install anything globally.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod child;
pub mod matrix;

use std::io;
use std::sync::{Arc, Mutex};

use correlog::{CorrelogLayer, Guard, LayerBuilder, Target, Writer};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracer, SdkTracerProvider};
use serde_json::Value;

/// A target in memory that several hands share.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Vec<u8>>>);

impl io::Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics while it holds this").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no test panics while it holds this").clone())
            .expect("lines are UTF-8")
    }

    /// Every line, each of which must be one JSON object.
    pub fn lines(&self) -> Vec<Value> {
        let text = self.text();
        assert!(text.is_empty() || text.ends_with('\n'), "torn: {text:?}");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// The line with this message.
    pub fn line(&self, message: &str) -> Value {
        let found: Vec<Value> = self.lines().into_iter().filter(|line| line["message"] == message).collect();
        assert_eq!(found.len(), 1, "{message}: {found:?}");
        found.into_iter().next().expect("just counted")
    }

    pub fn writer(&self) -> (Writer, Guard) {
        Writer::builder(Target::io(self.clone())).build().expect("memory opens")
    }

    pub fn layer(&self) -> CorrelogLayer {
        self.builder().build()
    }

    pub fn builder(&self) -> LayerBuilder {
        LayerBuilder::new(self.writer().0).service_name("test")
    }
}

/// A tracer with an exporter in memory.
pub fn tracer(sampler: Sampler) -> (SdkTracer, SdkTracerProvider, InMemorySpanExporter) {
    let exporter = InMemorySpanExporter::default();
    let provider =
        SdkTracerProvider::builder().with_sampler(sampler).with_simple_exporter(exporter.clone()).build();
    (provider.tracer("test"), provider, exporter)
}
