//! The state file's format: magic, version, sequence, length, body, checksum over all of it. It opens no file.
//!
//! Fixed-width little-endian fields, no self-description: the version says it all, and a file of another version
//! is not guessed at. The checksum is BLAKE3, so that a cut, zeroed or flipped file is never taken for a whole one.

use std::sync::Arc;

use crate::beginning::{Beginning, Upto};
use crate::checkpoint::{Checkpoint, Entry, Fingerprint, Forgotten, Hint, Hole, StemKey};
use crate::encode::Time;
use crate::limits::{BEGINNING_LINES_MAX, MARKER_MAX_BYTES};
use crate::place::{Marker, Place, Skips};
use crate::span::Lineage;

const MAGIC: &[u8; 8] = b"correlog";
pub const VERSION: u32 = 2;
const HEAD_BYTES: usize = 8 + 4 + 8 + 8;
const SUM_BYTES: usize = 32;

/// Why a state file cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// Shorter or longer than it says, or not one of ours at all.
    Cut,
    Foreign,
    /// Written by another version of the format, and whole.
    Version(u32),
    Checksum,
    /// The checksum is right and the content is not: written wrongly.
    Malformed,
}

/// Writes `checkpoint` to `out`, replacing what is there.
pub fn encode(checkpoint: &Checkpoint, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&checkpoint.sequence.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    put_len(out, checkpoint.entries().len());
    for (lineage, entry) in checkpoint.entries() {
        out.extend_from_slice(&lineage.0);
        put_entry(out, entry);
    }
    put_len(out, checkpoint.forgotten().len());
    for ((stem, first_line), forgotten) in checkpoint.forgotten() {
        out.extend_from_slice(&stem.0);
        out.extend_from_slice(first_line);
        out.extend_from_slice(&forgotten.next.to_le_bytes());
        out.extend_from_slice(&forgotten.since.to_le_bytes());
    }
    let body = (out.len() - HEAD_BYTES) as u64;
    out[HEAD_BYTES - 8..HEAD_BYTES].copy_from_slice(&body.to_le_bytes());
    let sum = blake3::hash(out);
    out.extend_from_slice(sum.as_bytes());
}

/// Reads what `encode` wrote.
///
/// # Errors
/// With the reason, for whatever else is there; never a partial answer.
pub fn decode(bytes: &[u8]) -> Result<Checkpoint, Unfit> {
    if bytes.len() < HEAD_BYTES + SUM_BYTES {
        return Err(Unfit::Cut);
    }
    if &bytes[..8] != MAGIC {
        return Err(Unfit::Foreign);
    }
    let (content, sum) = bytes.split_at(bytes.len() - SUM_BYTES);
    if blake3::hash(content).as_bytes() != sum {
        return Err(Unfit::Checksum);
    }
    let mut reader = Reader { bytes: &content[8..] };
    let version = reader.u32().ok_or(Unfit::Cut)?;
    if version != VERSION {
        return Err(Unfit::Version(version));
    }
    let checkpoint = reader.checkpoint().ok_or(Unfit::Malformed)?;
    if reader.bytes.is_empty() { Ok(checkpoint) } else { Err(Unfit::Malformed) }
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&(len as u64).to_le_bytes());
}

fn put_entry(out: &mut Vec<u8>, entry: &Entry) {
    out.extend_from_slice(&entry.stem.0);
    out.extend_from_slice(&entry.fingerprint.at.to_le_bytes());
    out.extend_from_slice(&entry.fingerprint.len.to_le_bytes());
    out.extend_from_slice(&entry.fingerprint.hash);
    out.extend_from_slice(&entry.generation.to_le_bytes());
    out.extend_from_slice(&entry.group.to_le_bytes());
    put_place(out, &entry.place);
    put_beginning(out, &entry.beginning);
    put_len(out, entry.hint.path.len());
    out.extend_from_slice(&entry.hint.path);
    out.extend_from_slice(&entry.hint.device.to_le_bytes());
    out.extend_from_slice(&entry.hint.inode.to_le_bytes());
    put_option(out, entry.hint.born_ns.map(i64::to_le_bytes));
    out.extend_from_slice(&entry.hint.size.to_le_bytes());
    out.extend_from_slice(&entry.hint.modified_ns.to_le_bytes());
    out.extend_from_slice(&entry.size.to_le_bytes());
    out.push(u8::from(entry.finished));
    put_option(out, entry.hole.map(|hole| hole.from.to_le_bytes()));
    put_option(out, entry.hole.and_then(|hole| hole.len).map(u64::to_le_bytes));
    out.extend_from_slice(&entry.refused.to_le_bytes());
    out.extend_from_slice(&entry.stored.to_le_bytes());
}

