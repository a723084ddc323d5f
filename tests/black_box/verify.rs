//! `correlog verify` on a real node: what was deleted or doubled behind its back is found in what is stored alone;
//! with the shipper's state, what is missing at the head and the tail too, and what the refused file explains.

use correlog_tests::fake::{forward, serve};
use correlog_tests::holes::{Options, holes};
use correlog_tests::place::{Document, Place};
use serde_json::{Value, json};
use xtask::http;

#[test]
fn verify_finds_what_is_missing_and_what_is_doubled_and_nothing_else() {
    let report = holes(&Place::new("verify"), &Options { files: 20, lines_of_each: 5_000, changed: 100 });
    assert_eq!((report.documents, report.deleted), (100_000, 100));
}

/// Deletes the documents that a query finds; answers how many there were.
fn delete(place: &Place, query: &Value) -> u64 {
    let url = format!("{}/{}-logs-*/_delete_by_query?refresh=true", place.url, place.prefix);
    let answer = http::post(&url, &json!({ "query": query })).expect("the node answers").json();
    answer["deleted"].as_u64().unwrap_or_else(|| panic!("nothing was deleted: {answer}"))
}

#[test]
fn with_the_state_head_and_tail_are_proven_too() {
    let place = Place::new("edges");
    let line =
        |n: u32| format!("{{\"ts\":\"2026-11-21T10:00:{:02}Z\",\"message\":\"line {n:03}\"}}\n", n % 60);
    place.write("logs/a.log", (0..100).map(line).collect::<String>());
    place.write("logs/b.log", (100..200).map(line).collect::<String>());
    place.ship_once().expect(0);
    let state = place.path("state").to_string_lossy().into_owned();
    let verify = ["verify", "--state", state.as_str(), "--json"];
    assert_eq!(place.correlog(&verify).expect(0).json()["documents"], 200);

    let bytes = line(0).len() as u64;
    let of_a = json!({ "wildcard": { "log.file.path": "*/a.log" } });
    let missing = json!([{ "range": { "log.offset": { "lt": 2 * bytes } } },
        { "range": { "log.offset": { "gte": 97 * bytes } } }]);
    let edges = json!({ "bool": { "filter": [of_a], "should": missing, "minimum_should_match": 1 } });
    assert_eq!(delete(&place, &edges), 5);
    assert_eq!(
        place.correlog(&["verify", "--json"]).expect(0).json()["without_their_first_lines"],
        1,
        "what is stored alone cannot tell a head that retention took from one that is missing"
    );
    let found = place.correlog(&verify).expect(2).json();
    let gaps: Vec<(u64, u64)> = found["gaps"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|gap| (gap["from"].as_u64().expect("from"), gap["to"].as_u64().expect("to")))
        .collect();
    assert_eq!(gaps, [(0, 2 * bytes), (97 * bytes, 100 * bytes)], "{found}");
    assert!(found["gaps"][0]["file"].as_str().is_some_and(|file| file.ends_with("logs/a.log")), "{found}");
    assert_eq!(found["gaps"][1]["by_state"], true, "{found}");
}

/// Without the state nothing tells what a running shipper has under way: a document that overtook another one leaves a
/// gap for a moment.
#[test]
fn without_the_state_what_arrives_while_it_reads_is_no_gap() {
    let place = Place::new("look");
    let line = |n: u32| format!("{{\"ts\":\"2026-11-21T10:00:{n:02}Z\",\"message\":\"line {n}\"}}\n");
    place.write("logs/a.log", (0..30).map(line).collect::<String>());
    place.ship_once().expect(0);
    let late = place.documents().into_iter().find(|document| document.source["message"] == "line 17");
    let late = late.expect("it is stored");
    let address = |document: &Document| format!("{}/{}/_doc/{}", place.url, document.index, document.id);
    let take_away = || {
        let answer = http::request("DELETE", &format!("{}?refresh=true", address(&late)), &[], None);
        assert_eq!(answer.expect("the node answers").status, 200);
    };
    take_away();
    let (node, put, source) = (place.url.clone(), address(&late), late.source.to_string());
    // It comes when the first look is over.
    let before = serve(move |request| {
        let answer = forward(&node, request);
        if request.path.contains("/_search?scroll=") {
            let headers = [("content-type", "application/json")];
            http::request("PUT", &put, &headers, Some(&source)).expect("the node answers");
        }
        answer
    });
    let found = place.correlog(&["verify", "--json", "--url", &before]).expect(0).json();
    assert_eq!((&found["documents"], &found["complete"]), (&json!(30), &json!(true)), "{found}");

    take_away();
    let found = place.correlog(&["verify", "--json"]).expect(2).json();
    let at = &late.source["log"];
    let gap = &found["gaps"][0];
    assert_eq!(
        (&gap["from"], &gap["to"]),
        (&at["offset"], &at["next"]),
        "what does not come is one: {found}"
    );
}
