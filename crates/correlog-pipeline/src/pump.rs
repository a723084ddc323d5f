//! The whole core as one plain function of time and the world: `Pump::turn`. One owner of all state.
//!
//! A turn does bounded work (P9), in this order: what came back is settled, one group is listed, new files are
//! recognised, blocks are read and handed on, the checkpoint is saved. It words no message and draws no picture.

use std::collections::VecDeque;

use crate::checkpoint::Checkpoint;
use crate::config::{Config, Mode};
use crate::delivery::{Delivery, Fate, Options, Settled};
use crate::discover::FileId;
use crate::feed::Desk;
use crate::mistake::{self, Mistake};
use crate::notice::Notice;
use crate::place::hash16;
use crate::ports::{DiskFault, Now, World};
use crate::roster::Roster;
use crate::store::{Found, Saved, Store};
use crate::watch::GroupWatch;

/// When the next turn is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// There is more to do at once.
    Again,
    /// Nothing to do for so long, unless a completion or a hint comes first.
    Wait { ms: u64 },
}

/// Why the pump cannot go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The state directory failed twice in a row: nothing it says can be believed.
    Poisoned(DiskFault),
    /// There is state and it cannot be read now.
    Unreadable(DiskFault),
}

/// Lines settled in this life of the process; the rest of the sums of P8 is in the tails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Totals {
    pub lines: crate::tail::Lines,
    pub bytes_read: u64,
}

#[derive(Debug)]
pub struct Pump {
    pub(crate) config: Config,
    pub(crate) groups: Vec<GroupWatch>,
    pub(crate) roster: Roster,
    /// Files whose first line must be read, oldest sibling first.
    pub(crate) unknown: VecDeque<FileId>,
    pub(crate) delivery: Delivery,
    /// What the next save writes; its places are all settled (P2).
    pub(crate) checkpoint: Checkpoint,
    store: Store,
    /// The checkpoint differs from what is saved.
    pub(crate) dirty: bool,
    /// No save before.
    next_save_ms: u64,
    /// The last save failed with it.
    pub(crate) save_fault: Option<DiskFault>,
    pub(crate) last_saved_ms: Option<u64>,
    /// When documents were last settled.
    pub(crate) last_settled_ms: u64,
    /// When the first line was read after none had been waiting.
    pub(crate) waiting_since_ms: u64,
    /// No look at what time alone changes before.
    pub(crate) next_watch_ms: u64,
    /// The state directory was never used before.
    pub(crate) is_first_start: bool,
    pub(crate) draining: bool,
    pub(crate) totals: Totals,
    pub(crate) notices: Vec<Notice>,
    pub(crate) buffer: Vec<u8>,
    pub(crate) desk: Desk,
    settled: Vec<Settled>,
}

impl Pump {
    /// Reads the state and is ready for the first turn.
    ///
    /// # Errors
    /// When there is state that cannot be read now: starting from nothing would read everything again.
    pub fn new(config: Config, delivery: Options, world: &mut dyn World) -> Result<Pump, Stop> {
        let (mut store, checkpoint, found) = Store::open(world).map_err(Stop::Unreadable)?;
        let groups = config.groups.iter().map(|group| GroupWatch::new(hash_name(&group.name))).collect();
        let desk = Desk::new(&config);
        let mut notices = Vec::new();
        let is_first_start = matches!(found, Found::Nothing);
        match found {
            Found::Nothing => {}
            Found::State { faults } => notices.extend(faults.into_iter().map(Notice::Slot)),
            Found::Lost { faults } => {
                store.set_aside(world, &faults)?;
                notices.extend(faults.into_iter().map(Notice::Slot));
                notices.push(Notice::StateLost);
            }
        }
        let mut pump = Pump {
            config,
            groups,
            roster: Roster::default(),
            unknown: VecDeque::new(),
            delivery: Delivery::new(delivery),
            checkpoint,
            store,
            dirty: true,
            next_save_ms: 0,
            save_fault: None,
            last_saved_ms: None,
            last_settled_ms: 0,
            waiting_since_ms: 0,
            next_watch_ms: 0,
            is_first_start,
            draining: false,
            totals: Totals::default(),
            notices,
            buffer: Vec::new(),
            desk,
            settled: Vec::new(),
        };
        pump.restore();
        Ok(pump)
    }

