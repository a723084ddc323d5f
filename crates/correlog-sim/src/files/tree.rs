//! A file system in memory: names, inodes, links, holes. It has no faults of its own and draws nothing.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use correlog_pipeline::ports::Stat;

/// How inode numbers come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Numbers {
    Fresh,
    /// As ext4 does: the number freed last is given first.
    Reused,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// Its place in `Tree::inodes`.
    File(usize),
    Link(PathBuf),
    Dir,
}

#[derive(Clone, Debug, Default)]
pub struct Inode {
    pub number: u64,
    pub born_ns: i64,
    pub bytes: Vec<u8>,
    pub holes: Vec<Range<u64>>,
    pub links: u64,
    /// Open handles; without links and handles its bytes are gone.
    pub handles: u32,
    pub modified_ns: i64,
    pub changed_ns: i64,
    /// Opening answers `Denied`; open handles go on.
    pub denied: bool,
    /// Which run of lines it holds, for the oracle: copies share it, a truncation starts another.
    pub content: usize,
    /// Where the tokens of whole lines end, for the oracle; the port never sees it.
    pub lines: Vec<(u64, u32)>,
}

#[derive(Clone, Debug)]
pub struct Tree {
    pub inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, Node>,
    numbers: Numbers,
    free: Vec<u64>,
    next_number: u64,
    pub device: u64,
    /// Set by the world before each change.
    pub now_ns: i64,
    /// Whether the file system tells when an inode was born.
    pub tells_birth: bool,
}

impl Tree {
    pub fn new(numbers: Numbers) -> Self {
        Self {
            inodes: Vec::new(),
            names: BTreeMap::new(),
            numbers,
            free: Vec::new(),
            next_number: 100,
            device: 1,
            now_ns: 1,
            tells_birth: true,
        }
    }

    pub fn node(&self, path: &Path) -> Option<&Node> {
        self.names.get(path)
    }

    /// The entries directly in `dir`.
    pub fn entries<'a>(&'a self, dir: &'a Path) -> impl Iterator<Item = (&'a PathBuf, &'a Node)> {
        self.names.range(dir.to_path_buf()..).filter(move |(path, _)| path.parent() == Some(dir))
    }

    /// Follows links to the inode and its real path.
    pub fn resolve(&self, path: &Path) -> Option<(PathBuf, usize)> {
        let mut at = path.to_path_buf();
        for _ in 0..8 {
            match self.names.get(&at)? {
                Node::File(inode) => return Some((at, *inode)),
                Node::Link(target) => at = target.clone(),
                Node::Dir => return None,
            }
        }
        None
    }

    pub fn stat(&self, inode: usize) -> Stat {
        let found = &self.inodes[inode];
        Stat {
            device: self.device,
            inode: found.number,
            born_ns: self.tells_birth.then_some(found.born_ns),
            size: found.bytes.len() as u64,
            modified_ns: found.modified_ns,
            changed_ns: found.changed_ns,
            links: found.links,
        }
    }

    pub fn mkdir(&mut self, path: &Path) {
        self.names.insert(path.to_path_buf(), Node::Dir);
    }

    /// An empty file under a name that was free; what had the name before is unlinked.
    pub fn create(&mut self, path: &Path) -> usize {
        self.unlink(path);
        let reused = if self.numbers == Numbers::Reused { self.free.pop() } else { None };
        let number = reused.unwrap_or_else(|| {
            self.next_number += 1;
            self.next_number
        });
        let now = self.now_ns;
        let inode = self.inodes.len();
        self.inodes.push(Inode {
            number,
            born_ns: now,
            links: 1,
            modified_ns: now,
            changed_ns: now,
            ..Inode::default()
        });
        self.names.insert(path.to_path_buf(), Node::File(inode));
        inode
    }

    pub fn append(&mut self, inode: usize, bytes: &[u8]) {
        self.inodes[inode].bytes.extend_from_slice(bytes);
        self.touch(inode);
    }

    /// Cuts, or extends with a hole.
    pub fn set_len(&mut self, inode: usize, len: u64) {
        let found = &mut self.inodes[inode];
        let before = found.bytes.len() as u64;
        found.bytes.resize(len as usize, 0);
        if len > before {
            found.holes.push(before..len);
        }
        for hole in &mut found.holes {
            hole.end = hole.end.min(len);
        }
        found.holes.retain(|hole| hole.start < hole.end);
        found.lines.retain(|(end, _)| *end <= len);
        self.touch(inode);
    }

    fn touch(&mut self, inode: usize) {
        let found = &mut self.inodes[inode];
        found.modified_ns = self.now_ns;
        found.changed_ns = self.now_ns;
    }

    pub fn rename(&mut self, from: &Path, to: &Path) {
        let Some(node) = self.names.remove(from) else { return };
        self.unlink(to);
        if let Node::File(inode) = node {
            self.inodes[inode].changed_ns = self.now_ns;
        }
        self.names.insert(to.to_path_buf(), node);
    }

    pub fn hard_link(&mut self, from: &Path, to: &Path) {
        let Some((_, inode)) = self.resolve(from) else { return };
        self.unlink(to);
        self.inodes[inode].links += 1;
        self.inodes[inode].changed_ns = self.now_ns;
        self.names.insert(to.to_path_buf(), Node::File(inode));
    }

    pub fn symlink(&mut self, target: &Path, path: &Path) {
        self.unlink(path);
        self.names.insert(path.to_path_buf(), Node::Link(target.to_path_buf()));
    }

    pub fn unlink(&mut self, path: &Path) {
        if let Some(Node::File(inode)) = self.names.remove(path) {
            self.inodes[inode].links -= 1;
            self.inodes[inode].changed_ns = self.now_ns;
            self.free_if_unused(inode);
        }
    }

    pub fn hold(&mut self, inode: usize) {
        self.inodes[inode].handles += 1;
    }

    pub fn release(&mut self, inode: usize) {
        self.inodes[inode].handles -= 1;
        self.free_if_unused(inode);
    }

    fn free_if_unused(&mut self, inode: usize) {
        let found = &mut self.inodes[inode];
        if found.links == 0 && found.handles == 0 {
            self.free.push(found.number);
            found.bytes = Vec::new();
            found.holes.clear();
        }
    }

    /// A restored backup, another mount: the same files under other device and inode numbers.
    pub fn renumber(&mut self, offset: u64) {
        self.device += 1;
        self.next_number += offset + self.inodes.len() as u64;
        self.free.clear();
        for inode in &mut self.inodes {
            self.next_number += 1;
            inode.number = self.next_number;
        }
    }
}
