//! A gzip file as a run of plain bytes at offsets: members in a row, growing, cut, or damaged. It frames no lines.
//!
//! Memory is a window of what was asked for last, whatever the file unpacks to; work in one call is bounded too, so
//! that a thousand-to-one archive takes turns, not the host. Going back behind the window starts over: offsets count
//! unpacked bytes, because only those stay the same when a file is compressed again, and deflate cannot be entered in
//! the middle.

use flate2::{Decompress, FlushDecompress, Status};

use crate::gzip_header;
use crate::limits::MARKER_MAX_BYTES;
use crate::mistake::{self, Mistake};
use crate::ports::{Files, Handle};
use crate::source::ReadFault;

const INPUT_BYTES: usize = 32 << 10;
/// Unpacked at once.
const OUTPUT_BYTES: usize = 64 << 10;
/// Unpacked in one call before it says `Busy`.
const CALL_MAX_BYTES: usize = 4 << 20;
/// CRC and length behind each member.
const TRAILER_BYTES: usize = 8;

/// What is wrong with an archive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Damage {
    /// It does not begin as one.
    NotGzip,
    /// The compressed bytes make no sense from some point on.
    Corrupt,
    /// A member's checksum or length is wrong; its bytes were unpacked all the same.
    Checksum,
    /// Behind a member there is something that is neither another one nor padding.
    Garbage,
    /// It ends within a member and does not grow.
    Cut,
}

#[derive(Debug)]
enum Stage {
    Header,
    Body,
    Trailer,
    /// Nothing more can come of it.
    Broken,
}

#[derive(Debug)]
pub struct Inflater {
    handle: Handle,
    /// Where the next compressed bytes are read.
    at: u64,
    input: Vec<u8>,
    /// Of `input`, so much is used up.
    used: usize,
    stage: Stage,
    inflate: Decompress,
    crc: crc32fast::Hasher,
    /// Unpacked from the present member, modulo 2^32, as its trailer has it.
    member_bytes: u32,
    members: u64,
    /// The last unpacked bytes; the first of them stands at `base`.
    window: Vec<u8>,
    base: u64,
    /// The compressed file was read to its present end.
    is_at_end: bool,
    damage: Option<Damage>,
}

impl Inflater {
    pub fn new(handle: Handle) -> Inflater {
        Inflater {
            handle,
            at: 0,
            input: Vec::new(),
            used: 0,
            stage: Stage::Header,
            inflate: Decompress::new(false),
            crc: crc32fast::Hasher::new(),
            member_bytes: 0,
            members: 0,
            window: Vec::new(),
            base: 0,
            is_at_end: false,
            damage: None,
        }
    }

    pub const fn handle(&self) -> Handle {
        self.handle
    }

    /// The damage found so far; `Checksum` does not end it, the others do.
    pub const fn damage(&self) -> Option<Damage> {
        self.damage
    }

    /// It was read to an end between two members: a whole archive.
    pub const fn is_complete(&self) -> bool {
        let is_between = matches!(self.stage, Stage::Header) && self.used == self.input.len();
        matches!(self.stage, Stage::Broken) || (self.is_at_end && is_between && self.members > 0)
    }

    /// It was read to an end within a member.
    pub const fn is_cut(&self) -> bool {
        self.is_at_end && !self.is_complete()
    }

    /// Fills `into` with unpacked bytes from `offset` on; fewer mean the present end.
    ///
    /// # Errors
    /// What reading answers; `Busy` when the call's share of work is used up: call again.
    pub fn read(&mut self, files: &mut dyn Files, offset: u64, into: &mut [u8]) -> Result<usize, ReadFault> {
        if offset < self.base {
            *self = Inflater { input: std::mem::take(&mut self.input), ..Inflater::new(self.handle) };
            self.input.clear();
        }
        if mistake::is(Mistake::CompressedOffset) && self.at == 0 && self.base == 0 {
            (self.at, self.base) = (offset, offset);
        }
        self.forget_before(offset.saturating_sub(MARKER_MAX_BYTES as u64));
        let end = offset + into.len() as u64;
        let mut unpacked = 0;
        while self.base + (self.window.len() as u64) < end {
            if unpacked >= CALL_MAX_BYTES + into.len() {
                return Err(ReadFault::Busy);
            }
            match self.unpack(files)? {
                Some(count) => unpacked += count,
                None => break,
            }
            self.forget_before(offset.saturating_sub(MARKER_MAX_BYTES as u64));
        }
        let from = usize::try_from(offset - self.base).unwrap_or(usize::MAX).min(self.window.len());
        let count = into.len().min(self.window.len() - from);
        into[..count].copy_from_slice(&self.window[from..from + count]);
        Ok(count)
    }

