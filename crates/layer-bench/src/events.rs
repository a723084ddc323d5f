//! One thread: three nested spans of two fields each, and an event of three fields, over and over.
//!
//! Time is the thread's own processor time, so that other programs on the machine disturb less, and the subjects take turns within each round, so that what still disturbs falls on all of them.

use rustix::time::{ClockId, clock_gettime};
use stats_alloc::Region;
use tracing::{Dispatch, info, info_span};

use crate::ALLOCATOR;
use crate::subjects::{SUBJECTS, Subject};

const EVENTS: u32 = 15_000;

/// What one subject took.
pub struct Measured {
    pub name: &'static str,
    /// Median over the rounds, and the best round.
    pub ns_per_event: f64,
    pub ns_best: f64,
    pub allocs_per_event: f64,
    pub ns_per_span_and_event: f64,
}

pub fn measure(rounds: usize, only: Option<&str>) -> Vec<Measured> {
    let subjects: Vec<&Subject> =
        SUBJECTS.iter().filter(|subject| only.is_none_or(|only| only == subject.name)).collect();
    let mut times = vec![Vec::new(); subjects.len()];
    let mut span_times = vec![Vec::new(); subjects.len()];
    let mut allocs = vec![0.0; subjects.len()];
    for round in 0..rounds {
        for (at, subject) in subjects.iter().enumerate() {
            // One subscriber lives at a time: with two, every event asks both whether it is enabled.
            let dispatch = (subject.make)();
            let (ns, allocations) = events(&dispatch, EVENTS);
            times[at].push(ns);
            allocs[at] = allocations;
            if round % 4 == 0 {
                span_times[at].push(spans(&dispatch, EVENTS / 10));
            }
        }
    }
    let measured = subjects.iter().enumerate().map(|(at, subject)| Measured {
        name: subject.name,
        ns_per_event: median(&mut times[at]),
        ns_best: times[at][0],
        allocs_per_event: allocs[at],
        ns_per_span_and_event: median(&mut span_times[at]),
    });
    measured.collect()
}

fn events(dispatch: &Dispatch, count: u32) -> (f64, f64) {
    tracing::dispatcher::with_default(dispatch, || {
        let outer = info_span!("request", method = "POST", path = "/workflows/run").entered();
        let middle = info_span!("workflow", workflow = "support", version = 3).entered();
        let inner = info_span!("node", node = "llm", attempt = 1).entered();
        for _ in 0..200 {
            event();
        }
        let region = Region::new(ALLOCATOR);
        let start = processor_ns();
        for _ in 0..count {
            event();
        }
        let took = processor_ns() - start;
        let change = region.change();
        drop((inner, middle, outer));
        let allocations = (change.allocations + change.reallocations) as f64 / f64::from(count);
        (took / f64::from(count), allocations)
    })
}

/// A whole request: three spans made, entered and closed around one event.
fn spans(dispatch: &Dispatch, count: u32) -> f64 {
    tracing::dispatcher::with_default(dispatch, || {
        let start = processor_ns();
        for _ in 0..count {
            let _outer = info_span!("request", method = "POST", path = "/workflows/run").entered();
            let _middle = info_span!("workflow", workflow = "support", version = 3).entered();
            let _inner = info_span!("node", node = "llm", attempt = 1).entered();
            event();
        }
        (processor_ns() - start) / f64::from(count)
    })
}

#[inline(never)]
pub fn event() {
    info!(user_id = 42, tenant = "acme", elapsed_ms = 12.5, "request finished");
}

fn processor_ns() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

/// Sorts, so that the first is the best.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
