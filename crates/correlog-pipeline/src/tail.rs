//! A lineage that is followed: where it stands, which files carry it, what was counted. How it is read on is in `visit`.

use std::sync::Arc;

use crate::beginning::Beginning;
use crate::checkpoint::{Entry, Fingerprint};
use crate::discover::FileId;
use crate::ledger::Ledger;
use crate::overlong::Overlong;
use crate::place::Place;
use crate::span::{Lineage, TailId};
use crate::visit::Open;

/// Why a tail waits although its file may have more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paused {
    pub since_ms: u64,
    pub until_ms: u64,
}

/// A lineage that is followed.
#[derive(Debug)]
pub struct Tail {
    pub id: TailId,
    pub lineage: Lineage,
    pub group: Option<usize>,
    pub fingerprint: Fingerprint,
    /// The path as people know it.
    pub path: String,
    /// The files that carry it, in the order in which they are tried.
    pub members: Vec<FileId>,
    pub open: Option<Open>,
    /// How long each of its files once was at least: whichever is shorter now has been truncated.
    reached: Vec<(FileId, u64)>,
    /// Where the next visit starts; everything before it is opened or skipped.
    pub head: Place,
    pub ledger: Ledger,
    /// Shared with the state, because there may be ten thousand of it.
    pub beginning: Arc<Beginning>,
    pub overlong: Option<Box<Overlong>>,
    /// Lines before it may have been sent by an earlier life of the process: what was there at first sight.
    pub replay_until: Option<u64>,
    pub paused: Option<Paused>,
    /// It waits in the pump's queue.
    pub queued: bool,
    /// The largest size seen, in decompressed bytes.
    pub size: u64,
    /// Bytes behind the last whole line when its file was last read to its end.
    pub waiting: u64,
    /// It had no file since.
    pub orphan_since_ms: Option<u64>,
    pub finished: bool,
    /// Lines offered and taken, by the sums of P8.
    pub lines: Lines,
    /// What earlier lives of the process counted.
    pub stored_before: u64,
    pub refused_before: u64,
}

/// Counts of one tail in this life of the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lines {
    pub read: u64,
    pub stored: u64,
    pub refused: u64,
    pub skipped: u64,
    /// Of the skipped ones those older than `max_age`; the others are blank.
    pub expired: u64,
}
impl Tail {
    /// Goes on where the checkpoint stands.
    pub fn new(id: TailId, lineage: Lineage, entry: &Entry, group: Option<usize>) -> Tail {
        Tail {
            id,
            lineage,
            group,
            fingerprint: entry.fingerprint,
            path: String::from_utf8_lossy(&entry.hint.path).into_owned(),
            members: Vec::new(),
            open: None,
            reached: Vec::new(),
            head: entry.place,
            ledger: Ledger::new(entry.place.offset),
            beginning: entry.beginning.clone(),
            overlong: None,
            replay_until: None,
            paused: None,
            queued: false,
            size: entry.size.max(entry.place.offset),
            waiting: 0,
            orphan_since_ms: None,
            finished: entry.is_finished(),
            lines: Lines::default(),
            stored_before: entry.stored,
            refused_before: entry.refused,
        }
    }

    pub fn reached(&self, file: FileId) -> u64 {
        self.reached.iter().find(|(known, _)| *known == file).map_or(0, |(_, reached)| *reached)
    }

    pub fn note_reached(&mut self, file: FileId, bytes: u64) {
        match self.reached.iter_mut().find(|(known, _)| *known == file) {
            Some((_, reached)) => *reached = bytes.max(*reached),
            None => self.reached.push((file, bytes)),
        }
    }

    /// The file is not, or no longer, one of those that carry it.
    pub fn leave(&mut self, file: FileId) {
        self.members.retain(|member| *member != file);
        self.reached.retain(|(known, _)| *known != file);
    }
}

impl Lines {
    pub fn add(&mut self, other: &Lines) {
        self.read += other.read;
        self.stored += other.stored;
        self.refused += other.refused;
        self.skipped += other.skipped;
        self.expired += other.expired;
    }
}
