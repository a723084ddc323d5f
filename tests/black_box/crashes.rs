//! Kills and outages, short: the shipper is killed a hundred times, the node three times, the cluster answers nothing
//! for a minute. `cargo xtask crashloop` and `cargo xtask proof` run the long forms.

use std::time::Duration;

use correlog_tests::crashloop::{self, crashloop};
use correlog_tests::nodekills::{self, node_kills};
use correlog_tests::outage::{self, outage};

/// P1, P2, P3 and P4 on the real program, and P8 at every scrape.
#[test]
fn a_hundred_kills_lose_and_double_nothing() {
    let options = crashloop::Options { kills: 100, lines: 100_000, seed: 20_261_121, lie_one_in: 6 };
    let report = crashloop(&options);
    assert!(report.lies > 0, "nobody lied: {report:?}");
}

/// P1, P4 and P8 with a real cluster that dies: every line is there once, and `verify` finds nothing.
#[test]
fn a_node_that_is_killed_has_every_line_once_in_the_end() {
    let report = node_kills(&nodekills::Options { kills: 3, lines: 100_000, seed: 20_261_121 });
    assert!(report.verified.contains("complete: no gap, nothing doubled"), "{}", report.verified);
}

/// P6 and P7: what piles up waits in its files, and is stored soon after the cluster answers again.
#[test]
fn a_minute_of_silence_is_caught_up_with_in_fifteen_seconds() {
    let options = outage::Options {
        lines_per_second: 2_000,
        outage: Duration::from_secs(60),
        caught_up_within: Duration::from_secs(15),
    };
    let report = outage(&options);
    assert!(report.waiting > 100_000, "too little waited: {report:?}");
}
