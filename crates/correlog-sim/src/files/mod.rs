//! The `Files` port over a tree in memory, without faults: the contract suite holds it to what the real one does.
//! Faults are laid over it by the world.

pub mod tree;

use std::path::{Path, PathBuf};

use correlog_pipeline::ports::{FileFault, Files, Handle, Listed, Listing, Role, Stat};

use tree::{Node, Tree};

/// One configuration entry: patterns of names (with `*`) in one directory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Group {
    pub dir: PathBuf,
    pub live: Vec<String>,
    pub rotated: Vec<String>,
    pub exclude: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct SimFiles {
    pub tree: Tree,
    pub groups: Vec<Group>,
    handles: Vec<Option<usize>>,
    /// A change that no hint was given for yet.
    pub changed: bool,
}

impl SimFiles {
    pub fn new(tree: Tree, groups: Vec<Group>) -> Self {
        Self { tree, groups, handles: Vec::new(), changed: false }
    }

    pub fn inode_of(&self, handle: Handle) -> Result<usize, FileFault> {
        self.handles.get(handle.0 as usize).copied().flatten().ok_or(FileFault::Gone)
    }

    pub fn open_count(&self) -> usize {
        self.handles.iter().flatten().count()
    }

    /// The process is gone and its handles with it.
    pub fn close_all(&mut self) -> Vec<usize> {
        let closed: Vec<usize> = self.handles.drain(..).flatten().collect();
        for inode in &closed {
            self.tree.release(*inode);
        }
        closed
    }

    fn holds(&self, target: &Path) -> bool {
        self.groups.iter().any(|group| target.starts_with(&group.dir))
    }
}

impl Group {
    fn role(&self, name: &str) -> Option<Role> {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, name));
        if any(&self.exclude) {
            return None;
        }
        // Live wins, as in the real port: a file that may still grow is never taken for a finished one.
        if any(&self.live) {
            return Some(Role::Live);
        }
        any(&self.rotated).then_some(Role::Rotated)
    }
}

impl Files for SimFiles {
    fn list(&mut self, group: usize) -> Listing {
        let mut listing = Listing::default();
        let Some(group) = self.groups.get(group) else { return listing };
        if self.tree.node(&group.dir) != Some(&Node::Dir) {
            listing.faults.push((group.dir.clone(), FileFault::Gone));
            return listing;
        }
        for (path, node) in self.tree.entries(&group.dir) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let Some(role) = group.role(&name) else { continue };
            if *node == Node::Dir {
                continue;
            }
            match self.tree.resolve(path) {
                Some((target, inode)) if self.holds(&target) => {
                    let stat = self.tree.stat(inode);
                    listing.files.push(Listed { path: path.clone(), target, role, stat });
                }
                Some(_) => listing.ignored += 1,
                None => listing.faults.push((path.clone(), FileFault::Gone)),
            }
        }
        listing
    }

    fn open(&mut self, path: &Path) -> Result<Handle, FileFault> {
        if self.tree.node(path) == Some(&Node::Dir) {
            return Err(FileFault::NotRegular);
        }
        let (target, inode) = self.tree.resolve(path).ok_or(FileFault::Gone)?;
        if !self.holds(&target) {
            return Err(FileFault::NotRegular);
        }
        if self.tree.inodes[inode].denied {
            return Err(FileFault::Denied);
        }
        let free = self.handles.iter().position(Option::is_none).unwrap_or(self.handles.len());
        if free == self.handles.len() {
            self.handles.push(None);
        }
        self.handles[free] = Some(inode);
        self.tree.hold(inode);
        Ok(Handle(free as u32))
    }

    fn stat(&mut self, handle: Handle) -> Result<Stat, FileFault> {
        Ok(self.tree.stat(self.inode_of(handle)?))
    }

    fn read(&mut self, handle: Handle, offset: u64, into: &mut [u8]) -> Result<usize, FileFault> {
        let bytes = &self.tree.inodes[self.inode_of(handle)?].bytes;
        let start = bytes.len().min(offset as usize);
        let count = into.len().min(bytes.len() - start);
        into[..count].copy_from_slice(&bytes[start..start + count]);
        Ok(count)
    }

    fn next_data(&mut self, handle: Handle, offset: u64) -> Result<Option<u64>, FileFault> {
        let inode = &self.tree.inodes[self.inode_of(handle)?];
        let mut at = offset;
        while let Some(hole) = inode.holes.iter().find(|hole| hole.contains(&at)) {
            at = hole.end;
        }
        Ok((at < inode.bytes.len() as u64).then_some(at))
    }

    fn close(&mut self, handle: Handle) {
        if let Some(inode) = self.handles.get_mut(handle.0 as usize).and_then(Option::take) {
            self.tree.release(inode);
        }
    }

    fn hint(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}

/// A name against a pattern in which `*` stands for anything.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(tail) = name.strip_prefix(head) else { return false };
    rest.is_empty() || (0..=tail.len()).any(|at| tail.is_char_boundary(at) && matches(rest, &tail[at..]))
}
