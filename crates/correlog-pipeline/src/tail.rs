//! Reading on in one lineage: verify that the place still stands, take a block, hand its lines over, note the new
//! place. It decides neither which file is read nor when.
//!
//! A block is read together with the bytes before it that the marker covers, in one go, so that a file rewritten
//! under us is noticed before a byte of it is believed. Unterminated bytes are not kept in memory between visits:
//! they are read again when more has come, so that ten thousand half-written lines cost nothing.

use crate::checkpoint::{Entry, Fingerprint};
use crate::discover::FileId;
use crate::encode::{Line, Shape};
use crate::frame::{Frames, Piece, beginning};
use crate::ledger::{Delta, Ledger};
use crate::limits::{Limits, MARKER_MAX_BYTES};
use crate::outlet::{Offer, Outlet};
use crate::overlong::Overlong;
use crate::place::{Marker, Place, Skip, hash16};
use crate::ports::{Files, Stat};
use crate::source::{ReadFault, Source};
use crate::span::{Lineage, Span, TailId};

/// The file that a lineage is being read from.
#[derive(Debug)]
pub struct Open {
    pub file: FileId,
    pub source: Source,
    /// Orders handles by last use.
    pub used: u64,
    /// The state in which the first line was last verified.
    verified: Option<Stat>,
}

impl Open {
    pub const fn new(file: FileId, source: Source, used: u64) -> Open {
        Open { file, source, used, verified: None }
    }
}

/// Why a tail waits although its file may have more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paused {
    pub since_ms: u64,
    pub until_ms: u64,
}

/// A lineage that is followed.
#[derive(Debug)]
pub struct Tail {
    pub id: TailId,
    pub lineage: Lineage,
    pub group: Option<usize>,
    pub fingerprint: Fingerprint,
    /// The path as people know it.
    pub path: String,
    /// The files that carry it, in the order in which they are tried.
    pub members: Vec<FileId>,
    pub open: Option<Open>,
    /// Where the next visit starts; everything before it is opened or skipped.
    pub head: Place,
    pub ledger: Ledger,
    /// The hash of the first bytes, up to 4 KiB.
    pub prefix: Marker,
    pub overlong: Option<Box<Overlong>>,
    /// Lines before it may have been sent by an earlier life of the process.
    pub replay_until: u64,
    pub paused: Option<Paused>,
    /// It waits in the pump's queue.
    pub queued: bool,
    /// The largest size seen, in decompressed bytes.
    pub size: u64,
    /// Bytes behind the last whole line when its file was last read to its end.
    pub waiting: u64,
    /// It had no file since.
    pub orphan_since_ms: Option<u64>,
    pub finished: bool,
    /// Lines offered and taken, by the sums of P8.
    pub lines: Lines,
}

/// Counts of one tail in this life of the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lines {
    pub read: u64,
    pub stored: u64,
    pub refused: u64,
    pub skipped: u64,
}

/// How a visit ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Visited {
    /// Bytes were taken; there may be more.
    More,
    /// The end; the bytes behind the last whole line wait.
    End {
        stat: Stat,
        waiting: u64,
    },
    /// The outlet has no room.
    Held,
    /// The bytes before the offset, or the first line, are not what they were.
    Rewritten,
    Fault(ReadFault),
}

/// What a visit works with.
pub struct Visit<'a> {
    pub files: &'a mut dyn Files,
    pub outlet: &'a mut dyn Outlet,
    pub limits: &'a Limits,
    /// Reused from visit to visit; its content means nothing.
    pub buffer: &'a mut Vec<u8>,
    /// The file cannot grow any more: an unterminated last line is a line.
    pub is_final: bool,
}

impl std::fmt::Debug for Visit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit").field("is_final", &self.is_final).finish_non_exhaustive()
    }
}

/// What a visit did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    pub visited: Visited,
    /// Read from the file.
    pub bytes: u64,
    pub delta: Option<Delta>,
}

impl Tail {
    /// Goes on where the checkpoint stands.
    pub fn new(id: TailId, lineage: Lineage, entry: &Entry, group: Option<usize>) -> Tail {
        Tail {
            id,
            lineage,
            group,
            fingerprint: entry.fingerprint,
            path: String::from_utf8_lossy(&entry.hint.path).into_owned(),
            members: Vec::new(),
            open: None,
            head: entry.place,
            ledger: Ledger::new(entry.place.offset),
            prefix: entry.prefix,
            overlong: None,
            replay_until: 0,
            paused: None,
            queued: false,
            size: entry.size.max(entry.place.offset),
            waiting: 0,
            orphan_since_ms: None,
            finished: entry.finished,
            lines: Lines::default(),
        }
    }

