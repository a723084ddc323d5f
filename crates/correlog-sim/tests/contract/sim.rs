//! Hands for the simulated ports.

use std::path::{Path, PathBuf};

use correlog_pipeline::ports;
use correlog_sim::contract::{disk::DiskHand, files::FileHand};
use correlog_sim::disk::SimDisk;
use correlog_sim::files::tree::{Numbers, Tree};
use correlog_sim::files::{Group, SimFiles};

pub struct Hand(SimFiles);

impl Hand {
    pub fn new() -> Self {
        let mut tree = Tree::new(Numbers::Reused);
        tree.mkdir(Path::new("/logs"));
        let group = Group {
            dir: "/logs".into(),
            live: vec!["*.log".into()],
            rotated: vec!["*.log.*".into()],
            exclude: vec!["skip*".into()],
        };
        Self(SimFiles::new(tree, vec![group]))
    }

    fn change(&mut self) -> &mut Tree {
        self.0.changed = true;
        self.0.tree.now_ns += 1;
        &mut self.0.tree
    }

    fn inode(&self, path: &Path) -> usize {
        self.0.tree.resolve(path).expect("the file is there").1
    }
}

impl FileHand for Hand {
    fn port(&mut self) -> &mut dyn ports::Files {
        &mut self.0
    }

    fn dir(&self) -> PathBuf {
        "/logs".into()
    }

    fn outside(&self) -> PathBuf {
        "/elsewhere".into()
    }

    fn put(&mut self, path: &Path, bytes: &[u8]) {
        let inode = match self.0.tree.resolve(path) {
            Some((_, inode)) => inode,
            None => self.change().create(path),
        };
        self.change().set_len(inode, 0);
        self.change().append(inode, bytes);
    }

    fn append(&mut self, path: &Path, bytes: &[u8]) {
        let inode = self.inode(path);
        self.change().append(inode, bytes);
    }

    fn set_len(&mut self, path: &Path, len: u64) {
        let inode = self.inode(path);
        self.change().set_len(inode, len);
    }

    fn rename(&mut self, from: &Path, to: &Path) {
        self.change().rename(from, to);
    }

    fn remove(&mut self, path: &Path) {
        self.change().unlink(path);
    }

    fn hard_link(&mut self, from: &Path, to: &Path) {
        self.change().hard_link(from, to);
    }

    fn symlink(&mut self, target: &Path, path: &Path) {
        self.change().symlink(target, path);
    }

    fn mkdir(&mut self, path: &Path) {
        self.change().mkdir(path);
    }

    fn remove_dir(&mut self, path: &Path) {
        self.change().unlink(path);
    }
}

#[derive(Default)]
pub struct Disk(SimDisk);

impl DiskHand for Disk {
    fn port(&mut self) -> &mut dyn ports::Disk {
        &mut self.0
    }

    fn restart(&mut self) {
        self.0.process_death(|| true);
    }
}
