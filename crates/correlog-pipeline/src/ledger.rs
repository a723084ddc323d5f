//! From settled spans to the low-water mark of one lineage: what may be called durable.
//!
//! It saves nothing and knows no file. The mark moves from place to place, never into the middle of what one visit
//! opened: a place carries a hash of the bytes before it, which only the reader can make while it has them. The
//! finer choice, a mark at every line's end, would need a hash for every line.

use std::collections::VecDeque;

use crate::mistake::{self, Mistake};
use crate::place::Place;
use crate::span::Span;

/// The mark moves from `from` to `to.offset`; it applies only where the checkpoint stands exactly at `from`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delta {
    pub from: u64,
    pub to: Place,
}

/// What one visit opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stride {
    to: Place,
    /// Opened and not settled in it; 0 lines if and only if 0 bytes.
    lines: u64,
    bytes: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ledger {
    /// Everything before it is settled (P2).
    mark: u64,
    /// Everything before it was opened or skipped.
    head: u64,
    /// Lines opened and not settled, over all strides.
    in_flight: u64,
    /// Opened since the last `close`.
    lines: u64,
    bytes: u64,
    /// In order, each starting where the one before ends; the first starts at `mark`, the last ends at or before `head`.
    strides: VecDeque<Stride>,
}

impl Ledger {
    pub fn new(offset: u64) -> Ledger {
        Ledger { mark: offset, head: offset, ..Ledger::default() }
    }

    pub const fn mark(&self) -> u64 {
        self.mark
    }

    pub const fn head(&self) -> u64 {
        self.head
    }

    /// Lines opened and not settled.
    pub const fn in_flight(&self) -> u64 {
        self.in_flight
    }

    pub fn is_settled(&self) -> bool {
        self.in_flight == 0 && self.strides.is_empty()
    }

    /// A line leaves the reader.
    ///
    /// # Panics
    /// When it does not start where the last one ended.
    pub fn open(&mut self, span: Span) {
        assert!(span.start == self.head && span.next > span.start, "a line starts where the last one ended");
        self.head = span.next;
        self.lines += 1;
        self.in_flight += 1;
        self.bytes += span.len();
    }

    /// Bytes up to `to` are passed over.
    ///
    /// # Panics
    /// When that goes back.
    pub fn skip(&mut self, to: u64) {
        assert!(to >= self.head, "a skip never goes back");
        self.head = to;
    }

    /// A visit ends at `place`. Answers the delta when nothing before it is open.
    ///
    /// # Panics
    /// When the place is not where the reader stands.
    pub fn close(&mut self, place: Place) -> Option<Delta> {
        assert!(place.offset == self.head, "a place is where the reader stands");
        let last = self.strides.back().map_or(self.mark, |stride| stride.to.offset);
        assert!(place.offset >= last, "places never go back");
        if place.offset == last {
            return None;
        }
        self.strides.push_back(Stride { to: place, lines: self.lines, bytes: self.bytes });
        (self.lines, self.bytes) = (0, 0);
        self.advance()
    }

    /// A line is stored, or refused with its bytes durable.
    ///
    /// # Panics
    /// When it was not open: settling twice would let the mark pass an unsettled line.
    pub fn settle(&mut self, span: Span) -> Option<Delta> {
        if mistake::is(Mistake::NewestAckCheckpoint) {
            return self.settle_newest(span);
        }
        assert!(span.start >= self.mark && span.next <= self.head, "what settles was opened");
        let at = self.strides.partition_point(|stride| stride.to.offset <= span.start);
        let stride = self.strides.get_mut(at).expect("what settles lies in a closed stride");
        assert!(span.next <= stride.to.offset, "a line lies in one stride");
        assert!(stride.lines > 0 && stride.bytes >= span.len(), "a line settles once");
        stride.lines -= 1;
        self.in_flight -= 1;
        stride.bytes -= span.len();
        assert!((stride.lines == 0) == (stride.bytes == 0), "a stride without lines has no open bytes");
        self.advance()
    }

    /// Planted: the mark is the newest settled stride, whatever stands open before it.
    fn settle_newest(&mut self, span: Span) -> Option<Delta> {
        self.in_flight = self.in_flight.saturating_sub(1);
        let at = self.strides.iter().position(|stride| stride.to.offset > span.start)?;
        let stride = self.strides.get_mut(at).filter(|_| span.start >= self.mark)?;
        stride.lines = stride.lines.saturating_sub(1);
        if stride.lines > 0 {
            return None;
        }
        let (from, to) = (self.mark, stride.to);
        self.strides.drain(..=at);
        self.mark = to.offset;
        Some(Delta { from, to })
    }

    fn advance(&mut self) -> Option<Delta> {
        let from = self.mark;
        let mut to = None;
        while self.strides.front().is_some_and(|stride| stride.lines == 0) {
            to = self.strides.pop_front().map(|stride| stride.to);
        }
        let to = to?;
        if self.strides.is_empty() {
            // Nothing is open: with thousands of files that wait, room for strides is most of what they would hold.
            self.strides = VecDeque::new();
        }
        assert!(to.offset > from, "the mark never goes back");
        self.mark = to.offset;
        Some(Delta { from, to })
    }
}
