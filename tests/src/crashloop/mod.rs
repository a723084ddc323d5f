//! The crash loop: the real `correlog ship` is killed with SIGKILL at random instants while a writer rotates its files
//! and a lying OpenSearch answers; then everything must be stored exactly once. It needs no OpenSearch.

mod check;
mod liar;
mod scrape;
mod writer;

pub use liar::LyingServer;
pub use scrape::Scraper;
pub use writer::Writer;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use lying_opensearch::Random;

use crate::child::run;
use crate::place::Place;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub kills: u64,
    pub lines: u64,
    pub seed: u64,
    /// One answer in so many is a lie; 0 for an honest server.
    pub lie_one_in: u64,
}

/// What a run came to; `check` has already failed where it had to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub kills: u64,
    pub lines: u64,
    pub documents: u64,
    /// Of them, stored when the kills were over.
    pub early: u64,
    /// Documents written more than once by resends; the ids made that harmless.
    pub rewritten: u64,
    pub requests: u64,
    pub lies: u64,
    pub bytes: u64,
    pub scrapes: u64,
    pub seconds: u64,
}

/// A shipper lives this long at most before it is killed at any instant.
const LIFE_MAX_MS: u64 = 700;
/// Or this long where it is killed after some requests or a save.
const LIFE_MAX: Duration = Duration::from_secs(6);
/// How often a shipper saves its state.
const SAVE_EVERY_MS: u64 = 1_000;

/// Runs it in a directory of its own and checks the outcome.
///
/// # Panics
/// When a line is lost or doubled, a sum does not agree, or something of the run itself fails; the seed is named.
pub fn crashloop(options: &Options) -> Report {
    let start = Instant::now();
    let server = LyingServer::start();
    server.lie(options.seed, options.lie_one_in);
    let place = Place::at("crash", &server.url);
    let scraper = Scraper::start();
    configure(&place, scraper.address());
    let mut random = Random(options.seed);
    let writer = Writer::start(&place.path("logs"), options.lines, options.seed);
    for kill in 1..=options.kills {
        let shipper = place.ship();
        writer.allow(options.lines * kill / options.kills);
        live(&place, &server, &mut random);
        shipper.kill();
    }
    let early = server.count("documents");
    let bytes = writer.finish();
    server.lie(0, 0);
    let ended = place.ship_once();
    assert_eq!(ended.code, Some(0), "seed {}: {}", options.seed, ended.stderr);
    let mut report = check::check(&server, &place.path("dump.jsonl"), options, bytes);
    // Once more, with everything there: nothing new may be stored.
    again(&place, &server, report.documents);
    (report.early, report.scrapes) = (early, scraper.finish());
    report.seconds = start.elapsed().as_secs();
    report
}

/// The time a shipper has. A third of them end at any instant, start-up included; a third among requests, and a third
/// around saves of the state, both however slow the machine is. Without the last nobody would get any further: what is
/// not saved is sent again by the next one.
fn live(place: &Place, server: &LyingServer, random: &mut Random) {
    let rest_ms = match random.below(3) {
        0 => random.below(LIFE_MAX_MS),
        1 => {
            let answered = server.count("requests") + 1 + random.below(5);
            wait_for(|| server.count("requests") >= answered);
            random.below(30)
        }
        _ => {
            let before = last_save(place);
            wait_for(|| last_save(place) != before);
            // The first one comes at the start, when nothing new is settled yet.
            random.below(3 * SAVE_EVERY_MS)
        }
    };
    std::thread::sleep(Duration::from_millis(rest_ms));
}

/// Waits, but not longer than a life may last.
fn wait_for(come: impl Fn() -> bool) {
    let start = Instant::now();
    while !come() && start.elapsed() < LIFE_MAX {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// When a slot of the state was last replaced.
fn last_save(place: &Place) -> Option<SystemTime> {
    let slots = ["state/state-a", "state/state-b"].map(|slot| place.path(slot).metadata());
    slots.into_iter().flatten().filter_map(|slot| slot.modified().ok()).max()
}

/// Ships everything again with the state wiped; the number of documents must not change.
fn again(place: &Place, server: &LyingServer, documents: u64) {
    std::fs::remove_dir_all(place.path("state")).expect("the state can be wiped");
    let ended = run(place.command().args(["ship", "--once"]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(server.count("documents"), documents, "with the state wiped: not one document more");
}

/// Short time limits and small bodies, so that more happens between two kills.
pub fn configure(place: &Place, admin: &str) {
    let file = place.path("correlog.toml");
    let text = std::fs::read_to_string(&file).expect("the place has a configuration");
    let text = text
        .replacen("[opensearch]\n", "[opensearch]\nbatch_bytes = \"64 KiB\"\nrequest_timeout = \"2s\"\n", 1)
        .replacen("[index]\n", "[index]\nrequire_template = false\n", 1);
    std::fs::write(&file, format!("{text}\n[admin]\nlisten = \"{admin}\"\n")).expect("it can be written");
}

fn lines_of(path: &Path) -> impl Iterator<Item = String> {
    use std::io::BufRead;
    let file = std::fs::File::open(path).expect("the dump is there");
    std::io::BufReader::with_capacity(1 << 20, file).lines().map(|line| line.expect("the dump is text"))
}
