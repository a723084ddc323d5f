//! Lines a second into a real file, from the first event until every line is written: our buffered and direct
//! writers, and tracing-appender's non-blocking writer with `lossy(false)` behind the same layer.
//!
//! By one thread and by four, as a service has several. Each file's lines are counted; a subject that lost one ends
//! the benchmark.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use correlog::{LayerBuilder, Target, Writer};
use rustix::time::{ClockId, clock_gettime};
use tracing::Dispatch;
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::layer::SubscriberExt;

use crate::events::median;
use crate::subjects::{base, fmt_json};
use crate::threads::log_in_threads;

const LINES: u32 = 200_000;
const THREADS: [u32; 2] = [1, 4];

pub struct Files {
    pub name: &'static str,
    pub threads: u32,
    pub lines_per_second: f64,
    /// Processor time of the whole process for one line, in nanoseconds: what other programs do not disturb.
    pub processor_ns: f64,
    /// What is left of it without the making of our line; absent where the line is another's.
    pub writing_ns: Option<f64>,
}

/// What the others are compared with; it comes before them.
pub const OURS: &str = "correlog, buffered";

type Run = fn(&Path, u32) -> Took;

/// Seconds by the clock on the wall, and of processor time.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    processor: f64,
}

/// The line alone, made and thrown away; it comes first.
const LINE: &str = "correlog, into nothing";

const RUNS: &[(&str, Run)] = &[
    (LINE, into_nothing),
    (OURS, buffered),
    ("correlog, direct", direct),
    ("correlog, tracing-appender non_blocking lossy(false)", layer_on_appender),
    ("fmt-json, tracing-appender non_blocking lossy(false)", fmt_on_appender),
];

pub fn measure(rounds: usize, only: Option<&str>) -> Vec<Files> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let runs: Vec<(u32, &'static str, Run)> = THREADS
        .iter()
        .flat_map(|threads| RUNS.iter().map(|(name, run)| (*threads, *name, *run)))
        .filter(|(_, name, _)| only.is_none_or(|only| only == *name))
        .collect();
    let mut times = vec![Vec::new(); runs.len()];
    for round in 0..rounds.div_ceil(3) {
        for (at, (threads, name, run)) in runs.iter().enumerate() {
            let path = directory.path().join(format!("{round}-{at}.jsonl"));
            times[at].push(run(&path, *threads));
            if *name == LINE {
                continue;
            }
            let written = fs::read(&path).expect("the file just written");
            let lines = written.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(lines, LINES as usize, "{name} lost lines");
            fs::remove_file(&path).expect("the file just written");
        }
    }
    let median_of =
        |times: &[Took], part: fn(&Took) -> f64| median(&mut times.iter().map(part).collect::<Vec<_>>());
    let mut line = None;
    runs.iter()
        .zip(&times)
        .map(|((threads, name, _), times)| {
            let processor_ns = median_of(times, |took| took.processor) * 1e9 / f64::from(LINES);
            if *name == LINE {
                line = Some(processor_ns);
            }
            Files {
                name,
                threads: *threads,
                lines_per_second: f64::from(LINES) / median_of(times, |took| took.wall),
                processor_ns,
                writing_ns: line.filter(|_| name.starts_with("correlog")).map(|line| processor_ns - line),
            }
        })
        .collect()
}

fn into_nothing(_: &Path, threads: u32) -> Took {
    let (writer, guard) = Writer::builder(Target::io(std::io::sink())).build().expect("nothing is opened");
    let layer = LayerBuilder::new(writer).service_name("bench").build();
    timed(&Dispatch::new(base().with(layer)), threads, || drop(guard))
}

fn buffered(path: &Path, threads: u32) -> Took {
    let (writer, guard) = Writer::builder(path).buffered().build().expect("the file opens");
    let layer = LayerBuilder::new(writer).service_name("bench").build();
    timed(&Dispatch::new(base().with(layer)), threads, || {
        guard.shutdown(Duration::from_secs(60)).expect("a minute is enough");
    })
}

fn direct(path: &Path, threads: u32) -> Took {
    let (writer, guard) = Writer::builder(path).build().expect("the file opens");
    let layer = LayerBuilder::new(writer).service_name("bench").build();
    timed(&Dispatch::new(base().with(layer)), threads, || drop(guard))
}

fn layer_on_appender(path: &Path, threads: u32) -> Took {
    let (appender, guard) = appender(path);
    let (writer, ours) = Writer::builder(Target::io(appender)).build().expect("a channel opens");
    let layer = LayerBuilder::new(writer).service_name("bench").build();
    let path = path.to_owned();
    timed(&Dispatch::new(base().with(layer)), threads, move || {
        drop(ours);
        wait_for_all(&path);
        drop(guard);
    })
}

fn fmt_on_appender(path: &Path, threads: u32) -> Took {
    let (appender, guard) = appender(path);
    let path = path.to_owned();
    timed(&Dispatch::new(base().with(fmt_json(appender))), threads, move || {
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

fn timed(dispatch: &Dispatch, threads: u32, finish: impl FnOnce()) -> Took {
    let (start, processor) = (Instant::now(), processor_seconds());
    log_in_threads(dispatch, threads as usize, LINES / threads);
    finish();
    Took { wall: start.elapsed().as_secs_f64(), processor: processor_seconds() - processor }
}

fn processor_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
