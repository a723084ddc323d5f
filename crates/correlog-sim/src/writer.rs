//! A service that writes lines, and the rotator beside it, one small step at a time, so that every step of theirs
//! can fall between two calls of the shipper's. It knows nothing of shipping.

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;

use crate::files::Group;
use crate::files::tree::Tree;
use crate::line::LineMaker;
use crate::options::Lines;
use crate::oracle::Oracle;
use crate::rng::Rng;
use crate::rotation::{self, Plan, Rotation, Step};

#[derive(Debug)]
pub struct Writer {
    pub group: Group,
    rotation: Rotation,
    lines: LineMaker,
    live: PathBuf,
    /// Where the service writes: an open descriptor, not a name.
    inode: usize,
    /// The rest of a line whose beginning is written.
    torn: Option<Torn>,
    steps: VecDeque<Step>,
    rotations: u32,
    /// For the trace.
    last: String,
}

#[derive(Debug)]
struct Torn {
    token: u32,
    rest: Vec<u8>,
}

impl Writer {
    pub fn new(number: usize, lines: &Lines, tree: &mut Tree, oracle: &mut Oracle, rng: &mut Rng) -> Self {
        let dir = PathBuf::from(format!("/logs{number}"));
        tree.mkdir(&dir);
        let group = Group {
            dir: dir.clone(),
            live: vec!["app.log".into()],
            rotated: vec!["app.log.*".into(), "app.log-*".into(), "app-*.log".into()],
            exclude: vec!["skip*".into()],
        };
        let mut writer = Self {
            group,
            rotation: Rotation::draw(lines.destructive, rng),
            live: dir.join("app.log"),
            inode: 0,
            torn: None,
            steps: VecDeque::new(),
            rotations: 0,
            last: String::new(),
            lines: LineMaker::new(rng),
        };
        let first = match writer.rotation {
            Rotation::SymlinkSwap => rotation::swap(&writer.live, 0),
            _ => Step::Create(writer.live.clone()),
        };
        writer.take(first, lines, tree, oracle, rng);
        writer
    }

    /// One step; answers whether it may have destroyed bytes.
    pub fn step(&mut self, lines: &Lines, tree: &mut Tree, oracle: &mut Oracle, rng: &mut Rng) -> bool {
        if let Some(step) = self.steps.pop_front() {
            return self.take(step, lines, tree, oracle, rng);
        }
        if rng.chance(lines.rotate) {
            self.rotate(lines, rng);
            return false;
        }
        self.last = "appends".to_owned();
        self.write(lines, tree, oracle, rng);
        false
    }

    /// No more of anything: torn lines are ended, rotations finished.
    pub fn finish(&mut self, lines: &Lines, tree: &mut Tree, oracle: &mut Oracle, rng: &mut Rng) {
        while let Some(step) = self.steps.pop_front() {
            if self.take(step, lines, tree, oracle, rng) {
                oracle.sweep(tree);
            }
        }
        self.end_torn(tree, oracle);
    }

    fn rotate(&mut self, lines: &Lines, rng: &mut Rng) {
        self.rotations += 1;
        let (rotation, rotations) = (self.rotation, self.rotations);
        self.steps = Plan { rotation, live: &self.live, rotations, keep: lines.keep }.steps(rng);
    }

