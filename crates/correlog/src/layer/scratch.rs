//! The memory in which a thread makes its lines, kept from event to event so that none allocates.
//!
//! Does not fail where the memory is in use or gone: a `Debug` that logs while it is logged, or a destructor of a
//! thread local, gets fresh memory for that one line.

use std::cell::RefCell;

use crate::line::callsite::Callsites;
use crate::line::fields::Fields;
use crate::line::visit::LogOrigin;

#[derive(Debug)]
pub(super) struct Scratch {
    pub fields: Fields,
    pub line: Vec<u8>,
    pub log: LogOrigin,
    /// Kept for the life of the thread.
    pub callsites: Callsites,
}

impl Scratch {
    const fn new() -> Self {
        Self { fields: Fields::new(), line: Vec::new(), log: LogOrigin::new(), callsites: Callsites::new() }
    }

    fn clear(&mut self) {
        // One huge line must not keep its memory for the life of the thread.
        if self.line.capacity() > KEPT_MOST || self.fields.len() > KEPT_MOST {
            self.fields = Fields::new();
            self.line = Vec::new();
        }
        self.fields.clear();
        self.line.clear();
        self.log.clear();
    }
}

const KEPT_MOST: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

/// Lends cleared memory.
#[inline]
pub(super) fn with<T>(run: impl FnOnce(&mut Scratch) -> T) -> T {
    let mut run = Some(run);
    let done = SCRATCH.try_with(|cell| {
        let mut scratch = cell.try_borrow_mut().ok()?;
        let done = run.take().map(|run| run(&mut scratch));
        scratch.clear();
        done
    });
    match (done, run) {
        (Ok(Some(done)), _) => done,
        (_, Some(run)) => run(&mut Scratch::new()),
        (_, None) => unreachable!("either it ran or it is still there"),
    }
}
