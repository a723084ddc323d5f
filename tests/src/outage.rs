//! An outage under load: lines come at a fixed rate, the cluster answers nothing for a while, and what piled up is
//! stored soon after it answers again, each line once. It needs no OpenSearch.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::crashloop::{LyingServer, Scraper};
use crate::place::Place;
use crate::wait::until;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub lines_per_second: u64,
    pub outage: Duration,
    /// How soon after its end nothing older than a second may wait.
    pub caught_up_within: Duration,
}

/// What a run came to; whatever had to hold was asserted before.
#[derive(Clone, Debug)]
pub struct Report {
    pub lines: u64,
    /// Lines that waited when the outage ended.
    pub waiting: u64,
    pub caught_up: Duration,
    pub scrapes: u64,
}

/// Lines flow for so long before the outage and after it was caught up with.
const AROUND: Duration = Duration::from_secs(3);

/// # Panics
/// When it takes too long to catch up, a line is lost or doubled, or a scrape does not agree.
pub fn outage(options: &Options) -> Report {
    let server = LyingServer::start();
    let place = Place::at("outage", &server.url);
    let scraper = Scraper::start();
    crate::crashloop::configure(&place, scraper.address());
    let shipper = place.ship();
    let writer = Steady::start(&place.path("logs/steady.log"), options.lines_per_second);
    let second = options.lines_per_second;
    until("lines flow", 60, || (scraper.stored() > second && writer.age() >= AROUND).then_some(()));
    server.outage(true);
    let began = Instant::now();
    until("the outage is over", 600, || (began.elapsed() >= options.outage).then_some(()));
    server.outage(false);
    let ended = Instant::now();
    let waiting = writer.written() - scraper.stored();
    let limit = options.caught_up_within.as_secs();
    until("caught up", limit, || (scraper.stored() + second >= writer.written()).then_some(()));
    let caught_up = ended.elapsed();
    let lines = writer.finish();
    until("the last lines", 60, || (scraper.stored() == lines).then_some(()));
    let scrapes = scraper.finish();
    assert_eq!(shipper.terminate(), Some(0), "SIGTERM must settle what was read");
    each_once(&server, &place.path("dump.jsonl"), lines);
    Report { lines, waiting, caught_up, scrapes }
}

fn each_once(server: &LyingServer, dump: &Path, lines: u64) {
    server.dump(dump);
    let mut numbers: Vec<u64> = crate::place::lines(dump)
        .iter()
        .map(|line| {
            let document: Value = serde_json::from_str(line).expect("a dumped document is JSON");
            let message = document["source"]["message"].as_str().unwrap_or_default();
            message.strip_prefix("line ").and_then(|rest| rest.parse().ok()).expect("a message of ours")
        })
        .collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..lines), "every line is stored once");
}

/// A writer of so many lines a second: as many as are due by the clock, every few milliseconds.
struct Steady {
    start: Instant,
    written: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Steady {
    fn start(path: &Path, lines_per_second: u64) -> Self {
        let (written, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped, start) = (written.clone(), stop.clone(), Instant::now());
        let mut file = File::create(path).expect("the log can be made");
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let due = start.elapsed().as_millis() as u64 * lines_per_second / 1000;
                let lines: String = (count.load(Ordering::Relaxed)..due).map(line).collect();
                file.write_all(lines.as_bytes()).expect("the log can be written");
                count.store(due, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { start, written, stop, thread }
    }

    fn age(&self) -> Duration {
        self.start.elapsed()
    }

    fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Answers how many lines there are.
    fn finish(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the writer does not fail");
        self.written.load(Ordering::Relaxed)
    }
}

fn line(number: u64) -> String {
    format!(
        "{{\"time\":\"2026-11-21T10:00:00.{:03}Z\",\"level\":\"info\",\"msg\":\"line {number}\"}}\n",
        number % 1000
    )
}
