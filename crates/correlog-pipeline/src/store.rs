//! Keeps the checkpoint in two slots of the state directory, so that one whole one is always there.
//!
//! Every save writes a file with a new name, syncs it, renames it over the older slot and syncs the directory. It
//! never writes into a file that another save has touched: after a failed sync the pages may be gone and marked
//! clean, and a second sync of the same file would answer that all is well. Writing the slots in place would halve
//! the syncs and lose that. What is a reason to save, and when, is the pump's.

use crate::checkpoint::Checkpoint;
use crate::codec::{self, Unfit};
use crate::limits::STATE_MAX_BYTES;
use crate::ports::{Disk, DiskFault};
use crate::pump::Stop;

pub const SLOTS: [&str; 2] = ["state-a", "state-b"];
const FRESH_PREFIX: &str = "state-new-";

/// What was found at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// No state was ever kept here.
    Nothing,
    /// The newest whole slot; `faults` tells what was wrong with the other.
    State { faults: Vec<SlotFault> },
    /// There was state and none of it can be used: everything is read again, with the same ids.
    Lost { faults: Vec<SlotFault> },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotFault {
    pub slot: &'static str,
    pub why: SlotFaultKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotFaultKind {
    Unreadable(DiskFault),
    Unfit(Unfit),
}

/// How a save went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saved {
    /// It survives a crash (P3).
    Durable,
    /// No space, or read-only: ship on, alarm, try again later.
    Held(DiskFault),
    /// Another fault, the first in a row: the next save takes a fresh file.
    Shaken(DiskFault),
    /// Two such faults in a row: nothing this disk says can be believed.
    Poisoned(DiskFault),
}

#[derive(Debug)]
pub struct Store {
    /// The slot that the next save replaces: the older one, and after a failed save the same again, because it is
    /// unknown which content its name has, while the other slot is whole.
    target: usize,
    /// Names of fresh files are never used twice in one life.
    fresh: u64,
    faults_in_a_row: u32,
    buffer: Vec<u8>,
}

impl Store {
    /// Reads what is there.
    ///
    /// # Errors
    /// When the directory itself cannot be listed.
    pub fn open(disk: &mut dyn Disk) -> Result<(Store, Checkpoint, Found), DiskFault> {
        let names = disk.names()?;
        let mut store = Store { target: 0, fresh: 0, faults_in_a_row: 0, buffer: Vec::new() };
        for name in names.iter().filter(|name| name.starts_with(FRESH_PREFIX)) {
            // A left-over of a crash; that it cannot be removed harms nothing, its number is passed over.
            let number = name[FRESH_PREFIX.len()..].parse::<u64>().unwrap_or(0);
            store.fresh = store.fresh.max(number.saturating_add(1));
            let _ = disk.remove(name);
        }
        let slots = SLOTS.map(|slot| names.iter().any(|name| name == slot).then(|| read(disk, slot)));
        let mut faults = Vec::new();
        let mut best: Option<(usize, Checkpoint)> = None;
        for (at, slot) in slots.into_iter().enumerate() {
            match slot {
                None => {}
                Some(Err(why)) => faults.push(SlotFault { slot: SLOTS[at], why }),
                Some(Ok(found)) if best.as_ref().is_none_or(|(_, best)| best.sequence < found.sequence) => {
                    best = Some((at, found));
                }
                Some(Ok(_)) => {}
            }
        }
        if let Some((at, checkpoint)) = best {
            store.target = 1 - at;
            return Ok((store, checkpoint, Found::State { faults }));
        }
        let used = !faults.is_empty() || names.iter().any(|name| is_ours(name));
        let found = if used { Found::Lost { faults } } else { Found::Nothing };
        Ok((store, Checkpoint::default(), found))
    }

    /// Sets unusable slots aside under another name, so that a person can look at them.
    ///
    /// # Errors
    /// When one could not be read at all: it may be whole, and going on would overwrite it.
    pub fn set_aside(&mut self, disk: &mut dyn Disk, faults: &[SlotFault]) -> Result<(), Stop> {
        for fault in faults {
            if let SlotFaultKind::Unreadable(fault) = fault.why {
                return Err(Stop::Unreadable(fault));
            }
            // Best effort: the slot is overwritten by a later save in any case.
            let _ = disk.rename(fault.slot, &format!("{}.corrupt", fault.slot));
        }
        Ok(())
    }

    /// Saves under the next sequence number.
    ///
    /// # Panics
    /// When called again after `Poisoned`.
    pub fn save(&mut self, disk: &mut dyn Disk, checkpoint: &mut Checkpoint) -> Saved {
        assert!(self.faults_in_a_row < 2, "a poisoned store is never used again");
        checkpoint.sequence += 1;
        let mut buffer = std::mem::take(&mut self.buffer);
        codec::encode(checkpoint, &mut buffer);
        let written = self.write(disk, &buffer);
        self.buffer = buffer;
        match written {
            Ok(()) => {
                self.target = 1 - self.target;
                self.faults_in_a_row = 0;
                Saved::Durable
            }
            Err(fault @ (DiskFault::Full | DiskFault::ReadOnly)) => Saved::Held(fault),
            Err(fault) => {
                self.faults_in_a_row += 1;
                if self.faults_in_a_row < 2 { Saved::Shaken(fault) } else { Saved::Poisoned(fault) }
            }
        }
    }

    fn write(&mut self, disk: &mut dyn Disk, bytes: &[u8]) -> Result<(), DiskFault> {
        let name = format!("{FRESH_PREFIX}{}", self.fresh);
        self.fresh += 1;
        let file = disk.create(&name)?;
        let written = disk.write_all(file, bytes).and_then(|()| disk.sync(file));
        disk.close(file);
        if let Err(fault) = written {
            // It gives its space back; its name is not used again either way.
            let _ = disk.remove(&name);
            return Err(fault);
        }
        disk.rename(&name, SLOTS[self.target])?;
        disk.sync_dir()
    }
}

fn read(disk: &mut dyn Disk, slot: &str) -> Result<Checkpoint, SlotFaultKind> {
    let bytes = disk.read_all(slot, STATE_MAX_BYTES).map_err(SlotFaultKind::Unreadable)?;
    codec::decode(&bytes).map_err(SlotFaultKind::Unfit)
}

/// Anything the shipper leaves behind shows that the directory was used.
fn is_ours(name: &str) -> bool {
    name.starts_with("state-") || name.starts_with("refused")
}
