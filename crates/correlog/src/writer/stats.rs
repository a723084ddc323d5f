//! The writer's counters.
//!
//! Does not export them: a service reads [`Stats`] and gives them to its own metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// A snapshot of a writer's counters since it was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Lines and records accepted, the lines that tell of drops included.
    pub accepted_lines: u64,
    /// Lines and records not accepted: the buffer was full, or the target failed.
    pub dropped_lines: u64,
    /// Bytes the target took.
    pub written_bytes: u64,
    /// Writes, opens and reopens that failed.
    pub io_errors: u64,
    /// How often the target was opened anew: rotation, size, `reopen`, a file moved or deleted.
    pub reopened: u64,
    /// Old files removed by retention.
    pub removed_files: u64,
}

/// What threads count without holding a lock. Accepted lines and written bytes are counted under the locks that are
/// held for them anyway, because two more atomic additions for each line are a twentieth of its cost.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub dropped_lines: AtomicU64,
    pub io_errors: AtomicU64,
    pub reopened: AtomicU64,
    pub removed_files: AtomicU64,
}

impl Counters {
    pub fn snapshot(&self, accepted_lines: u64, written_bytes: u64) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            accepted_lines,
            written_bytes,
            dropped_lines: read(&self.dropped_lines),
            io_errors: read(&self.io_errors),
            reopened: read(&self.reopened),
            removed_files: read(&self.removed_files),
        }
    }
}

pub(super) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
