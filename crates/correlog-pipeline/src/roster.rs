//! Who is followed: files, tails, and the ways to find one from the other. It reads nothing and decides nothing.

use std::collections::{BTreeMap, VecDeque};

use crate::checkpoint::{Entry, StemKey};
use crate::discover::{Catalog, FileId, Seen};
use crate::lineage::Age;
use crate::ports::{Files, Role};
use crate::span::{Lineage, TailId};
use crate::tail::Tail;

#[derive(Debug, Default)]
pub struct Roster {
    pub catalog: Catalog,
    /// By number; a forgotten one leaves its place empty, because numbers are never reused.
    tails: Vec<Option<Box<Tail>>>,
    by_lineage: BTreeMap<Lineage, TailId>,
    by_stem: BTreeMap<StemKey, Vec<TailId>>,
    /// Tails that may have something to read, each once, in turn.
    queue: VecDeque<TailId>,
    /// Tails with an open file, by last use.
    open: BTreeMap<u64, TailId>,
    uses: u64,
}

impl Roster {
    pub fn get(&self, id: TailId) -> Option<&Tail> {
        self.tails.get(id.0 as usize)?.as_deref()
    }

    pub fn get_mut(&mut self, id: TailId) -> Option<&mut Tail> {
        self.tails.get_mut(id.0 as usize)?.as_deref_mut()
    }

    /// A tail with the files that may carry it, both to be changed.
    pub fn split(&mut self, id: TailId) -> Option<(&mut Tail, &mut Catalog)> {
        let tail = self.tails.get_mut(id.0 as usize)?.as_deref_mut()?;
        Some((tail, &mut self.catalog))
    }

    pub fn tails(&self) -> impl Iterator<Item = &Tail> {
        self.tails.iter().filter_map(Option::as_deref)
    }

    pub fn ids(&self) -> impl Iterator<Item = TailId> + use<> {
        (0..u32::try_from(self.tails.len()).unwrap_or(u32::MAX)).map(TailId)
    }

    pub fn by_lineage(&self, lineage: Lineage) -> Option<TailId> {
        self.by_lineage.get(&lineage).copied()
    }

    /// Starts to follow a lineage.
    pub fn add(&mut self, lineage: Lineage, entry: &Entry, group: Option<usize>) -> TailId {
        let id = TailId(u32::try_from(self.tails.len()).expect("four billion lineages in one process life"));
        self.tails.push(Some(Box::new(Tail::new(id, lineage, entry, group))));
        self.by_lineage.insert(lineage, id);
        self.by_stem.entry(entry.stem).or_default().push(id);
        id
    }

    /// Stops to follow it; its file must be closed.
    pub fn remove(&mut self, id: TailId, stem: StemKey) -> Option<Box<Tail>> {
        let tail = self.tails.get_mut(id.0 as usize)?.take()?;
        assert!(tail.open.is_none() && tail.members.is_empty(), "what is forgotten has no file");
        self.by_lineage.remove(&tail.lineage);
        if let Some(siblings) = self.by_stem.get_mut(&stem) {
            siblings.retain(|sibling| *sibling != id);
            if siblings.is_empty() {
                self.by_stem.remove(&stem);
            }
        }
        Some(tail)
    }

    // ------------------------------------------------------------ the queue