    fn take(
        &mut self,
        step: Step,
        lines: &Lines,
        tree: &mut Tree,
        oracle: &mut Oracle,
        rng: &mut Rng,
    ) -> bool {
        self.last = step.to_string();
        match step {
            Step::Write => self.write(lines, tree, oracle, rng),
            Step::Rename(from, to) => tree.rename(&from, &to),
            Step::Unlink(path) => {
                // A service that still writes a line into a removed file ends it there.
                if tree.resolve(&path).is_some_and(|(_, inode)| inode == self.inode) {
                    self.end_torn(tree, oracle);
                }
                tree.unlink(&path);
                return true;
            }
            Step::Link(from, to) => {
                tree.hard_link(&from, &to);
                return true;
            }
            Step::Create(path) => {
                self.open_fresh(tree.create(&path), lines, tree, oracle);
                if lines.linked {
                    let second = PathBuf::from(format!("{}.bak", path.display()));
                    self.steps.push_front(Step::Link(path, second));
                }
            }
            Step::Swap { file, link } => {
                let inode = tree.create(&file);
                tree.symlink(&file, &link);
                self.open_fresh(inode, lines, tree, oracle);
            }
            Step::Copy { from, to } => self.copy(from, to, tree, oracle, rng),
            Step::Truncate(path) => {
                self.truncate(&path, lines, tree, oracle, rng);
                return true;
            }
            Step::Gzip { from, to } => self.gzip(from, to, lines, tree, rng),
            Step::GzipGrow { to, rest, from, whole } => {
                return self.gzip_grow(to, rest, from, whole, tree, rng);
            }
        }
        false
    }

    /// The end of a line goes where its beginning went: the service finishes a write before it reopens.
    fn open_fresh(&mut self, inode: usize, lines: &Lines, tree: &mut Tree, oracle: &mut Oracle) {
        if self.torn.is_some() {
            self.end_torn(tree, oracle);
        }
        tree.inodes[inode].content = oracle.new_content();
        self.inode = inode;
        let content = tree.inodes[inode].content;
        if lines.mark {
            tree.append(inode, b"\xEF\xBB\xBF");
            oracle.ragged(content);
        }
        if lines.banner {
            tree.append(inode, b"\n");
            let end = tree.inodes[inode].bytes.len() as u64;
            oracle.wrote_blank(content, end);
        }
    }

    fn copy(&mut self, from: PathBuf, to: PathBuf, tree: &mut Tree, oracle: &mut Oracle, rng: &mut Rng) {
        let Some((_, source)) = tree.resolve(&from) else { return };
        let target = match tree.resolve(&to) {
            Some((_, target)) => target,
            None => {
                let target = tree.create(&to);
                tree.inodes[target].content = tree.inodes[source].content;
                target
            }
        };
        let done = tree.inodes[target].bytes.len();
        let len = tree.inodes[source].bytes.len();
        let upto = if rng.chance(500) { len } else { done + (len - done).div_ceil(2) };
        let bytes = tree.inodes[source].bytes[done..upto].to_vec();
        tree.append(target, &bytes);
        let mut copied = tree.inodes[source].lines.clone();
        copied.retain(|(end, _)| *end <= upto as u64);
        tree.inodes[target].lines = copied;
        // What is appended behind the copier's back is its window: it stops at the length it saw last.
        if upto < len {
            return self.steps.push_front(Step::Copy { from, to });
        }
        oracle.finished(tree.inodes[target].content, upto as u64);
        oracle.windowed(tree.inodes[target].content);
    }

    fn truncate(
        &mut self,
        path: &std::path::Path,
        lines: &Lines,
        tree: &mut Tree,
        oracle: &mut Oracle,
        rng: &mut Rng,
    ) {
        let Some((_, inode)) = tree.resolve(path) else { return };
        let before = tree.inodes[inode].bytes.len() as u64;
        self.torn = None;
        oracle.extends(tree.inodes[inode].content, before);
        tree.set_len(inode, 0);
        tree.inodes[inode].content = oracle.emptied(tree.inodes[inode].content);
        if lines.holes && rng.chance(500) {
            // A writer that does not append goes on where it was.
            tree.set_len(inode, before);
            oracle.ragged(tree.inodes[inode].content);
        }
    }

    fn gzip(&mut self, from: PathBuf, to: PathBuf, lines: &Lines, tree: &mut Tree, rng: &mut Rng) {
        let Some((_, source)) = tree.resolve(&from) else { return };
        if source == self.inode {
            // The packer would lose what is still to come; even logrotate waits for its postrotate.
            return;
        }
        let bytes = &tree.inodes[source].bytes;
        let cut = if rng.chance(300) { rng.index(bytes.len() + 1) } else { bytes.len() };
        let mut packed = member(&bytes[..cut]);
        if cut < bytes.len() {
            packed.extend(member(&bytes[cut..]));
        }
        let whole = !rng.chance(lines.bad_gzip);
        if !whole {
            let at = rng.index(packed.len());
            if rng.chance(500) { packed.truncate(at) } else { packed[at] ^= 0x55 }
        }
        let target = tree.create(&to);
        tree.inodes[target].content = tree.inodes[source].content;
        self.steps.push_front(Step::GzipGrow { to, rest: packed, from, whole });
    }

