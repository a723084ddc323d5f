//! One index: the documents waiting for it, and whether it takes any. It sends nothing itself.

use std::collections::VecDeque;

use super::batch::{Batch, Document};
use super::judge::Block;
use super::pace::{Jitter, Wait};

/// The documents of one index that are not settled.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// Being filled.
    open: Batch,
    /// Closed, in the order to be sent; those that failed wait here for their time.
    ready: VecDeque<Batch>,
    /// Conflicts that nothing explains and condemned documents in doubt: asked about before anything is decided.
    pub audit: Batch,
    pub parked: Option<Parked>,
    pub requests: usize,
    /// Body bytes of everything above and of what is under way.
    bytes: usize,
}

/// An index that takes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parked {
    pub block: Block,
    pub since_ms: u64,
    /// When one small request may ask again.
    pub until_ms: u64,
    pub tries: u32,
}

/// A parked lane is asked with about this much.
const PROBE_BYTES: usize = 64 << 10;

impl Lane {
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Nothing waits and nothing is under way.
    pub const fn is_idle(&self) -> bool {
        self.bytes == 0
    }

    /// Bytes that are held back for a long time: all of a parked lane, else its parked batches.
    pub fn parked_bytes(&self) -> usize {
        match self.parked {
            Some(_) => self.bytes,
            None => self.ready.iter().filter(|batch| batch.parked).map(Batch::bytes).sum(),
        }
    }

    /// `spare` has the buffers of batches that are done with.
    pub fn push(&mut self, document: &Document<'_>, now_ms: u64, close_at: usize, spare: &mut Vec<Batch>) {
        if !self.open.is_empty() && self.open.bytes() + document.source.len() > close_at {
            self.close();
        }
        if self.open.is_empty() {
            if self.open.room() == 0 {
                self.open = spare.pop().unwrap_or_else(|| Batch::with_room(close_at));
            }
            self.open.opened_ms = now_ms;
        }
        self.bytes += self.open.push(document);
        if self.open.bytes() >= close_at {
            self.close();
        }
    }

    /// Closes the body that is being filled when its oldest document came at or before `opened_ms`.
    pub fn close_if_older(&mut self, opened_ms: u64) {
        if !self.open.is_empty() && self.open.opened_ms <= opened_ms {
            self.close();
        }
    }

    fn close(&mut self) {
        let mut batch = std::mem::take(&mut self.open);
        batch.give_back();
        self.ready.push_back(batch);
    }

    /// Documents that come back to be sent again; the oldest go first.
    pub fn requeue(&mut self, batch: Batch) {
        if !batch.is_empty() {
            self.bytes += batch.bytes();
            self.ready.push_front(batch);
        }
    }

    /// Documents to be asked about.
    pub fn ask(&mut self, batch: &Batch, position: usize) {
        let before = self.audit.bytes();
        batch.copy_to(position, &mut self.audit);
        self.bytes += self.audit.bytes() - before;
    }

    /// A request came back: its bytes are counted again where its documents go.
    pub fn returned(&mut self, bytes: usize) {
        self.requests -= 1;
        self.bytes -= bytes;
    }

    /// What may be sent now; the caller puts it under way. A parked lane gives one small probe at a time.
    pub fn next(&mut self, now_ms: u64) -> Option<Batch> {
        let probing = self.parked.is_some();
        if self.parked.is_some_and(|parked| now_ms < parked.until_ms) || (probing && self.requests > 0) {
            return None;
        }
        let position = self.ready.iter().position(|batch| batch.not_before_ms <= now_ms)?;
        let mut batch = self.ready.remove(position)?;
        while probing && batch.len() > 1 && batch.bytes() > PROBE_BYTES {
            let (probe, rest) = batch.halve();
            self.ready.push_front(rest);
            batch = probe;
        }
        self.requests += 1;
        Some(batch)
    }

    /// What is to be asked now.
    pub fn next_audit(&mut self, now_ms: u64) -> Option<Batch> {
        if self.audit.is_empty() || self.audit.not_before_ms > now_ms {
            return None;
        }
        self.requests += 1;
        Some(std::mem::take(&mut self.audit))
    }

    /// The port took nothing after all.
    pub fn put_back(&mut self, batch: Batch) {
        self.requests -= 1;
        self.ready.push_front(batch);
    }

    /// The index refused documents. Several answers of one round count once.
    pub fn park(&mut self, block: Block, now_ms: u64, jitter: &mut Jitter) {
        let before = self.parked;
        if before.is_some_and(|parked| now_ms < parked.until_ms) {
            return;
        }
        let tries = before.map_or(0, |parked| parked.tries) + 1;
        self.parked = Some(Parked {
            block,
            since_ms: before.map_or(now_ms, |parked| parked.since_ms),
            until_ms: now_ms + jitter.pause_ms(Wait::Parked, tries),
            tries,
        });
    }
}
