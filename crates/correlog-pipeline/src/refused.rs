//! The refused file: documents that OpenSearch will not have, with their bytes, on disk before the checkpoint passes
//! them. Append-only, each record with its length and checksum; a torn or damaged record costs only itself.
//!
//! It sends nothing and forgets nothing: `correlog refused replay` does the first, and the operator the second.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::delivery::batch::Batch;
use crate::delivery::judge::Fault;
use crate::encode::{Line, Operation, Refusal};
use crate::mistake::{self, Mistake};
use crate::ports::{Disk, DiskFile};
use crate::span::Lineage;

/// Why a line is here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    Fault(Fault),
    /// Stored in its second form, which is short of what did not fit; the whole line is kept here.
    SecondFormCut,
    /// The encoder could not make a document of it; the name of its refusal.
    Line(&'static str),
}

impl Reason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.name(),
            Self::SecondFormCut => "second_form_cut",
            Self::Line(name) => name,
        }
    }
}

/// One record, as written and as read back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub reason: String,
    /// The catalogued field that OpenSearch named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
    /// Empty where the encoder made no document.
    pub index: String,
    pub id: String,
    /// The version of a record's row; `None` for a line.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<u64>,
    /// 32 hex digits.
    pub lineage: String,
    pub start: u64,
    pub next: u64,
    /// The bytes of the line.
    #[serde(skip)]
    pub line: Vec<u8>,
    /// The document in its first form; empty where the encoder made none.
    #[serde(skip)]
    pub source: Vec<u8>,
}

/// The JSON head of a record; the line and the source follow it as they are.
#[derive(Serialize, Deserialize)]
struct Head<E> {
    line_bytes: u32,
    source_bytes: u32,
    #[serde(flatten)]
    entry: E,
}

/// Each record starts with this, so that reading goes on behind a damaged one.
const MAGIC: &[u8; 4] = b"\x89CR1";
/// Magic, length of the payload, checksum of the payload.
const FRAME_BYTES: usize = 12;

impl Entry {
    /// The record of one document of a batch.
    pub fn of(batch: &Batch, position: usize, index: &str, reason: Reason) -> Self {
        let entry = &batch.entries[position];
        Self {
            reason: reason.name().to_owned(),
            field: entry.field.map(str::to_owned),
            index: index.to_owned(),
            id: batch.id(entry),
            version: match entry.operation {
                Operation::Create => None,
                Operation::Upsert { version } => Some(version),
            },
            lineage: hex(entry.lineage),
            start: entry.span.start,
            next: entry.span.next,
            line: batch.line(entry),
            source: batch.first(entry).to_vec(),
        }
    }

    /// The record of a line that no document came of.
    pub fn of_line(line: &Line<'_>, refusal: Refusal) -> Self {
        Self {
            reason: Reason::Line(refusal.name()).name().to_owned(),
            field: None,
            index: String::new(),
            id: String::new(),
            version: None,
            lineage: hex(line.lineage),
            start: line.span.start,
            next: line.span.next,
            line: line.bytes.to_vec(),
            source: Vec::new(),
        }
    }

    /// What it takes of memory and, nearly, of the file.
    pub const fn bytes(&self) -> usize {
        self.line.len() + self.source.len() + self.index.len() + self.id.len() + 160
    }

    /// Appends the record to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let head = Head {
            line_bytes: u32::try_from(self.line.len()).expect("a line is bounded by LINE_MAX_BYTES"),
            source_bytes: u32::try_from(self.source.len()).expect("a document is bounded by its line"),
            entry: self,
        };
        let mut payload = serde_json::to_vec(&head).expect("plain values serialize");
        payload.push(b'\n');
        payload.extend_from_slice(&self.line);
        payload.extend_from_slice(&self.source);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&u32::try_from(payload.len()).expect("far below 4 GiB").to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(&payload).to_le_bytes());
        out.extend_from_slice(&payload);
    }

    fn decode(payload: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b'\n', payload)?;
        let head: Head<Entry> = serde_json::from_slice(&payload[..end]).ok()?;
        let (line, source) = payload[end + 1..].split_at_checked(head.line_bytes as usize)?;
        let whole = source.len() == head.source_bytes as usize;
        whole.then(|| Entry { line: line.to_vec(), source: source.to_vec(), ..head.entry })
    }
}

/// What a file holds. Never fails: damage is counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contents {
    pub entries: Vec<Entry>,
    /// Bytes that belong to no whole record: a torn end, or damage.
    pub damaged_bytes: u64,
}

