//! What is kept of the first 4 KiB of a lineage: enough to know a copy that is shorter than what was read. It reads
//! no file.
//!
//! A copy may end anywhere, and when its original was truncated meanwhile nothing else tells what it is. The bytes
//! themselves would be 40 MB for ten thousand files; a hash at the end of each line is a few hundred bytes.

use crate::limits::{BEGINNING_LINES_MAX, MARKER_MAX_BYTES};
use crate::place::Marker;

/// All bytes up to the end of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Upto {
    /// Behind the newline.
    pub end: u16,
    /// The first 8 bytes of their BLAKE3.
    pub hash: [u8; 8],
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Beginning {
    /// The hash of the first bytes, up to 4 KiB, as far as they were read.
    pub prefix: Marker,
    /// At the ends of the first lines within it, in order.
    pub lines: Vec<Upto>,
}

impl Beginning {
    /// Not all is known of the first `len` bytes.
    pub fn lacks(&self, len: usize) -> bool {
        (self.prefix.len as usize) < len.min(MARKER_MAX_BYTES)
    }

    /// More of it was read: `bytes` are all from the first one on.
    pub fn learn(&mut self, bytes: &[u8]) {
        if !self.lacks(bytes.len()) {
            return;
        }
        let bytes = &bytes[..bytes.len().min(MARKER_MAX_BYTES)];
        self.prefix = Marker::of(bytes);
        let (mut hasher, mut hashed) = (blake3::Hasher::new(), 0);
        let known = self.lines.last().map_or(0, |last| usize::from(last.end));
        for newline in memchr::memchr_iter(b'\n', &bytes[known..]) {
            if self.lines.len() == BEGINNING_LINES_MAX {
                break;
            }
            let end = known + newline + 1;
            hasher.update(&bytes[hashed..end]);
            hashed = end;
            self.lines.push(Upto { end: end as u16, hash: first8(&hasher) });
        }
        self.lines.shrink_to_fit();
    }

    /// Whether `bytes`, all that a file has, are how this begins: its whole lines must be the same, a half line behind
    /// them only shorter than what is known. `None` where too little is known to say.
    pub fn is_all(&self, bytes: &[u8]) -> Option<bool> {
        let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        let upto = self.lines.iter().take_while(|upto| usize::from(upto.end) <= bytes.len()).last();
        if bytes.len() > self.known_bytes() {
            return None;
        }
        match upto {
            Some(upto) => {
                let mut hasher = blake3::Hasher::new();
                hasher.update(&bytes[..end]);
                Some(usize::from(upto.end) == end && upto.hash == first8(&hasher))
            }
            None => Some(end == 0),
        }
    }

    /// Up to where each line's end is known.
    fn known_bytes(&self) -> usize {
        match self.lines.last() {
            Some(last) if self.lines.len() == BEGINNING_LINES_MAX => usize::from(last.end),
            _ => self.prefix.len as usize,
        }
    }
}

fn first8(hasher: &blake3::Hasher) -> [u8; 8] {
    let mut out = [0; 8];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Beginning {
        let mut beginning = Beginning::default();
        beginning.learn(bytes);
        beginning
    }

    #[track_caller]
    fn check(read: &str, file: &str, expect: Option<bool>) {
        assert_eq!(of(read.as_bytes()).is_all(file.as_bytes()), expect, "{read:?} and {file:?}");
    }

    #[test]
    fn a_short_file_is_known_by_its_whole_lines() {
        check("one\ntwo\nthree\n", "one\n", Some(true));
        check("one\ntwo\nthree\n", "one\ntwo\n", Some(true));
        check("one\ntwo\nthree\n", "one\ntwo\nthr", Some(true));
        check("one\ntwo\nthree\n", "one", Some(true));
        check("one\ntwo\nthree\n", "one\nTWO\n", Some(false));
        check("one\ntwo\nthree\n", "one\ntwo\nthree", Some(true));
        check("one\ntwo\nthree\n", "one\ntwo three", Some(false));
        check("one\ntwo\nthree\n", "one\n\n", Some(false));
        check("one\ntwo\nthree\n", "one\ntwo\nthree\nfour\n", None);
        check("", "one\n", None);
    }

    #[test]
    fn what_is_read_in_pieces_is_known_as_what_is_read_at_once() {
        let lines: String = (0..300).map(|number| format!("line {number}\n")).collect();
        let bytes = lines.as_bytes();
        let mut grown = Beginning::default();
        for len in (0..bytes.len()).step_by(7).chain([bytes.len()]) {
            grown.learn(&bytes[..len]);
        }
        assert_eq!(grown, of(bytes));
        assert_eq!(grown.prefix.len as usize, bytes.len().min(MARKER_MAX_BYTES));
    }

    /// Every cut of what was read is known up to the last line that is kept, and never anything else.
    #[test]
    fn every_cut_is_known_and_every_change_is_noticed() {
        let lines: String = (0..300).map(|number| format!("{number}\n")).collect();
        let bytes = lines.as_bytes();
        let beginning = of(bytes);
        assert_eq!(beginning.lines.len(), BEGINNING_LINES_MAX);
        let known = usize::from(beginning.lines[BEGINNING_LINES_MAX - 1].end);
        for len in 0..bytes.len() {
            assert_eq!(beginning.is_all(&bytes[..len]), (len <= known).then_some(true), "{len}");
        }
        for at in 0..known {
            let mut changed = bytes[..known].to_vec();
            changed[at] ^= 1;
            assert_eq!(beginning.is_all(&changed), Some(false), "{at}");
        }
    }
}