    fn gzip_grow(
        &mut self,
        to: PathBuf,
        mut rest: Vec<u8>,
        from: PathBuf,
        whole: bool,
        tree: &mut Tree,
        rng: &mut Rng,
    ) -> bool {
        let (Some((_, target)), Some((_, source))) = (tree.resolve(&to), tree.resolve(&from)) else {
            return false;
        };
        let count = if rng.chance(500) { rest.len() } else { rest.len().div_ceil(2) };
        let now: Vec<u8> = rest.drain(..count).collect();
        tree.append(target, &now);
        if !rest.is_empty() {
            self.steps.push_front(Step::GzipGrow { to, rest, from, whole });
            return false;
        }
        if whole {
            tree.inodes[target].lines = tree.inodes[source].lines.clone();
        }
        tree.unlink(&from);
        true
    }

    fn write(&mut self, lines: &Lines, tree: &mut Tree, oracle: &mut Oracle, rng: &mut Rng) {
        if self.torn.is_some() && rng.chance(700) {
            return self.end_torn(tree, oracle);
        }
        if self.torn.is_some() {
            return;
        }
        for _ in 0..rng.within(1, 6) {
            if rng.chance(lines.blank) {
                tree.append(self.inode, b"\n");
                let inode = &tree.inodes[self.inode];
                oracle.wrote_blank(inode.content, inode.bytes.len() as u64);
                self.grew(tree, oracle);
                continue;
            }
            let long = rng.chance(lines.long);
            let token = oracle.begin_line(long);
            let line = self.lines.make(token, long, lines, rng);
            if let Some(version) = self.lines.version {
                oracle.is_version(token, version);
            }
            if let (Some(max_age), Some(dated)) = (lines.max_age_ms, self.lines.dated_ms) {
                oracle.dated(token, dated, max_age);
            }
            if rng.chance(lines.torn) {
                let at = rng.index(line.len());
                tree.append(self.inode, &line[..at]);
                self.grew(tree, oracle);
                self.torn = Some(Torn { token, rest: line[at..].to_vec() });
                return;
            }
            self.end_line(token, &line, tree, oracle);
        }
    }

    fn grew(&self, tree: &Tree, oracle: &mut Oracle) {
        let inode = &tree.inodes[self.inode];
        oracle.extends(inode.content, inode.bytes.len() as u64);
    }

    fn end_torn(&mut self, tree: &mut Tree, oracle: &mut Oracle) {
        if let Some(torn) = self.torn.take() {
            self.end_line(torn.token, &torn.rest, tree, oracle);
        }
    }

    fn end_line(&mut self, token: u32, bytes: &[u8], tree: &mut Tree, oracle: &mut Oracle) {
        tree.append(self.inode, bytes);
        self.grew(tree, oracle);
        let inode = &mut tree.inodes[self.inode];
        let end = inode.bytes.len() as u64;
        inode.lines.push((end, token));
        if oracle.is_young(inode.content) {
            oracle.begins_with(inode.content, last_line(&inode.bytes));
        }
        oracle.ended_line(token, inode.content, end);
        oracle.grew(inode.content, end);
    }
}

impl std::fmt::Display for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let torn = if self.torn.is_some() { ", a line is torn" } else { "" };
        write!(f, "{} {:?}: {}{torn}", self.group.dir.display(), self.rotation, self.last)
    }
}

/// The last of some lines, without what is blank before it.
fn last_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = &bytes[memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1)..];
    let is_blank = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    &line[line.iter().position(|byte| !is_blank(byte)).unwrap_or(0)..]
}

/// One whole gzip member.
fn member(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("a Vec takes everything")
}
