//! What status, metrics and tests see of a pump: one moment between two turns, so that its sums agree (P8).
//!
//! It words nothing and holds no event content; the same views can be made of a saved checkpoint alone.

use std::path::PathBuf;

use crate::checkpoint::{Checkpoint, Entry, Hole};
use crate::delivery::counts::Snapshot as DeliverySnapshot;
use crate::discover::{Standing, Unfit};
use crate::place::Skips;
use crate::ports::{DiskFault, Now};
use crate::pump::Pump;
use crate::span::Lineage;
use crate::tail::Tail;

/// Lines of this life of the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    pub read: u64,
    pub stored: u64,
    pub refused: u64,
    /// Blank or expired lines.
    pub skipped: u64,
    /// Of these the expired ones.
    pub expired: u64,
    pub in_flight: u64,
}

impl Sums {
    /// Lines that came to an end.
    pub const fn settled(&self) -> u64 {
        self.stored + self.refused + self.skipped
    }

    /// P8.
    pub const fn agree(&self) -> bool {
        self.read == self.settled() + self.in_flight
    }
}

/// Why a file is not simply being read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileState {
    Following,
    /// The delivery has no room for its lines: their index is parked, or everything is full.
    Paused {
        since_ms: u64,
    },
    /// Opening or reading failed and is tried again.
    Failing,
    /// Read to an end that cannot grow any more.
    Finished,
    /// There is no file with its bytes now.
    Missing,
    /// It has no whole first line yet.
    Young,
    Unfit(Unfit),
    /// Known from the state only; no process is asked.
    Unknown,
}

/// One lineage, or one file that has none yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileView {
    pub path: PathBuf,
    pub lineage: Option<Lineage>,
    pub generation: u32,
    /// Everything before it is settled and will be, or is, saved.
    pub settled: u64,
    pub read_to: u64,
    /// As far as is known, in decompressed bytes.
    pub size: u64,
    /// Behind the last whole line, at the last look.
    pub unterminated_bytes: u64,
    /// The age of the last line read, where it has a time and there is more to settle; else 0.
    pub lag_ms: u64,
    pub skips: Skips,
    pub stored: u64,
    pub refused: u64,
    pub hole: Option<Hole>,
    pub state: FileState,
}

impl FileView {
    pub const fn bytes_behind(&self) -> u64 {
        self.size.saturating_sub(self.settled)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    pub lines: Sums,
    pub bytes_read: u64,
    pub files: Vec<FileView>,
    pub delivery: DeliverySnapshot,
    /// The last save failed with it.
    pub save_fault: Option<DiskFault>,
    /// Milliseconds since the state was last saved.
    pub saved_ago_ms: Option<u64>,
    /// How long lines have been waiting without one of them being settled; 0 when none waits.
    pub stalled_ms: u64,
    pub open_files: usize,
    /// Directories or files that the last listings could not look at.
    pub list_faults: u64,
}

impl Snapshot {
    pub fn bytes_settled(&self) -> u64 {
        self.files.iter().map(|file| file.settled).sum()
    }

    pub fn bytes_known(&self) -> u64 {
        self.files.iter().map(|file| file.size.max(file.settled)).sum()
    }
}

impl Pump {
    /// The sums alone: cheap enough for every turn.
    pub fn sums(&self) -> Sums {
        let mut lines = self.totals.lines;
        let mut in_flight = 0;
        for tail in self.roster.tails() {
            lines.add(&tail.lines);
            in_flight += tail.ledger.in_flight();
        }
        let crate::tail::Lines { read, stored, refused, skipped, expired } = lines;
        Sums { read, stored, refused, skipped, expired, in_flight }
    }

    /// Bytes that are read and not settled (P6).
    pub fn held_bytes(&self) -> usize {
        self.delivery.held_bytes()
    }

