//! The checkpoint store against every disk: each call of a save failing in turn, each power cut with every choice of
//! what survives of the unsynced changes, each byte of a slot flipped and each length cut.
#![expect(clippy::unwrap_used, reason = "a case that cannot be set up fails where it stands")]

use correlog_pipeline::checkpoint::Checkpoint;
use correlog_pipeline::ports::{Disk, DiskFault, DiskFile};
use correlog_pipeline::store::{Found, SLOTS, Saved, Store};
use correlog_sim::disk::{Part, SimDisk, Sync};

const PARTS: [Part; 3] = [Part::Nothing, Part::Torn, Part::Whole];

/// A disk whose `at`th call fails, or at whose `at`th call the power goes.
struct Failing {
    disk: SimDisk,
    calls: u32,
    at: u32,
    power: bool,
}

impl Failing {
    fn fails(&mut self) -> bool {
        self.calls += 1;
        if self.power { self.calls >= self.at } else { self.calls == self.at }
    }
}

macro_rules! or_fail {
    ($self:ident, $call:expr) => {
        if $self.fails() { Err(DiskFault::Io) } else { $call }
    };
}

impl Disk for Failing {
    fn names(&mut self) -> Result<Vec<String>, DiskFault> {
        or_fail!(self, self.disk.names())
    }

    fn read_all(&mut self, name: &str, max: u64) -> Result<Vec<u8>, DiskFault> {
        or_fail!(self, self.disk.read_all(name, max))
    }

    fn create(&mut self, name: &str) -> Result<DiskFile, DiskFault> {
        or_fail!(self, self.disk.create(name))
    }

    fn append(&mut self, name: &str) -> Result<(DiskFile, u64), DiskFault> {
        or_fail!(self, self.disk.append(name))
    }

    fn write_all(&mut self, file: DiskFile, bytes: &[u8]) -> Result<(), DiskFault> {
        if self.fails() {
            return self.disk.write_part(file, bytes, bytes.len() / 2).map_err(|_| DiskFault::Io);
        }
        self.disk.write_all(file, bytes)
    }

    fn truncate(&mut self, file: DiskFile, len: u64) -> Result<(), DiskFault> {
        or_fail!(self, self.disk.truncate(file, len))
    }

    fn sync(&mut self, file: DiskFile) -> Result<(), DiskFault> {
        let how = if self.fails() { Sync::DropsPages } else { Sync::Works };
        if how == Sync::DropsPages && self.power {
            return Err(DiskFault::Io);
        }
        self.disk.sync_as(file, how)
    }

    fn close(&mut self, file: DiskFile) {
        self.disk.close(file);
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskFault> {
        or_fail!(self, self.disk.rename(from, to))
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskFault> {
        or_fail!(self, self.disk.remove(name))
    }

    fn sync_dir(&mut self) -> Result<(), DiskFault> {
        or_fail!(self, self.disk.sync_dir())
    }
}

/// Three saves over a disk that fails at one call; answers the newest sequence that was promised and the one that
/// was tried last.
fn saves(disk: &mut Failing) -> (u64, u64) {
    let known = found(&mut disk.disk.clone()).0;
    let Ok((mut store, mut checkpoint, _)) = Store::open(disk) else { return (known, known) };
    let mut promised = checkpoint.sequence;
    for _ in 0..3 {
        match store.save(disk, &mut checkpoint) {
            Saved::Durable => promised = checkpoint.sequence,
            Saved::Poisoned(_) => break,
            Saved::Held(_) | Saved::Shaken(_) => {}
        }
    }
    (promised, checkpoint.sequence)
}

/// What a new process finds.
fn found(disk: &mut SimDisk) -> (u64, Found) {
    let (_, checkpoint, found) = Store::open(disk).expect("the directory can be listed");
    (checkpoint.sequence, found)
}

/// A disk with both slots written.
fn with_both_slots() -> SimDisk {
    let mut disk = SimDisk::default();
    let (mut store, mut checkpoint, _) = Store::open(&mut disk).unwrap();
    for _ in 0..2 {
        assert_eq!(store.save(&mut disk, &mut checkpoint), Saved::Durable);
    }
    disk
}

#[test]
fn every_failure_and_every_power_cut_leaves_what_was_promised() {
    let mut cases = 0_u64;
    for start in [SimDisk::default(), with_both_slots()] {
        for power in [false, true] {
            for at in 1..64 {
                let mut disk = Failing { disk: start.clone(), calls: 0, at, power };
                let (promised, tried) = saves(&mut disk);
                let unsynced = u32::try_from(disk.disk.unsynced()).unwrap();
                assert!(unsynced <= 12, "{unsynced} unsynced changes are too many to try every choice");
                for mut choice in 0..3_u64.pow(unsynced) {
                    let mut cut = disk.disk.clone();
                    cut.power_cut(|| {
                        let part = PARTS[(choice % 3) as usize];
                        choice /= 3;
                        part
                    });
                    let (sequence, _) = found(&mut cut);
                    assert!(
                        (promised..=tried).contains(&sequence),
                        "call {at}: {sequence} of {promised}..={tried}"
                    );
                    cases += 1;
                }
                if disk.calls < at {
                    break;
                }
            }
        }
    }
    println!("{cases} cases");
    assert!(cases > 100);
}

#[test]
fn every_flipped_byte_and_every_cut_is_noticed() {
    let whole = with_both_slots();
    let (newest, _) = found(&mut whole.clone());
    for slot in SLOTS {
        let len = whole.clone().read_all(slot, 1 << 20).unwrap().len();
        for at in 0..len {
            for bit in 0..8 {
                check(&whole, newest, slot, |bytes| bytes[at] ^= 1 << bit);
            }
            check(&whole, newest, slot, |bytes| bytes.truncate(at));
            check(&whole, newest, slot, |bytes| bytes[at..].fill(0xAA));
        }
        check(&whole, newest, slot, |bytes| bytes.push(0));
        check(&whole, newest, slot, |bytes| bytes.fill(0));
    }
}

/// One slot is damaged: the other one is used, and the damage is told. Both are: everything is read again.
fn check(whole: &SimDisk, newest: u64, slot: &str, damage: impl Fn(&mut Vec<u8>)) {
    let mut one = whole.clone();
    let before = one.read_all(slot, 1 << 20).unwrap();
    one.corrupt(slot, &damage);
    if one.read_all(slot, 1 << 20).unwrap() == before {
        return;
    }
    let (sequence, state) = found(&mut one);
    assert!(sequence == newest || sequence == newest - 1, "{sequence}");
    assert!(matches!(state, Found::State { ref faults } if faults.len() == 1), "{state:?}");
    let mut both = one;
    for other in SLOTS.into_iter().filter(|other| *other != slot) {
        both.corrupt(other, |bytes| bytes.truncate(bytes.len() / 2));
    }
    let (sequence, state) = found(&mut both);
    assert_eq!(sequence, Checkpoint::default().sequence);
    assert!(matches!(state, Found::Lost { ref faults } if faults.len() == 2), "{state:?}");
}
