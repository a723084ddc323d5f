//! Hands for the real ports, each in a temporary directory of its own.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use correlog_pipeline::ports;
use correlog_sim::contract::{disk::DiskHand, files::FileHand};
use tempfile::TempDir;

use crate::real_disk::{OpenError, StateDir};
use crate::real_files::{Patterns, RealFiles};

pub struct Hand {
    root: TempDir,
    files: RealFiles,
}

impl Hand {
    pub fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("logs")).unwrap();
        fs::create_dir(root.path().join("elsewhere")).unwrap();
        let patterns = Patterns {
            paths: vec!["logs/*.log".into()],
            rotated: vec!["logs/*.log.*".into()],
            exclude: vec!["skip*".into()],
            ..Patterns::default()
        };
        let files = RealFiles::new(root.path(), &[patterns]).unwrap();
        Self { root, files }
    }
}

impl FileHand for Hand {
    fn port(&mut self) -> &mut dyn ports::Files {
        &mut self.files
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("logs")
    }

    fn outside(&self) -> PathBuf {
        self.root.path().join("elsewhere")
    }

    fn put(&mut self, path: &Path, bytes: &[u8]) {
        fs::write(path, bytes).unwrap();
    }

    fn append(&mut self, path: &Path, bytes: &[u8]) {
        OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
    }

    fn set_len(&mut self, path: &Path, len: u64) {
        OpenOptions::new().write(true).open(path).unwrap().set_len(len).unwrap();
    }

    fn rename(&mut self, from: &Path, to: &Path) {
        fs::rename(from, to).unwrap();
    }

    fn remove(&mut self, path: &Path) {
        fs::remove_file(path).unwrap();
    }

    fn hard_link(&mut self, from: &Path, to: &Path) {
        fs::hard_link(from, to).unwrap();
    }

    fn symlink(&mut self, target: &Path, path: &Path) {
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    fn mkdir(&mut self, path: &Path) {
        fs::create_dir(path).unwrap();
    }

    fn remove_dir(&mut self, path: &Path) {
        fs::remove_dir(path).unwrap();
    }
}

pub struct State {
    root: TempDir,
    dir: Option<StateDir>,
}

impl State {
    pub fn new() -> Self {
        let root = TempDir::new().unwrap();
        let dir = Some(StateDir::open(&root.path().join("state")).unwrap());
        Self { root, dir }
    }
}

impl DiskHand for State {
    fn port(&mut self) -> &mut dyn ports::Disk {
        self.dir.as_mut().unwrap()
    }

    fn restart(&mut self) {
        self.dir = None;
        self.dir = Some(StateDir::open(&self.root.path().join("state")).unwrap());
    }
}

#[test]
fn c06_a_second_instance_on_the_same_state_is_refused_and_told_of_the_first() {
    let root = TempDir::new().unwrap();
    let first = StateDir::open(root.path()).unwrap();
    let told = StateDir::open(root.path()).unwrap_err();
    assert!(matches!(told, OpenError::InUse { process: Some(process), .. } if process == std::process::id()));
    assert!(told.to_string().contains("in use by process"), "{told}");
    drop(first);
    StateDir::open(root.path()).unwrap();
}

#[test]
fn looking_needs_no_lock_and_changes_nothing() {
    use correlog_pipeline::ports::{Disk, DiskFault};
    let root = TempDir::new().unwrap();
    let _holder = StateDir::open(root.path()).unwrap();
    let mut looked = StateDir::look(root.path());
    assert_eq!(looked.names(), Ok(vec![]));
    assert_eq!(looked.create("a").unwrap_err(), DiskFault::ReadOnly);
    assert_eq!(looked.remove("a").unwrap_err(), DiskFault::ReadOnly);
}

#[test]
fn a_fifo_is_ignored_and_never_waited_for() {
    use correlog_pipeline::ports::{FileFault, Files};
    let mut hand = Hand::new();
    let path = hand.dir().join("pipe.log");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
    let listing = hand.files.list(0);
    assert_eq!((listing.files.len(), listing.ignored), (0, 1));
    assert_eq!(hand.files.open(&path), Err(FileFault::NotRegular));
}

#[test]
fn patterns_reach_into_directories_that_come_later() {
    use correlog_pipeline::ports::Files;
    let root = TempDir::new().unwrap();
    let patterns = Patterns { paths: vec!["pods/*/app/**/*.log".into()], ..Patterns::default() };
    let mut files = RealFiles::new(root.path(), &[patterns]).unwrap();
    assert_eq!(files.list(0).faults.len(), 1, "the first directory is missing");
    fs::create_dir_all(root.path().join("pods/one/app/deep/er")).unwrap();
    for name in
        ["pods/one/app/a.log", "pods/one/app/deep/er/b.log", "pods/one/c.log", "pods/one/app/a.log.1.gz"]
    {
        fs::write(root.path().join(name), b"x\n").unwrap();
    }
    // A loop of directories ends the walk nowhere but at its own entry.
    std::os::unix::fs::symlink(root.path().join("pods/one"), root.path().join("pods/one/app/loop")).unwrap();
    let mut found: Vec<_> = files.list(0).files.into_iter().map(|file| (file.path, file.role)).collect();
    found.sort();
    let expect = [
        ("pods/one/app/a.log", ports::Role::Live),
        ("pods/one/app/a.log.1.gz", ports::Role::Rotated),
        ("pods/one/app/deep/er/b.log", ports::Role::Live),
    ];
    assert_eq!(found, expect.map(|(name, role)| (root.path().join(name), role)));
}

#[test]
fn the_usual_rotated_names_are_found() {
    use correlog_pipeline::ports::{Files, Role};
    let root = TempDir::new().unwrap();
    let patterns = Patterns { paths: vec!["app.log".into()], ..Patterns::default() };
    let mut files = RealFiles::new(root.path(), &[patterns]).unwrap();
    let rotated = [
        "app.log.1",
        "app.log.2.gz",
        "app.log-20261121",
        "app.log-20261121.gz",
        "app-20261121.log",
        "app.log.2026-11-21",
    ];
    let others = ["app.log.bak", "other.log", "app.logs", "myapp.log.1"];
    for name in rotated.iter().chain(&others).chain(&["app.log"]) {
        fs::write(root.path().join(name), b"x\n").unwrap();
    }
    let mut found: Vec<_> = files.list(0).files.into_iter().map(|file| (file.role, file.path)).collect();
    found.sort();
    let mut expect: Vec<_> = rotated.iter().map(|name| (Role::Rotated, root.path().join(name))).collect();
    expect.push((Role::Live, root.path().join("app.log")));
    expect.sort();
    assert_eq!(found, expect);
}

#[test]
fn a_pattern_that_is_none_is_named() {
    for pattern in ["logs/[a.log", "logs/**", "*/../a.log"] {
        let patterns = Patterns { paths: vec![pattern.into()], ..Patterns::default() };
        let told = RealFiles::new(Path::new("/"), &[patterns]).unwrap_err();
        assert_eq!(told.pattern, pattern);
    }
}
