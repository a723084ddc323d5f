//! The world as the pipeline sees it: three ports, at the level where faults happen.
//!
//! A coarser port (`save(checkpoint)`) would hide exactly the faults that matter. There is no policy here: no
//! retry, no choice of which file matters, no meaning of a reply.

use std::path::{Path, PathBuf};

/// The time of a turn. `mono_ms` never goes back and drives every timer; `wall_ms` (Unix) is only ever shown to
/// people (lag, ages), and drops lines by `max_age`; it may jump, and reaches no id and no index name (P10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    pub mono_ms: u64,
    pub wall_ms: i64,
}

pub trait World: Files + Outbound {}
impl<T: Files + Outbound> World for T {}

/// What delivery needs: it never sees a log file.
pub trait Outbound: Disk + Bulk {}
impl<T: Disk + Bulk> Outbound for T {}

// ---------------------------------------------------------------- Files

/// What the system says about a file. Hints for identity, never proof of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    pub device: u64,
    pub inode: u64,
    /// Nanoseconds since 1970 when the inode was born, where the file system tells.
    pub born_ns: Option<i64>,
    pub size: u64,
    pub modified_ns: i64,
    pub changed_ns: i64,
    /// Names it has; 0 when it was unlinked while open.
    pub links: u64,
}

/// One file that a group's patterns match: regular files only, symbolic links resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The path as matched, the name people know.
    pub path: PathBuf,
    /// Where it really is, after links.
    pub target: PathBuf,
    pub role: Role,
    pub stat: Stat,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Matches `paths`, whatever else it matches: may still grow, and its stem is its whole path.
    Live,
    /// Matches `rotated`: an older sibling, plain or compressed.
    Rotated,
}

/// A listing is complete, or it says what could not be looked at: what is not listed then is not gone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing {
    pub files: Vec<Listed>,
    /// Directories or entries that could not be read.
    pub faults: Vec<(PathBuf, FileFault)>,
    /// Matches that are no regular file, or lie outside the allowed roots.
    pub ignored: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FileFault {
    /// There is no such file (any more).
    Gone,
    /// Permission is missing: retried, never fatal.
    Denied,
    /// No descriptor was free.
    TooMany,
    /// It is no regular file, or lies where it must not be followed.
    NotRegular,
    /// Anything else the system answered.
    Io,
}

/// An open file; the number is the port's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Handle(pub u32);

pub trait Files {
    /// The files of configuration entry `group`, in no particular order, without duplicates by path.
    fn list(&mut self, group: usize) -> Listing;
    /// Opens for reading without following a last symbolic link that leads outside; never blocks on a FIFO.
    fn open(&mut self, path: &Path) -> Result<Handle, FileFault>;
    fn stat(&mut self, handle: Handle) -> Result<Stat, FileFault>;
    /// Reads at most `into.len()` bytes at `offset`; 0 means the end. Short reads are normal.
    fn read(&mut self, handle: Handle, offset: u64, into: &mut [u8]) -> Result<usize, FileFault>;
    /// The next offset at or after `offset` that is not in a hole; `None` when only a hole is left.
    fn next_data(&mut self, handle: Handle, offset: u64) -> Result<Option<u64>, FileFault>;
    fn close(&mut self, handle: Handle);
    /// A hint that something changed since the last call (inotify); `true` may be wrong either way.
    fn hint(&mut self) -> bool;
}

// ---------------------------------------------------------------- Disk

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DiskFault {
    Gone,
    /// No space or quota left.
    Full,
    ReadOnly,
    Denied,
    Io,
}

/// A file of the state directory being written; the number is the port's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DiskFile(pub u32);

/// The state directory. Names are plain file names in it; nothing is durable before its sync, and a name is not
/// durable before the directory's.
pub trait Disk {
    fn names(&mut self) -> Result<Vec<String>, DiskFault>;
    /// The whole file, at most `max` bytes (more is `Io`).
    fn read_all(&mut self, name: &str, max: u64) -> Result<Vec<u8>, DiskFault>;
    /// Creates or truncates.
    fn create(&mut self, name: &str) -> Result<DiskFile, DiskFault>;
    /// Opens for appending, created when missing; answers its length.
    fn append(&mut self, name: &str) -> Result<(DiskFile, u64), DiskFault>;
    /// Writes all of it or answers a fault; after a fault any prefix may be there.
    fn write_all(&mut self, file: DiskFile, bytes: &[u8]) -> Result<(), DiskFault>;
    fn truncate(&mut self, file: DiskFile, len: u64) -> Result<(), DiskFault>;
    /// After a fault the same file must never be synced again: the pages may be gone and marked clean.
    fn sync(&mut self, file: DiskFile) -> Result<(), DiskFault>;
    fn close(&mut self, file: DiskFile);
    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskFault>;
    fn remove(&mut self, name: &str) -> Result<(), DiskFault>;
    fn sync_dir(&mut self) -> Result<(), DiskFault>;
}

// ---------------------------------------------------------------- Bulk

/// The pump's number of one request; each submission has a new one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticket(pub u64);

/// What a request is for; it names the path behind the index and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// `POST /<index>/_bulk`: writes the documents of the body.
    Write,
    /// `POST /<index>/_mget`: which of these ids are stored, each with its `log` fields. Changes nothing.
    Audit,
}

/// One request. The body is plain NDJSON (`Write`) or JSON (`Audit`); compression is the port's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submission {
    pub ticket: Ticket,
    pub ask: Ask,
    /// A name built from a fixed prefix and a date only.
    pub index: std::sync::Arc<str>,
    pub body: Vec<u8>,
    /// Milliseconds after which the port gives up and answers `Unknown`.
    pub deadline_ms: u64,
}

/// What came of a request. The body comes back, to be sent again or reused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    pub ticket: Ticket,
    pub body: Vec<u8>,
    pub outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A whole HTTP reply, read to its declared end, inflated, at most `limits::REPLY_MAX_BYTES`.
    Replied { status: u16, retry_after_ms: Option<u64>, reply: Vec<u8> },
    /// Nothing of it left this host: it certainly did not happen.
    NotSent(NotSent),
    /// It may or may not have happened, wholly or in part.
    Unknown(Lost),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NotSent {
    Refused,
    NoAddress,
    ConnectTimeout,
    /// Certificate, host name, protocol version.
    Tls,
    /// No credential could be read.
    Credential,
    /// The port is shutting down.
    Closing,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lost {
    Timeout,
    Reset,
    /// The reply ended before its declared length, or could not be inflated.
    CutReply,
    /// The reply was larger than `limits::REPLY_MAX_BYTES`.
    HugeReply,
    Other,
}

pub trait Bulk {
    /// Takes the request, or gives it back when as many as the port can carry are under way.
    fn submit(&mut self, submission: Submission) -> Result<(), Submission>;
    /// The next completion, in any order; never blocks.
    fn poll(&mut self) -> Option<Completion>;
    /// Verdicts showed that the credential is refused: read it again before the next request.
    fn renew_credential(&mut self);
}
