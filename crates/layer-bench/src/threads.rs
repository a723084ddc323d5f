//! Several threads, each within spans of its own, into one layer and a target that does nothing.
//!
//! Does not pin threads: the operating system spreads them, as it does a service's.

use std::sync::Barrier;
use std::time::{Duration, Instant};

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
    let ran = log_in_threads(dispatch, threads, EVENTS);
    ran.as_nanos() as f64 / (f64::from(EVENTS) * threads as f64)
}

/// From the first event of any thread to the last event of the last one. Each looks at the clock itself: whoever
/// waits for them may be woken late.
pub fn log_in_threads(dispatch: &Dispatch, threads: usize, events: u32) -> Duration {
    let barrier = Barrier::new(threads);
    let log = || {
        tracing::dispatcher::with_default(dispatch, || {
            let _outer = info_span!("request", method = "POST", path = "/workflows/run").entered();
            let _middle = info_span!("workflow", workflow = "support", version = 3).entered();
            let _inner = info_span!("node", node = "llm", attempt = 1).entered();
            barrier.wait();
            let start = Instant::now();
            for _ in 0..events {
                event();
            }
            (start, Instant::now())
        })
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(log)).collect();
        let ran: Vec<_> = running.into_iter().map(|thread| thread.join().expect("it logs")).collect();
        let first = ran.iter().map(|(start, _)| *start).min().expect("there is a thread");
        let last = ran.iter().map(|(_, end)| *end).max().expect("there is a thread");
        last - first
    })
}
