//! The refused file, from the real node's refusal to the replay: grouped by reason and field, content shown only on
//! demand, each entry stored or kept, and sent again under the same ids, however often.

use correlog_tests::place::Place;
use serde_json::{Value, json};
use xtask::http;

const SECRET: &str = "what-the-customer-said";

/// The index of a day long past, so that nobody else has made it, whose `level` takes numbers only: no form of our documents fits it.
fn hostile_index(place: &Place) -> String {
    let index = format!("{}/{}-logs-2026.11.11", place.url, place.prefix);
    let mapping = json!({ "mappings": { "properties": { "level": { "type": "integer" } } } }).to_string();
    let headers = [("content-type", "application/json")];
    let answer = http::request("PUT", &index, &headers, Some(&mapping)).expect("the node answers");
    assert_eq!(answer.status, 200, "{}", answer.text);
    index
}

fn place(name: &str) -> (Place, String) {
    let place = Place::new(name);
    let index = hostile_index(&place);
    let line = |day: u32, n: u32| {
        format!(
            "{{\"ts\":\"2026-11-{day}T10:00:{n:02}Z\",\"level\":\"INFO\",\"message\":\"{SECRET} {day} {n}\"}}\n"
        )
    };
    let lines = (0..5).flat_map(|n| [line(10, n), line(11, n)]);
    place.write("logs/a.log", lines.collect::<String>());
    (place, index)
}

fn groups(place: &Place) -> Vec<(String, String, u64)> {
    let list = place.correlog(&["refused", "list", "--json"]).expect(0).json();
    let text = |group: &Value, key: &str| group[key].as_str().unwrap_or_default().to_owned();
    let group = |group: &Value| {
        (text(group, "reason"), text(group, "field"), group["documents"].as_u64().unwrap_or_default())
    };
    list["refused"].as_array().expect("a list").iter().map(group).collect()
}

fn replay(place: &Place, code: i32) -> (u64, u64) {
    let said = place.correlog(&["refused", "replay", "--json"]).expect(code).json();
    (said["stored"].as_u64().expect("stored"), said["kept"].as_u64().expect("kept"))
}

#[test]
fn what_is_refused_is_listed_shown_on_demand_and_replayed_under_its_own_ids() {
    let (place, index) = place("refused");
    let said = place.ship_once().expect(0).stderr;
    assert!(said.contains("5 stored, 5 refused"), "{said}");
    assert!(!said.contains(SECRET), "an event is said: {said}");
    assert_eq!(groups(&place), [("mapping".to_owned(), "level".to_owned(), 5)]);

    let shown = place.correlog(&["refused", "show"]).expect(0).stdout;
    assert_eq!((shown.lines().count(), shown.contains(SECRET)), (5, false), "{shown}");
    let json = place.correlog(&["refused", "show", "--json"]).expect(0).stdout;
    assert!(!json.contains(SECRET), "{json}");
    let content = place.correlog(&["refused", "show", "--content"]).expect(0).stdout;
    assert_eq!(content.matches(SECRET).count(), 5, "{content}");

    // What is not stored is no gap while it is in the refused file.
    let state = place.path("state").to_string_lossy().into_owned();
    let verified = place.correlog(&["verify", "--state", &state, "--json"]).expect(0).json();
    assert_eq!(verified["explained_by_refused"], 5, "{verified}");

    assert_eq!(replay(&place, 1), (0, 5), "the index is as it was: each is kept");
    assert_eq!(groups(&place).len(), 1);
    http::request("DELETE", &index, &[], None).expect("the node answers");
    assert_eq!(replay(&place, 0), (5, 0), "the index has our mapping now: each is stored");
    assert_eq!(groups(&place), []);
    assert_eq!(replay(&place, 0), (0, 0), "nothing is left");
    let stored = place.documents();
    assert_eq!(stored.len(), 10);

    std::fs::remove_dir_all(place.path("state")).expect("the state is wiped");
    place.ship_once().expect(0);
    assert_eq!(place.documents(), stored, "shipped again, they are the same documents");
}

#[test]
fn a_replay_whose_note_was_lost_is_harmless() {
    let (place, index) = place("twice");
    place.ship_once().expect(0);
    http::request("DELETE", &index, &[], None).expect("the node answers");
    let copy = place.path("copy");
    copy_dir(&place.path("state"), &copy);
    assert_eq!(replay(&place, 0), (5, 0));
    let stored = place.documents();
    std::fs::remove_dir_all(place.path("state")).expect("the state is taken back");
    std::fs::rename(&copy, place.path("state")).expect("its copy takes its place");
    assert_eq!(groups(&place).len(), 1, "they are listed again");
    assert_eq!(replay(&place, 0), (5, 0), "sent again");
    assert_eq!(place.documents(), stored, "and nothing is new");
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("the state can be listed").flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a file can be copied");
    }
}