    pub fn enqueue(&mut self, id: TailId) {
        let Some(tail) = self.get_mut(id) else { return };
        if !tail.queued {
            tail.queued = true;
            self.queue.push_back(id);
        }
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    pub fn dequeue(&mut self) -> Option<TailId> {
        while let Some(id) = self.queue.pop_front() {
            if let Some(tail) = self.get_mut(id) {
                tail.queued = false;
                return Some(id);
            }
        }
        None
    }

    /// An older sibling still has something to read: it goes first.
    pub fn waits_for_older(&self, id: TailId, stem: StemKey) -> bool {
        let Some(siblings) = self.by_stem.get(&stem).filter(|siblings| siblings.len() > 1) else {
            return false;
        };
        let Some(own) = self.get(id).and_then(|tail| self.age(tail)) else { return false };
        siblings.iter().filter(|sibling| **sibling != id).any(|sibling| {
            // One that has no room, because its index is parked, holds nobody up.
            let older = self.get(*sibling).filter(|tail| tail.queued && tail.paused.is_none());
            older.and_then(|tail| self.age(tail)).is_some_and(|age| age < own)
        })
    }

    /// The newest name that a lineage goes by.
    fn age(&self, tail: &Tail) -> Option<&Age> {
        tail.members.iter().filter_map(|file| self.catalog.get(*file)).map(|seen| &seen.name.age).max()
    }

    // ------------------------------------------------------------ files of a tail

    /// The file to read from: the one that is open as long as it has more, else the first that has.
    pub fn readable(&self, tail: &Tail, now_ms: u64) -> Option<FileId> {
        let has_more = |file: &FileId| {
            self.catalog.get(*file).is_some_and(|seen| !seen.is_exhausted() && seen.retry_ms <= now_ms)
        };
        let open = tail.open.as_ref().map(|open| open.file);
        // Its handle may be all that leads to bytes nobody has read: a fault there is waited for, not passed by.
        let is_unread = |file: &FileId| self.catalog.get(*file).is_some_and(|seen| !seen.is_exhausted());
        if let Some(open) = open.filter(is_unread) {
            return has_more(&open).then_some(open);
        }
        let listed = |file: &FileId| self.catalog.get(*file).is_some_and(|seen| !seen.gone);
        tail.members.iter().copied().find(|file| listed(file) && has_more(file))
    }

    /// Puts the files of a tail into the order in which they are tried: live, plain, compressed.
    pub fn order_members(&mut self, id: TailId) {
        let Some((tail, catalog)) = self.split(id) else { return };
        let rank = |file: &FileId| {
            catalog.get(*file).map(|seen: &Seen| (seen.name.compressed, seen.role == Role::Rotated, *file))
        };
        tail.members.sort_by_key(rank);
        tail.members.dedup();
    }

    // ------------------------------------------------------------ handles

    pub fn open_files(&self) -> usize {
        self.open.len()
    }

    /// Notes that the tail's file was just used; answers the number to keep with it.
    pub fn used(&mut self, id: TailId, before: Option<u64>) -> u64 {
        if let Some(before) = before {
            self.open.remove(&before);
        }
        self.uses += 1;
        self.open.insert(self.uses, id);
        self.uses
    }

    /// Tails whose open file is being unpacked, the coldest first.
    pub fn inflaters(&self) -> impl Iterator<Item = &Tail> {
        let tails = self.open.values().filter_map(|id| self.get(*id));
        tails.filter(|tail| tail.open.as_ref().is_some_and(|open| open.source.is_compressed()))
    }

    pub fn close(&mut self, id: TailId, files: &mut dyn Files) {
        let Some(tail) = self.get_mut(id) else { return };
        if let Some(open) = tail.open.take() {
            open.source.close(files);
            self.open.remove(&open.used);
        }
    }

    /// Closes the handle that was used longest ago, never one of a file that no name leads to any more. False when
    /// there is none.
    pub fn close_coldest(&mut self, files: &mut dyn Files) -> bool {
        let mut can_reopen = |id: &TailId| {
            let open = self.get(*id).and_then(|tail| tail.open.as_ref());
            open.is_none_or(|open| {
                let is_listed = self.catalog.get(open.file).is_some_and(|seen| !seen.gone);
                is_listed && open.source.stat(files).is_ok_and(|stat| stat.links > 0)
            })
        };
        let Some(coldest) = self.open.values().copied().find(|id| can_reopen(id)) else { return false };
        self.close(coldest, files);
        true
    }
}
