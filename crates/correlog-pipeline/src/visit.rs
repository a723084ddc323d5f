//! Reading on in one lineage: verify that the place still stands, take a block, hand its lines over, note the new
//! place. It decides neither which file is read nor when.
//!
//! A block is read together with the bytes before it that the marker covers, in one go, so that a file rewritten
//! under us is noticed before a byte of it is believed. Unterminated bytes are not kept in memory between visits:
//! they are read again when more has come, so that ten thousand half-written lines cost nothing.

use std::sync::Arc;

use crate::discover::FileId;
use crate::encode::{Line, Shape};
use crate::frame::{Frames, Piece, beginning};
use crate::ledger::Delta;
use crate::limits::Limits;
use crate::mistake::{self, Mistake};
use crate::outlet::{Offer, Outlet};
use crate::overlong::Overlong;
use crate::place::{Marker, Skip, hash16};
use crate::ports::{Files, Stat};
use crate::source::{ReadFault, Source};
use crate::span::Span;
use crate::tail::Tail;
use crate::verify::{Fetched, believes, room};

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

    /// Its first line was read through this handle, and is the lineage's.
    pub const fn is_verified(&self) -> bool {
        self.verified.is_some()
    }
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
    /// One visit: at most a block, or one long line.
    ///
    /// # Panics
    /// When no file is open.
    pub fn visit(&mut self, visit: &mut Visit<'_>) -> Outcome {
        let mut open = self.open.take().expect("the pump opens before it visits");
        let before = self.head.offset;
        let visited = match self.read(&mut open, visit) {
            Ok(visited) => visited,
            Err(ReadFault::Busy) => Visited::More,
            Err(fault) => Visited::Fault(fault),
        };
        if visited != Visited::Rewritten {
            self.complete_beginning(&mut open, visit);
        }
        self.open = Some(open);
        let delta = self.ledger.close(self.head);
        Outcome { visited, bytes: self.head.offset - before, delta }
    }

    fn read(&mut self, open: &mut Open, visit: &mut Visit<'_>) -> Result<Visited, ReadFault> {
        let stat = open.source.stat(visit.files)?;
        if !open.source.is_compressed() && stat.size < self.head.offset && !believes() {
            // A copy that was made before all of it was written has nothing new; a file that was longer once has been
            // truncated. What its listings never showed, because it grew again in between, its first bytes show.
            let is_truncated = stat.size < self.reached(open.file)
                || !self.beginning_stands(&mut open.source, visit, stat.size)?;
            let waiting = self.waiting;
            return Ok(if is_truncated { Visited::Rewritten } else { Visited::End { stat, waiting } });
        }
        if open.source.is_behind(stat.size) {
            return Ok(Visited::Rewritten);
        }
        // An archive cannot be entered in the middle: it is verified once, when it was opened.
        let must_verify = match open.source.is_compressed() {
            true => open.verified.is_none(),
            false => open.verified != Some(stat),
        };
        if must_verify {
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

    fn read_lines(
        &mut self,
        open: &mut Open,
        visit: &mut Visit<'_>,
        stat: Stat,
    ) -> Result<Visited, ReadFault> {
        let mut block = visit.limits.block_bytes;
        loop {
            let got = match self.fetch(open, visit, block)? {
                Fetched::Bytes(got) => got,
                Fetched::ShortCopy => return Ok(Visited::End { stat, waiting: self.waiting }),
                Fetched::Rewritten => return Ok(Visited::Rewritten),
            };
            let marker = self.head.marker.len as usize;
            self.note_reached(open.file, self.head.offset + (got - marker) as u64);
            let is_end = got < marker + block;
            let stored = if open.source.is_compressed() { 0 } else { stat.size };
            self.size = self.size.max(self.head.offset + (got - marker) as u64).max(stored);
            let is_planted = mistake::is(Mistake::UnterminatedEmitted);
            let is_final = is_end && (visit.is_final || open.source.is_complete() || is_planted);
            let buffer = std::mem::take(visit.buffer);
            let frames = Frames::new(&buffer[marker..got], self.head.offset);
            let (taken, held) = self.hand_over(frames, visit, is_final);
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
                    // An archive cannot be gone back in for the line's beginning when its end is known.
                    let beginning = &visit.buffer[marker..marker + visit.limits.line_bytes];
                    let kept = open.source.is_compressed().then(|| beginning.to_vec());
                    self.overlong = Some(Box::new(Overlong::new(self.head.offset, kept)));
                    return Ok(Visited::More);
                }
            }
        }
    }

    /// Offers the lines of a block; answers the bytes done with, and whether the outlet is full.
    fn hand_over(&mut self, mut frames: Frames<'_>, visit: &mut Visit<'_>, is_final: bool) -> (usize, bool) {
        let start = frames.offset();
        visit.outlet.look_ahead(frames.rest(), start);
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
                let is_ended = shape == Shape::Whole;
                let shape = Shape::Truncated { len: raw.len() as u64, hash: hash16(raw), is_ended };
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
        let offer = outlet.offer(&line, self.replay_until.is_none_or(|until| span.start < until));
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
                self.lines.expired += 1;
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
        if before.len() as u64 == self.head.offset && self.beginning.lacks(before.len()) {
            Arc::make_mut(&mut self.beginning).learn(before);
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
            self.note_reached(open.file, to);
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
        if !open.source.is_compressed() && self.fetch(open, visit, 0)? == Fetched::Rewritten {
            self.overlong = None;
            return Ok(Visited::Rewritten);
        }
        let mut overlong = self.overlong.take().expect("asked before");
        let end = overlong.read_on(&mut open.source, visit);
        let (read_to, is_at_end) = (overlong.read_to(), overlong.is_at_end());
        self.size = self.size.max(read_to);
        self.note_reached(open.file, read_to);
        let kept = overlong.take_beginning(matches!(end, Ok(Some(_))));
        self.overlong = Some(overlong);
        let Some(end) = end? else {
            let waiting = read_to - self.head.offset;
            return Ok(if is_at_end { Visited::End { stat, waiting } } else { Visited::More });
        };
        let beginning_bytes = match kept {
            Some(kept) => kept,
            None => {
                let limit = visit.limits.line_bytes;
                let bytes = room(visit.buffer, limit);
                if open.source.read(visit.files, self.head.offset, bytes)? < limit {
                    return Ok(Visited::Rewritten);
                }
                bytes.to_vec()
            }
        };
        let span = Span { tail: self.id, start: self.head.offset, next: end.next };
        let shape = Shape::Truncated { len: end.len, hash: end.hash, is_ended: end.is_ended };
        if !self.offer(beginning(&beginning_bytes, span.start), span, shape, visit.outlet) {
            if let (true, Some(overlong)) = (open.source.is_compressed(), &mut self.overlong) {
                overlong.put_back(beginning_bytes);
            }
            return Ok(Visited::Held);
        }
        self.overlong = None;
        self.head.offset = end.next;
        self.head.marker = Marker::of(&end.last_bytes);
        Ok(Visited::More)
    }
}
