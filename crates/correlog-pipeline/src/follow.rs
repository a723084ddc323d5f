//! Who reads next, from which file: the queue of tails, and their open files. What is read is the tail's.

use crate::checkpoint::Hole;
use crate::discover::{FileId, Seen, Standing, same_content};
use crate::feed::Feed;
use crate::inflate::Damage;
use crate::mistake::{self, Mistake};
use crate::notice::Notice;
use crate::ports::{FileFault, Now, Stat, World};
use crate::pump::Pump;
use crate::recognise;
use crate::source::{ReadFault, Source};
use crate::span::TailId;
use crate::tail::{Paused, Tail};
use crate::visit::{Open, Visit, Visited};

impl Pump {
    /// Reads blocks in turn until the turn's share is used up; answers whether there is more to do at once.
    pub(crate) fn read(&mut self, now: Now, world: &mut dyn World) -> bool {
        let mut budget = self.config.limits.turn_read_bytes as u64;
        let mut is_busy = false;
        for _ in 0..self.roster.queued() {
            if budget == 0 || self.has_no_room() {
                break;
            }
            let Some(id) = self.roster.dequeue() else { break };
            if self.must_wait(id, now) {
                self.roster.enqueue(id);
                continue;
            }
            let (bytes, has_more) = self.visit(id, now, world);
            is_busy |= has_more;
            budget = budget.saturating_sub(bytes.max(1 << 10));
        }
        is_busy
    }

    /// As many bytes are read and not settled as may be (P6).
    fn has_no_room(&self) -> bool {
        let held = self.delivery.held_bytes();
        held > 0
            && !mistake::is(Mistake::BudgetIgnored)
            && held + self.config.limits.block_bytes > self.config.limits.in_flight_bytes
    }

    fn must_wait(&self, id: TailId, now: Now) -> bool {
        let Some(tail) = self.roster.get(id) else { return false };
        // Room that was made since counts for everyone; a parked index may have none for a while yet.
        let waits = |paused: Paused| now.mono_ms < paused.until_ms && self.last_settled_ms <= paused.since_ms;
        if tail.paused.is_some_and(waits) {
            return true;
        }
        self.waits_for_older(tail)
    }

    /// An older sibling goes first, but a file without a name is read while there is a handle.
    fn waits_for_older(&self, tail: &Tail) -> bool {
        let open = tail.open.as_ref().and_then(|open| self.roster.catalog.get(open.file));
        let stem = self.checkpoint.entries().get(&tail.lineage).map(|entry| entry.stem);
        !open.is_some_and(|seen| seen.gone)
            && stem.is_some_and(|stem| self.roster.waits_for_older(tail.id, stem))
    }

    /// One visit of one tail; answers the bytes it read, and whether there is more to do at once.
    fn visit(&mut self, id: TailId, now: Now, world: &mut dyn World) -> (u64, bool) {
        let Some(tail) = self.roster.get(id) else { return (0, false) };
        let Some(mut file) = self.roster.readable(tail, now.mono_ms) else { return (0, false) };
        if let Some(open) = tail.open.as_ref().map(|open| open.file).filter(|open| *open != file) {
            match self.has_grown_nameless(id, world) {
                Ok(true) => file = open,
                Ok(false) => {}
                Err(fault) => {
                    self.fault(file, fault, now);
                    return (0, false);
                }
            }
        }
        if mistake::is(Mistake::RotatedTailDropped) && self.roster.catalog.drop_rotated(file) {
            return (0, false);
        }
        if !self.has_inflater_for(id, file, world) {
            self.roster.enqueue(id);
            return (0, false);
        }
        if let Err(fault) = self.open_for(id, file, world) {
            self.failed(id, file, fault, now, world);
            return (0, false);
        }
        let is_final = self.is_final(file, now);
        let mut buffer = std::mem::take(&mut self.buffer);
        let tail = self.roster.get_mut(id).expect("it was just there");
        let Some(group) = tail.group else { return (0, false) };
        let (desk, delivery) = (&mut self.desk, &mut self.delivery);
        let mut feed = Feed { now, group, config: &self.config.groups[group], desk, delivery };
        let limits = &self.config.limits;
        let mut visit = Visit { files: world, outlet: &mut feed, limits, buffer: &mut buffer, is_final };
        let outcome = tail.visit(&mut visit);
        let (lineage, size) = (tail.lineage, tail.size);
        self.buffer = buffer;
        self.totals.bytes_read += outcome.bytes;
        let entry = self.checkpoint.get_mut(lineage).expect("every tail has its entry");
        entry.size = size;
        if entry.beginning.prefix.len < tail.beginning.prefix.len {
            entry.beginning.clone_from(&tail.beginning);
        }
        if let Some(delta) = outcome.delta {
            self.advance(lineage, &delta);
        }
        self.conclude(id, file, outcome.visited, now, world);
        (outcome.bytes, outcome.visited == Visited::More)
    }

