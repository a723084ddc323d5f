//! A line longer than the limit, read in constant memory: its length, its hash and its last bytes, nothing else.
//! It hands nothing over; its beginning is read again from the file when its end is known.

use crate::limits::MARKER_MAX_BYTES;
use crate::source::{ReadFault, Source};
use crate::visit::Visit;

#[derive(Debug)]
pub struct Overlong {
    start: u64,
    /// Bytes before it are hashed.
    at: u64,
    hasher: blake3::Hasher,
    /// The last bytes before `at`, for the marker behind the line.
    last_bytes: Vec<u8>,
    is_at_end: bool,
    /// Its end was met, and the outlet had no room for it yet.
    ended: Option<Ended>,
    /// Its first bytes, where they cannot be read again.
    beginning: Option<Vec<u8>>,
}

/// The whole line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Without its newline.
    pub len: u64,
    pub hash: [u8; 16],
    pub next: u64,
    pub is_ended: bool,
    /// The last bytes before `next`, at most `MARKER_MAX_BYTES`.
    pub last_bytes: Vec<u8>,
}

impl Overlong {
    pub fn new(start: u64, beginning: Option<Vec<u8>>) -> Overlong {
        Overlong {
            start,
            at: start,
            hasher: blake3::Hasher::new(),
            last_bytes: Vec::new(),
            is_at_end: false,
            ended: None,
            beginning,
        }
    }

    /// The kept beginning, when its time has come.
    pub fn take_beginning(&mut self, is_time: bool) -> Option<Vec<u8>> {
        if is_time { self.beginning.take() } else { None }
    }

    pub fn put_back(&mut self, beginning: Vec<u8>) {
        self.beginning = Some(beginning);
    }

    /// How far it has been read.
    pub const fn read_to(&self) -> u64 {
        self.at
    }

    /// The last read met the present end of the file.
    pub const fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// One more block of it; the whole line when its end was in there, or the file can have no more.
    ///
    /// # Errors
    /// What reading answers; nothing is forgotten then.
    pub fn read_on(
        &mut self,
        source: &mut Source,
        visit: &mut Visit<'_>,
    ) -> Result<Option<Ended>, ReadFault> {
        if self.ended.is_some() {
            return Ok(self.ended.clone());
        }
        let block = visit.limits.block_bytes;
        if visit.buffer.len() < block {
            visit.buffer.resize(block, 0);
        }
        let got = source.read(visit.files, self.at, &mut visit.buffer[..block])?;
        self.is_at_end = got < block;
        let bytes = &visit.buffer[..got];
        let newline = memchr::memchr(b'\n', bytes);
        let text = &bytes[..newline.unwrap_or(got)];
        self.hasher.update(text);
        let taken = &bytes[..newline.map_or(got, |at| at + 1)];
        self.keep(taken);
        self.at += taken.len() as u64;
        let is_whole = newline.is_some() || (self.is_at_end && (visit.is_final || source.is_complete()));
        self.ended = is_whole.then(|| self.end(newline.is_some()));
        Ok(self.ended.clone())
    }

    fn keep(&mut self, taken: &[u8]) {
        let new = &taken[taken.len().saturating_sub(MARKER_MAX_BYTES)..];
        let surplus = (self.last_bytes.len() + new.len()).saturating_sub(MARKER_MAX_BYTES);
        self.last_bytes.drain(..surplus);
        self.last_bytes.extend_from_slice(new);
    }

    fn end(&self, has_newline: bool) -> Ended {
        let mut hash = [0; 16];
        hash.copy_from_slice(&self.hasher.finalize().as_bytes()[..16]);
        let len = self.at - self.start - u64::from(has_newline);
        Ended { len, hash, next: self.at, is_ended: has_newline, last_bytes: self.last_bytes.clone() }
    }
}
