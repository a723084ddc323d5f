//! Where lines go: a file, stdout, stderr or any `io::Write`, directly or through a buffer.
//!
//! Does not make lines. It adds their last key, `log` with stream and sequence number, because only the writer knows
//! the order in which lines were accepted. It installs no signal handler and no panic hook: [`Guard::shutdown`] and
//! [`Handle::reopen`] are there to be called.

mod builder;
mod error;
mod files;
mod flusher;
mod guard;
mod intake;
mod naming;
mod notice;
mod report;
mod sink;
mod stats;
mod stream;

use std::sync::Arc;
use std::time::SystemTime;

pub use builder::{Mode, Overflow, Rotation, Target, WriterBuilder};
pub use error::{BuildError, ShutdownError};
pub use guard::{Guard, Handle};
pub use stats::Stats;

use intake::Shared;

/// Takes whole lines from any number of threads and writes each of them once, in one piece.
///
/// A clone writes to the same stream. Made by [`Writer::builder`].
#[derive(Debug, Clone)]
pub struct Writer {
    shared: Arc<Shared>,
}

impl Writer {
    /// Starts to describe a writer; a path is a file to append to.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("api.jsonl");
    /// let (writer, guard) = correlog::Writer::builder(path.as_path()).build()?;
    /// # drop(writer);
    /// guard.shutdown(std::time::Duration::from_secs(5))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(target: impl Into<Target>) -> WriterBuilder {
        WriterBuilder::new(target.into())
    }

    /// A handle to flush, reopen, count and write records.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Says what `service` and `deployment` are on this stream; the first to say it decides.
    pub(crate) fn set_resource(&self, resource: Vec<u8>) {
        let _ = self.shared.resource.set(resource.into_boxed_slice());
    }

    /// Takes a line that lacks its `log` key and its end, and writes it or buffers it. `line` is used as scratch.
    #[inline]
    pub(crate) fn submit(&self, line: &mut Vec<u8>, is_urgent: bool, now: SystemTime) {
        self.shared.submit(line, is_urgent, now);
    }
}
