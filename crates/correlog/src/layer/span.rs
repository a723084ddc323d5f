//! What the layer keeps of each tracing span: its fields as JSON text, what it inherits, and its ids as seen.
//!
//! Does not hold tracing's own span data, and never takes the registry's write lock while it formats.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use crate::ids::cache::SeenIds;
use crate::line::fields::{Extent, Fields};
use crate::line::json;

/// One span. Children hold their parents, as tracing's registry does.
#[derive(Debug)]
pub(super) struct SpanNode {
    /// `,"span":{"name":"…"}`, ready to be copied.
    pub name: Vec<u8>,
    pub parent: Option<Arc<SpanNode>>,
    pub seen: SeenIds,
    /// Only where lines are written at a span's end.
    pub timing: Option<Mutex<Timing>>,
    /// How often `record` changed this span's own fields.
    version: AtomicU32,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    /// What was set on this span itself, over all that the ancestors have: what an event in this span copies.
    merged: Arc<Fields>,
    /// How much of `merged` is this span's own.
    own: Extent,
    /// The sum of the versions of this span and its ancestors when `merged` was made. Versions only grow, so an
    /// equal sum means that nothing was recorded since.
    merged_at: u64,
}

impl SpanNode {
    pub fn new(
        name: &'static str,
        parent: Option<Arc<Self>>,
        own: Fields,
        timing: Option<Mutex<Timing>>,
    ) -> Self {
        let mut merged = own;
        let own = merged.extent();
        let merged_at = inherit_from(parent.as_deref(), &mut merged);
        let mut quoted = b",\"span\":{\"name\":".to_vec();
        json::string(&mut quoted, name, 1024);
        quoted.push(b'}');
        Self {
            name: quoted,
            parent,
            seen: SeenIds::default(),
            timing,
            version: AtomicU32::new(0),
            state: RwLock::new(State { merged: Arc::new(merged), own, merged_at }),
        }
    }

    /// The fields that an event in this span inherits, as they are at the version sum `sum` or later.
    #[inline]
    pub fn fields(&self, sum: u64) -> Arc<Fields> {
        Arc::clone(&self.merged(sum).merged)
    }

    /// Takes over fields that were recorded after the span was made.
    pub fn record(&self, mut recorded: Fields) {
        // The parent's lock is given back before this span's is taken.
        let mut inherited = Fields::new();
        let parents = inherit_from(self.parent.as_deref(), &mut inherited);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        recorded.inherit(&state.merged.within(state.own));
        state.own = recorded.extent();
        recorded.inherit(&inherited);
        state.merged = Arc::new(recorded);
        state.merged_at = parents + 1 + u64::from(self.version.fetch_add(1, Ordering::Release));
    }

    /// Grows whenever something is recorded on this span or an ancestor.
    #[inline]
    pub fn version_sum(&self) -> u64 {
        let mut sum = 0;
        let mut node = Some(self);
        while let Some(span) = node {
            sum += u64::from(span.version.load(Ordering::Acquire));
            node = span.parent.as_deref();
        }
        sum
    }

    #[inline]
    fn merged(&self, sum: u64) -> RwLockReadGuard<'_, State> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.merged_at >= sum {
            return state;
        }
        drop(state);
        self.merge(sum);
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn merge(&self, sum: u64) {
        let mut inherited = Fields::new();
        inherit_from(self.parent.as_deref(), &mut inherited);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut merged = state.merged.within(state.own);
        merged.inherit(&inherited);
        state.merged = Arc::new(merged);
        state.merged_at = sum;
    }
}

/// Adds what the parent has and `fields` has not; the parent's version sum from before it was read.
fn inherit_from(parent: Option<&SpanNode>, fields: &mut Fields) -> u64 {
    let Some(parent) = parent else { return 0 };
    let sum = parent.version_sum();
    fields.inherit(&parent.merged(sum).merged);
    sum
}

/// How long a span was worked in and how long it lay idle.
#[derive(Debug)]
pub(super) struct Timing {
    busy: Duration,
    idle: Duration,
    last: Instant,
    entered: u32,
}

impl Timing {
    pub fn start() -> Mutex<Self> {
        Mutex::new(Self { busy: Duration::ZERO, idle: Duration::ZERO, last: Instant::now(), entered: 0 })
    }

    /// A span entered on several threads at once is busy once.
    pub fn enter(&mut self) {
        if self.entered == 0 {
            let lap = self.lap();
            self.idle += lap;
        }
        self.entered += 1;
    }

    pub fn exit(&mut self) {
        self.entered = self.entered.saturating_sub(1);
        if self.entered == 0 {
            let lap = self.lap();
            self.busy += lap;
        }
    }

    /// Busy and idle time until now.
    pub fn close(&mut self) -> (Duration, Duration) {
        let lap = self.lap();
        self.idle += lap;
        (self.busy, self.idle)
    }

    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now.saturating_duration_since(self.last);
        self.last = now;
        lap
    }
}
