//! The `Disk` port over a page cache in memory: what is written is seen at once and durable only when synced; what
//! a power cut leaves is any part of the rest.
//!
//! A failed sync drops what it should have written and marks it clean, as Linux does: a second sync then answers Ok
//! and has written nothing. It draws nothing itself; the caller says what fails and what survives.

use std::collections::BTreeMap;

use correlog_pipeline::ports::{Disk, DiskFault, DiskFile};

#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Changes of names since the directory was synced.
    pending: Vec<NameOp>,
    handles: BTreeMap<u32, usize>,
    next: u32,
}

#[derive(Clone, Debug, Default)]
struct Inode {
    /// As every process sees it.
    live: Vec<u8>,
    /// As a power cut leaves it at the least.
    durable: Vec<u8>,
    /// What a sync would write.
    pending: Vec<Op>,
    /// A sync failed: the page cache shows bytes that may vanish whenever the pages are evicted.
    dropped: bool,
}

#[derive(Clone, Debug)]
enum Op {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Clone, Debug)]
enum NameOp {
    Set {
        name: String,
        inode: usize,
    },
    /// A rename is one change: both names or neither.
    Move {
        from: String,
        to: String,
        inode: usize,
    },
    Remove(String),
}

impl Op {
    fn apply(&self, to: &mut Vec<u8>, part: Part) {
        match self {
            Self::Truncate(len) => to.resize(*len, 0),
            Self::Write { at, bytes } => {
                let bytes = if part == Part::Torn { &bytes[..bytes.len() / 2] } else { bytes };
                if to.len() < at + bytes.len() {
                    to.resize(at + bytes.len(), 0);
                }
                to[*at..at + bytes.len()].copy_from_slice(bytes);
            }
        }
    }
}

/// What a power cut leaves of one unsynced change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Nothing,
    Torn,
    Whole,
}

/// Where a sync that is made to fail fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sync {
    Works,
    /// The error is told once, the pages are clean and their bytes never written.
    DropsPages,
}

impl SimDisk {
    /// Unsynced changes: of files first, then of names. A power cut decides about each of them.
    pub fn unsynced(&self) -> usize {
        self.inodes.iter().map(|inode| inode.pending.len()).sum::<usize>() + self.pending.len()
    }

    /// The machine loses power; `survives` is asked for each unsynced change in turn. A torn change of a name does
    /// not exist: it counts as nothing.
    pub fn power_cut(&mut self, mut survives: impl FnMut() -> Part) {
        for inode in &mut self.inodes {
            for op in std::mem::take(&mut inode.pending) {
                let part = survives();
                if part != Part::Nothing {
                    op.apply(&mut inode.durable, part);
                }
            }
            inode.live.clone_from(&inode.durable);
            inode.dropped = false;
        }
        for op in std::mem::take(&mut self.pending) {
            if survives() == Part::Whole {
                op.apply(&mut self.durable_names);
            }
        }
        self.names.clone_from(&self.durable_names);
        self.handles.clear();
    }

    /// The process dies and the machine goes on: handles close, and pages whose sync failed may be read back from
    /// the platter.
    pub fn process_death(&mut self, mut evicted: impl FnMut() -> bool) {
        self.handles.clear();
        for inode in &mut self.inodes {
            if inode.dropped && evicted() {
                inode.live.clone_from(&inode.durable);
                inode.pending.clear();
                inode.dropped = false;
            }
        }
    }

    /// What is certainly there after a power cut right now: the least of all outcomes.
    pub fn durable(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.durable_names.iter().map(|(name, inode)| (name.as_str(), self.inodes[*inode].durable.as_slice()))
    }

    /// The disk as a power cut right now leaves it at the least; only `wanted` files have their content.
    pub fn least(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let mut least = Self::default();
        for (name, bytes) in self.durable() {
            let live = if wanted(name) { bytes.to_vec() } else { Vec::new() };
            least.names.insert(name.to_owned(), least.inodes.len());
            least.inodes.push(Inode { live, ..Inode::default() });
        }
        least
    }

    /// Overwrites a file as a bad block or a foreign hand would, durably.
    pub fn corrupt(&mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(inode) = self.names.get(name) {
            let inode = &mut self.inodes[*inode];
            change(&mut inode.durable);
            inode.live.clone_from(&inode.durable);
            inode.pending.clear();
        }
    }

