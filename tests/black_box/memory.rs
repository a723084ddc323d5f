//! The shipper's memory, small: what would take a gigabyte in a shipper that keeps what it reads, with the real program
//! and its own high-water mark. `cargo xtask bench memory` has the same cases at their full size. Needs no node: the
//! other side only counts.

use correlog_tests::programs::program;
use ship_bench::memory::{self, Case};
use ship_bench::sink::Health;

const MIB: u64 = 1 << 20;
/// What the shipper promises to stay within, whatever it meets (P6).
const PEAK_MAX_MIB: f64 = 64.0;
/// What the program under test takes for itself more than the release build, whose promise it is: it is not optimised.
const UNOPTIMISED_MIB: f64 = 10.0;

#[track_caller]
fn check(case: Result<Case, String>) -> Case {
    let case = case.unwrap_or_else(|why| panic!("{why}"));
    eprintln!("{:>6.1} MiB at most: {}", case.peak_mib, case.name);
    assert!(case.peak_mib > 1.0, "{}: the high-water mark was not seen", case.name);
    assert!(case.peak_mib <= PEAK_MAX_MIB + UNOPTIMISED_MIB, "{}: {:.1} MiB", case.name, case.peak_mib);
    case
}

#[test]
fn neither_a_line_nor_a_hole_nor_a_bomb_is_kept_in_memory() {
    let correlog = program("correlog");
    check(memory::long_line(&correlog, 256 * MIB));
    check(memory::hole(&correlog, 10 * 1024 * MIB));
    check(memory::bomb(&correlog, 256 * MIB));
}

#[test]
fn thousands_of_files_need_no_thousands_of_descriptors() {
    check(memory::many_files(&program("correlog"), 3_000, 256));
}

#[test]
fn while_the_cluster_is_dead_reading_pauses_at_the_budget() {
    let correlog = program("correlog");
    for (how, more) in [(Health::Gone, ""), (Health::Silent, ""), (Health::Silent, "compression = \"gzip\"")]
    {
        let case = check(memory::dead_cluster(&correlog, how, 4, 12_000_000, more));
        let held = case.held_bytes.expect("the status of the running shipper");
        // A document that is on its way in may pass the budget by itself.
        assert!(held <= 25 * MIB, "{}: {held} bytes are held", case.name);
    }
}
