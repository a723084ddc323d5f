//! Where the threads of the service meet: accepts a line, gives it its sequence number, hands it on.
//!
//! Does not write in buffered mode: the flusher does. A number is given only to an accepted line, under the lock
//! under which it is accepted, so the numbers of a stream have no gap (P4's `log.seq`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::line::json;
use crate::writer::builder::{Mode, Overflow, WriterBuilder};
use crate::writer::sink::{Outcome, Sink, is_in_target};
use crate::writer::stats::{Counters, Stats, add};
use crate::writer::{notice, stream};

/// What all clones of a writer, its guard and its flusher share.
#[derive(Debug)]
pub(super) struct Shared {
    pub resource: OnceLock<Box<[u8]>>,
    pub counters: Counters,
    overflow: Overflow,
    buffer_bytes: usize,
    flush_bytes: usize,
    /// Never locked after `lent`.
    intake: Mutex<Intake>,
    /// The target, while the flusher writes to it; afterwards, and always in direct mode, it is within `intake`, so
    /// that a line takes one lock and not two.
    lent: Mutex<Option<Sink>>,
    /// Wakes the flusher.
    pub wake: Condvar,
    /// Wakes whoever waits for room, for a flush or for the end.
    pub settled: Condvar,
    /// Lines dropped that the stream does not tell of yet. Outside the lock, so that a line which may not wait for
    /// the lock can be counted.
    untold: AtomicU64,
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct Intake {
    pub buffer: Vec<u8>,
    /// `"log":{"stream":"…","seq":`, ready to be copied.
    tail: Vec<u8>,
    next_seq: u64,
    accepted_lines: u64,
    /// When the oldest line in the buffer came.
    pub oldest: Option<Instant>,
    /// Set by an ERROR line or a flush: do not wait for size or age.
    pub is_urgent: bool,
    /// Set while the target takes nothing.
    pub is_failing: bool,
    /// Bytes accepted, and of those the bytes that the target took.
    pub accepted: u64,
    pub written: u64,
    pub stage: Stage,
    /// The target of a writer without a flusher.
    pub sink: Option<Sink>,
    pub sleep: Sleep,
    /// How many threads wait for `settled`: waking nobody costs a system call all the same.
    waiting: u32,
}

/// What the flusher waits for, so that a line wakes it only when it has to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sleep {
    Awake,
    /// It looks again by itself before any line is too old; only a full buffer or an urgent line wakes it.
    UntilDue,
    /// The first line wakes it.
    UntilAnything,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Running,
    /// The flusher empties the buffer for the last time.
    Closing,
    /// There is no flusher any more; what still comes is written directly.
    Closed,
}

impl Shared {
    pub fn new(builder: &WriterBuilder) -> Self {
        let is_buffered = builder.mode == Mode::Buffered;
        Self {
            resource: OnceLock::new(),
            counters: Counters::default(),
            overflow: builder.overflow,
            buffer_bytes: builder.buffer_bytes,
            flush_bytes: builder.flush_bytes,
            intake: Mutex::new(Intake {
                buffer: Vec::with_capacity(if is_buffered { builder.flush_bytes * 2 } else { 0 }),
                tail: stream::tail(),
                next_seq: 0,
                accepted_lines: 0,
                oldest: None,
                is_urgent: false,
                is_failing: false,
                accepted: 0,
                written: 0,
                stage: if is_buffered { Stage::Running } else { Stage::Closed },
                sink: None,
                sleep: Sleep::Awake,
                waiting: 0,
            }),
            lent: Mutex::new(None),
            wake: Condvar::new(),
            settled: Condvar::new(),
            untold: AtomicU64::new(0),
        }
    }

    pub fn install(&self, sink: Sink) {
        let mut intake = self.intake();
        match intake.stage {
            Stage::Closed => intake.sink = Some(sink),
            Stage::Running | Stage::Closing => *self.lent() = Some(sink),
        }
    }

    pub fn is_due(&self, intake: &Intake) -> bool {
        intake.is_urgent || intake.stage != Stage::Running || intake.buffer.len() >= self.flush_bytes
    }

    pub fn stats(&self) -> Stats {
        let accepted_lines = self.intake().accepted_lines;
        self.counters.snapshot(accepted_lines, self.with_sink(|sink| sink.written))
    }

    /// A poisoned lock is taken all the same: what it guards is whole between any two statements that can panic.
    pub fn intake(&self) -> MutexGuard<'_, Intake> {
        self.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn lent(&self) -> MutexGuard<'_, Option<Sink>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends the target, wherever it is.
    pub fn with_sink<T>(&self, run: impl FnOnce(&mut Sink) -> T) -> T {
        loop {
            let mut intake = self.intake();
            if let Some(sink) = &mut intake.sink {
                return run(sink);
            }
            drop(intake);
            // Gone from here too where the flusher has just ended: then it is in `intake`.
            if let Some(sink) = self.lent().as_mut() {
                return run(sink);
            }
        }
    }

