//! Delivery: every document ends stored, refused with its bytes, or waiting; never in doubt (P1, P4).
//!
//! Documents come in through `push`, positions go out through `turn` as `Settled`, and only a document's own parsed
//! item (or its synced place in the refused file) settles it. It knows no file that is tailed and no checkpoint.

pub mod batch;
pub mod reply;

pub mod judge;

pub mod lane;
pub mod pace;

pub mod counts;

mod indices;

mod audit;
mod receive;
mod second;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use self::batch::{Batch, Document};
use self::counts::{Counts, ParkedLane, Snapshot, Trouble};
use self::indices::Indices;
use self::judge::Block;
use self::lane::{Lane, Parked};
use self::pace::{Jitter, Pace, Wait};
use crate::limits;
use crate::ports::{Ask, Now, Outbound, Submission, Ticket};
use crate::refused::{Entry as RefusedEntry, RefusedFile};
use crate::span::Span;

/// What the operator may set.
#[derive(Clone, Debug)]
pub struct Options {
    pub concurrency_max: usize,
    pub batch_bytes: usize,
    /// All documents that are not settled, in body bytes.
    pub in_flight_bytes: usize,
    /// Indices one run may create, and two more for each day it lasts, as many as a day brings by itself; documents
    /// beyond them wait (`index.days_max`).
    pub new_indices_max: usize,
    /// Indices that were there at the start: they count for nothing.
    pub known_indices: BTreeSet<Arc<str>>,
    /// One request, from its start to the end of its reply.
    pub deadline_ms: u64,
    pub refused_max_bytes: u64,
    /// Where the jitter of the pauses comes from; any number.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency_max: limits::CONCURRENCY_MAX,
            batch_bytes: limits::BATCH_MAX_BYTES,
            in_flight_bytes: limits::IN_FLIGHT_MAX_BYTES,
            new_indices_max: limits::NEW_INDICES_MAX,
            known_indices: BTreeSet::new(),
            deadline_ms: limits::REQUEST_DEADLINE_MILLIS,
            refused_max_bytes: limits::REFUSED_MAX_BYTES,
            seed: 0,
        }
    }
}

/// A document's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settled {
    pub span: Span,
    pub fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Stored,
    /// Its bytes are in the refused file, synced.
    Refused,
}

/// The document was not taken; offer the same one again after a turn, and read no further in its file until then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// The whole budget is held.
    Full,
    /// Its lane is parked and holds its share.
    Parked,
}

/// A request under way.
#[derive(Debug)]
struct Flight {
    index: Arc<str>,
    ask: Ask,
    /// While `ask` is `Write` its body travels with the submission.
    batch: Batch,
    bytes: usize,
    submitted_ms: u64,
}

/// Nothing is sent before `until_ms`, and then one request as a probe, until one is answered.
#[derive(Debug, Default)]
struct Gate {
    trouble: Option<Trouble>,
    until_ms: u64,
    tries: u32,
}

/// Something that waits for its place in the refused file.
#[derive(Debug)]
struct Refusing {
    entry: RefusedEntry,
    settled: Settled,
}

/// The sending side. One owner, no locks: the pump calls `push` and `turn` in turn.
#[derive(Debug)]
pub struct Delivery {
    options: Options,
    lanes: BTreeMap<Arc<str>, Lane>,
    indices: Indices,
    flights: BTreeMap<Ticket, Flight>,
    next_ticket: u64,
    /// The lane served last; the next one in order comes first, so none starves.
    served: Option<Arc<str>>,
    pace: Pace,
    jitter: Jitter,
    gate: Gate,
    /// Whole answers so far.
    answered: u64,
    suspects: usize,
    refusing: Vec<Refusing>,
    refusing_bytes: usize,
    refused: RefusedFile,
    refused_retry_ms: u64,
    counts: Counts,
    held_documents: u64,
    /// Buffers of batches that are done with. Given back and asked for again they would leave gaps in the heap as large
    /// as themselves.
    spare: Vec<Batch>,
}

impl Delivery {
    pub fn new(options: Options) -> Self {
        Self {
            pace: Pace::new(options.concurrency_max, options.batch_bytes),
            jitter: Jitter::new(options.seed),
            refused: RefusedFile::new(options.refused_max_bytes),
            indices: Indices::new(options.known_indices.clone(), options.new_indices_max),
            options,
            lanes: BTreeMap::new(),
            flights: BTreeMap::new(),
            next_ticket: 0,
            served: None,
            gate: Gate::default(),
            answered: 0,
            suspects: 0,
            refusing: Vec::new(),
            refusing_bytes: 0,
            refused_retry_ms: 0,
            counts: Counts::default(),
            held_documents: 0,
            spare: Vec::new(),
        }
    }

