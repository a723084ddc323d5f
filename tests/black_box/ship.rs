//! `correlog ship` on real files and a real node: every line once, whatever it looks like and however often the
//! shipper dies. How lines become documents field by field is tested beside the encoder.

use correlog_tests::child::Ended;
use correlog_tests::place::{Document, Place, lines};
use correlog_tests::service::Services;
use correlog_tests::wait;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use xtask::http;

/// What identifies a native line, from the line itself or from its document.
fn stream_and_seq(value: &Value) -> Option<(String, u64)> {
    Some((value["log"]["stream"].as_str()?.to_owned(), value["log"]["seq"].as_u64()?))
}

/// A document without what the shipper adds: the line it came from.
fn as_written(document: &Document) -> Value {
    let mut source = document.source.clone();
    for added in ["host", "severity_number", "record"] {
        source.as_object_mut().expect("a document is an object").remove(added);
    }
    let log = json!({"stream": source["log"]["stream"], "seq": source["log"]["seq"]});
    source["log"] = log;
    source
}

/// The native log lines and the record lines of all files of a place.
fn written(place: &Place) -> (Vec<Value>, Vec<Value>) {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(place.path("logs")).expect("logs").flatten() {
        all.extend(
            lines(&entry.path())
                .iter()
                .map(|line| serde_json::from_str::<Value>(line).expect("the layer writes JSON")),
        );
    }
    all.into_iter().partition(|line| line.get("record").is_none())
}

/// Asserts that the log documents are exactly the log lines, each once, by id and by content, and that the records
/// are exactly the newest version of each row.
fn assert_complete(place: &Place) {
    let (logs, records) = written(place);
    let documents = place.documents_of("logs-*");
    let ids: BTreeSet<&str> = documents.iter().map(|document| document.id.as_str()).collect();
    assert_eq!(ids.len(), documents.len(), "an id is in two indices");
    let stored: BTreeMap<_, _> = documents
        .iter()
        .map(|document| (stream_and_seq(&document.source).expect("log.stream"), as_written(document)))
        .collect();
    let expected: BTreeMap<_, _> =
        logs.into_iter().map(|line| (stream_and_seq(&line).expect("log.stream"), line)).collect();
    assert_eq!(documents.len(), expected.len(), "documents and lines differ in number");
    for (key, line) in &expected {
        assert_eq!(stored.get(key), Some(line), "line {key:?}");
    }
    assert_newest_records(place, &records);
}

fn assert_newest_records(place: &Place, records: &[Value]) {
    let mut newest: BTreeMap<String, &Value> = BTreeMap::new();
    for line in records {
        let id = format!("{}:{}", line["record"].as_str().expect("record"), line["id"].as_str().expect("id"));
        let slot = newest.entry(id).or_insert(line);
        if slot["@timestamp"].as_str() <= line["@timestamp"].as_str() {
            *slot = line;
        }
    }
    let documents = place.documents_of("workflow-*");
    let stored: BTreeMap<&str, &Document> =
        documents.iter().map(|document| (document.id.as_str(), document)).collect();
    assert_eq!(stored.len(), documents.len(), "a record is in two indices");
    assert_eq!(
        stored.keys().copied().collect::<Vec<_>>(),
        newest.keys().map(String::as_str).collect::<Vec<_>>()
    );
    for (id, line) in newest {
        let source = &stored[id.as_str()].source;
        for key in ["@timestamp", "status", "trace_id", "workflow_run_id"] {
            assert_eq!(source.get(key), line.get(key), "{id}: {key}");
        }
    }
}

fn load(services: &Services, from: u32, to: u32) {
    for number in from..to {
        let fails = number % 4 == 0;
        let mut body = json!({"tenant_id": "acme", "inputs": {"query": format!("question {number}")}});
        if fails {
            body["fail_at"] = json!("llm");
        }
        let answer = services.run_workflow(&body);
        assert!(answer.header("x-trace-id").is_some_and(|id| id.len() == 32), "{:?}", answer.headers);
    }
}

