//! The contract of `Files`. One directory is listed: `*.log` live, `*.log.*` rotated, `skip*` left out.

use std::path::{Path, PathBuf};

use correlog_pipeline::ports::{FileFault, Files, Handle, Listed, Role};

/// A hand that changes files the way writers and rotators do, next to the port that watches them.
pub trait FileHand {
    fn port(&mut self) -> &mut dyn Files;
    /// The listed directory.
    fn dir(&self) -> PathBuf;
    /// A directory that no pattern reaches.
    fn outside(&self) -> PathBuf;
    /// Creates the file, or replaces its content in place.
    fn put(&mut self, path: &Path, bytes: &[u8]);
    fn append(&mut self, path: &Path, bytes: &[u8]);
    /// Cuts, or extends with a hole.
    fn set_len(&mut self, path: &Path, len: u64);
    fn rename(&mut self, from: &Path, to: &Path);
    fn remove(&mut self, path: &Path);
    fn hard_link(&mut self, from: &Path, to: &Path);
    fn symlink(&mut self, target: &Path, path: &Path);
    fn mkdir(&mut self, path: &Path);
    fn remove_dir(&mut self, path: &Path);
}

pub type Check = (&'static str, fn(&mut dyn FileHand));

/// Each runs in a fresh, empty directory.
pub const CHECKS: &[Check] = &[
    ("files are listed with their roles", roles),
    ("what is no file is not listed", no_files),
    ("links are resolved and kept inside", links),
    ("a missing directory is a fault, not an empty listing", missing_directory),
    ("a handle's stat is the listing's", stat_agrees),
    ("reading at, across and behind the end", reading),
    ("a handle follows its file through a rename", rename_keeps_handle),
    ("a handle outlives its name", unlink_keeps_handle),
    ("a truncation is seen through the handle", truncation),
    ("an append is seen through the handle", append_seen),
    ("two names of one file are one inode", hard_links),
    ("a recreated name is another file while the old one is held", recreated),
    ("holes are skipped and read as zeros", holes),
    ("opening what is not there, or no file", opening_faults),
    ("handles are distinct, and closed ones are gone", handles),
    ("a change gives a hint", hints),
];

fn listed(hand: &mut dyn FileHand, name: &str) -> Listed {
    let path = hand.dir().join(name);
    let listing = hand.port().list(0);
    let found = listing.files.iter().find(|file| file.path == path);
    found.unwrap_or_else(|| panic!("{name} is not listed in {listing:?}")).clone()
}

fn put(hand: &mut dyn FileHand, name: &str, bytes: &[u8]) -> PathBuf {
    let path = hand.dir().join(name);
    hand.put(&path, bytes);
    path
}

fn opened(hand: &mut dyn FileHand, name: &str, bytes: &[u8]) -> (PathBuf, Handle) {
    let path = put(hand, name, bytes);
    let handle = hand.port().open(&path).expect("it was just made");
    (path, handle)
}

fn read(hand: &mut dyn FileHand, handle: Handle, offset: u64) -> Vec<u8> {
    let mut into = [0; 64];
    let count = hand.port().read(handle, offset, &mut into).expect("an open file can be read");
    into[..count].to_vec()
}

fn roles(hand: &mut dyn FileHand) {
    for name in ["a.log", "a.log.1", "a.log.2.gz", "skip.log", "a.txt"] {
        put(hand, name, b"x\n");
    }
    let dir = hand.dir();
    let mut found: Vec<_> =
        hand.port().list(0).files.into_iter().map(|file| (file.path, file.role)).collect();
    found.sort();
    let expect = [("a.log", Role::Live), ("a.log.1", Role::Rotated), ("a.log.2.gz", Role::Rotated)]
        .map(|(name, role)| (dir.join(name), role));
    assert_eq!(found, expect);
    assert_eq!(
        hand.port().list(7),
        correlog_pipeline::ports::Listing::default(),
        "an unknown group is empty"
    );
}

fn no_files(hand: &mut dyn FileHand) {
    let dir = hand.dir();
    hand.mkdir(&dir.join("dir.log"));
    let listing = hand.port().list(0);
    assert_eq!((listing.files.len(), listing.faults.len()), (0, 0), "{listing:?}");
}

fn links(hand: &mut dyn FileHand) {
    let target = put(hand, "a.txt", b"x\n");
    let foreign = hand.outside().join("foreign");
    hand.put(&foreign, b"secret\n");
    let dir = hand.dir();
    hand.symlink(&target, &dir.join("in.log"));
    hand.symlink(&foreign, &dir.join("out.log"));
    hand.symlink(&dir.join("nowhere"), &dir.join("dangling.log"));
    let inside = listed(hand, "in.log");
    assert_eq!(inside.target, target);
    let listing = hand.port().list(0);
    assert_eq!((listing.files.len(), listing.ignored), (1, 1), "{listing:?}");
    assert_eq!(listing.faults, [(dir.join("dangling.log"), FileFault::Gone)]);
    assert_eq!(hand.port().open(&dir.join("out.log")), Err(FileFault::NotRegular));
    assert_eq!(hand.port().open(&foreign), Err(FileFault::NotRegular));
    let handle = hand.port().open(&dir.join("in.log")).expect("a link inside is followed");
    assert_eq!(read(hand, handle, 0), b"x\n");
}

fn missing_directory(hand: &mut dyn FileHand) {
    let dir = hand.dir();
    hand.remove_dir(&dir);
    let listing = hand.port().list(0);
    assert_eq!((listing.files.len(), listing.faults), (0, vec![(dir.clone(), FileFault::Gone)]));
    hand.mkdir(&dir);
    put(hand, "a.log", b"x\n");
    listed(hand, "a.log");
}

fn stat_agrees(hand: &mut dyn FileHand) {
    let (_, handle) = opened(hand, "a.log", b"12345\n");
    let stat = hand.port().stat(handle).expect("open");
    assert_eq!(stat, listed(hand, "a.log").stat);
    assert_eq!((stat.size, stat.links), (6, 1));
}

fn reading(hand: &mut dyn FileHand) {
    let (_, handle) = opened(hand, "a.log", b"12345\n");
    assert_eq!(read(hand, handle, 0), b"12345\n");
    assert_eq!(read(hand, handle, 4), b"5\n");
    assert_eq!(read(hand, handle, 6), b"");
    assert_eq!(read(hand, handle, 600), b"");
    assert_eq!(hand.port().read(handle, 0, &mut []), Ok(0));
}

fn rename_keeps_handle(hand: &mut dyn FileHand) {
    let (path, handle) = opened(hand, "a.log", b"1\n");
    let inode = listed(hand, "a.log").stat.inode;
    let to = hand.dir().join("a.log.1");
    hand.rename(&path, &to);
    hand.append(&to, b"2\n");
    put(hand, "a.log", b"new\n");
    assert_eq!(read(hand, handle, 0), b"1\n2\n");
    assert_eq!(listed(hand, "a.log.1").stat.inode, inode);
}

fn unlink_keeps_handle(hand: &mut dyn FileHand) {
    let (path, handle) = opened(hand, "a.log", b"1\n");
    hand.remove(&path);
    assert_eq!(read(hand, handle, 0), b"1\n");
    assert_eq!(hand.port().stat(handle).expect("open").links, 0);
    assert_eq!(hand.port().list(0).files, []);
    assert_eq!(hand.port().open(&path), Err(FileFault::Gone));
}

fn truncation(hand: &mut dyn FileHand) {
    let (path, handle) = opened(hand, "a.log", b"1\n2\n3\n");
    hand.set_len(&path, 0);
    assert_eq!(hand.port().stat(handle).expect("open").size, 0);
    assert_eq!(read(hand, handle, 2), b"");
    hand.append(&path, b"new\n");
    assert_eq!(read(hand, handle, 0), b"new\n");
}

fn append_seen(hand: &mut dyn FileHand) {
    let (path, handle) = opened(hand, "a.log", b"1\n");
    hand.append(&path, b"2\n");
    assert_eq!(read(hand, handle, 2), b"2\n");
    assert_eq!(hand.port().stat(handle).expect("open").size, 4);
}

fn hard_links(hand: &mut dyn FileHand) {
    let path = put(hand, "a.log", b"1\n");
    let dir = hand.dir();
    hand.hard_link(&path, &dir.join("b.log"));
    let (one, two) = (listed(hand, "a.log").stat, listed(hand, "b.log").stat);
    assert_eq!((one.device, one.inode, one.links), (two.device, two.inode, 2));
}

fn recreated(hand: &mut dyn FileHand) {
    let (path, handle) = opened(hand, "a.log", b"1\n");
    hand.remove(&path);
    put(hand, "a.log", b"2\n");
    let held = hand.port().stat(handle).expect("open");
    assert_ne!(held.inode, listed(hand, "a.log").stat.inode, "a held inode number is not given again");
    assert_eq!(read(hand, handle, 0), b"1\n");
}

fn holes(hand: &mut dyn FileHand) {
    const HOLE: u64 = 1 << 20;
    let (path, handle) = opened(hand, "a.log", b"");
    hand.set_len(&path, HOLE);
    assert_eq!(hand.port().next_data(handle, 0), Ok(None));
    assert_eq!(read(hand, handle, 5), [0; 64]);
    hand.append(&path, b"1\n");
    assert_eq!(hand.port().next_data(handle, 0), Ok(Some(HOLE)));
    assert_eq!(hand.port().next_data(handle, HOLE), Ok(Some(HOLE)));
    assert_eq!(hand.port().next_data(handle, HOLE + 2), Ok(None));
    assert_eq!(read(hand, handle, HOLE), b"1\n");
}

fn opening_faults(hand: &mut dyn FileHand) {
    let dir = hand.dir();
    hand.mkdir(&dir.join("dir.log"));
    assert_eq!(hand.port().open(&dir.join("none.log")), Err(FileFault::Gone));
    assert_eq!(hand.port().open(&dir.join("dir.log")), Err(FileFault::NotRegular));
}

fn handles(hand: &mut dyn FileHand) {
    let (path, one) = opened(hand, "a.log", b"1\n");
    let (_, two) = opened(hand, "b.log", b"2\n");
    let three = hand.port().open(&path).expect("a file may be opened twice");
    assert!(one != two && two != three && one != three);
    hand.port().close(one);
    assert_eq!(hand.port().stat(one), Err(FileFault::Gone));
    assert_eq!(hand.port().read(one, 0, &mut [0; 4]), Err(FileFault::Gone));
    assert_eq!(read(hand, two, 0), b"2\n");
    assert_eq!(read(hand, three, 0), b"1\n");
}

fn hints(hand: &mut dyn FileHand) {
    put(hand, "a.log", b"1\n");
    hand.port().list(0);
    while hand.port().hint() {}
    let path = hand.dir().join("a.log");
    hand.append(&path, b"2\n");
    assert!(hand.port().hint(), "an append to a listed file");
    assert!(!hand.port().hint(), "a hint is given once");
}
