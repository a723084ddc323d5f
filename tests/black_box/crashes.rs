//! The crash loop, short: a hundred SIGKILLs over a hundred thousand lines. `cargo xtask crashloop` runs the long one.

use correlog_tests::crashloop::{Options, crashloop};

/// P1, P2, P3 and P4 on the real program.
#[test]
fn a_hundred_kills_lose_and_double_nothing() {
    let report = crashloop(&Options { kills: 100, lines: 100_000, seed: 20_261_121, lie_one_in: 6 });
    assert!(report.lies > 0, "nobody lied: {report:?}");
}
