//! A real node that is killed while documents flow: what it acknowledged and forgot, and what it never answered, is
//! there in the end, once.

use correlog_tests::HEAP;
use correlog_tests::place::Place;
use correlog_tests::wait;
use xtask::node::{Node, test_name};

const LINES: u64 = 100_000;
const FILES: u64 = 4;

#[test]
fn three_kills_of_the_node_lose_and_double_nothing() {
    let node =
        Node::start_fresh(&format!("{}-kills", test_name()), HEAP).unwrap_or_else(|error| panic!("{error}"));
    let place = Place::at("nodekills", &node.url);
    place.correlog(&["setup", "apply"]).expect(0);
    for file in 0..FILES {
        let line =
            |n: u64| format!("{{\"ts\":\"2026-11-21T10:00:00Z\",\"message\":\"file {file} line {n}\"}}\n");
        place.write(&format!("logs/{file}.log"), (0..LINES / FILES).map(line).collect::<String>());
    }
    let shipper = place.ship();
    for round in 1..=3 {
        wait::until("a share of the documents", 120, || (place.count() >= round * LINES / 5).then_some(()));
        node.kill().unwrap_or_else(|error| panic!("{error}"));
        node.restart(HEAP).unwrap_or_else(|error| panic!("{error}"));
    }
    wait::until("every document", 240, || (place.count() == LINES).then_some(()));
    assert_eq!(shipper.terminate(), Some(0), "everything read is settled");
    place.ship_once().expect(0);
    assert_eq!(place.count(), LINES, "none more");
    let verified = place.correlog(&["verify", "--state", &place.path("state").to_string_lossy()]);
    verified.expect(0);
}