fn put_place(out: &mut Vec<u8>, place: &Place) {
    out.extend_from_slice(&place.offset.to_le_bytes());
    put_marker(out, place.marker);
    out.extend_from_slice(&place.doc_end.to_le_bytes());
    put_option(out, place.last_time.map(|time| time.nanos().to_le_bytes()));
    for bytes in place.skips.0 {
        out.extend_from_slice(&bytes.to_le_bytes());
    }
}

fn put_marker(out: &mut Vec<u8>, marker: Marker) {
    out.extend_from_slice(&marker.len.to_le_bytes());
    out.extend_from_slice(&marker.hash);
}

fn put_beginning(out: &mut Vec<u8>, beginning: &Beginning) {
    put_marker(out, beginning.prefix);
    out.push(u8::try_from(beginning.lines.len()).expect("its lines are limited"));
    for upto in &beginning.lines {
        out.extend_from_slice(&upto.end.to_le_bytes());
        out.extend_from_slice(&upto.hash);
    }
}

fn put_option(out: &mut Vec<u8>, value: Option<[u8; 8]>) {
    out.push(u8::from(value.is_some()));
    out.extend_from_slice(&value.unwrap_or_default());
}

/// Takes values from the front; `None` when there are too few bytes or they make no sense.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, len: usize) -> Option<&[u8]> {
        let (head, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.array::<1>()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn option(&mut self) -> Option<Option<[u8; 8]>> {
        let is_some = self.flag()?;
        let value = self.array()?;
        Some(is_some.then_some(value))
    }

    fn marker(&mut self) -> Option<Marker> {
        Some(Marker { len: self.u32()?, hash: self.array()? })
    }

    fn place(&mut self) -> Option<Place> {
        let mut place = Place {
            offset: self.u64()?,
            marker: self.marker()?,
            doc_end: self.u64()?,
            last_time: self.time()?,
            skips: Skips::default(),
        };
        for bytes in &mut place.skips.0 {
            *bytes = self.u64()?;
        }
        (place.doc_end <= place.offset && u64::from(place.marker.len) <= place.offset).then_some(place)
    }

    fn time(&mut self) -> Option<Option<Time>> {
        match self.option()? {
            None => Some(None),
            Some(nanos) => Time::from_nanos(i64::from_le_bytes(nanos)).map(Some),
        }
    }

    fn entry(&mut self) -> Option<Entry> {
        Some(Entry {
            stem: StemKey(self.array()?),
            fingerprint: Fingerprint { at: self.u64()?, len: self.u32()?, hash: self.array()? },
            generation: self.u32()?,
            group: self.u64()?,
            place: self.place()?,
            beginning: Arc::new(self.beginning()?),
            hint: self.hint()?,
            size: self.u64()?,
            finished: self.flag()?,
            hole: self.hole()?,
            refused: self.u64()?,
            stored: self.u64()?,
        })
    }

    fn beginning(&mut self) -> Option<Beginning> {
        let prefix = self.marker()?;
        let [count] = self.array()?;
        let mut lines: Vec<Upto> = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let upto = Upto { end: self.array().map(u16::from_le_bytes)?, hash: self.array()? };
            let is_next = lines.last().is_none_or(|last| last.end < upto.end);
            if !is_next || upto.end == 0 || u32::from(upto.end) > prefix.len {
                return None;
            }
            lines.push(upto);
        }
        let is_bounded = lines.len() <= BEGINNING_LINES_MAX && prefix.len as usize <= MARKER_MAX_BYTES;
        is_bounded.then_some(Beginning { prefix, lines })
    }

    fn hint(&mut self) -> Option<Hint> {
        let len = usize::try_from(self.u64()?).ok()?;
        Some(Hint {
            path: self.take(len)?.to_vec(),
            device: self.u64()?,
            inode: self.u64()?,
            born_ns: self.option()?.map(i64::from_le_bytes),
            size: self.u64()?,
            modified_ns: self.array().map(i64::from_le_bytes)?,
        })
    }

    fn hole(&mut self) -> Option<Option<Hole>> {
        let from = self.option()?.map(u64::from_le_bytes);
        let len = self.option()?.map(u64::from_le_bytes);
        Some(from.map(|from| Hole { from, len }))
    }

    fn checkpoint(&mut self) -> Option<Checkpoint> {
        let mut checkpoint = Checkpoint::default();
        checkpoint.sequence = self.u64()?;
        if self.u64()? != self.bytes.len() as u64 {
            return None;
        }
        for _ in 0..self.u64()? {
            let lineage = Lineage(self.array()?);
            let entry = self.entry()?;
            checkpoint.insert(lineage, entry);
        }
        for _ in 0..self.u64()? {
            let family = (StemKey(self.array()?), self.array()?);
            checkpoint.remember(family, Forgotten { next: self.u32()?, since: self.u64()? });
        }
        Some(checkpoint)
    }
}