pub fn read(bytes: &[u8]) -> Contents {
    let mut contents = Contents::default();
    let mut at = 0;
    while at < bytes.len() {
        match record(&bytes[at..]) {
            Some((entry, len)) => {
                contents.entries.push(entry);
                at += len;
            }
            None => {
                let next =
                    memchr::memmem::find(&bytes[at + 1..], MAGIC).map_or(bytes.len(), |skip| at + 1 + skip);
                contents.damaged_bytes += (next - at) as u64;
                at = next;
            }
        }
    }
    contents
}

fn record(bytes: &[u8]) -> Option<(Entry, usize)> {
    let frame = bytes.get(..FRAME_BYTES)?;
    if !frame.starts_with(MAGIC) {
        return None;
    }
    let number = |at: usize| u32::from_le_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]);
    let len = number(4) as usize;
    let payload = bytes[FRAME_BYTES..].get(..len)?;
    if crc32fast::hash(payload) != number(8) {
        return None;
    }
    Some((Entry::decode(payload)?, FRAME_BYTES + len))
}

/// Whether a name of the state directory is one of a file of refused records; by name they are in order.
pub fn is_file_name(name: &str) -> bool {
    number_of(name).is_some()
}

fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("refused-")?.strip_suffix(".bin")?;
    (digits.len() == 8).then(|| digits.parse().ok()).flatten()
}

/// The writer. It starts a new file in each life of the process and after each fault, so it never appends behind a
/// torn record and never syncs a file again whose sync failed.
#[derive(Debug)]
pub struct RefusedFile {
    max_bytes: u64,
    /// Of all files.
    bytes: u64,
    /// Of the open one.
    file_bytes: u64,
    open: Option<DiskFile>,
    full: bool,
}

/// A file that reaches this size is closed, so that readers need no more memory than this, and a file whose entries
/// are all replayed can go while others stay.
const FILE_MAX_BYTES: u64 = 32 << 20;

impl RefusedFile {
    pub const fn new(max_bytes: u64) -> Self {
        Self { max_bytes, bytes: 0, file_bytes: 0, open: None, full: false }
    }

    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The last write could not be done: the limit is reached, or the disk takes nothing.
    pub const fn is_full(&self) -> bool {
        self.full
    }

    /// Appends and syncs as many as fit; answers how many are now durable, from the front.
    pub fn write<'a>(&mut self, world: &mut dyn Disk, entries: impl Iterator<Item = &'a Entry>) -> usize {
        let Some(file) = self.ready(world) else {
            self.full = true;
            return 0;
        };
        let mut buffer = Vec::new();
        let mut count = 0;
        self.full = false;
        for entry in entries {
            let before = buffer.len();
            entry.encode(&mut buffer);
            let is_over = self.bytes + buffer.len() as u64 > self.max_bytes;
            if is_over && mistake::is(Mistake::RefusedDropped) {
                buffer.truncate(before);
            } else if is_over && !mistake::is(Mistake::RefusedLimitIgnored) {
                buffer.truncate(before);
                self.full = true;
                break;
            }
            count += 1;
        }
        if count > 0 && world.write_all(file, &buffer).and_then(|()| world.sync(file)).is_err() {
            // Any part of it may be there; the same records in the next file are recognised by their ids.
            self.full = true;
            count = 0;
        }
        self.bytes += buffer.len() as u64;
        self.file_bytes += buffer.len() as u64;
        if self.full || self.file_bytes >= FILE_MAX_BYTES {
            self.open = None;
            Disk::close(world, file);
        }
        count
    }

    /// The open file, or a new one behind all others. What the others hold is counted anew then, because replayed
    /// ones may be gone.
    fn ready(&mut self, world: &mut dyn Disk) -> Option<DiskFile> {
        if let Some(file) = self.open {
            return Some(file);
        }
        let names = world.names().ok()?;
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_of(name)).collect();
        numbers.sort_unstable();
        self.bytes = 0;
        let mut last = None;
        for number in numbers {
            let (file, len) = world.append(&file_name(number)).ok()?;
            Disk::close(world, file);
            self.bytes += len;
            last = Some((number, len));
        }
        // A last file in which nothing stands is taken again, or a full disk would leave one empty file a try.
        let number = last.map_or(1, |(number, len)| number + u64::from(len > 0));
        let file = world.create(&file_name(number)).ok()?;
        self.open = Some(file);
        self.file_bytes = 0;
        world.sync_dir().ok()?;
        Some(file)
    }
}

fn file_name(number: u64) -> String {
    format!("refused-{number:08}.bin")
}

pub fn hex(lineage: Lineage) -> String {
    lineage.0.iter().map(|byte| format!("{byte:02x}")).collect()
}
