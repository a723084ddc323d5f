//! Every way of rotating real files, with the shipper up or down, at every kind of offset: after each cell the
//! documents must be exactly the lines that could still be read, each once, in order within its file.
//!
//! The files, the state directory, `logrotate` and `gzip` are real; the clock is ours, so nothing waits; OpenSearch is
//! a map of ids. Needs the program `logrotate`; without it the test fails and says so.
#![expect(clippy::unwrap_used, reason = "a cell that cannot be set up fails where it stands")]

#[path = "../../../correlog-cli/src/world/disk.rs"]
#[expect(dead_code, reason = "the binary's own file; the client it is built with is not needed here")]
mod real_disk;
#[path = "../../../correlog-cli/src/world/files/mod.rs"]
#[expect(dead_code, reason = "the binary's own file; the client it is built with is not needed here")]
mod real_files;

mod cell;
mod rotate;
mod world;

use cell::{Cell, Stands};
use rotate::Kind;

#[test]
fn every_cell_ships_exactly_what_can_be_read() {
    rotate::require_logrotate();
    let mut failed = Vec::new();
    let mut cells = 0;
    let (mut unreadable, mut holes) = (0, 0);
    for kind in Kind::ALL {
        for is_up in [true, false] {
            for rotations in [1, 2, 5] {
                for stands in Stands::ALL {
                    for in_flight in [false, true] {
                        let cell = Cell { kind, is_up, rotations, stands, in_flight };
                        cells += 1;
                        match cell.run() {
                            Ok(report) => {
                                unreadable += report.unreadable;
                                holes += report.holes;
                            }
                            Err(what) => failed.push(format!("{cell:?}: {what}")),
                        }
                    }
                }
            }
        }
    }
    println!(
        "{cells} cells, {} failed, {unreadable} lines were removed before anyone could read them, {holes} holes said",
        failed.len()
    );
    assert!(cells >= 400);
    assert!(failed.is_empty(), "{} of {cells} cells:\n{}", failed.len(), failed.join("\n"));
}