    /// Takes a document, or says that it must wait. No allocation in steady state but the body's own growth.
    pub fn push(&mut self, now: Now, document: &Document<'_>) -> Result<(), Held> {
        if self.held_bytes() >= self.options.in_flight_bytes {
            return Err(Held::Full);
        }
        if !self.lanes.contains_key(document.index) {
            self.open_lane(now, document.index);
        }
        let share = self.options.in_flight_bytes / 4;
        let held_by_parked = || self.lanes.values().map(Lane::parked_bytes).sum::<usize>();
        let lane = self.lanes.get(document.index).expect("it was just made");
        match lane.parked {
            None if lane.bytes() < 3 * share => {}
            // An open lane leaves a quarter to the others, because it may be parked with all it holds.
            None => return Err(Held::Full),
            Some(_) if lane.bytes() < share && held_by_parked() < 2 * share => {}
            Some(_) => return Err(Held::Parked),
        }
        let lane = self.lanes.get_mut(document.index).expect("it is there");
        lane.push(document, now.mono_ms, self.pace.batch_bytes(), &mut self.spare);
        self.held_documents += 1;
        self.counts.documents_taken += 1;
        Ok(())
    }

    /// A lane for an index; one beyond the number of indices a run may create starts parked.
    fn open_lane(&mut self, now: Now, index: &str) {
        let name: Arc<str> = index.into();
        let mut lane = Lane::default();
        if !self.indices.may_write(now.mono_ms, &name) {
            let block = Block::TooManyIndices;
            lane.parked = Some(Parked { block, since_ms: now.mono_ms, until_ms: u64::MAX, tries: 1 });
        }
        self.lanes.insert(name, lane);
    }

    /// What waits for a new index goes on when the days have made room for one.
    fn admit(&mut self, now: Now) {
        let beyond = |lane: &Lane| matches!(lane.parked, Some(Parked { block: Block::TooManyIndices, .. }));
        let waiting: Vec<Arc<str>> =
            self.lanes.iter().filter(|(_, lane)| beyond(lane)).map(|(name, _)| name.clone()).collect();
        for name in waiting {
            if !self.indices.may_write(now.mono_ms, &name) {
                return;
            }
            self.lanes.get_mut(&name).expect("a name of the map").parked = None;
        }
    }

    /// A line that the encoder refused goes to the refused file and is settled when it is synced there.
    pub fn refuse(&mut self, span: Span, entry: RefusedEntry) -> Result<(), Held> {
        if self.held_bytes() >= self.options.in_flight_bytes {
            return Err(Held::Full);
        }
        self.held_documents += 1;
        self.counts.documents_taken += 1;
        self.enqueue_refusal(Refusing { entry, settled: Settled { span, fate: Fate::Refused } });
        Ok(())
    }

    /// One round: completions are judged, refusals written, old bodies closed, requests sent. Bounded work (P9): as
    /// many completions as requests can be under way, and what they carry.
    pub fn turn(&mut self, now: Now, world: &mut dyn Outbound, settled: &mut Vec<Settled>) {
        self.receive(now, world, settled);
        self.write_refusals(now, world, settled);
        let old = now.mono_ms.checked_sub(limits::BATCH_AGE_MAX_MILLIS);
        if let Some(opened_ms) = old {
            self.lanes.values_mut().for_each(|lane| lane.close_if_older(opened_ms));
        }
        self.admit(now);
        self.send(now, world);
        self.lanes.retain(|_, lane| !lane.is_idle());
    }

    /// Closes every body at once: nothing more will come soon.
    pub fn flush(&mut self) {
        self.lanes.values_mut().for_each(|lane| lane.close_if_older(u64::MAX));
    }

    /// Nothing waits and nothing is under way.
    pub const fn is_idle(&self) -> bool {
        self.held_documents == 0
    }

    /// Requests are under way.
    pub fn is_sending(&self) -> bool {
        !self.flights.is_empty()
    }

    /// Body bytes of all that is not settled.
    pub fn held_bytes(&self) -> usize {
        self.refusing_bytes + self.lanes.values().map(Lane::bytes).sum::<usize>()
    }

    pub fn snapshot(&self) -> Snapshot {
        let parked = self.lanes.iter().filter(|(_, lane)| lane.parked_bytes() > 0);
        Snapshot {
            counts: self.counts.clone(),
            held_documents: self.held_documents,
            held_bytes: self.held_bytes(),
            requests_under_way: self.flights.len(),
            window: self.pace.window(),
            batch_bytes: self.pace.batch_bytes(),
            trouble: self.gate.trouble.or(self.refused.is_full().then_some(Trouble::RefusedFull)),
            parked: parked.map(|(index, lane)| parked_lane(index, lane)).collect(),
            refused_file_bytes: self.refused.bytes(),
        }
    }

