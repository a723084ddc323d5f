//! `correlog status`: from the running shipper's last moment and from the saved state, with its exit codes.

use correlog_tests::place::Place;
use correlog_tests::wait;
use serde_json::json;

const LINE: &str = "{\"ts\":\"2026-11-21T10:00:00Z\",\"message\":\"x\"}\n";

#[test]
fn without_a_shipper_it_tells_what_waits_and_with_one_that_nothing_does() {
    let place = Place::new("status");
    let never = place.correlog(&["status"]).expect(2);
    assert!(never.stdout.contains("no shipper ever kept its place here"), "{}", never.stdout);

    place.write("logs/a.log", LINE);
    place.ship_once().expect(0);
    let still = place.correlog(&["status", "--json"]).expect(0).json();
    assert_eq!((&still["running"], &still["healthy"]), (&json!(false), &json!(true)), "{still}");
    assert_eq!(still["files"][0]["behind"], 0, "{still}");

    place.write("logs/a.log", LINE.repeat(3));
    let behind = place.correlog(&["status", "--json"]).expect(2).json();
    assert_eq!(behind["files"][0]["behind"], LINE.len() * 2, "{behind}");
    assert_eq!(behind["problems"][0]["name"], "not_running");

    let shipper = place.ship();
    let running = wait::until("a running shipper that has caught up", 60, || {
        let status = place.correlog(&["status", "--json"]).json();
        (status["running"] == true && status["lines"]["stored"] == 2).then_some(status)
    });
    assert_eq!(running["files"][0]["behind"], 0, "{running}");
    let text = place.correlog(&["status"]).expect(0).stdout;
    assert!(text.starts_with("shipper: running, healthy") && text.contains("a.log"), "{text}");
    assert_eq!(shipper.terminate(), Some(0));
    assert_eq!(place.correlog(&["status", "--json"]).expect(0).json()["running"], false);
}

#[test]
fn a_second_shipper_is_sent_away_with_a_sentence() {
    let place = Place::new("second");
    place.write("logs/a.log", LINE);
    let first = place.ship();
    wait::until("the first document", 60, || (place.count() > 0).then_some(()));
    let second = place.correlog(&["ship"]).expect(1);
    assert!(second.stderr.contains("is in use by process"), "{}", second.stderr);
    assert_eq!(first.terminate(), Some(0));
}
