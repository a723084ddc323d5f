//! `correlog doctor`: each cause of "not found" made for real and told by its name, with a command that mends it.

use correlog_tests::place::Place;
use serde_json::{Value, json};
use xtask::http;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn time(ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(ms).expect("a near year");
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn bearing(ms: i64) -> String {
    format!("{ms:012x}7000a3ce929d0e0e4736")
}

fn ship(place: &Place, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    place.write("logs/api.jsonl", text);
    place.ship_once().expect(0);
}

fn line(ms: i64, more: &Value) -> Value {
    let mut line =
        json!({"@timestamp": time(ms), "level": "INFO", "message": "hello", "service": {"name": "api"}});
    line.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    line
}

/// The names of what is not well, with what was said.
#[track_caller]
fn findings(place: &Place, words: &[&str], code: i32) -> Vec<(String, String)> {
    let answer = place.correlog(&[&["doctor", "--json"], words].concat()).expect(code).json();
    assert_eq!(answer["schema"], "correlog.doctor/1");
    let ill = answer["checks"].as_array().expect("checks").iter().filter(|check| check["ok"] == false);
    ill.map(|check| {
        let text = |key: &str| check[key].as_str().expect("a text").to_owned();
        assert!(!text("fix").is_empty(), "{} has no remedy", text("name"));
        (text("name"), text("what"))
    })
    .collect()
}

#[track_caller]
fn has(found: &[(String, String)], name: &str, what: &str) {
    let is_there = found.iter().any(|(one, text)| one == name && text.contains(what));
    assert!(is_there, "{name}: {what} is not among {found:#?}");
}

#[test]
fn a_healthy_place_has_no_findings() {
    let place = Place::new("well");
    let now = now_ms();
    ship(&place, &[line(now, &json!({"trace_id": TRACE}))]);
    assert_eq!(findings(&place, &[], 0), []);
    assert_eq!(findings(&place, &[TRACE], 0), []);
}

#[test]
fn the_day_tells_retention_from_a_day_never_shipped_and_from_a_wrong_clock() {
    let place = Place::new("day");
    let (now, day) = (now_ms(), 86_400_000);
    let with = json!({"trace_id": TRACE});
    ship(&place, &[line(now - 10 * day, &with), line(now, &with)]);
    has(&findings(&place, &[&bearing(now - 60 * day)], 2), "retention", "the oldest day kept is");
    has(&findings(&place, &[&bearing(now - 5 * day)], 2), "day", "there is no index of that day");
    has(&findings(&place, &[&bearing(now + day / 2)], 2), "clock", "in the future");
    has(&findings(&place, &[&bearing(now - 5_000)], 2), "day", "its lines may not have arrived");
    has(&findings(&place, &["0af92f3577b34da6a3ce929d0e0e4700"], 2), "id", "no document has");
}

#[test]
fn lines_without_ids_and_ids_in_the_wrong_place_are_named() {
    let place = Place::new("ids");
    let now = now_ms();
    let mut lines: Vec<Value> = (0..30).map(|_| line(now, &json!({}))).collect();
    lines.push(line(now, &json!({"requestId": TRACE})));
    ship(&place, &lines);
    let found = findings(&place, &[TRACE], 2);
    has(&found, "ids", "api: 0 % of 31 lines");
    has(&found, "spelling", "attributes.requestId");
    has(&found, "spelling", "hold the id in attributes.requestId");
}

#[test]
fn a_trace_that_was_not_sampled_has_lines_all_the_same() {
    let place = Place::new("sampled");
    ship(&place, &[line(now_ms(), &json!({"trace_id": TRACE, "trace_flags": "00"}))]);
    has(&findings(&place, &[TRACE], 2), "sampled", "it was not sampled");
}

#[test]
fn a_shipper_behind_refused_lines_and_a_fast_clock_are_seen_from_the_documents() {
    let place = Place::new("shipper");
    let now = now_ms();
    let index = format!("{}/{}-logs-{}", place.url, place.prefix, &time(now)[..10].replace('-', "."));
    for (host, ms, lag) in [("slow", now, 90_000), ("gone", now - 3_600_000, 0)] {
        let status = json!({"record": "shipper_status", "@timestamp": time(ms), "host": {"name": host},
            "shipper": {"lag_ms": lag, "lines_refused": 3, "lines_skipped": 1}});
        http::post(&format!("{index}/_doc?refresh=true"), &status).expect("the node answers");
    }
    let future = line(now + 600_000, &json!({"trace_id": TRACE}));
    http::post(&format!("{index}/_doc?refresh=true"), &future).expect("the node answers");
    let found = findings(&place, &[], 2);
    has(&found, "shipper", "the shipper on slow is 90 s behind");
    has(&found, "shipper", "the shipper on gone is silent");
    has(&found, "refused", "3 lines of slow were refused");
    has(&found, "clock", "1 lines of api are from the future");
}

#[test]
fn a_missing_template_and_its_wrong_fields_are_seen() {
    let place = Place::at("bare", correlog_tests::node_url());
    let index = format!("{}/{}-logs-2026.01.01", place.url, place.prefix);
    let body = json!({"@timestamp": "2026-01-01T00:00:00Z", "trace_id": TRACE});
    http::post(&format!("{index}/_doc?refresh=true"), &body).expect("the node answers");
    let found = findings(&place, &[], 2);
    has(&found, "template", "no template of ours is in force");
    has(&found, "fields", "trace_id is text, not keyword");
    let away = Place::at("away", "http://127.0.0.1:1");
    has(&findings(&away, &[], 2), "cluster", "does not answer");
}
