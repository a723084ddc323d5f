//! What listings change for those who are followed: what is gone, what cannot grow any more, what is forgotten.
//! It reads no bytes.

use crate::checkpoint::Hole;
use crate::discover::{FileId, Standing};
use crate::limits::{HURRY_FILES_PER_MILLI, RESCAN_FILES_PER_MILLI};
use crate::mistake::{self, Mistake};
use crate::notice::Notice;
use crate::ports::{Now, World};
use crate::pump::Pump;
use crate::span::TailId;

/// How the listings of one group go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupWatch {
    /// The hash of its name: state belongs to it.
    pub key: u64,
    pub next_ms: u64,
    /// When it was last listed, and how many files that showed.
    listed_ms: u64,
    files: u64,
    /// Listings so far, and those without a fault.
    pub listings: u64,
    pub complete: u64,
    /// The last one had a fault.
    pub faults: u64,
}

impl GroupWatch {
    pub const fn new(key: u64) -> GroupWatch {
        GroupWatch { key, next_ms: 0, listed_ms: 0, files: 0, listings: 0, complete: 0, faults: 0 }
    }
}

impl Pump {
    /// Lists one group when it is due; answers whether it did.
    pub(crate) fn list(&mut self, now: Now, world: &mut dyn World) -> bool {
        if world.hint() {
            self.hurry(now);
        }
        let due = self.groups.iter().position(|group| group.next_ms <= now.mono_ms);
        let Some(group) = due else { return false };
        let listing = world.list(group);
        // The first listing only, also where it had faults: what a later one shows may have come since, and to ship what
        // was there before is a lesser evil than to leave out what came.
        let is_first =
            self.is_first_start && self.groups[group].listings == 0 || mistake::is(Mistake::AlwaysAtTheEnd);
        self.notices.extend(listing.faults.iter().map(|(_, fault)| Notice::List(*fault)));
        let watch = &mut self.groups[group];
        watch.files = listing.files.len() as u64;
        watch.listed_ms = now.mono_ms;
        watch.next_ms = now.mono_ms + self.config.limits.rescan_ms + watch.files / RESCAN_FILES_PER_MILLI;
        watch.listings += 1;
        watch.faults = listing.faults.len() as u64;
        let config = &self.config.groups[group];
        let start_at_end = is_first && config.start_at_end;
        let changes = self.roster.catalog.update(group, listing, config.sole.as_ref(), now.mono_ms);
        watch.complete += u64::from(changes.complete);
        for file in changes.gone {
            self.gone(file);
        }
        self.ask_for(group, changes.appeared, start_at_end);
        self.refresh(group);
        true
    }

    /// Something changed: every group is listed soon.
    pub(crate) fn hurry(&mut self, now: Now) {
        let soon = self.config.limits.idle_ms.min(self.config.limits.rescan_ms);
        for group in &mut self.groups {
            let soon = soon + group.files / HURRY_FILES_PER_MILLI;
            let due = if group.listings == 0 { 0 } else { group.listed_ms + soon };
            group.next_ms = group.next_ms.min(now.mono_ms.max(due));
        }
    }

    /// Queues files to be recognised, oldest sibling first.
    fn ask_for(&mut self, group: usize, mut appeared: Vec<FileId>, first: bool) {
        let catalog = &mut self.roster.catalog;
        if first {
            for file in &appeared {
                if let Some(seen) = catalog.get_mut(*file) {
                    seen.first = true;
                }
            }
        }
        // A listing answers with all of its group that are still unknown, so what was queued of it comes again.
        self.unknown.retain(|file| catalog.get(*file).is_some_and(|seen| seen.group != group));
        appeared.sort_by_cached_key(|file| {
            catalog.get(*file).map(|seen| (seen.name.stem, seen.name.age.clone(), seen.name.compressed))
        });
        self.unknown.extend(appeared);
    }

    /// Tails whose files changed have something to read.
    fn refresh(&mut self, group: usize) {
        let changed: Vec<TailId> = self
            .roster
            .catalog
            .iter()
            .filter(|(_, seen)| seen.group == group && !seen.is_exhausted())
            .filter_map(|(_, seen)| match seen.standing {
                Standing::Member(tail) => Some(tail),
                _ => None,
            })
            .collect();
        for tail in changed {
            self.roster.enqueue(tail);
        }
    }

    /// No name leads to it any more. An open handle still does.
    fn gone(&mut self, file: FileId) {
        let Some(seen) = self.roster.catalog.get(file) else { return };
        let Standing::Member(id) = seen.standing else {
            self.roster.catalog.remove(file);
            return;
        };
        let is_open =
            self.roster.get(id).is_some_and(|tail| tail.open.as_ref().is_some_and(|open| open.file == file));
        if is_open {
            // It may have grown since it was read to its end, and be passed over for an archive that is damaged.
            self.look_again(id, file);
        } else {
            self.leave(id, file);
        }
    }

