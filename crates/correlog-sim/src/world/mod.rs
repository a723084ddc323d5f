//! The simulated ports with their faults: each call may race with a writer, fail as the seed's rates say, or be the
//! one at which the process dies. After that nothing it asks for has any effect.

mod disk;

use std::collections::BTreeSet;
use std::path::Path;

use correlog_pipeline::checkpoint::Checkpoint;
use correlog_pipeline::ports::{DiskFault, DiskFile, FileFault, Files, Handle, Listing, Now, Stat};
use correlog_pipeline::store::{self, Found};

use crate::cluster::Cluster;
use crate::disk::SimDisk;
use crate::files::SimFiles;
use crate::files::tree::{Numbers, Tree};
use crate::lie::Lie;
use crate::options::{FileFaults, Options};
use crate::oracle::{Oracle, START_MS};
use crate::rng::Rng;
use crate::trace::Trace;
use crate::writer::Writer;

/// Whether a slot of the state could not be read: what it says is nobody's promise until it is replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unread {
    No,
    Yes,
    /// By a rename that no sync of the directory has made durable yet.
    Replaced,
}

/// The durable state: its files, and what is read from them.
#[derive(Debug, Default)]
struct State {
    files: Vec<(String, Vec<u8>)>,
    says: Option<(Checkpoint, Found)>,
}

#[derive(Debug)]
pub struct SimWorld {
    pub options: Options,
    pub rng: Rng,
    pub now: Now,
    pub turn: u64,
    pub files: SimFiles,
    pub disk: SimDisk,
    pub cluster: Cluster,
    pub writers: Vec<Writer>,
    pub oracle: Oracle,
    pub trace: Trace,
    pub dead: bool,
    /// Calls of ports until the process dies.
    pub calls_to_live: Option<u64>,
    pub calls_this_turn: u64,
    pub faults: u64,
    /// No space or read-only until then.
    spell: Option<(DiskFault, u64)>,
    /// The turn in which each handle was opened.
    opened: Vec<u64>,
    refused_len: usize,
    /// Entries that were listed without a fault in this life.
    listed: BTreeSet<usize>,
    /// When the cluster was last asked for anything or heard of.
    pub last_asked_ms: u64,
    /// A mistake that is planted in the ports.
    pub lie: Option<Lie>,
    slot_unread: Unread,
    state: State,
    /// A slot was damaged from outside, and is not replaced yet.
    pub slot_damaged: bool,
    /// Which open state files hold refusals.
    refusals: Vec<DiskFile>,
}

impl SimWorld {
    pub fn new(seed: u64, options: Options, text: bool) -> Self {
        let numbers = if options.files.numbers_reused { Numbers::Reused } else { Numbers::Fresh };
        let mut tree = Tree::new(numbers);
        tree.tells_birth = !options.files.births_hidden;
        let mut oracle = Oracle::default();
        oracle.counts_writes = options.cluster.keeps_no_ids;
        oracle.keeps_no_ids = options.cluster.keeps_no_ids;
        oracle.expects_damage = options.lines.bad_gzip > 0;
        oracle.is_first_start = true;
        let FileFaults { open, stat, read, .. } = options.files;
        oracle.reads_surely = open + stat + read == 0;
        let rng = &mut Rng::new(seed, 3);
        let writers: Vec<Writer> = (0..options.writers)
            .map(|number| Writer::new(number, &options.lines, &mut tree, &mut oracle, rng))
            .collect();
        let groups = writers.iter().map(|writer| writer.group.clone()).collect();
        Self {
            rng: Rng::new(seed, 4),
            now: Now { mono_ms: 1_000, wall_ms: START_MS as i64 },
            turn: 0,
            files: SimFiles::new(tree, groups),
            disk: SimDisk::default(),
            cluster: Cluster::new(seed, options.cluster.clone()),
            writers,
            oracle,
            trace: Trace::new(text),
            dead: false,
            calls_to_live: None,
            calls_this_turn: 0,
            faults: 0,
            spell: None,
            opened: Vec::new(),
            refused_len: 0,
            listed: BTreeSet::new(),
            last_asked_ms: 0,
            lie: None,
            slot_unread: Unread::No,
            state: State::default(),
            slot_damaged: false,
            refusals: Vec::new(),
            options,
        }
    }

    pub fn note(&mut self, what: &'static str, numbers: [u64; 2]) {
        self.trace.event(what, numbers, format_args!("{} {}", numbers[0], numbers[1]));
    }