    fn forget_before(&mut self, offset: u64) {
        let surplus = usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let surplus = surplus.min(self.window.len());
        // Moving the window's rest costs: only when there is much to drop.
        if surplus > 2 * OUTPUT_BYTES || surplus == self.window.len() {
            self.window.drain(..surplus);
            self.base += surplus as u64;
        }
    }

    /// One step on; the bytes it unpacked, or `None` at the present end.
    fn unpack(&mut self, files: &mut dyn Files) -> Result<Option<usize>, ReadFault> {
        if matches!(self.stage, Stage::Broken) || !self.refill(files)? {
            return Ok(None);
        }
        match self.stage {
            Stage::Header => Ok(self.header()),
            Stage::Trailer => Ok(self.trailer()),
            Stage::Body | Stage::Broken => Ok(self.body()),
        }
    }

    /// Makes sure that there are compressed bytes, all that a header or a trailer may need; false at the end.
    fn refill(&mut self, files: &mut dyn Files) -> Result<bool, ReadFault> {
        let wanted = match self.stage {
            Stage::Header => gzip_header::MAX_BYTES,
            Stage::Trailer => TRAILER_BYTES,
            Stage::Body | Stage::Broken => 1,
        };
        if self.input.len() - self.used >= wanted {
            return Ok(true);
        }
        self.input.drain(..self.used);
        self.used = 0;
        while self.input.len() < wanted {
            let have = self.input.len();
            self.input.resize(have + INPUT_BYTES, 0);
            let got = files.read(self.handle, self.at, &mut self.input[have..]);
            self.input.truncate(have + *got.as_ref().unwrap_or(&0));
            let got = got.map_err(ReadFault::File)?;
            self.at += got as u64;
            self.is_at_end = got == 0;
            if got == 0 {
                break;
            }
        }
        Ok(!self.input.is_empty())
    }

    fn header(&mut self) -> Option<usize> {
        let rest = &self.input[self.used..];
        // Some writers pad the end with zeros.
        let zeros = rest.iter().take_while(|byte| **byte == 0).count();
        if self.members > 0 && zeros > 0 {
            self.used += zeros;
            return Some(0);
        }
        match gzip_header::length(rest) {
            Ok(Some(len)) => {
                self.used += len;
                self.stage = Stage::Body;
                self.inflate.reset(false);
                self.crc = crc32fast::Hasher::new();
                self.member_bytes = 0;
                Some(0)
            }
            Ok(None) => None,
            Err(gzip_header::NotOne) => {
                let damage = if self.members == 0 { Damage::NotGzip } else { Damage::Garbage };
                self.break_off(damage)
            }
        }
    }

    fn body(&mut self) -> Option<usize> {
        let have = self.window.len();
        self.window.resize(have + OUTPUT_BYTES, 0);
        let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
        let (input, output) = (&self.input[self.used..], &mut self.window[have..]);
        let status = self.inflate.decompress(input, output, FlushDecompress::None);
        let taken = (self.inflate.total_in() - in_before) as usize;
        let made = (self.inflate.total_out() - out_before) as usize;
        self.window.truncate(have + made);
        self.crc.update(&self.window[have..]);
        // The trailer has the length modulo 2^32.
        self.member_bytes = self.member_bytes.wrapping_add(made as u32);
        self.used += taken;
        match status {
            Ok(Status::StreamEnd) => self.stage = Stage::Trailer,
            Ok(Status::Ok | Status::BufError) if taken > 0 || made > 0 => {}
            // Bytes are there and nothing comes of them.
            Ok(_) | Err(_) => {
                self.break_off(Damage::Corrupt);
            }
        }
        Some(made)
    }

    fn trailer(&mut self) -> Option<usize> {
        let trailer: [u8; TRAILER_BYTES] =
            self.input[self.used..].get(..TRAILER_BYTES)?.try_into().expect("eight bytes");
        self.used += TRAILER_BYTES;
        let [a, b, c, d, e, f, g, h] = trailer;
        let is_right = u32::from_le_bytes([a, b, c, d]) == self.crc.clone().finalize()
            && u32::from_le_bytes([e, f, g, h]) == self.member_bytes;
        if !is_right {
            self.damage = Some(Damage::Checksum);
        }
        self.members += 1;
        self.stage = Stage::Header;
        Some(0)
    }

    fn break_off(&mut self, damage: Damage) -> Option<usize> {
        self.damage = Some(damage);
        self.stage = Stage::Broken;
        None
    }

    /// The compressed file has become shorter than what was read of it.
    pub fn is_behind(&self, size: u64) -> bool {
        size < self.at
    }
}
