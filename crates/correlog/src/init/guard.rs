//! The guard: what `init` set up lives as long as it does, and its end is the last flush. It handles no signal;
//! a service drops it, or calls `shutdown`, when it has stopped working.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use opentelemetry::global;
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::{
    counted::{Counts, ExportStats},
    provider::Providers,
};
use crate::writer;

/// Keep it until the end of `main`: dropping it exports the last spans and metrics and writes the last lines,
/// within the time the settings give.
#[must_use = "dropping the guard ends logging and export at once"]
pub struct Guard {
    /// `None` once shut down.
    providers: Option<Providers>,
    counts: Arc<Counts>,
    handle: writer::Handle,
    /// `None` once shut down.
    writer: Option<writer::Guard>,
    timeout: Duration,
}

impl Guard {
    pub(super) fn new(
        providers: Providers,
        counts: Arc<Counts>,
        writer: writer::Guard,
        timeout: Duration,
    ) -> Self {
        let handle = writer.handle();
        Self { providers: Some(providers), counts, handle, writer: Some(writer), timeout }
    }

    pub(super) fn install_providers(&self) {
        let Some(providers) = &self.providers else { return };
        global::set_tracer_provider(providers.tracer.clone());
        #[cfg(feature = "otlp")]
        if let Some(meter) = &providers.meter {
            global::set_meter_provider(meter.clone());
        }
    }

    /// The writer behind the lines: its counts, `reopen`, `flush`, and record lines.
    pub fn writer(&self) -> &writer::Handle {
        &self.handle
    }

    /// The tracer provider, for instrumentation that does not go through `tracing`. `None` after the end.
    pub fn tracer_provider(&self) -> Option<&SdkTracerProvider> {
        self.providers.as_ref().map(|providers| &providers.tracer)
    }

    /// The meter provider; `None` where metrics are not exported.
    #[cfg(feature = "otlp")]
    pub fn meter_provider(&self) -> Option<&opentelemetry_sdk::metrics::SdkMeterProvider> {
        self.providers.as_ref()?.meter.as_ref()
    }

    /// What became of the sampled spans so far; all zero while export is off.
    pub fn export_stats(&self) -> ExportStats {
        self.counts.stats()
    }

    /// Exports what has ended and writes what was logged, without ending anything. It waits for the receiver, at
    /// most five seconds; call it from tests and command-line tools, not from a request.
    pub fn flush(&self) {
        if let Some(providers) = &self.providers {
            // Failures are in `export_stats`.
            let _ = providers.tracer.force_flush();
            #[cfg(feature = "otlp")]
            if let Some(meter) = &providers.meter {
                let _ = meter.force_flush();
            }
        }
        let _ = self.handle.flush(self.timeout);
    }

    /// Ends export and writes everything out, within `timeout`. Later log statements are still written, directly;
    /// later spans are not exported. Returns whether everything was done in time.
    pub fn shutdown(mut self, timeout: Duration) -> bool {
        self.end(timeout)
    }

    fn end(&mut self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let left = || deadline.saturating_duration_since(Instant::now());
        let mut done = true;
        if let Some(providers) = self.providers.take() {
            done &= providers.tracer.shutdown_with_timeout(left()).is_ok();
            #[cfg(feature = "otlp")]
            {
                if let Some(meter) = providers.meter {
                    done &= meter.shutdown_with_timeout(left()).is_ok();
                }
                if let Some(runtime) = providers.runtime {
                    // Not dropped: inside another runtime that would panic, and it would wait for a hanging call.
                    runtime.shutdown_background();
                }
            }
        }
        // The lines come last, so that what the exporters say at their end is written too. A receiver that used
        // all the time must not cost us the lines: a local file needs little.
        let left = left().max(Duration::from_secs(1));
        done & self.writer.take().is_none_or(|writer| writer.shutdown(left).is_ok())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.providers.is_some() {
            self.end(self.timeout);
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("export", &self.export_stats()).finish_non_exhaustive()
    }
}
