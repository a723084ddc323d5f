//! Eight threads of a million events each into one buffered file, then every line of it is checked.
//!
//! Does not measure against peers; it prints lines a second.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use correlog::{LayerBuilder, Writer};
use tracing::{Dispatch, info};
use tracing_subscriber::layer::SubscriberExt;

use crate::subjects::base;

pub fn run(threads: u64, count: u64) -> ExitCode {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("million.jsonl");
    let seconds = write(&path, threads, count);
    let lines = check(&path, threads, count);
    println!(
        "{lines} lines from {threads} threads, none torn, no gap: {:.0} lines/s",
        lines as f64 / seconds
    );
    ExitCode::SUCCESS
}

fn write(path: &Path, threads: u64, count: u64) -> f64 {
    let (writer, guard) = Writer::builder(path).buffered().build().expect("the file opens");
    let dispatch =
        Dispatch::new(base().with(LayerBuilder::new(writer).service_name("b").code_location(false).build()));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let dispatch = &dispatch;
            scope.spawn(move || {
                tracing::dispatcher::with_default(dispatch, || {
                    for number in 0..count {
                        info!(thread, number, "m");
                    }
                });
            });
        }
    });
    guard.shutdown(Duration::from_secs(300)).expect("five minutes are enough");
    start.elapsed().as_secs_f64()
}

/// Every line parses, the sequence is 0, 1, 2 …, and each thread's own numbers come in their order.
fn check(path: &Path, threads: u64, count: u64) -> u64 {
    let mut next = vec![0; usize::try_from(threads).expect("few threads")];
    let mut lines = 0;
    for line in BufReader::new(File::open(path).expect("the file just written")).lines() {
        let line: serde_json::Value = serde_json::from_str(&line.expect("UTF-8"))
            .unwrap_or_else(|error| panic!("line {lines}: {error}"));
        assert_eq!(line["log"]["seq"], lines, "a gap");
        let thread = line["attributes"]["thread"].as_u64().expect("every line has its thread");
        let expected = &mut next[usize::try_from(thread).expect("few threads")];
        assert_eq!(line["attributes"]["number"], *expected, "thread {thread}");
        *expected += 1;
        lines += 1;
    }
    assert_eq!(lines, threads * count, "lines are missing");
    lines
}