#[test]
fn killed_again_and_again_it_neither_loses_nor_doubles_a_document() {
    let place = Place::new("kill");
    let services = Services::start(&place);
    for round in 0..6 {
        let shipper = place.ship();
        load(&services, round * 10, round * 10 + 10);
        let floor = u64::from(round) * 40;
        wait::until("some documents of this round", 60, || (place.count() > floor).then_some(()));
        shipper.kill();
    }
    services.stop();
    place.ship_once().expect(0);
    assert_complete(&place);
    let before = place.count();
    place.ship_once().expect(0);
    assert_eq!(place.count(), before, "a second --once found something new");
}

#[test]
fn a_trace_id_from_the_header_finds_both_services_and_the_run() {
    let place = Place::new("trace");
    let services = Services::start(&place);
    load(&services, 1, 4);
    let answer = services.run_workflow(&json!({"tenant_id": "acme", "fail_at": "http-request"}));
    let trace = answer.header("x-trace-id").expect("X-Trace-Id").to_owned();
    let run = answer.json()["workflow_run_id"].as_str().expect("workflow_run_id").to_owned();
    services.stop();
    place.ship_once().expect(0);
    for id in [trace.as_str(), &trace.to_uppercase(), run.as_str()] {
        let story = place.correlog(&["trace", id, "--json"]).expect(0).json();
        let mut services: Vec<&str> = story["header"]["services"]
            .as_array()
            .expect("services")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        services.sort_unstable();
        assert_eq!(services, ["api", "worker"], "{id}");
        let kinds: BTreeSet<&str> = story["records"]
            .as_array()
            .expect("records")
            .iter()
            .filter_map(|record| record["document"]["record"].as_str())
            .collect();
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["workflow_app_log", "workflow_run"], "{id}");
        assert!(story["nodes"].as_array().is_some_and(|nodes| nodes.len() >= 4), "{id}: {}", story["nodes"]);
    }
    let text = place.correlog(&["trace", &trace]).expect(0).stdout;
    assert!(text.contains("http-request") && text.contains(&run), "{text}");
    let nothing = place.correlog(&["trace", "0123456789abcdef0123456789abcdef"]).expect(2);
    assert!(!(nothing.stdout + &nothing.stderr).is_empty(), "not found is an answer with a reason");
}

/// One of each: what the field throws at a tailer.
fn bad_lines() -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(b"this is no JSON\n");
    file.extend(b"\n");
    file.extend(b"{\"timestamp\":\"2026-11-21T10:00:00Z\",\"level\":\"info\",\"message\":\"with CRLF\"}\r\n");
    file.extend(br#"{"timestamp":"2026-11-21T10:00:01Z","level":"info","message":""#);
    file.extend(std::iter::repeat_n(b'x', 2 << 20));
    file.extend(b"\"}\n");
    file.extend(b"{\"time\":\"2026-11-21T10:00:02Z\",\"severity\":\"WARN\",\"msg\":\"unknown keys\",\"customer\":\"acme\",\"traceId\":\"x\"}\n");
    file.extend(b"{\"ts\":\"2026-11-21T10:00:03Z\",\"message\":\"half a li");
    file
}

#[test]
fn bad_lines_are_handled_counted_and_stop_nothing() {
    let place = Place::new("bad");
    let file = place.write("logs/foreign.log", bad_lines());
    let ended: Ended = place.ship_once().expect(0);
    assert!(ended.stderr.contains("unterminated"), "the half line is not said:\n{}", ended.stderr);
    let documents = place.documents();
    let message = |document: &Document| document.source["message"].as_str().unwrap_or_default().to_owned();
    assert_eq!(documents.len(), 4, "{:?}", documents.iter().map(|d| message(d).len()).collect::<Vec<_>>());
    let with = |part: &str| documents.iter().find(|document| message(document).contains(part));
    assert!(with("this is no JSON").is_some_and(|d| d.source["attributes"]["parse_error"].is_string()));
    assert!(with("with CRLF").is_some_and(|d| d.source["level"] == "INFO" && !message(d).contains('\r')));
    let unknown = with("unknown keys").expect("the line with unknown keys");
    assert_eq!(unknown.source["attributes"]["customer"], "acme");
    assert_eq!(unknown.source["level"], "WARN");
    let offsets: BTreeSet<u64> =
        documents.iter().filter_map(|d| d.source["log"]["offset"].as_u64()).collect();
    assert_eq!(offsets.len(), 4, "each has its own place");

    let mut whole = std::fs::read(&file).expect("the file");
    whole.extend(b"ne\"}\n");
    std::fs::write(&file, whole).expect("the file");
    place.ship_once().expect(0);
    let documents = place.documents();
    assert_eq!(documents.len(), 5);
    assert!(
        documents.iter().any(|d| d.source["message"] == "half a line"),
        "the line completed later is indexed once, whole"
    );
}

