//! Who reads next, from which file: the queue of tails, and their open files. What is read is the tail's.

use crate::discover::{FileId, Standing};
use crate::feed::Feed;
use crate::notice::Notice;
use crate::ports::{FileFault, Now, World};
use crate::pump::Pump;
use crate::source::ReadFault;
use crate::span::TailId;
use crate::tail::{Open, Paused, Visit, Visited};

impl Pump {
    /// Reads blocks in turn until the turn's share is used up; answers whether there is more to do at once.
    pub(crate) fn read(&mut self, now: Now, world: &mut dyn World) -> bool {
        let mut budget = self.config.limits.turn_read_bytes as u64;
        let mut visits = 0;
        for _ in 0..self.roster.queued() {
            if budget == 0 || self.has_no_room() {
                break;
            }
            let Some(id) = self.roster.dequeue() else { break };
            if self.must_wait(id, now) {
                self.roster.enqueue(id);
                continue;
            }
            visits += 1;
            budget = budget.saturating_sub(self.visit(id, now, world).max(1 << 10));
        }
        visits > 0
    }

    /// As many bytes are read and not settled as may be (P6).
    fn has_no_room(&self) -> bool {
        self.delivery.held_bytes() + self.config.limits.block_bytes > self.config.limits.in_flight_bytes
    }

    fn must_wait(&self, id: TailId, now: Now) -> bool {
        let Some(tail) = self.roster.get(id) else { return false };
        if tail.paused.is_some_and(|paused| now.mono_ms < paused.until_ms) {
            return true;
        }
        let stem = self.checkpoint.entries().get(&tail.lineage).map(|entry| entry.stem);
        stem.is_some_and(|stem| self.roster.waits_for_older(id, stem))
    }

    /// Room was made: whoever found none tries again.
    pub(crate) fn unpause(&mut self, now: Now) {
        for id in self.roster.ids() {
            if let Some(tail) = self.roster.get_mut(id)
                && let Some(paused) = &mut tail.paused
            {
                paused.until_ms = now.mono_ms;
            }
        }
    }

    /// One visit of one tail; answers the bytes it read.
    fn visit(&mut self, id: TailId, now: Now, world: &mut dyn World) -> u64 {
        let Some(tail) = self.roster.get(id) else { return 0 };
        let Some(file) = self.roster.readable(tail, now.mono_ms) else { return 0 };
        if let Err(fault) = self.open_for(id, file, world) {
            self.failed(id, file, fault, now, world);
            return 0;
        }
        let is_final = self.is_final(file, now);
        let mut buffer = std::mem::take(&mut self.buffer);
        let tail = self.roster.get_mut(id).expect("it was just there");
        let Some(group) = tail.group else { return 0 };
        let (desk, delivery) = (&mut self.desk, &mut self.delivery);
        let mut feed = Feed { now, group, config: &self.config.groups[group], desk, delivery };
        let limits = &self.config.limits;
        let mut visit = Visit { files: world, outlet: &mut feed, limits, buffer: &mut buffer, is_final };
        let outcome = tail.visit(&mut visit);
        let (lineage, prefix, size) = (tail.lineage, tail.prefix, tail.size);
        self.buffer = buffer;
        self.totals.bytes_read += outcome.bytes;
        let entry = self.checkpoint.get_mut(lineage).expect("every tail has its entry");
        (entry.prefix, entry.size) = (prefix, size);
        if let Some(delta) = outcome.delta {
            self.advance(lineage, &delta);
        }
        self.conclude(id, file, outcome.visited, now, world);
        outcome.bytes
    }

    fn conclude(&mut self, id: TailId, file: FileId, visited: Visited, now: Now, world: &mut dyn World) {
        let Some((tail, catalog)) = self.roster.split(id) else { return };
        let Some(seen) = catalog.get_mut(file) else { return };
        tail.paused = None;
        match visited {
            Visited::More => self.roster.enqueue(id),
            Visited::End { stat, waiting } => {
                if !crate::discover::same_content(&seen.stat, &stat) {
                    seen.changed_ms = now.mono_ms;
                }
                seen.stat = stat;
                seen.exhausted = Some(stat);
                tail.waiting = waiting;
                tail.finished = false;
                // Another of its files may have more.
                if tail.members.len() > 1 {
                    self.roster.enqueue(id);
                }
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

    /// The file holds something else now: the lineage goes on in its other files, and the file is recognised anew.
    fn rewritten(&mut self, id: TailId, file: FileId, now: Now, world: &mut dyn World) {
        self.notices.push(Notice::Rewritten);
        self.roster.close(id, world);
        let Some((tail, catalog)) = self.roster.split(id) else { return };
        tail.members.retain(|member| *member != file);
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
        self.roster.close(id, world);
        self.fault(file, fault, now);
        if fault == ReadFault::File(FileFault::Gone) {
            self.hurry(now);
        }
        // It is queued again by the next listing, or by `watch` when its pause is over.
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
        self.roster.close(id, world);
        let (source, _) = self.open_file(file, world)?;
        let used = self.roster.used(id, None);
        let tail = self.roster.get_mut(id).expect("it was just there");
        tail.open = Some(Open::new(file, source, used));
        Ok(())
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
