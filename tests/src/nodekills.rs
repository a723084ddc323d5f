//! The real node killed with SIGKILL again and again while documents flow into it: in the end every line is stored
//! once, and `correlog verify` finds nothing with the shipper's state at hand. The shipper itself lives throughout.

use std::time::Instant;

use lying_opensearch::Random;
use xtask::node::{Node, test_name};

use crate::crashloop::{Scraper, Writer};
use crate::place::Place;
use crate::wait::until;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub kills: u64,
    pub lines: u64,
    pub seed: u64,
}

/// What a run came to; whatever had to hold was asserted before.
#[derive(Clone, Debug)]
pub struct Report {
    pub documents: u64,
    pub bytes: u64,
    pub scrapes: u64,
    pub seconds: u64,
    /// What `verify` said.
    pub verified: String,
}

/// So long may it take until documents flow, or until all of them are there.
const PATIENCE_S: u64 = 600;

/// Runs it on a node of its own.
///
/// # Panics
/// When a line is lost or doubled, `verify` finds something, a scrape does not agree, or something of the run itself
/// fails.
pub fn node_kills(options: &Options) -> Report {
    let start = Instant::now();
    let node = Node::start_fresh(&format!("{}-kills", test_name()), crate::HEAP);
    let node = node.unwrap_or_else(|error| panic!("{error}"));
    let place = Place::at("nodekills", &node.url);
    place.correlog(&["setup", "apply"]).expect(0);
    let scraper = Scraper::start();
    configure(&place, scraper.address());
    let mut random = Random(options.seed);
    let shipper = place.ship();
    let writer = Writer::start(&place.path("logs"), options.lines, options.seed);
    let state = place.path("state").to_string_lossy().into_owned();
    let share = options.lines / (options.kills + 1);
    for kill in 0..options.kills {
        writer.allow(share * (kill + 1));
        // Somewhere in the first half of this share's documents, with requests under way.
        let enough = share * kill + share / 10 + random.below(share * 4 / 10);
        until("documents flow", PATIENCE_S, || (scraper.stored() >= enough).then_some(()));
        if kill == 0 {
            // What is under way is no gap.
            place.correlog(&["verify", "--state", &state]).expect(0);
        }
        node.kill().and_then(|()| node.restart(crate::HEAP)).unwrap_or_else(|error| panic!("{error}"));
    }
    let bytes = writer.finish();
    until("every line is stored", PATIENCE_S, || (scraper.stored() >= options.lines).then_some(()));
    let scrapes = scraper.finish();
    assert_eq!(shipper.terminate(), Some(0), "SIGTERM must settle what was read");
    place.ship_once().expect(0);
    let documents = place.count_lines();
    assert_eq!(documents, options.lines, "one document a line, seed {}", options.seed);
    let verified = place.correlog(&["verify", "--state", &state]).expect(0).stdout;
    Report { documents, bytes, scrapes, seconds: start.elapsed().as_secs(), verified }
}

/// Small bodies, so that several are under way at each kill.
fn configure(place: &Place, admin: &str) {
    let file = place.path("correlog.toml");
    let text = std::fs::read_to_string(&file).expect("the place has a configuration");
    let text = text.replacen("[opensearch]\n", "[opensearch]\nbatch_bytes = \"256 KiB\"\n", 1);
    std::fs::write(&file, format!("{text}\n[admin]\nlisten = \"{admin}\"\n")).expect("it can be written");
}