    /// Its open file has no name any more and grew since it was read to its end: the handle is all that leads there. A
    /// complete listing would have told; one with a fault tells nothing.
    pub(crate) fn has_grown_nameless(
        &mut self,
        id: TailId,
        world: &mut dyn World,
    ) -> Result<bool, ReadFault> {
        let Some((tail, catalog)) = self.roster.split(id) else { return Ok(false) };
        let Some(open) = &tail.open else { return Ok(false) };
        let Some(seen) = catalog.get_mut(open.file) else { return Ok(false) };
        let stat = open.source.stat(world)?;
        // Losing its name alone changes the change time.
        let is_read = |read: Stat| (read.size, read.modified_ns) == (stat.size, stat.modified_ns);
        if stat.links > 0 || seen.exhausted.is_some_and(is_read) {
            return Ok(false);
        }
        seen.exhausted = None;
        Ok(true)
    }

    /// Only so many archives are unpacked at once. One that is read to its present end, or has no room to go to,
    /// makes way and is unpacked again later.
    fn has_inflater_for(&mut self, id: TailId, file: FileId, world: &mut dyn World) -> bool {
        let is_compressed = self.roster.catalog.get(file).is_some_and(|seen| seen.name.compressed);
        let is_open =
            self.roster.get(id).is_some_and(|tail| tail.open.as_ref().is_some_and(|open| open.file == file));
        if !is_compressed || is_open || self.roster.inflaters().count() < self.config.limits.inflaters {
            return true;
        }
        // One that waits for an older sibling makes way too, or that sibling could wait for its place for ever.
        let mut makes_way = |tail: &&Tail| {
            let Some(open) = &tail.open else { return false };
            let is_idle =
                |seen: &Seen| tail.paused.is_some() || seen.is_exhausted() || self.waits_for_older(tail);
            let is_listed = |seen: &Seen| !seen.gone && is_idle(seen);
            self.roster.catalog.get(open.file).is_some_and(is_listed)
                && open.source.stat(world).is_ok_and(|stat| stat.links > 0)
        };
        let Some(idle) = self.roster.inflaters().find(&mut makes_way).map(|tail| tail.id) else {
            return false;
        };
        self.roster.close(idle, world);
        true
    }

    fn conclude(&mut self, id: TailId, file: FileId, visited: Visited, now: Now, world: &mut dyn World) {
        let Some((tail, catalog)) = self.roster.split(id) else { return };
        tail.paused = None;
        if let (Some(seen), false) = (catalog.get_mut(file), matches!(visited, Visited::Fault(_))) {
            seen.retry_ms = 0;
        }
        match visited {
            Visited::More => self.roster.enqueue(id),
            Visited::End { stat, waiting } => {
                tail.waiting = waiting;
                tail.finished = false;
                self.at_end(id, file, &stat, now, world);
            }
            Visited::Held => {
                let since_ms = now.mono_ms;
                tail.paused = Some(Paused { since_ms, until_ms: since_ms + self.config.limits.idle_ms });
                self.roster.enqueue(id);
            }
            Visited::Rewritten => self.rewritten(id, file, now, world),
            Visited::Fault(fault) => self.failed(id, file, fault, now, world),
        }
    }

    /// The file was read to its present end.
    fn at_end(&mut self, id: TailId, file: FileId, stat: &Stat, now: Now, world: &mut dyn World) {
        let is_final = self.is_final(file, now);
        let Some((tail, catalog)) = self.roster.split(id) else { return };
        let (Some(seen), Some(open)) = (catalog.get_mut(file), &tail.open) else { return };
        if !same_content(&seen.stat, stat) {
            seen.changed_ms = now.mono_ms;
        }
        if seen.gone && stat.links > 0 && !seen.is_out_of_reach {
            seen.is_out_of_reach = true;
            self.notices.push(Notice::OutOfReach);
        }
        seen.stat = *stat;
        seen.exhausted = Some(*stat);
        let cut = (open.source.is_cut() && is_final).then_some(Damage::Cut);
        let damage = open.source.damage().or(cut);
        let is_complete = open.source.is_complete();
        let entry = self.checkpoint.get_mut(tail.lineage).expect("every tail has its entry");
        entry.hint = recognise::hint(&seen.path, stat);
        if damage.is_some() && seen.damage != damage {
            seen.damage = damage;
            self.notices.extend(damage.map(Notice::Damaged));
            // With a wrong checksum all bytes were there, right or wrong; behind any other damage some are missing.
            if damage != Some(Damage::Checksum) {
                entry.hole = Some(Hole { from: tail.head.offset, len: None });
            }
            self.dirty = true;
        }
        // Another of its files may have more.
        if tail.members.len() > 1 {
            self.roster.enqueue(id);
        }
        if is_complete {
            self.finish(id, file, world);
        }
    }