    /// One visit: at most a block, or one long line.
    ///
    /// # Panics
    /// When no file is open.
    pub fn visit(&mut self, visit: &mut Visit<'_>) -> Outcome {
        let mut open = self.open.take().expect("the pump opens before it visits");
        let before = self.head.offset;
        let visited = self.read(&mut open, visit).unwrap_or_else(Visited::Fault);
        self.open = Some(open);
        let delta = self.ledger.close(self.head);
        Outcome { visited, bytes: self.head.offset - before, delta }
    }

    fn read(&mut self, open: &mut Open, visit: &mut Visit<'_>) -> Result<Visited, ReadFault> {
        let stat = open.source.stat(visit.files)?;
        if open.verified != Some(stat) {
            if !self.first_line_stands(&mut open.source, visit)? {
                return Ok(Visited::Rewritten);
            }
            open.verified = Some(stat);
        }
        if self.overlong.is_some() {
            return self.read_overlong(open, visit, stat);
        }
        self.read_lines(open, visit, stat)
    }

    fn first_line_stands(&self, source: &mut Source, visit: &mut Visit<'_>) -> Result<bool, ReadFault> {
        let print = &self.fingerprint;
        visit.buffer.resize(print.len as usize, 0);
        let got = source.read(visit.files, print.at, visit.buffer)?;
        Ok(got == print.len as usize && hash16(&visit.buffer[..got]) == print.hash)
    }

    /// Reads the marker's bytes and up to `block` behind them. `None`: the marker does not hold.
    fn fetch(
        &self,
        open: &mut Open,
        visit: &mut Visit<'_>,
        block: usize,
    ) -> Result<Option<usize>, ReadFault> {
        let marker = self.head.marker.len as usize;
        visit.buffer.resize(marker + block, 0);
        let from = self.head.offset - u64::from(self.head.marker.len);
        let got = open.source.read(visit.files, from, visit.buffer)?;
        let holds = got >= marker && self.head.marker.holds(&visit.buffer[..marker]);
        Ok(holds.then_some(got))
    }

    fn read_lines(
        &mut self,
        open: &mut Open,
        visit: &mut Visit<'_>,
        stat: Stat,
    ) -> Result<Visited, ReadFault> {
        let mut block = visit.limits.block_bytes;
        loop {
            let Some(got) = self.fetch(open, visit, block)? else { return Ok(Visited::Rewritten) };
            let marker = self.head.marker.len as usize;
            let is_end = got < marker + block;
            self.size = self.size.max(self.head.offset + (got - marker) as u64);
            let buffer = std::mem::take(visit.buffer);
            let frames = Frames::new(&buffer[marker..got], self.head.offset);
            let (taken, held) = self.hand_over(frames, visit, is_end && visit.is_final);
            self.arrive(&buffer[..marker + taken], taken);
            *visit.buffer = buffer;
            let rest = got - marker - taken;
            match (held, is_end, taken) {
                (true, ..) => return Ok(Visited::Held),
                (_, true, _) => return Ok(Visited::End { stat, waiting: rest as u64 }),
                (_, false, 1..) => return self.pass_hole(open, visit, stat),
                // Not one line in a whole block: a long line is read whole, a longer one in another way.
                (_, false, 0) if block <= visit.limits.line_bytes => block = visit.limits.line_bytes + 1,
                (_, false, 0) => {
                    self.overlong = Some(Box::new(Overlong::new(self.head.offset)));
                    return Ok(Visited::More);
                }
            }
        }
    }

    /// Offers the lines of a block; answers the bytes done with, and whether the outlet is full.
    fn hand_over(&mut self, mut frames: Frames<'_>, visit: &mut Visit<'_>, is_final: bool) -> (usize, bool) {
        let start = frames.offset();
        let mut done = start;
        loop {
            let (piece, shape) = match frames.next() {
                Some(piece) => (piece, Shape::Whole),
                None if is_final => match frames.unterminated() {
                    Some(piece) => (piece, Shape::Unterminated),
                    None => break,
                },
                None => break,
            };
            if !self.take(piece, shape, visit) {
                return ((done - start) as usize, true);
            }
            done = piece.next();
        }
        ((done - start) as usize, false)
    }

    /// One piece; false when the outlet is full.
    fn take(&mut self, piece: Piece<'_>, shape: Shape, visit: &mut Visit<'_>) -> bool {
        match piece {
            Piece::Blank { start, next } => {
                self.lines.read += 1;
                self.lines.skipped += 1;
                self.skip(Skip::Blank, start, next);
                true
            }
            Piece::Nul { start, next } => {
                self.skip(Skip::Nul, start, next);
                true
            }
            Piece::Line { text, raw, start, next } => {
                let limit = visit.limits.line_bytes;
                let span = Span { tail: self.id, start, next };
                if raw.len() <= limit {
                    return self.offer(text, span, shape, visit.outlet);
                }
                let shape = Shape::Truncated { len: raw.len() as u64, hash: hash16(raw) };
                self.offer(beginning(&raw[..limit], start), span, shape, visit.outlet)
            }
        }
    }

