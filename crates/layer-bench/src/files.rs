//! Lines a second into a real file, from the first event until every line is written: our buffered and direct
//! writers, and tracing-appender's non-blocking writer with `lossy(false)` behind the same layer.
//!
//! Each file's lines are counted; a subject that lost one ends the benchmark.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use correlog::{LayerBuilder, Target, Writer};
use tracing::{Dispatch, info_span};
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::layer::SubscriberExt;

use crate::events::{event, median};
use crate::subjects::{base, fmt_json};

const LINES: u32 = 200_000;

pub struct Files {
    pub name: &'static str,
    pub lines_per_second: f64,
}

type Run = fn(&Path) -> f64;

const RUNS: &[(&str, Run)] = &[
    ("correlog, buffered", buffered),
    ("correlog, direct", direct),
    ("correlog, tracing-appender non_blocking lossy(false)", layer_on_appender),
    ("fmt-json, tracing-appender non_blocking lossy(false)", fmt_on_appender),
];

pub fn measure(rounds: usize) -> Vec<Files> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut times = vec![Vec::new(); RUNS.len()];
    for round in 0..rounds.div_ceil(6) {
        for (at, (name, run)) in RUNS.iter().enumerate() {
            let path = directory.path().join(format!("{round}-{at}.jsonl"));
            times[at].push(run(&path));
            let written = fs::read(&path).expect("the file just written");
            let lines = written.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(lines, LINES as usize, "{name} lost lines");
            fs::remove_file(&path).expect("the file just written");
        }
    }
    let per_second = |times: &mut Vec<f64>| f64::from(LINES) / median(times);
    RUNS.iter()
        .zip(&mut times)
        .map(|((name, _), times)| Files { name, lines_per_second: per_second(times) })
        .collect()
}

fn buffered(path: &Path) -> f64 {
    let (writer, guard) = Writer::builder(path).buffered().build().expect("the file opens");
    let layer = LayerBuilder::new(writer).service_name("bench").build();
    timed(&Dispatch::new(base().with(layer)), || {
        guard.shutdown(Duration::from_secs(60)).expect("a minute is enough");
    })
}

fn direct(path: &Path) -> f64 {
    let (writer, guard) = Writer::builder(path).build().expect("the file opens");
    let layer = LayerBuilder::new(writer).service_name("bench").build();
    timed(&Dispatch::new(base().with(layer)), || drop(guard))
}

fn layer_on_appender(path: &Path) -> f64 {
    let (appender, guard) = appender(path);
    let (writer, ours) = Writer::builder(Target::io(appender)).build().expect("a channel opens");
    let layer = LayerBuilder::new(writer).service_name("bench").build();
    let path = path.to_owned();
    timed(&Dispatch::new(base().with(layer)), move || {
        drop(ours);
        wait_for_all(&path);
        drop(guard);
    })
}

fn fmt_on_appender(path: &Path) -> f64 {
    let (appender, guard) = appender(path);
    let path = path.to_owned();
    timed(&Dispatch::new(base().with(fmt_json(appender))), move || {
        wait_for_all(&path);
        drop(guard);
    })
}

fn appender(
    path: &Path,
) -> (tracing_appender::non_blocking::NonBlocking, tracing_appender::non_blocking::WorkerGuard) {
    let file = tracing_appender::rolling::never(
        path.parent().expect("a file in a directory"),
        path.file_name().expect("a file"),
    );
    NonBlockingBuilder::default().lossy(false).finish(file)
}

/// Its guard gives up after a second, so the file itself is watched. A look costs the benchmark a millisecond.
fn wait_for_all(path: &Path) {
    let mut length = 0;
    loop {
        let now = fs::metadata(path).map_or(0, |metadata| metadata.len());
        if now == length && now > 0 {
            return;
        }
        length = now;
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn timed(dispatch: &Dispatch, finish: impl FnOnce()) -> f64 {
    let start = Instant::now();
    tracing::dispatcher::with_default(dispatch, || {
        let _outer = info_span!("request", method = "POST", path = "/workflows/run").entered();
        let _middle = info_span!("workflow", workflow = "support", version = 3).entered();
        let _inner = info_span!("node", node = "llm", attempt = 1).entered();
        for _ in 0..LINES {
            event();
        }
    });
    finish();
    start.elapsed().as_secs_f64()
}
