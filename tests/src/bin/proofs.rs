//! The long forms of what the tests prove in short: `proofs crashes|node-kills|outage|verify [--NAME NUMBER]…`. Each
//! panics where a law is broken, else says its figures in one line. `cargo xtask crashloop` and `proof` run it.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use correlog_tests::crashloop::{self, crashloop};
use correlog_tests::holes::{self, holes};
use correlog_tests::nodekills::{self, node_kills};
use correlog_tests::outage::{self, outage};
use correlog_tests::place::Place;
use xtask::node::{Node, test_name};

const USAGE: &str = "proofs crashes [--kills --lines --seed --lie-one-in] | node-kills [--kills --lines --seed] | \
                     outage [--lines-per-second --seconds --within] | verify [--documents --changed]";

/// Numbers by name, as given on the command line.
struct Numbers(BTreeMap<String, u64>);

impl Numbers {
    /// The number of this name, or what it is by default. Every name is taken once.
    fn take(&mut self, name: &str, default: u64) -> u64 {
        self.0.remove(name).unwrap_or(default)
    }

    /// # Panics
    /// When a name is left that nobody asked for.
    fn end(self) {
        assert!(self.0.is_empty(), "{:?}: {USAGE}", self.0.keys());
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let what = words.next().unwrap_or_else(|| panic!("{USAGE}"));
    let mut numbers = Numbers(BTreeMap::new());
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").unwrap_or_else(|| panic!("{word}: {USAGE}"));
        let value = words.next().and_then(|value| value.parse().ok());
        numbers.0.insert(name.to_owned(), value.unwrap_or_else(|| panic!("{word} needs a number")));
    }
    let figures = match what.as_str() {
        "crashes" => crashes(numbers),
        "node-kills" => kills(numbers),
        "outage" => outages(numbers),
        "verify" => verify(numbers),
        _ => panic!("{USAGE}"),
    };
    let _ = writeln!(std::io::stdout(), "{what}: {figures}");
}

fn crashes(mut numbers: Numbers) -> String {
    let options = crashloop::Options {
        kills: numbers.take("kills", 1_000),
        lines: numbers.take("lines", 1_000_000),
        seed: numbers.take("seed", 1),
        lie_one_in: numbers.take("lie-one-in", 6),
    };
    numbers.end();
    let report = crashloop(&options);
    format!(
        "{} kills over {} lines in {} s: 0 lost, 0 doubled; {} documents, {} of them stored when the kills were over, {} written again by resends, \
         {} bytes accounted; {} requests, {} lies; {} scrapes agreed (seed {})",
        report.kills,
        report.lines,
        report.seconds,
        report.documents,
        report.early,
        report.rewritten,
        report.bytes,
        report.requests,
        report.lies,
        report.scrapes,
        options.seed
    )
}

fn kills(mut numbers: Numbers) -> String {
    let options = nodekills::Options {
        kills: numbers.take("kills", 20),
        lines: numbers.take("lines", 1_000_000),
        seed: numbers.take("seed", 1),
    };
    numbers.end();
    let report = node_kills(&options);
    format!(
        "the node was killed {} times while {} lines ({} bytes) came, {} s: {} documents; {} scrapes agreed; \
         verify: {}",
        options.kills,
        options.lines,
        report.bytes,
        report.seconds,
        report.documents,
        report.scrapes,
        report.verified.trim_end().replace('\n', "; ")
    )
}

fn outages(mut numbers: Numbers) -> String {
    let options = outage::Options {
        lines_per_second: numbers.take("lines-per-second", 2_000),
        outage: Duration::from_secs(numbers.take("seconds", 60)),
        caught_up_within: Duration::from_secs(numbers.take("within", 15)),
    };
    numbers.end();
    let report = outage(&options);
    format!(
        "{} lines/s, {} s without an answer, {} lines waited: caught up {:.1} s after its end; {} lines, each once; \
         {} scrapes agreed",
        options.lines_per_second,
        options.outage.as_secs(),
        report.waiting,
        report.caught_up.as_secs_f64(),
        report.lines,
        report.scrapes
    )
}

fn verify(mut numbers: Numbers) -> String {
    let files = 20;
    let options = holes::Options {
        files,
        lines_of_each: numbers.take("documents", 1_000_000) / files,
        changed: numbers.take("changed", 1_000),
    };
    numbers.end();
    let node = Node::start_fresh(&format!("{}-verify", test_name()), "1g");
    let node = node.unwrap_or_else(|error| panic!("{error}"));
    let place = Place::at("holes", &node.url);
    place.correlog(&["setup", "apply"]).expect(0);
    let report = holes(&place, &options);
    format!(
        "{} documents, {} deleted and {} doubled, all found and no other: {:.1} s without findings, {:.1} s with them",
        report.documents,
        report.deleted,
        report.doubled,
        report.clean.as_secs_f64(),
        report.with_findings.as_secs_f64()
    )
}