    pub fn sync_as(&mut self, file: DiskFile, how: Sync) -> Result<(), DiskFault> {
        let inode = self.inode(file)?;
        let pending = std::mem::take(&mut inode.pending);
        if how == Sync::DropsPages {
            inode.dropped = true;
            return Err(DiskFault::Io);
        }
        for op in pending {
            op.apply(&mut inode.durable, Part::Whole);
        }
        Ok(())
    }

    /// Writes only the first `count` bytes, then finds no more space.
    pub fn write_part(&mut self, file: DiskFile, bytes: &[u8], count: usize) -> Result<(), DiskFault> {
        self.write_all(file, &bytes[..count.min(bytes.len())])?;
        Err(DiskFault::Full)
    }

    fn inode(&mut self, file: DiskFile) -> Result<&mut Inode, DiskFault> {
        let inode = *self.handles.get(&file.0).ok_or(DiskFault::Io)?;
        Ok(&mut self.inodes[inode])
    }

    fn open(&mut self, name: &str) -> Result<(DiskFile, usize), DiskFault> {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(DiskFault::Denied);
        }
        let inode = match self.names.get(name) {
            Some(inode) => *inode,
            None => {
                let inode = self.inodes.len();
                self.inodes.push(Inode::default());
                self.names.insert(name.to_owned(), inode);
                self.pending.push(NameOp::Set { name: name.to_owned(), inode });
                inode
            }
        };
        let handle = self.next;
        self.next += 1;
        self.handles.insert(handle, inode);
        Ok((DiskFile(handle), inode))
    }
}

impl NameOp {
    fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Set { name, inode } => {
                names.insert(name, inode);
            }
            Self::Move { from, to, inode } => {
                names.remove(&from);
                names.insert(to, inode);
            }
            Self::Remove(name) => {
                names.remove(&name);
            }
        }
    }
}

impl Disk for SimDisk {
    fn names(&mut self) -> Result<Vec<String>, DiskFault> {
        Ok(self.names.keys().cloned().collect())
    }

    fn read_all(&mut self, name: &str, max: u64) -> Result<Vec<u8>, DiskFault> {
        let inode = *self.names.get(name).ok_or(DiskFault::Gone)?;
        let bytes = &self.inodes[inode].live;
        if bytes.len() as u64 > max { Err(DiskFault::Io) } else { Ok(bytes.clone()) }
    }

    fn create(&mut self, name: &str) -> Result<DiskFile, DiskFault> {
        let (file, inode) = self.open(name)?;
        if !self.inodes[inode].live.is_empty() {
            self.truncate(file, 0)?;
        }
        Ok(file)
    }

    fn append(&mut self, name: &str) -> Result<(DiskFile, u64), DiskFault> {
        let (file, inode) = self.open(name)?;
        Ok((file, self.inodes[inode].live.len() as u64))
    }

    fn write_all(&mut self, file: DiskFile, bytes: &[u8]) -> Result<(), DiskFault> {
        let inode = self.inode(file)?;
        inode.pending.push(Op::Write { at: inode.live.len(), bytes: bytes.to_vec() });
        inode.live.extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&mut self, file: DiskFile, len: u64) -> Result<(), DiskFault> {
        let inode = self.inode(file)?;
        inode.pending.push(Op::Truncate(len as usize));
        inode.live.resize(len as usize, 0);
        Ok(())
    }

    fn sync(&mut self, file: DiskFile) -> Result<(), DiskFault> {
        self.sync_as(file, Sync::Works)
    }

    fn close(&mut self, file: DiskFile) {
        self.handles.remove(&file.0);
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskFault> {
        let inode = self.names.remove(from).ok_or(DiskFault::Gone)?;
        self.names.insert(to.to_owned(), inode);
        self.pending.push(NameOp::Move { from: from.to_owned(), to: to.to_owned(), inode });
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskFault> {
        self.names.remove(name).ok_or(DiskFault::Gone)?;
        self.pending.push(NameOp::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_dir(&mut self) -> Result<(), DiskFault> {
        for op in std::mem::take(&mut self.pending) {
            op.apply(&mut self.durable_names);
        }
        Ok(())
    }
}
