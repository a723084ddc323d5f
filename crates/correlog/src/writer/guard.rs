//! What the service keeps of its writer: the guard that flushes at the end, and the handle to act on it meanwhile.
//!
//! Does not install a signal handler: a service calls [`Handle::reopen`] from its own.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::record::{Record, RecordError};
use crate::writer::error::ShutdownError;
use crate::writer::intake::{Shared, Stage};
use crate::writer::sink::Sink;
use crate::writer::stats::{Stats, add};

/// Writes out what is buffered when it is dropped, for at most five seconds.
///
/// Lines that come after that are written directly, one by one, so nothing is lost by dropping it early.
#[derive(Debug)]
#[must_use = "dropped at once, the guard ends the buffering at once: keep it until the service ends"]
pub struct Guard {
    shared: Arc<Shared>,
    flusher: Option<JoinHandle<()>>,
}

const DROP_TIMEOUT: Duration = Duration::from_secs(5);

impl Guard {
    pub(super) fn new(shared: Arc<Shared>, flusher: Option<JoinHandle<()>>) -> Self {
        Self { shared, flusher }
    }

    /// A handle to flush, reopen, count and write records.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Writes out everything accepted so far and ends the flushing thread, waiting at most `timeout`.
    ///
    /// # Errors
    /// When the target did not take everything in time; the rest is lost when the process ends.
    pub fn shutdown(mut self, timeout: Duration) -> Result<Stats, ShutdownError> {
        self.close(timeout)
    }

    fn close(&mut self, timeout: Duration) -> Result<Stats, ShutdownError> {
        let Some(flusher) = self.flusher.take() else {
            return self.shared.flush(timeout);
        };
        let until = Instant::now() + timeout;
        let mut intake = self.shared.intake();
        intake.stage = Stage::Closing;
        self.shared.wake.notify_all();
        while intake.stage != Stage::Closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let unwritten = intake.accepted - intake.written;
                return Err(self.shared.unwritten(unwritten, timeout));
            }
            intake = self.shared.wait_settled(intake, Some(left));
        }
        drop(intake);
        // It has nothing left to do but to return.
        let _ = flusher.join();
        Ok(self.shared.stats())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.flusher.is_some() {
            if let Err(error) = self.close(DROP_TIMEOUT) {
                // `eprintln!` would panic where stderr is closed.
                let _ = writeln!(io::stderr(), "correlog: {error}");
            }
        }
        // Not where the target hangs: it would be waited for.
        if self.shared.intake().stage == Stage::Closed {
            self.shared.with_sink(Sink::tell_rest);
        }
    }
}

/// Acts on a writer while the service runs; a clone acts on the same one.
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Waits until everything accepted so far is with the operating system, at most `timeout`.
    ///
    /// # Errors
    /// When the target did not take everything in time; it is kept and tried again.
    pub fn flush(&self, timeout: Duration) -> Result<Stats, ShutdownError> {
        self.shared.flush(timeout)
    }

    /// Opens the file anew under its name, as after logrotate moved it. Without this call it is noticed within a
    /// second of the next line. Does nothing for other targets.
    ///
    /// # Errors
    /// When the file cannot be opened; the old one is written to further.
    pub fn reopen(&self) -> io::Result<()> {
        let _ = self.shared.flush(DROP_TIMEOUT);
        let outcome = self.shared.with_sink(|sink| sink.reopen(&self.shared.counters));
        if outcome.is_err() {
            add(&self.shared.counters.io_errors, 1);
        }
        outcome
    }

    /// The counters as they are now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// Writes one workflow record into the same stream of lines.
    ///
    /// # Errors
    /// When a field's name is reserved or the id is empty, or when the line was dropped.
    pub fn record(&self, record: &Record<'_>) -> Result<(), RecordError> {
        let resource = self.shared.resource.get().map_or(&b""[..], |resource| resource);
        let line = record.line(resource)?;
        match self.shared.submit_record(&line) {
            true => Ok(()),
            false => Err(RecordError::Dropped),
        }
    }
}

impl Shared {
    fn flush(&self, timeout: Duration) -> Result<Stats, ShutdownError> {
        let until = Instant::now() + timeout;
        let mut intake = self.intake();
        if intake.stage == Stage::Closed {
            drop(intake);
            return self.flush_directly(timeout);
        }
        let wanted = intake.accepted;
        intake.is_urgent |= intake.written < wanted;
        self.wake.notify_all();
        while intake.written < wanted {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.unwritten(wanted - intake.written, timeout));
            }
            intake = self.wait_settled(intake, Some(left));
        }
        drop(intake);
        Ok(self.stats())
    }

    fn flush_directly(&self, timeout: Duration) -> Result<Stats, ShutdownError> {
        let (is_whole, left) = self.with_sink(|sink| {
            let is_whole = sink.write_pending(&self.counters);
            sink.flush(&self.counters);
            (is_whole, sink.pending() as u64)
        });
        match is_whole {
            true => Ok(self.stats()),
            false => Err(self.unwritten(left, timeout)),
        }
    }

    fn unwritten(&self, unwritten_bytes: u64, waited: Duration) -> ShutdownError {
        ShutdownError {
            waited,
            unwritten_bytes,
            dropped_lines: self.counters.dropped_lines.load(Ordering::Relaxed),
        }
    }
}