    /// A writer goes one step.
    pub fn write(&mut self) {
        let chosen = self.rng.index(self.writers.len());
        let writer = &mut self.writers[chosen];
        self.files.tree.now_ns = self.now.wall_ms.saturating_mul(1_000_000);
        let destroyed =
            writer.step(&self.options.lines, &mut self.files.tree, &mut self.oracle, &mut self.rng);
        if destroyed {
            self.oracle.sweep(&self.files.tree);
        }
        self.files.changed = true;
        let numbers = [chosen as u64, self.oracle.lines() as u64];
        let writer = &self.writers[chosen];
        self.trace.event("writes", numbers, format_args!("{writer} of {} lines", numbers[1]));
    }

    pub fn finish_writers(&mut self) {
        for writer in &mut self.writers {
            writer.finish(&self.options.lines, &mut self.files.tree, &mut self.oracle, &mut self.rng);
        }
        self.files.changed = true;
    }

    pub fn end_spells(&mut self) {
        self.spell = None;
    }

    /// The process is gone: its handles are closed, and what only they kept is gone too.
    pub fn bury(&mut self) {
        self.files.close_all();
        self.opened.clear();
        self.refusals.clear();
        self.oracle.died();
        self.listed.clear();
        // Who dies before anything is kept starts for the first time again.
        if !self.disk.durable().any(|(name, _)| name.starts_with("state-")) {
            self.oracle.starts_anew();
        }
        self.oracle.sweep(&self.files.tree);
        self.last_asked_ms = self.now.mono_ms;
        self.cluster.sender_died(self.now.mono_ms);
        self.hear();
        self.dead = false;
        self.calls_to_live = None;
    }

    /// What is durable now, told to the oracle.
    pub fn promise(&mut self) {
        let refused = |(name, bytes): (&'_ str, &'_ [u8])| name.starts_with("refused").then_some(bytes.len());
        let len = self.disk.durable().filter_map(refused).sum();
        if len != self.refused_len {
            self.refused_len = len;
            if self.options.operator.refused_max_bytes.is_some_and(|max| len as u64 > max) {
                self.oracle.fail("P6", format!("the refused file has {len} bytes"));
            }
            for (_, bytes) in self.disk.durable().filter(|(name, _)| name.starts_with("refused")) {
                self.oracle.refused(bytes);
            }
        }
        if self.slot_unread != Unread::No {
            self.oracle.state_damaged();
        }
        self.read_state();
        let Some((checkpoint, found)) = &self.state.says else { return };
        self.oracle.promised(checkpoint);
        let (Found::Lost { faults } | Found::State { faults }) = found else { return };
        // A slot only ever gets its name when all of it is synced: a broken one is somebody else's work.
        if faults.is_empty() {
            self.slot_damaged = false;
        } else if !self.slot_damaged {
            self.oracle.fail("P3", format!("a power cut now leaves {faults:?}"));
        }
    }

    /// What a power cut now would leave of the state; read again only when its bytes are others.
    fn read_state(&mut self) {
        let is_state = |(name, _): &(&str, &[u8])| name.starts_with("state-");
        let known = self.state.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        if self.disk.durable().filter(is_state).eq(known) {
            return;
        }
        let files = self.disk.durable().filter(is_state);
        self.state.files = files.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
        let mut least = self.disk.least(|name| name.starts_with("state-"));
        self.state.says =
            store::Store::open(&mut least).ok().map(|(_, checkpoint, found)| (checkpoint, found));
    }

    /// The oracle hears of every document written since.
    pub fn hear(&mut self) {
        while let Some(doc) = self.cluster.applied.pop_front() {
            let len = doc.source.len() as u64;
            let shown = if self.trace.has_text() { String::from_utf8_lossy(&doc.source) } else { "".into() };
            self.trace.event("stored", [len, 0], format_args!("{shown}"));
            self.oracle.stored(&doc);
        }
    }

    /// One call of a port. `false`: the process is dead and the call has no effect.
    fn alive(&mut self, what: &'static str) -> bool {
        self.calls_this_turn += 1;
        if self.dead {
            return false;
        }
        if let Some(left) = &mut self.calls_to_live {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.dead = true;
                self.note("dies at", [self.calls_this_turn, 0]);
                return false;
            }
        }
        if self.rng.chance(self.options.files.race) {
            self.write();
        }
        self.note(what, [self.turn, self.calls_this_turn]);
        true
    }

    fn fault(&mut self, permille: u32, what: &'static str) -> bool {
        let hit = self.rng.chance(permille);
        if hit {
            self.faults += 1;
            self.note(what, [self.turn, 0]);
        }
        hit
    }

    /// No space or read-only, for a while.
    fn spell(&mut self) -> Option<DiskFault> {
        if self.spell.is_none() && self.fault(self.options.disk.full, "spell begins") {
            let kind = if self.rng.chance(700) { DiskFault::Full } else { DiskFault::ReadOnly };
            self.spell = Some((kind, self.now.mono_ms + self.rng.below(20_000)));
        }
        self.spell = self.spell.filter(|(_, until)| *until > self.now.mono_ms);
        self.faults += u64::from(self.spell.is_some());
        self.spell.map(|(fault, _)| fault)
    }
}