    pub(crate) fn leave(&mut self, id: TailId, file: FileId) {
        if let Some(tail) = self.roster.get_mut(id) {
            tail.leave(file);
        }
        self.roster.catalog.remove(file);
    }

    /// What time alone changes: ends of files that cannot grow, lineages without files, state to be dropped.
    pub(crate) fn watch(&mut self, now: Now, world: &mut dyn World) {
        if now.mono_ms < self.next_watch_ms {
            return;
        }
        let followed = self.checkpoint.entries().len() as u64;
        self.next_watch_ms = now.mono_ms + self.config.limits.idle_ms + followed / HURRY_FILES_PER_MILLI;
        for id in self.roster.ids() {
            self.watch_one(id, now, world);
        }
    }

    fn watch_one(&mut self, id: TailId, now: Now, world: &mut dyn World) {
        let Some(tail) = self.roster.get(id) else { return };
        let Some(file) = tail.open.as_ref().map(|open| open.file).or(tail.members.first().copied()) else {
            return self.orphan(id, now);
        };
        let Some(seen) = self.roster.catalog.get(file) else { return };
        if !seen.is_exhausted() {
            if seen.retry_ms <= now.mono_ms && !tail.queued {
                self.roster.enqueue(id);
            }
            return;
        }
        if !self.is_final(file, now) {
            if seen.gone {
                self.look_again(id, file);
            }
            return;
        }
        if tail.waiting > 0 && !tail.finished {
            return self.look_again(id, file);
        }
        // Whether there is more nobody can say where the handle does not: another time.
        match self.has_grown_nameless(id, world) {
            Ok(true) => return self.roster.enqueue(id),
            Ok(false) => {}
            Err(_) => return,
        }
        self.finish(id, file, world);
    }

    /// Visits the end of a file again: nothing lists it any more, or what waits there is now a line.
    fn look_again(&mut self, id: TailId, file: FileId) {
        if let Some(seen) = self.roster.catalog.get_mut(file) {
            seen.exhausted = None;
        }
        self.roster.enqueue(id);
    }

    /// Read to an end that cannot grow.
    pub(crate) fn finish(&mut self, id: TailId, file: FileId, world: &mut dyn World) {
        let Some((tail, catalog)) = self.roster.split(id) else { return };
        tail.finished = true;
        let entry = self.checkpoint.get_mut(tail.lineage).expect("every tail has its entry");
        // Said in the state only when every line of it is settled: a finished archive is not unpacked again after a
        // restart, and a line under way would be lost (P1, P2). Until then each look comes here again.
        if tail.ledger.is_settled() && !entry.finished {
            entry.finished = true;
            self.dirty = true;
        }
        let is_gone = catalog.get(file).is_some_and(|seen| seen.gone);
        if tail.open.is_some() {
            self.roster.close(id, world);
        }
        if is_gone {
            self.leave(id, file);
        }
    }

    /// It has no file. After a while that is a hole, after a long while it is forgotten.
    fn orphan(&mut self, id: TailId, now: Now) {
        let limits = self.config.limits;
        let Some(tail) = self.roster.get_mut(id) else { return };
        // Where its configuration entry is gone, or has another name now, every entry may show it.
        let group = tail.group;
        let since = *tail.orphan_since_ms.get_or_insert(now.mono_ms);
        // What a faulty listing does not show is not gone.
        let is_blind = |watch: &GroupWatch| watch.faults > 0 || watch.complete == 0;
        let watches = self.groups.iter().enumerate().filter(|(at, _)| group.is_none_or(|group| group == *at));
        if watches.map(|(_, watch)| watch).any(is_blind) {
            tail.orphan_since_ms = Some(now.mono_ms);
            return;
        }
        let entry = self.checkpoint.get_mut(tail.lineage).expect("every tail has its entry");
        let waited = now.mono_ms.saturating_sub(since);
        if waited >= limits.orphan_ms
            && entry.hole.is_none()
            && !tail.finished
            && !mistake::is(Mistake::HolePassedOver)
        {
            let unread = tail.size.saturating_sub(tail.head.offset);
            let unread = if mistake::is(Mistake::HoleOverstated) { tail.size } else { unread };
            let len = (unread > 0).then_some(unread);
            entry.hole = Some(Hole { from: tail.head.offset, len });
            self.notices.push(Notice::Hole(len));
            self.dirty = true;
        }
        // An entry that was taken out may come back, and must find its place: only a listing of its own forgets it.
        if group.is_some() && waited >= limits.forget_ms && tail.ledger.is_settled() {
            let (lineage, stem) = (tail.lineage, entry.stem);
            let gone = self.roster.remove(id, stem).expect("it was just there");
            self.totals.lines.add(&gone.lines);
            self.checkpoint.forget(lineage);
            self.notices.push(Notice::Forgotten);
            self.dirty = true;
        }
    }
}
