//! Counts what becomes of every sampled span: exported, failed, or dropped at a full queue. It wraps the SDK's own
//! processor and exporter instead of replacing them, because the SDK tells these numbers only through its log.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};

/// What became of the sampled spans so far. `ended = exported + failed + dropped + pending`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ExportStats {
    /// Spans that ended.
    pub ended: u64,
    /// Spans the receiver acknowledged.
    pub exported: u64,
    /// Spans lost because an export failed or took too long.
    pub failed: u64,
    /// Spans lost because the queue was full.
    pub dropped: u64,
    /// Spans waiting in the queue or under way.
    pub pending: u64,
}

/// Shared by the processor, the exporter and the guard.
#[derive(Debug, Default)]
pub(super) struct Counts {
    ended: AtomicU64,
    exported: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    /// Accepted and not yet handed to the exporter. Never less than the length of the SDK's queue, so that the
    /// SDK never drops a span on its own and uncounted.
    queued: AtomicU64,
}

impl Counts {
    pub(super) fn stats(&self) -> ExportStats {
        let ended = self.ended.load(Relaxed);
        let exported = self.exported.load(Relaxed);
        let failed = self.failed.load(Relaxed);
        let dropped = self.dropped.load(Relaxed);
        let settled = exported + failed + dropped;
        ExportStats { ended, exported, failed, dropped, pending: ended.saturating_sub(settled) }
    }
}

/// The processor: lets a span in while fewer than `queue_size` wait.
#[derive(Debug)]
pub(super) struct CountedProcessor<P> {
    pub(super) inner: P,
    pub(super) counts: Arc<Counts>,
    pub(super) queue_size: u64,
}

impl<P: SpanProcessor> SpanProcessor for CountedProcessor<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        self.counts.ended.fetch_add(1, Relaxed);
        if self.counts.queued.fetch_add(1, Relaxed) >= self.queue_size {
            self.counts.queued.fetch_sub(1, Relaxed);
            self.counts.dropped.fetch_add(1, Relaxed);
            return;
        }
        self.inner.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// The exporter: counts each batch by its outcome, and says once a minute that exports fail.
pub(super) struct CountedExporter<E> {
    inner: E,
    counts: Arc<Counts>,
    said: Mutex<Option<Instant>>,
}

impl<E> CountedExporter<E> {
    pub(super) fn new(inner: E, counts: Arc<Counts>) -> Self {
        Self { inner, counts, said: Mutex::new(None) }
    }

    fn say(&self, error: &dyn fmt::Display) {
        let Ok(mut said) = self.said.lock() else { return };
        if said.is_some_and(|at| at.elapsed() < Duration::from_secs(60)) {
            return;
        }
        *said = Some(Instant::now());
        drop(said);
        let ExportStats { failed, dropped, .. } = self.counts.stats();
        tracing::warn!(target: "correlog::export", failed, dropped, "spans could not be exported: {error}");
    }
}

impl<E: SpanExporter> SpanExporter for CountedExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        self.counts.queued.fetch_sub(spans, Relaxed);
        let result = self.inner.export(batch).await;
        match &result {
            Ok(()) => self.counts.exported.fetch_add(spans, Relaxed),
            Err(error) => {
                let before = self.counts.failed.fetch_add(spans, Relaxed);
                self.say(error);
                before
            }
        };
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<E: fmt::Debug> fmt::Debug for CountedExporter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountedExporter").field("inner", &self.inner).finish_non_exhaustive()
    }
}