    fn skip(&mut self, reason: Skip, start: u64, next: u64) {
        self.head.skips.add(reason, next - start);
        self.ledger.skip(next);
    }

    fn offer(&mut self, bytes: &[u8], span: Span, shape: Shape, outlet: &mut dyn Outlet) -> bool {
        let skipped = span.start - self.head.doc_end;
        let (lineage, path, earlier) = (self.lineage, &*self.path, self.head.last_time);
        let line = Line { bytes, span, lineage, skipped, path, shape, earlier };
        let offer = outlet.offer(&line, span.start < self.replay_until);
        self.head.last_time = match offer {
            Offer::Held => return false,
            Offer::Taken { last_time } => {
                self.ledger.open(span);
                self.head.doc_end = span.next;
                last_time
            }
            Offer::Record { last_time } => {
                self.ledger.open(span);
                last_time
            }
            Offer::Expired { last_time } => {
                self.lines.skipped += 1;
                self.skip(Skip::Expired, span.start, span.next);
                last_time
            }
            Offer::Blank => {
                self.lines.skipped += 1;
                self.skip(Skip::Blank, span.start, span.next);
                earlier
            }
        };
        self.lines.read += 1;
        true
    }

    /// The head moves to the end of `before`, whose last `taken` bytes are new.
    fn arrive(&mut self, before: &[u8], taken: usize) {
        if taken == 0 {
            return;
        }
        self.head.offset += taken as u64;
        self.head.marker = Marker::of(before);
        if before.len() as u64 == self.head.offset && (self.prefix.len as usize) < MARKER_MAX_BYTES {
            self.prefix = Marker::of(&before[..before.len().min(MARKER_MAX_BYTES)]);
        }
    }

    /// When the block ended in NUL bytes a hole may follow: it is stepped over without being read.
    fn pass_hole(
        &mut self,
        open: &mut Open,
        visit: &mut Visit<'_>,
        stat: Stat,
    ) -> Result<Visited, ReadFault> {
        let marker = self.head.marker;
        if marker.len == 0 || marker != Marker::of_zeros(u64::from(marker.len)) {
            return Ok(Visited::More);
        }
        let from = self.head.offset;
        let to = open.source.next_data(visit.files, from)?.unwrap_or(stat.size);
        if to > from {
            self.skip(Skip::Nul, from, to);
            self.head.offset = to;
            self.head.marker = Marker::of_zeros(to - from);
            self.size = self.size.max(to);
        }
        Ok(Visited::More)
    }

    fn read_overlong(
        &mut self,
        open: &mut Open,
        visit: &mut Visit<'_>,
        stat: Stat,
    ) -> Result<Visited, ReadFault> {
        let Some(_) = self.fetch(open, visit, 0)? else {
            self.overlong = None;
            return Ok(Visited::Rewritten);
        };
        let mut overlong = self.overlong.take().expect("asked before");
        let end = overlong.read_on(&mut open.source, visit);
        let (read_to, is_at_end) = (overlong.read_to(), overlong.is_at_end());
        self.size = self.size.max(read_to);
        self.overlong = Some(overlong);
        let Some(end) = end? else {
            let waiting = read_to - self.head.offset;
            return Ok(if is_at_end { Visited::End { stat, waiting } } else { Visited::More });
        };
        let limit = visit.limits.line_bytes;
        visit.buffer.resize(limit, 0);
        if open.source.read(visit.files, self.head.offset, visit.buffer)? < limit {
            return Ok(Visited::Rewritten);
        }
        let buffer = std::mem::take(visit.buffer);
        let span = Span { tail: self.id, start: self.head.offset, next: end.next };
        let shape = Shape::Truncated { len: end.len, hash: end.hash };
        let is_taken = self.offer(beginning(&buffer, span.start), span, shape, visit.outlet);
        *visit.buffer = buffer;
        if !is_taken {
            return Ok(Visited::Held);
        }
        self.overlong = None;
        self.head.offset = end.next;
        self.head.marker = Marker::of(&end.last_bytes);
        Ok(Visited::More)
    }
}

impl Lines {
    pub fn add(&mut self, other: &Lines) {
        self.read += other.read;
        self.stored += other.stored;
        self.refused += other.refused;
        self.skipped += other.skipped;
    }
}