    /// Every lineage of the state is followed again; its files are found by the first listings.
    fn restore(&mut self) {
        for (lineage, entry) in self.checkpoint.entries() {
            let group = self.groups.iter().position(|group| group.key == entry.group);
            self.roster.add(*lineage, entry, group);
        }
    }

    /// One turn.
    ///
    /// # Errors
    /// When it cannot go on; the state on disk is whole, and a new process goes on from it.
    pub fn turn(&mut self, now: Now, world: &mut dyn World) -> Result<Pace, Stop> {
        let settled = self.settle(now, world);
        let mut is_busy = settled > 0;
        if self.delivery.is_idle() {
            self.waiting_since_ms = now.mono_ms;
        }
        if !self.draining {
            is_busy |= self.list(now, world);
            is_busy |= self.recognise(now, world) > 0;
            is_busy |= self.read(now, world);
            self.watch(now, world);
        }
        if self.draining || self.config.mode == Mode::Once && self.has_read_all() {
            self.delivery.flush();
        }
        self.save(now, world)?;
        Ok(if is_busy { Pace::Again } else { Pace::Wait { ms: self.config.limits.idle_ms } })
    }

    /// Stops reading. What was read is still delivered and settled.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Every line that was read is settled, and the checkpoint that says so is saved.
    pub fn is_settled(&self) -> bool {
        self.delivery.is_idle() && !self.dirty
    }

    /// `Mode::Once`: all that is there is read, settled and saved.
    pub fn is_done(&self) -> bool {
        self.has_read_all() && self.is_settled()
    }

    /// Requests are under way: a completion may come before the pace is over.
    pub fn is_sending(&self) -> bool {
        self.delivery.is_sending()
    }

    fn has_read_all(&self) -> bool {
        let all_listed = self.groups.iter().all(|group| group.listings > 0);
        all_listed && self.unknown.is_empty() && self.roster.queued() == 0 && self.nothing_waits()
    }

    /// What happened since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    pub(crate) fn group_key(&self, group: usize) -> u64 {
        self.groups[group].key
    }

    /// Takes what the delivery finished; answers how many documents that were.
    fn settle(&mut self, now: Now, world: &mut dyn World) -> usize {
        let mut settled = std::mem::take(&mut self.settled);
        settled.clear();
        self.delivery.turn(now, world, &mut settled);
        for done in &settled {
            let tail = self.roster.get_mut(done.span.tail).expect("a tail with open lines is never dropped");
            let delta = tail.ledger.settle(done.span);
            match done.fate {
                Fate::Stored => tail.lines.stored += 1,
                Fate::Refused if mistake::is(Mistake::RefusedNotCounted) => {}
                Fate::Refused => tail.lines.refused += 1,
            }
            if let Some(delta) = delta {
                let lineage = tail.lineage;
                let entry = self.checkpoint.get_mut(lineage).expect("every tail has its entry");
                entry.stored = tail.stored_before + tail.lines.stored;
                entry.refused = tail.refused_before + tail.lines.refused;
                self.advance(lineage, &delta);
            }
        }
        let count = settled.len();
        self.settled = settled;
        if count > 0 {
            self.last_settled_ms = now.mono_ms;
        }
        count
    }

    /// Moves the mark of a lineage (P2, P3).
    pub(crate) fn advance(&mut self, lineage: crate::span::Lineage, delta: &crate::ledger::Delta) {
        self.checkpoint.apply(lineage, delta).expect("deltas of a ledger chain");
        self.dirty = true;
    }

    fn save(&mut self, now: Now, world: &mut dyn World) -> Result<(), Stop> {
        let in_a_hurry = (self.draining || self.config.mode == Mode::Once) && self.delivery.is_idle();
        if !self.dirty || now.mono_ms < self.next_save_ms && !(in_a_hurry && self.save_fault.is_none()) {
            return Ok(());
        }
        self.next_save_ms = now.mono_ms + self.config.limits.save_ms;
        match self.store.save(world, &mut self.checkpoint) {
            Saved::Durable => {
                self.dirty = false;
                self.save_fault = None;
                self.last_saved_ms = Some(now.mono_ms);
            }
            Saved::Held(fault) | Saved::Shaken(fault) => {
                self.save_fault = Some(fault);
                self.notices.push(Notice::Save(fault));
            }
            Saved::Poisoned(fault) => return Err(Stop::Poisoned(fault)),
        }
        Ok(())
    }
}

pub(crate) fn hash_name(name: &str) -> u64 {
    let hash = hash16(name.as_bytes());
    u64::from_le_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
}
