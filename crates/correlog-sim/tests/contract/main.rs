//! The contract of the ports, held against the simulated and the real ones. A check that fails is named.
#![expect(clippy::unwrap_used, reason = "a check that cannot go on fails where it stands")]

#[path = "../../../correlog-cli/src/world/disk.rs"]
mod real_disk;
#[path = "../../../correlog-cli/src/world/files/mod.rs"]
#[expect(dead_code, reason = "the binary's own file; the client it is built with is not needed here")]
mod real_files;

mod real;
mod sim;

use correlog_sim::contract::{disk, files};

#[test]
fn simulated_files_keep_the_contract() {
    for (name, check) in files::CHECKS {
        println!("{name}");
        check(&mut sim::Hand::new());
    }
}

#[test]
fn real_files_keep_the_contract() {
    for (name, check) in files::CHECKS {
        println!("{name}");
        check(&mut real::Hand::new());
    }
}

#[test]
fn the_simulated_disk_keeps_the_contract() {
    for (name, check) in disk::CHECKS {
        println!("{name}");
        check(&mut sim::Disk::default());
    }
}

#[test]
fn the_real_disk_keeps_the_contract() {
    for (name, check) in disk::CHECKS {
        println!("{name}");
        check(&mut real::State::new());
    }
}
