//! What the layer keeps of each tracing span: its fields as JSON text, what it inherits, and its ids as seen.
//!
//! Does not hold tracing's own span data, and never takes the registry's write lock while it formats.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use crate::ids::cache::SeenIds;
use crate::line::fields::Fields;
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
    /// Set on this span itself.
    own: Fields,
    /// `own` over all that the ancestors have: what an event in this span copies.
    merged: Fields,
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
        let (merged, merged_at) = match &parent {
            None => (own.clone(), 0),
            Some(parent) => {
                let sum = parent.version_sum();
                let mut merged = own.clone();
                merged.inherit(&parent.merged(sum).merged);
                (merged, sum)
            }
        };
        let mut quoted = b",\"span\":{\"name\":".to_vec();
        json::string(&mut quoted, name, 1024);
        quoted.push(b'}');
        Self {
            name: quoted,
            parent,
            seen: SeenIds::default(),
            timing,
            version: AtomicU32::new(0),
            state: RwLock::new(State { own, merged, merged_at }),
        }
    }

    /// Lends the fields that an event in this span inherits.
    #[inline]
    pub fn with_fields<T>(&self, run: impl FnOnce(&Fields) -> T) -> T {
        run(&self.merged(self.version_sum()).merged)
    }

    /// Takes over fields that were recorded after the span was made.
    pub fn record(&self, mut recorded: Fields) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        recorded.inherit(&state.own);
        state.own = recorded;
        self.version.fetch_add(1, Ordering::Release);
    }

    #[inline]
    fn version_sum(&self) -> u64 {
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
        let inherited =
            self.parent.as_deref().map(|parent| parent.merged(parent.version_sum()).merged.clone());
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut merged = state.own.clone();
        if let Some(inherited) = inherited {
            merged.inherit(&inherited);
        }
        state.merged = merged;
        state.merged_at = sum;
    }
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
