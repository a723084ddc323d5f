//! Several threads, each within spans of its own, into one layer and a target that does nothing.
//!
//! Does not pin threads: the operating system spreads them, as it does a service's.

use std::sync::Barrier;
use std::time::Instant;

use tracing::{Dispatch, info_span};

use crate::events::{event, median};
use crate::subjects::SUBJECTS;

const EVENTS: u32 = 20_000;

pub struct Threads {
    pub name: &'static str,
    pub threads: usize,
    /// Of the whole process: how long until the next line is there.
    pub ns_per_event: f64,
}

pub fn measure(rounds: usize) -> Vec<Threads> {
    let mut measured = Vec::new();
    for subject in SUBJECTS.iter().filter(|subject| ["correlog", "fmt-json"].contains(&subject.name)) {
        for threads in [1, 2, 4, 8] {
            let mut times: Vec<f64> =
                (0..rounds.div_ceil(6)).map(|_| once(&(subject.make)(), threads)).collect();
            measured.push(Threads { name: subject.name, threads, ns_per_event: median(&mut times) });
        }
    }
    measured
}

fn once(dispatch: &Dispatch, threads: usize) -> f64 {
    let barrier = Barrier::new(threads + 1);
    let start = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                tracing::dispatcher::with_default(dispatch, || {
                    let _outer = info_span!("request", method = "POST", path = "/workflows/run").entered();
                    let _inner = info_span!("node", node = "llm", attempt = 1).entered();
                    barrier.wait();
                    for _ in 0..EVENTS {
                        event();
                    }
                });
            });
        }
        barrier.wait();
        Instant::now()
    });
    start.elapsed().as_nanos() as f64 / (f64::from(EVENTS) * threads as f64)
}