impl Files for SimWorld {
    fn list(&mut self, group: usize) -> Listing {
        if !self.alive("list") {
            return Listing { faults: vec![(Path::new("/").into(), FileFault::Io)], ..Listing::default() };
        }
        let mut listing = self.files.list(group);
        let is_whole = listing.faults.is_empty();
        if self.fault(self.options.files.list, "list fault") {
            // Some of it was seen, and it says that this is not all.
            let seen = self.rng.index(listing.files.len() + 1);
            listing.files.truncate(seen);
            listing.faults.push((self.files.groups[group].dir.clone(), FileFault::Io));
        } else if is_whole {
            self.listed.insert(group);
            self.oracle.is_first_start &= self.listed.len() < self.files.groups.len();
        }
        listing
    }

    fn open(&mut self, path: &Path) -> Result<Handle, FileFault> {
        if !self.alive("open") {
            return Err(FileFault::Io);
        }
        if self.fault(self.options.files.open, "open fault") {
            return Err([FileFault::Denied, FileFault::TooMany, FileFault::Io][self.rng.index(3)]);
        }
        let handle = self.files.open(path)?;
        self.trace.event(
            "opened",
            [u64::from(handle.0), 0],
            format_args!("{} as {}", path.display(), handle.0),
        );
        self.opened.resize(self.opened.len().max(handle.0 as usize + 1), 0);
        self.opened[handle.0 as usize] = self.turn;
        Ok(handle)
    }

    fn stat(&mut self, handle: Handle) -> Result<Stat, FileFault> {
        if !self.alive("stat") || self.fault(self.options.files.stat, "stat fault") {
            return Err(FileFault::Io);
        }
        self.files.stat(handle)
    }

    fn read(&mut self, handle: Handle, offset: u64, into: &mut [u8]) -> Result<usize, FileFault> {
        if !self.alive("read") || self.fault(self.options.files.read, "read fault") {
            return Err(FileFault::Io);
        }
        let mut len = into.len();
        if len > 1 && self.fault(self.options.files.short, "short read") {
            len = self.rng.within(1, len as u64 - 1) as usize;
        }
        let got = self.files.read(handle, offset, &mut into[..len])?;
        let inode = &self.files.tree.inodes[self.files.inode_of(handle)?];
        let is_followed = self.opened[handle.0 as usize] != self.turn;
        if got > 0 && is_followed && !inode.bytes.starts_with(b"\x1f\x8b") {
            self.oracle.read_to(inode.content, offset + got as u64);
        }
        let numbers = [u64::from(handle.0), offset];
        self.trace.event("got", numbers, format_args!("{got} bytes of {} from {offset} on", handle.0));
        Ok(got)
    }

    fn next_data(&mut self, handle: Handle, offset: u64) -> Result<Option<u64>, FileFault> {
        if !self.alive("next_data") || self.fault(self.options.files.read, "next_data fault") {
            return Err(FileFault::Io);
        }
        self.files.next_data(handle, offset)
    }

    fn close(&mut self, handle: Handle) {
        let Ok(inode) = self.files.inode_of(handle) else { return };
        // Nobody can see a removal that falls between the last look and this very call.
        let was_linked = self.files.tree.inodes[inode].links > 0;
        if !self.alive("close") {
            return;
        }
        let found = &self.files.tree.inodes[inode];
        let last = found.links == 0 && found.handles == 1;
        // A file that was only looked at within this turn was never promised to be followed.
        let was_followed = last && !was_linked && self.opened[handle.0 as usize] != self.turn;
        let lines = if was_followed { found.lines.clone() } else { Vec::new() };
        self.files.close(handle);
        self.oracle.closed(&lines, &self.files.tree);
        if last {
            self.oracle.sweep(&self.files.tree);
        }
    }

    fn hint(&mut self) -> bool {
        if !self.alive("hint") {
            return false;
        }
        let hint = self.files.hint();
        hint && !self.fault(self.options.files.hint_lost, "hint lost")
    }
}