    fn send(&mut self, now: Now, world: &mut dyn Outbound) {
        while self.flights.len() < self.allowed(now) {
            let Some((index, ask, batch)) = self.next(now.mono_ms) else { return };
            if !self.submit(now, world, index, ask, batch) {
                return;
            }
        }
    }

    /// Requests that may be under way now.
    fn allowed(&self, now: Now) -> usize {
        match self.gate.trouble {
            None => self.pace.window(),
            Some(_) if now.mono_ms < self.gate.until_ms => 0,
            Some(_) => 1,
        }
    }

    fn next(&mut self, now_ms: u64) -> Option<(Arc<str>, Ask, Batch)> {
        let after = self.served.as_ref().map_or(Bound::Unbounded, |name| Bound::Excluded(name.clone()));
        let later = self.lanes.range((after, Bound::Unbounded)).map(|(name, _)| name);
        let order: Vec<Arc<str>> = later.chain(self.lanes.keys()).cloned().collect();
        for name in order {
            let lane = self.lanes.get_mut(&name).expect("a name of the map");
            let found = lane.next_audit(now_ms).map(|batch| (Ask::Audit, batch));
            if let Some((ask, batch)) = found.or_else(|| lane.next(now_ms).map(|batch| (Ask::Write, batch))) {
                return Some((name, ask, batch));
            }
        }
        None
    }

    fn submit(
        &mut self,
        now: Now,
        world: &mut dyn Outbound,
        index: Arc<str>,
        ask: Ask,
        mut batch: Batch,
    ) -> bool {
        let ticket = Ticket(self.next_ticket);
        let bytes = batch.bytes();
        let body = match ask {
            Ask::Write => std::mem::take(&mut batch.body),
            Ask::Audit => audit::body(&batch),
        };
        let sent = body.len() as u64;
        // A batch that is cut down has already shown its patience.
        let deadline_ms = self.options.deadline_ms / if batch.suspect { 3 } else { 1 };
        let submission = Submission { ticket, ask, index: index.clone(), body, deadline_ms };
        let flight = Flight { index, ask, batch, bytes, submitted_ms: now.mono_ms };
        if let Err(back) = world.submit(submission) {
            self.put_back(flight, back.body);
            return false;
        }
        self.next_ticket += 1;
        self.counts.requests += u64::from(ask == Ask::Write);
        self.counts.audits += u64::from(ask == Ask::Audit);
        self.counts.bytes_sent += sent;
        self.served = Some(flight.index.clone());
        self.flights.insert(ticket, flight);
        true
    }

    fn put_back(&mut self, mut flight: Flight, body: Vec<u8>) {
        let lane = self.lanes.get_mut(&flight.index).expect("a lane with a request is never dropped");
        match flight.ask {
            Ask::Write => {
                flight.batch.body = body;
                lane.put_back(flight.batch);
            }
            Ask::Audit => {
                lane.returned(flight.bytes);
                (0..flight.batch.len()).for_each(|position| lane.ask(&flight.batch, position));
            }
        }
    }

    fn enqueue_refusal(&mut self, refusing: Refusing) {
        self.refusing_bytes += refusing.entry.bytes();
        self.refusing.push(refusing);
    }

    /// All refusals of this turn are written and synced together, then settled (P1, P2).
    fn write_refusals(&mut self, now: Now, world: &mut dyn Outbound, settled: &mut Vec<Settled>) {
        if self.refusing.is_empty() || now.mono_ms < self.refused_retry_ms {
            return;
        }
        let entries = self.refusing.iter().map(|refusing| &refusing.entry);
        let written = self.refused.write(world, entries);
        if written < self.refusing.len() {
            self.refused_retry_ms = now.mono_ms + self.jitter.pause_ms(Wait::Unreachable, 5);
        }
        for refusing in self.refusing.drain(..written) {
            self.refusing_bytes -= refusing.entry.bytes();
            self.held_documents -= 1;
            match refusing.settled.fate {
                Fate::Refused => self.counts.documents_refused += 1,
                Fate::Stored => self.counts.documents_stored += 1,
            }
            settled.push(refusing.settled);
        }
    }
}

fn parked_lane(index: &Arc<str>, lane: &Lane) -> ParkedLane {
    ParkedLane {
        index: index.clone(),
        block: lane.parked.map(|parked| parked.block),
        bytes: lane.parked_bytes(),
        since_ms: lane.parked.map_or(0, |parked| parked.since_ms),
    }
}