#[test]
fn without_our_template_nothing_is_indexed_and_the_fix_is_named() {
    let place = Place::at("notemplate", correlog_tests::node_url());
    place.write("logs/a.jsonl", "{\"ts\":\"2026-11-21T10:00:00Z\",\"message\":\"x\"}\n");
    let ended = place.correlog(&["ship", "--once", "--timeout", "3"]).expect(1);
    assert!(ended.stderr.contains("correlog setup apply"), "{}", ended.stderr);
    assert_eq!(place.documents(), []);
}

#[test]
fn where_nothing_listens_it_says_so_and_loses_nothing() {
    let place = Place::new("down");
    let port = xtask::node::free_port().expect("a port");
    let line = "{\"ts\":\"2026-11-21T10:00:00Z\",\"message\":\"kept\"}\n";
    place.write("logs/a.jsonl", line);
    let down = format!("http://127.0.0.1:{port}");
    let ended = place.correlog(&["ship", "--once", "--timeout", "3", "--url", &down]).expect(1);
    assert!(ended.stderr.contains(&down) && ended.stderr.contains("hint: "), "{}", ended.stderr);
    place.ship_once().expect(0);
    assert_eq!(place.documents().len(), 1);
}

#[test]
fn elasticsearch_and_old_versions_are_refused_with_a_sentence() {
    for (banner, part) in [
        (
            json!({"version": {"number": "8.15.0", "build_flavor": "default"}, "tagline": "You Know, for Search"}),
            "is not OpenSearch",
        ),
        (json!({"version": {"number": "2.4.0", "distribution": "opensearch"}}), "needs 2.12 or later"),
    ] {
        let url = banner_server(&banner.to_string());
        let place = Place::at("old", &url);
        place.write("logs/a.jsonl", "{\"message\":\"x\"}\n");
        let ended = place.correlog(&["ship", "--once", "--timeout", "3"]).expect(1);
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

/// Answers every request with the same JSON: no more than a banner is needed to be refused.
fn banner_server(banner: &str) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let reply = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{banner}",
        banner.len()
    );
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(reply.as_bytes());
        }
    });
    url
}

#[test]
fn sigterm_drains_and_exits_0() {
    let place = Place::new("term");
    let line = |n: u32| format!("{{\"ts\":\"2026-11-21T10:00:00Z\",\"message\":\"line {n}\"}}\n");
    place.write("logs/a.jsonl", (0..500).map(line).collect::<String>());
    let shipper = place.ship();
    wait::until("the first documents", 60, || (place.count() > 0).then_some(()));
    assert_eq!(shipper.terminate(), Some(0), "SIGTERM must settle what was read");
    place.ship_once().expect(0);
    let documents = place.documents();
    let messages: BTreeSet<&str> = documents.iter().filter_map(|d| d.source["message"].as_str()).collect();
    assert_eq!((documents.len(), messages.len()), (500, 500));
    let mapping = http::get(&format!("{}/{}-logs-2026.11.21/_mapping", place.url, place.prefix))
        .expect("the node answers")
        .json();
    let index =
        mapping.as_object().and_then(|found| found.values().next()).expect("the index of the lines' day");
    assert_eq!(index["mappings"]["properties"]["trace_id"]["type"], "keyword");
}
