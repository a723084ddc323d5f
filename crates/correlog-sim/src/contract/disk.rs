//! The contract of `Disk`: what holds while nothing fails. What a failure leaves is the simulated disk's own, and
//! the pipeline believes the worst of it.

use correlog_pipeline::ports::{Disk, DiskFault, DiskFile};

/// The port, and a way to end its process and start the next.
pub trait DiskHand {
    fn port(&mut self) -> &mut dyn Disk;
    /// Handles are gone, what was written stays.
    fn restart(&mut self);
}

pub type Check = (&'static str, fn(&mut dyn DiskHand));

/// Each runs on a fresh, empty state directory.
pub const CHECKS: &[Check] = &[
    ("an empty directory has no names", empty),
    ("what is written is read, before and after a restart", written),
    ("creating again truncates", create_truncates),
    ("appending goes on at the end", appending),
    ("a truncation is where writing goes on", truncating),
    ("a rename replaces, and handles follow", renaming),
    ("a removed name is gone", removing),
    ("a file over the limit is a fault", limit),
    ("names are plain names", plain_names),
    ("a closed handle is a fault", closed),
];

fn make(hand: &mut dyn DiskHand, name: &str, bytes: &[u8]) -> DiskFile {
    let disk = hand.port();
    let file = disk.create(name).expect("it can be made");
    disk.write_all(file, bytes).expect("there is space");
    disk.sync(file).expect("it syncs");
    disk.sync_dir().expect("the directory syncs");
    file
}

fn content(hand: &mut dyn DiskHand, name: &str) -> Vec<u8> {
    hand.port().read_all(name, 1 << 20).unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
}

fn names(hand: &mut dyn DiskHand) -> Vec<String> {
    let mut names = hand.port().names().expect("it can be listed");
    names.sort();
    names
}

fn empty(hand: &mut dyn DiskHand) {
    assert_eq!(names(hand), [""; 0]);
    assert_eq!(hand.port().read_all("a", 10), Err(DiskFault::Gone));
    assert_eq!(hand.port().sync_dir(), Ok(()));
}

fn written(hand: &mut dyn DiskHand) {
    make(hand, "a", b"12\n3");
    assert_eq!(content(hand, "a"), b"12\n3");
    hand.restart();
    assert_eq!((content(hand, "a"), names(hand)), (b"12\n3".to_vec(), vec!["a".to_owned()]));
}

fn create_truncates(hand: &mut dyn DiskHand) {
    make(hand, "a", b"long before");
    let file = make(hand, "a", b"now");
    assert_eq!(content(hand, "a"), b"now");
    hand.port().write_all(file, b"!").expect("writing goes on");
    assert_eq!(content(hand, "a"), b"now!");
}

fn appending(hand: &mut dyn DiskHand) {
    make(hand, "a", b"123");
    let (file, len) = hand.port().append("a").expect("it can be opened");
    assert_eq!(len, 3);
    hand.port().write_all(file, b"45").expect("there is space");
    assert_eq!(content(hand, "a"), b"12345");
    let (_, len) = hand.port().append("new").expect("it is made where it is missing");
    assert_eq!(len, 0);
    assert_eq!(names(hand), ["a", "new"]);
}

fn truncating(hand: &mut dyn DiskHand) {
    let file = make(hand, "a", b"12345");
    hand.port().truncate(file, 2).expect("it can be cut");
    hand.port().write_all(file, b"x").expect("there is space");
    hand.port().sync(file).expect("it syncs");
    hand.restart();
    assert_eq!(content(hand, "a"), b"12x");
}

fn renaming(hand: &mut dyn DiskHand) {
    make(hand, "a", b"old");
    let file = make(hand, "b", b"new");
    hand.port().rename("b", "a").expect("both are there");
    assert_eq!((names(hand), content(hand, "a")), (vec!["a".to_owned()], b"new".to_vec()));
    hand.port().write_all(file, b"er").expect("the handle is still its file");
    assert_eq!(content(hand, "a"), b"newer");
    assert_eq!(hand.port().rename("none", "a"), Err(DiskFault::Gone));
}

fn removing(hand: &mut dyn DiskHand) {
    make(hand, "a", b"1");
    assert_eq!(hand.port().remove("a"), Ok(()));
    assert_eq!(hand.port().remove("a"), Err(DiskFault::Gone));
    assert_eq!(names(hand), [""; 0]);
}

fn limit(hand: &mut dyn DiskHand) {
    make(hand, "a", b"12345");
    assert_eq!(hand.port().read_all("a", 5), Ok(b"12345".to_vec()));
    assert_eq!(hand.port().read_all("a", 4), Err(DiskFault::Io));
}

fn plain_names(hand: &mut dyn DiskHand) {
    for name in ["", ".", "..", "a/b", "../a", "a\0b"] {
        assert_eq!(hand.port().create(name), Err(DiskFault::Denied), "{name:?}");
    }
}

fn closed(hand: &mut dyn DiskHand) {
    let file = make(hand, "a", b"1");
    hand.port().close(file);
    assert_eq!(hand.port().write_all(file, b"2"), Err(DiskFault::Io));
    assert_eq!(hand.port().sync(file), Err(DiskFault::Io));
}