    pub fn snapshot(&self, now: Now) -> Snapshot {
        let tails = self.roster.tails().map(|tail| self.view(tail, now));
        let others = self.roster.catalog.iter().filter_map(|(_, seen)| {
            let state = match seen.standing {
                Standing::Young => FileState::Young,
                Standing::Unfit(why) => FileState::Unfit(why),
                Standing::New { .. } if seen.retry_ms > 0 => FileState::Failing,
                _ => return None,
            };
            let unterminated_bytes = if state == FileState::Young { seen.stat.size } else { 0 };
            let size = seen.stat.size;
            Some(FileView { path: seen.path.clone(), size, unterminated_bytes, state, ..view_of(None) })
        });
        let lines = self.sums();
        let since = self.last_settled_ms.max(self.waiting_since_ms);
        Snapshot {
            lines,
            stalled_ms: if lines.in_flight > 0 { now.mono_ms.saturating_sub(since) } else { 0 },
            bytes_read: self.totals.bytes_read,
            files: tails.chain(others).collect(),
            delivery: self.delivery.snapshot(),
            save_fault: self.save_fault,
            saved_ago_ms: self.last_saved_ms.map(|saved| now.mono_ms.saturating_sub(saved)),
            open_files: self.roster.open_files(),
            list_faults: self.groups.iter().map(|group| group.faults).sum(),
        }
    }

    fn view(&self, tail: &Tail, now: Now) -> FileView {
        let entry = self.checkpoint.entries().get(&tail.lineage);
        let view = FileView {
            path: PathBuf::from(&tail.path),
            lineage: Some(tail.lineage),
            settled: tail.ledger.mark(),
            read_to: tail.head.offset,
            size: tail.size.max(tail.head.offset).max(self.listed_size(tail)),
            unterminated_bytes: tail.waiting,
            skips: tail.head.skips,
            state: self.state_of(tail),
            ..view_of(entry)
        };
        let is_behind = view.bytes_behind() > view.unterminated_bytes;
        let wall_ms = u64::try_from(now.wall_ms).unwrap_or(0);
        let age = tail.head.last_time.map_or(0, |time| wall_ms.saturating_sub(time.millis()));
        FileView { lag_ms: if is_behind { age } else { 0 }, ..view }
    }

    /// The size of its plain files in the last listing.
    fn listed_size(&self, tail: &Tail) -> u64 {
        let files = tail.members.iter().filter_map(|file| self.roster.catalog.get(*file));
        files.filter(|seen| !seen.name.compressed).map(|seen| seen.stat.size).max().unwrap_or(0)
    }

    fn state_of(&self, tail: &Tail) -> FileState {
        let is_failing = |file: &crate::discover::FileId| {
            self.roster.catalog.get(*file).is_some_and(|seen| seen.retry_ms > 0)
        };
        match tail.paused {
            Some(paused) => FileState::Paused { since_ms: paused.since_ms },
            None if tail.finished => FileState::Finished,
            None if tail.members.is_empty() => FileState::Missing,
            None if tail.members.iter().all(is_failing) => FileState::Failing,
            None => FileState::Following,
        }
    }
}

/// The same of a saved checkpoint, where no shipper runs to be asked.
pub fn of_checkpoint(checkpoint: &Checkpoint) -> Vec<FileView> {
    let entries = checkpoint.entries().iter();
    entries.map(|(lineage, entry)| FileView { lineage: Some(*lineage), ..view_of(Some(entry)) }).collect()
}

fn view_of(entry: Option<&Entry>) -> FileView {
    let unknown = Entry::default();
    let entry = entry.unwrap_or(&unknown);
    FileView {
        path: String::from_utf8_lossy(&entry.hint.path).into_owned().into(),
        lineage: None,
        generation: entry.generation,
        settled: entry.place.offset,
        read_to: entry.place.offset,
        size: entry.size.max(entry.place.offset),
        unterminated_bytes: 0,
        lag_ms: 0,
        skips: entry.place.skips,
        stored: entry.stored,
        refused: entry.refused,
        hole: entry.hole,
        state: if entry.finished { FileState::Finished } else { FileState::Unknown },
    }
}
