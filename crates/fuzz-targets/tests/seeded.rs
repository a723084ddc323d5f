//! Each target on seeded mutations of its corpus, fifteen seconds each.

use std::time::Duration;

use fuzz_targets::{named, run};

const TIME: Duration = Duration::from_secs(15);

fn check(name: &str) {
    let inputs = run(named(name), 1, TIME, u64::MAX);
    assert!(inputs > 100, "{name} saw only {inputs} inputs");
}

#[test]
fn encode() {
    check("encode");
}

#[test]
fn reply() {
    check("reply");
}

#[test]
fn state() {
    check("state");
}

#[test]
fn refused() {
    check("refused");
}

#[test]
fn config() {
    check("config");
}
