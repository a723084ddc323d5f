//! The memory in which a thread makes its lines, kept from event to event so that none allocates.
//!
//! Does not fail where the memory is in use or gone: a `Debug` that logs while it is logged, or a destructor of a
//! thread local, gets fresh memory for that one line.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::ids::LastIds;
use crate::layer::span::SpanNode;
use crate::line::callsite::Callsites;
use crate::line::fields::Fields;
use crate::line::visit::LogOrigin;

#[derive(Debug)]
pub(super) struct Scratch {
    pub fields: Fields,
    pub line: Vec<u8>,
    pub log: LogOrigin,
    /// Kept for the life of the thread, as is what follows.
    pub callsites: Callsites,
    pub ids: LastIds,
    pub near: Option<Near>,
}

/// The innermost span of this thread as it was last found, so that the next event in it need not ask the registry,
/// whose answer takes four locks.
#[derive(Debug)]
pub(super) struct Near {
    /// What [`changes`] was: true for as long as no span is entered or left.
    pub changes: u64,
    /// The layer's number.
    pub layer: u64,
    /// The registry's innermost span. Where a filter hides it from our layer, `node` is an ancestor's.
    pub id: u64,
    pub node: Arc<SpanNode>,
    /// What an event in the span inherits; taken by `refresh`.
    pub fields: Option<Arc<Fields>>,
    /// The node's version sum when `fields` were taken.
    sum: u64,
}

impl Near {
    pub const fn new(changes: u64, layer: u64, id: u64, node: Arc<SpanNode>) -> Self {
        Self { changes, layer, id, node, fields: None, sum: 0 }
    }

    #[inline]
    pub fn is_of(&self, layer: u64, id: u64) -> bool {
        self.id == id && self.changes == changes() && self.layer == layer
    }

    /// Takes what was recorded since the last event.
    #[inline]
    pub fn refresh(&mut self) -> &Self {
        let sum = self.node.version_sum();
        if self.fields.is_none() || sum != self.sum {
            self.fields = Some(self.node.fields(sum));
            self.sum = sum;
        }
        self
    }
}

/// To be called when a span is entered.
pub(super) fn entered(layer: u64, id: u64, node: Arc<SpanNode>) {
    let near = Near::new(changed(), layer, id, node);
    // While the memory is in use, by a `Debug` that enters a span, the next event asks the registry.
    let _ = SCRATCH.try_with(|cell| cell.try_borrow_mut().map(|mut scratch| scratch.near = Some(near)));
}

/// To be called when a span is entered or left; what was found near before is not believed any more.
pub(super) fn changed() -> u64 {
    let next = CHANGES.get().wrapping_add(1);
    CHANGES.set(next);
    next
}

#[inline]
pub(super) fn changes() -> u64 {
    CHANGES.get()
}

impl Scratch {
    const fn new() -> Self {
        Self {
            fields: Fields::new(),
            line: Vec::new(),
            log: LogOrigin::new(),
            callsites: Callsites::new(),
            ids: LastIds::new(),
            near: None,
        }
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
    /// Has no destructor, so it may be read at any time.
    static CHANGES: Cell<u64> = const { Cell::new(0) };
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
