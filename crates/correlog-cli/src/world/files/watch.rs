//! Notice from the kernel that something under a directory changed. It is a hint that saves waiting, never the truth:
//! queues overflow, watches run out, network file systems send nothing. Listing again is the truth.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

/// Where notice is missing or incomplete, this often a change is simply supposed.
const SUPPOSED_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(super) struct Watch {
    queue: Option<OwnedFd>,
    /// Directories that could not be watched at their last listing: silence proves nothing while there are any.
    blind: BTreeSet<PathBuf>,
    supposed_last: Option<Instant>,
}

impl Watch {
    pub fn new() -> Self {
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok();
        Self { queue, blind: BTreeSet::new(), supposed_last: None }
    }

    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.queue.as_ref().map(AsFd::as_fd)
    }

    /// Watching a directory twice is one watch; one that vanished loses its watch by itself.
    pub fn add(&mut self, dir: &Path) {
        let flags = WatchFlags::CREATE
            | WatchFlags::MODIFY
            | WatchFlags::MOVE
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ATTRIB
            | WatchFlags::ONLYDIR;
        let watched = self.queue.as_ref().is_some_and(|queue| inotify::add_watch(queue, dir, flags).is_ok());
        if watched {
            self.blind.remove(dir);
        } else {
            self.blind.insert(dir.to_path_buf());
        }
    }

    /// Drains the queue.
    pub fn changed(&mut self) -> bool {
        let mut changed = false;
        if let Some(queue) = &self.queue {
            let mut space = [MaybeUninit::uninit(); 4096];
            let mut reader = inotify::Reader::new(queue, &mut space);
            while reader.next().is_ok() {
                changed = true;
            }
        }
        if self.blind.is_empty() || changed {
            return changed;
        }
        let due = self.supposed_last.is_none_or(|last| last.elapsed() >= SUPPOSED_EVERY);
        if due {
            self.supposed_last = Some(Instant::now());
        }
        due
    }
}