    /// Waits until the flusher has written or there is room.
    pub fn wait_settled<'a>(
        &self,
        mut intake: MutexGuard<'a, Intake>,
        limit: Option<Duration>,
    ) -> MutexGuard<'a, Intake> {
        intake.waiting += 1;
        let mut intake = Self::wait(&self.settled, intake, limit);
        intake.waiting -= 1;
        intake
    }

    pub fn tell_settled(&self, intake: &Intake) {
        if intake.waiting > 0 {
            self.settled.notify_all();
        }
    }

    pub fn wait<'a>(
        condvar: &Condvar,
        intake: MutexGuard<'a, Intake>,
        limit: Option<Duration>,
    ) -> MutexGuard<'a, Intake> {
        match limit {
            None => condvar.wait(intake).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => condvar.wait_timeout(intake, limit).unwrap_or_else(PoisonError::into_inner).0,
        }
    }

    /// Accepts or drops one line that lacks its `log` key and its end.
    #[inline]
    pub fn submit(&self, line: &mut Vec<u8>, is_urgent: bool, now: SystemTime) -> bool {
        if is_in_target() {
            return self.dropped();
        }
        let mut intake = self.intake();
        if intake.stage != Stage::Closed {
            let Some(room) = self.wait_for_room(intake, line.len() + TAIL_MOST) else {
                return self.dropped();
            };
            intake = room;
        }
        if self.untold.load(Ordering::Relaxed) > 0 && !self.tell_of_drops(&mut intake, now) {
            return self.dropped();
        }
        intake.finish(line);
        self.accept(&mut intake, line, is_urgent, true) || self.dropped()
    }

    /// Accepts or drops one whole line that has no place in the sequence: a record.
    pub fn submit_record(&self, line: &[u8]) -> bool {
        if is_in_target() {
            return self.dropped();
        }
        let mut intake = self.intake();
        if intake.stage != Stage::Closed {
            let Some(room) = self.wait_for_room(intake, line.len()) else { return self.dropped() };
            intake = room;
        }
        self.accept(&mut intake, line, false, false) || self.dropped()
    }

    #[inline]
    fn accept(&self, intake: &mut Intake, line: &[u8], is_urgent: bool, has_seq: bool) -> bool {
        if let Some(sink) = &mut intake.sink {
            if sink.write_line(line, &self.counters) == Outcome::Refused {
                return false;
            }
        } else {
            self.buffer(intake, line, is_urgent);
        }
        intake.next_seq += u64::from(has_seq);
        intake.accepted_lines += 1;
        true
    }

    #[inline]
    fn buffer(&self, intake: &mut Intake, line: &[u8], is_urgent: bool) {
        let was_empty = intake.buffer.is_empty();
        intake.buffer.extend_from_slice(line);
        intake.accepted += line.len() as u64;
        intake.is_urgent |= is_urgent;
        if was_empty {
            intake.oldest = Some(Instant::now());
        }
        let is_to_wake = match intake.sleep {
            Sleep::Awake => false,
            Sleep::UntilDue => self.is_due(intake),
            Sleep::UntilAnything => true,
        };
        if is_to_wake {
            intake.sleep = Sleep::Awake;
            self.wake.notify_one();
        }
    }

    /// The lock with room for `length` bytes, or `None` where the line is to be dropped. A line that is longer than
    /// the whole buffer is taken when the buffer is empty.
    #[inline]
    fn wait_for_room<'a>(
        &'a self,
        mut intake: MutexGuard<'a, Intake>,
        length: usize,
    ) -> Option<MutexGuard<'a, Intake>> {
        while intake.buffer.len() + length > self.buffer_bytes && !intake.buffer.is_empty() {
            if self.overflow == Overflow::DropNewest || intake.is_failing {
                return None;
            }
            intake = self.wait_settled(intake, None);
        }
        Some(intake)
    }

    /// Puts the line that tells of drops before the next accepted one; `false` where the target refuses even that.
    #[cold]
    fn tell_of_drops(&self, intake: &mut Intake, now: SystemTime) -> bool {
        let count = self.untold.swap(0, Ordering::Relaxed);
        let resource = self.resource.get().map_or(&b""[..], |resource| resource);
        let mut line = notice::dropped_lines(count, resource, now);
        intake.finish(&mut line);
        let is_told = self.accept(intake, &line, false, true);
        if !is_told {
            self.untold.fetch_add(count, Ordering::Relaxed);
        }
        is_told
    }

    fn dropped(&self) -> bool {
        self.untold.fetch_add(1, Ordering::Relaxed);
        add(&self.counters.dropped_lines, 1);
        false
    }
}

impl Intake {
    /// Appends the last key and the end of the line.
    #[inline]
    fn finish(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(&self.tail);
        json::integer(line, self.next_seq);
        line.extend_from_slice(b"}}\n");
    }
}

/// More than the last key and the end of a line can take.
const TAIL_MOST: usize = 96;
