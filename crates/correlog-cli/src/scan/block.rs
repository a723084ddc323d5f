//! One stretch of one file, block by block: finds the needles, then the lines around them. Lines that begin in the
//! stretch are its own, however far they reach, so stretches of one file can be searched side by side.

use super::needles::Needles;
use memchr::{memchr, memrchr};
use std::io::{self, Read};

/// Small enough to stay in a core's cache between the read and the search.
pub const BLOCK: usize = 256 << 10;
/// A line longer than this is passed over and counted; the shipper itself indexes far less of one.
pub const LINE_MAX: usize = 16 << 20;

/// A line with a hit in it: where it begins and its bytes without the line's end.
pub type Found<'a> = (u64, &'a [u8]);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub bytes: u64,
    pub hits: u64,
    /// Lines over `LINE_MAX`.
    pub too_long: u64,
}

/// Reads `reader`, whose first byte stands at `offset`, and calls `each` for every line with a needle in it that begins
/// before `end`. `mid_line` says that the first bytes may be the rest of a line that is somebody else's.
pub fn search(
    reader: &mut impl Read,
    mut offset: u64,
    end: u64,
    mut mid_line: bool,
    (buffer, needles): (&mut Vec<u8>, &Needles),
    each: &mut dyn FnMut(Found<'_>),
) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            if buffer.len() >= LINE_MAX {
                // The line is hopeless: forget what there is of it and skip its rest.
                counts.too_long += u64::from(!mid_line);
                mid_line = true;
                offset += filled as u64;
                filled = 0;
            } else {
                let larger = if buffer.is_empty() { BLOCK } else { buffer.len() * 2 };
                buffer.resize(larger.min(LINE_MAX), 0);
            }
        }
        let count = read(reader, &mut buffer[filled..])?;
        counts.bytes += count as u64;
        let searched = filled;
        filled += count;
        let is_over = count == 0;
        let whole = if is_over {
            filled
        } else {
            memrchr(b'\n', &buffer[searched..filled]).map_or(0, |at| searched + at + 1)
        };
        let mut from = 0;
        if mid_line {
            match memchr(b'\n', &buffer[..whole]) {
                Some(at) => (from, mid_line) = (at + 1, false),
                None if is_over => return Ok(counts),
                None => {
                    offset += filled as u64;
                    filled = 0;
                    continue;
                }
            }
        }
        if lines(&buffer[..whole], from, (offset, end), needles, &mut counts, each) || is_over {
            return Ok(counts);
        }
        offset += whole as u64;
        if offset >= end {
            return Ok(counts);
        }
        buffer.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

/// The hits of one run of whole lines; true when a line beyond the end was met.
fn lines(
    block: &[u8],
    mut from: usize,
    (offset, end): (u64, u64),
    needles: &Needles,
    counts: &mut Counts,
    each: &mut dyn FnMut(Found<'_>),
) -> bool {
    while from < block.len() {
        let Some(at) = needles.find(block, from) else { return false };
        let start = memrchr(b'\n', &block[from..at]).map_or(from, |before| from + before + 1);
        let stop = memchr(b'\n', &block[at..]).map_or(block.len(), |behind| at + behind);
        if offset + start as u64 >= end {
            return true;
        }
        counts.hits += 1;
        let line = &block[start..stop];
        each((offset + start as u64, line.strip_suffix(b"\r").unwrap_or(line)));
        from = stop + 1;
    }
    false
}

fn read(reader: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