    /// The file holds something else now: the lineage goes on in its other files, and the file is recognised anew.
    fn rewritten(&mut self, id: TailId, file: FileId, now: Now, world: &mut dyn World) {
        self.notices.push(Notice::Rewritten);
        self.roster.close(id, world);
        let Some((tail, catalog)) = self.roster.split(id) else { return };
        tail.leave(file);
        tail.overlong = None;
        catalog.renew(file);
        let lineage = tail.lineage;
        if let Some(seen) = catalog.get_mut(file) {
            seen.excluded.push(lineage);
            let is_gone = seen.gone;
            if is_gone {
                catalog.remove(file);
            }
        }
        self.unknown.push_back(file);
        // The copy that a truncation leaves may not be known yet.
        self.hurry(now);
        self.roster.enqueue(id);
    }

    /// Opening or reading failed.
    fn failed(&mut self, id: TailId, file: FileId, fault: ReadFault, now: Now, world: &mut dyn World) {
        // The handle is all that leads to a file without a name: a fault that may pass is no reason to lose it.
        let is_gone = self.roster.catalog.get(file).is_some_and(|seen| seen.gone);
        let open = self.roster.get(id).and_then(|tail| tail.open.as_ref()).filter(|open| open.file == file);
        match open.map(|open| (open.source.stat(world), open.is_verified())) {
            _ if is_gone => {}
            Some((Ok(stat), _)) if stat.links == 0 => {}
            // One of which nothing was read may be another file that has got the number.
            Some((Err(_), true)) => self.reopen(id, file, world),
            _ => self.roster.close(id, world),
        }
        self.fault(file, fault, now);
        if fault == ReadFault::File(FileFault::Gone) {
            self.hurry(now);
        }
        // It is queued again by the next listing, or by `watch` when its pause is over.
    }

    /// Whether its file still has a name the handle does not tell: it is given up for another one only.
    fn reopen(&mut self, id: TailId, file: FileId, world: &mut dyn World) {
        let Ok((source, _)) = self.open_file(file, world) else { return };
        self.roster.close(id, world);
        self.opened(id, file, source);
    }

    fn opened(&mut self, id: TailId, file: FileId, source: Source) {
        let used = self.roster.used(id, None);
        let tail = self.roster.get_mut(id).expect("it was just there");
        tail.open = Some(Open::new(file, source, used));
    }

    fn open_for(&mut self, id: TailId, file: FileId, world: &mut dyn World) -> Result<(), ReadFault> {
        let tail = self.roster.get(id).ok_or(FileFault::Gone)?;
        let before = tail.open.as_ref().map(|open| (open.file, open.used));
        if let Some((open, used)) = before
            && open == file
        {
            let used = self.roster.used(id, Some(used));
            if let Some(open) = self.roster.get_mut(id).and_then(|tail| tail.open.as_mut()) {
                open.used = used;
            }
            return Ok(());
        }
        self.put_away(id, world);
        let (source, _) = self.open_file(file, world)?;
        self.opened(id, file, source);
        Ok(())
    }

    /// Closes the file of a tail; one without a name cannot be opened again.
    fn put_away(&mut self, id: TailId, world: &mut dyn World) {
        let file = self.roster.get(id).and_then(|tail| tail.open.as_ref()).map(|open| open.file);
        self.roster.close(id, world);
        if let Some(file) = file.filter(|file| self.roster.catalog.get(*file).is_some_and(|seen| seen.gone)) {
            self.leave(id, file);
        }
    }

    /// The file cannot grow any more.
    pub(crate) fn is_final(&self, file: FileId, now: Now) -> bool {
        let Some(seen) = self.roster.catalog.get(file) else { return false };
        let grace = self.config.limits.grace_ms;
        seen.rotated_ms.is_some_and(|rotated| now.mono_ms >= rotated.max(seen.changed_ms) + grace)
    }

    /// Nothing that is followed has anything left to read, but unterminated lines.
    pub(crate) fn nothing_waits(&self) -> bool {
        self.roster.catalog.iter().all(|(_, seen)| match seen.standing {
            Standing::New { .. } => seen.gone,
            Standing::Young | Standing::Unfit(_) => true,
            Standing::Member(_) => seen.gone || seen.is_exhausted(),
        })
    }
}
