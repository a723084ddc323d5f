//! `correlog doctor`: each cause of "not found" made for real and told by its name, with a command that mends it.

use correlog_tests::fake;
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
    remedies_are_commands(&answer);
    let ill = answer["checks"].as_array().expect("checks").iter().filter(|check| check["ok"] == false);
    ill.map(|check| {
        let text = |key: &str| check[key].as_str().expect("a text").to_owned();
        assert!(!text("fix").is_empty(), "{} has no remedy", text("name"));
        (text("name"), text("what"))
    })
    .collect()
}

/// A remedy that names a command names one that there is.
#[track_caller]
fn remedies_are_commands(answer: &Value) {
    const COMMANDS: [&str; 11] = [
        "ship",
        "setup",
        "retain",
        "trace",
        "search",
        "verify",
        "refused",
        "status",
        "doctor",
        "config",
        "::layer()",
    ];
    for check in answer["checks"].as_array().expect("checks") {
        let fix = check["fix"].as_str().expect("a text");
        for (at, word) in fix.match_indices("correlog") {
            let next = fix[at + word.len()..].trim_start().split(' ').next().unwrap_or_default();
            assert!(COMMANDS.contains(&next.trim_end_matches([',', ';'])), "{fix}");
        }
    }
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

#[test]
fn a_closed_day_is_named_with_the_request_that_opens_it() {
    let place = Place::new("closed");
    let (now, day) = (now_ms(), 86_400_000);
    let id = bearing(now - 2 * day);
    ship(&place, &[line(now - 2 * day, &json!({"trace_id": id})), line(now, &json!({"trace_id": TRACE}))]);
    assert_eq!(findings(&place, &[&id], 0), [], "open, and found");
    let index = format!("{}-logs-{}", place.prefix, &time(now - 2 * day)[..10].replace('-', "."));
    let answer =
        http::post(&format!("{}/{index}/_close", place.url), &Value::Null).expect("the node answers");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let checks = place.correlog(&["doctor", "--json", &id]).expect(2).json();
    has(&findings(&place, &[&id], 2), "day", &format!("{index} is closed"));
    // The remedy is a command: it is run as it stands, and it mends.
    let day = checks["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "day");
    let fix = day.expect("the day's finding")["fix"].as_str().expect("a text").to_owned();
    let words: Vec<&str> = fix.split(' ').collect();
    let open = std::process::Command::new(words[0]).args(&words[1..]).output().expect("curl is there");
    assert!(open.status.success(), "{fix}");
    place.documents();
    let mended = findings(&place, &[&id], 0);
    assert_eq!(mended, []);
}

#[test]
fn a_day_whose_shards_are_nowhere_is_red() {
    let place = Place::new("red");
    let now = now_ms();
    ship(&place, &[line(now, &json!({"trace_id": TRACE}))]);
    let index = format!("{}-logs-2026.01.02", place.prefix);
    // No node has that name, so its shard has no place to be.
    let settings = json!({"settings": {"index.routing.allocation.require._name": "nowhere"}});
    let url = format!("{}/{index}?wait_for_active_shards=0&timeout=1s", place.url);
    let made = http::put(&url, &settings).expect("the node answers");
    assert_eq!(made.status, 200, "{}", made.text);
    let found = findings(&place, &[TRACE], 2);
    has(&found, "indices", &format!("{index} cannot be searched whole (health red)"));
    assert!(found.iter().all(|(name, _)| name == "indices"), "the rest is as well as before: {found:?}");
}

#[test]
fn a_clock_that_differs_from_the_clusters_is_seen() {
    let place = Place::new("skew");
    ship(&place, &[line(now_ms(), &json!({"trace_id": TRACE}))]);
    let node = place.url.clone();
    // The real node behind a relay that changes nothing but the time of day it says.
    let url = fake::serve(move |request| {
        let headers: Vec<(&str, &str)> = request
            .headers
            .iter()
            .filter(|(name, _)| name == "content-type")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let url = format!("{node}{}", request.path);
        let answer =
            http::request(&request.method, &url, &headers, Some(&request.body)).expect("the node answers");
        if !request.path.starts_with("/_cat/health") {
            return (answer.status, answer.text);
        }
        let mut rows = answer.json();
        let epoch: i64 = rows[0]["epoch"].as_str().and_then(|text| text.parse().ok()).expect("an epoch");
        rows[0]["epoch"] = json!((epoch + 600).to_string());
        (answer.status, rows.to_string())
    });
    let found = findings(&place, &["--url", &url], 2);
    assert_eq!(found.len(), 1, "{found:?}");
    has(&found, "clock", "this machine's clock and the cluster's are");
}

#[test]
fn refused_lines_with_the_id_are_found_in_the_state_directory() {
    let place = Place::new("kept");
    let broken = format!("{{\"record\":\"workflow_run\",\"id\" {TRACE}\n");
    place.write("logs/api.jsonl", broken);
    place.ship_once().expect(0);
    let found = findings(&place, &[TRACE], 2);
    has(&found, "refused", "1 refused lines in");
    has(&found, "id", "no document has");
}
