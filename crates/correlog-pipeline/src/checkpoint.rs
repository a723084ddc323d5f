//! What is known about every lineage, and how it changes: by deltas that chain, or not at all.
//!
//! It has no file and no format: see `store` and `codec`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::beginning::Beginning;
use crate::ledger::Delta;
use crate::limits::FORGOTTEN_MAX;
use crate::place::Place;
use crate::span::Lineage;

/// The first non-blank line of a file, capped: what it is recognised by under any name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Fingerprint {
    /// Where the first non-blank line starts.
    pub at: u64,
    /// Its hashed length, at most `FINGERPRINT_MAX_BYTES`.
    pub len: u32,
    pub hash: [u8; 16],
}

/// The name that all siblings of a rotation share, as its hash: (directory, stem).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct StemKey(pub [u8; 16]);

/// Where and as what the file was seen last: for people, and to spare a finished compressed file being inflated
/// again at every start. Nothing is read on for a hint's sake.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hint {
    pub path: Vec<u8>,
    pub device: u64,
    pub inode: u64,
    pub born_ns: Option<i64>,
    /// As it is stored, compressed or not.
    pub size: u64,
    pub modified_ns: i64,
}

/// A place whose following bytes could not be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hole {
    pub from: u64,
    /// `None`: length unknown, possibly nothing.
    pub len: Option<u64>,
}

/// All that is kept about one lineage.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    pub stem: StemKey,
    pub fingerprint: Fingerprint,
    /// 0 for the first file with this first line under this stem, then 1, 2 … oldest first.
    pub generation: u32,
    /// The hash of the configuration entry's name, which says whose complete listings may forget it.
    pub group: u64,
    pub place: Place,
    /// Tells a copy that is shorter than what was read from a new generation.
    pub beginning: Arc<Beginning>,
    pub hint: Hint,
    /// The largest size seen, in decompressed bytes; tells how long a hole is when the file is gone.
    pub size: u64,
    /// It was read to an end that could not grow any more.
    pub finished: bool,
    pub hole: Option<Hole>,
    /// Lines refused so far, and documents stored: for people.
    pub refused: u64,
    pub stored: u64,
}

impl Entry {
    /// Nothing of it is left to do: it was read to an end that cannot grow, and all that was read is settled. What
    /// was only read is read again after a restart.
    pub const fn is_finished(&self) -> bool {
        self.finished && self.place.offset >= self.size
    }
}

/// A delta that does not start where the lineage stands. Nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Broken {
    pub stands: Option<u64>,
    pub from: u64,
    pub to: u64,
}

/// What all generations of one first line under one stem share.
pub type Family = (StemKey, [u8; 16]);

/// A first line whose files were forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forgotten {
    /// The generation that a new file with this first line gets: numbers are not given twice.
    pub next: u32,
    /// The sequence of the checkpoint when it was forgotten; the oldest are dropped beyond `FORGOTTEN_MAX`.
    pub since: u64,
}

/// Everything the state directory keeps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Checkpoint {
    /// Grows with every save; the newest whole slot wins.
    pub sequence: u64,
    entries: BTreeMap<Lineage, Entry>,
    forgotten: BTreeMap<Family, Forgotten>,
    /// The living lineages of each family, by generation. Follows from `entries`; not saved.
    families: BTreeMap<Family, Vec<Lineage>>,
}

impl Checkpoint {
    /// Moves the mark of a lineage.
    ///
    /// # Errors
    /// When the delta does not start exactly where the lineage stands or does not go forward (P3).
    pub fn apply(&mut self, lineage: Lineage, delta: &Delta) -> Result<(), Broken> {
        let entry = self.entries.get_mut(&lineage);
        let stands = entry.as_ref().map(|entry| entry.place.offset);
        let broken = Broken { stands, from: delta.from, to: delta.to.offset };
        let entry = entry.ok_or(broken)?;
        if entry.place.offset != delta.from || delta.to.offset <= delta.from {
            return Err(broken);
        }
        entry.place = delta.to;
        Ok(())
    }

    pub const fn entries(&self) -> &BTreeMap<Lineage, Entry> {
        &self.entries
    }

    pub const fn forgotten(&self) -> &BTreeMap<Family, Forgotten> {
        &self.forgotten
    }

    pub fn get_mut(&mut self, lineage: Lineage) -> Option<&mut Entry> {
        self.entries.get_mut(&lineage)
    }

    /// The lineages with this stem and first line, oldest generation first.
    pub fn family(&self, family: Family) -> &[Lineage] {
        self.families.get(&family).map_or(&[], Vec::as_slice)
    }

    /// The number a new generation of this first line gets.
    pub fn next_generation(&self, family: Family) -> u32 {
        let forgotten = self.forgotten.get(&family).map_or(0, |forgotten| forgotten.next);
        let newest = self.family(family).last().and_then(|lineage| self.entries.get(lineage));
        forgotten.max(newest.map_or(0, |entry| entry.generation.saturating_add(1)))
    }

    /// Starts to keep a lineage. One that is there already stays as it is.
    pub fn insert(&mut self, lineage: Lineage, entry: Entry) {
        let family = (entry.stem, entry.fingerprint.hash);
        let generation = entry.generation;
        if self.entries.contains_key(&lineage) {
            return;
        }
        self.entries.insert(lineage, entry);
        let members = self.families.entry(family).or_default();
        let entries = &self.entries;
        let at = members.partition_point(|member| entries[member].generation < generation);
        members.insert(at, lineage);
    }

    /// Drops a lineage and keeps only what stops its number from being given again.
    pub fn forget(&mut self, lineage: Lineage) {
        let Some(entry) = self.entries.remove(&lineage) else { return };
        let family = (entry.stem, entry.fingerprint.hash);
        if let Some(members) = self.families.get_mut(&family) {
            members.retain(|member| *member != lineage);
            if members.is_empty() {
                self.families.remove(&family);
            }
        }
        self.remember(family, Forgotten { next: entry.generation.saturating_add(1), since: self.sequence });
    }

    pub(crate) fn remember(&mut self, family: Family, forgotten: Forgotten) {
        let kept = self.forgotten.entry(family).or_insert(forgotten);
        *kept = Forgotten { next: kept.next.max(forgotten.next), since: forgotten.since };
        if self.forgotten.len() > FORGOTTEN_MAX {
            let oldest = self.forgotten.iter().min_by_key(|(_, forgotten)| forgotten.since);
            let oldest = oldest.map(|(family, _)| *family).expect("it has more than its limit");
            self.forgotten.remove(&oldest);
        }
    }
}
