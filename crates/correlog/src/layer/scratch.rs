//! The memory in which a thread makes its lines, kept from event to event so that none allocates.
//!
//! Does not fail where the memory is in use or gone: a `Debug` that logs while it is logged, or a destructor of a
//! thread local, gets fresh memory for that one line.

use std::cell::RefCell;

use crate::line::fields::Fields;

#[derive(Debug)]
pub(super) struct Scratch {
    pub fields: Fields,
    pub line: Vec<u8>,
    /// The target of an event that came from the `log` crate.
    pub log_target: String,
}

impl Scratch {
    const fn new() -> Self {
        Self { fields: Fields::new(), line: Vec::new(), log_target: String::new() }
    }

    fn clear(&mut self) {
        // One huge line must not keep its memory for the life of the thread.
        if self.line.capacity() > KEPT_MOST || self.fields.len() > KEPT_MOST {
            *self = Self::new();
            return;
        }
        self.fields.clear();
        self.line.clear();
        self.log_target.clear();
    }
}

const KEPT_MOST: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

/// Lends cleared memory.
#[inline]
pub(super) fn with(run: impl FnOnce(&mut Scratch)) {
    let mut run = Some(run);
    let is_done = SCRATCH.try_with(|cell| {
        let Ok(mut scratch) = cell.try_borrow_mut() else { return };
        if let Some(run) = run.take() {
            run(&mut scratch);
        }
        scratch.clear();
    });
    if let (Some(run), _) = (run, is_done) {
        run(&mut Scratch::new());
    }
}
