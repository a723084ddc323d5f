//! `correlog trace`, `search` and `doctor` on a real node and on the same files: one answer from both, the day found by
//! itself, and what is not found told from what cannot be reached.

use correlog_tests::child::Running;
use correlog_tests::place::Place;
use correlog_tests::wait;
use serde_json::{Value, json};
use std::io::Write;
use xtask::http;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const OTHER: &str = "9af92f3577b34da6a3ce929d0e0e4799";
const RUN: &str = "6f1c0c8e-7c1e-4c62-9d0d-6f3a1e2b4c5d";
const MESSAGE: &str = "11111111-2222-4333-8444-555555555555";
const NODE: &str = "b9e2f0d4-1a2b-4c3d-8e4f-5a6b7c8d9e0f";

/// RFC 3339 so many milliseconds after this moment less `days` days.
fn at(days: i64, ms: i64) -> String {
    static START: std::sync::OnceLock<i64> = std::sync::OnceLock::new();
    let start = *START.get_or_init(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        i64::try_from(now.expect("after 1970").as_millis()).expect("a near year")
    });
    let time = chrono::DateTime::from_timestamp_millis(start - days * 86_400_000 - 60_000 + ms);
    time.expect("a near year").to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn line(days: i64, ms: i64, service: &str, level: &str, message: &str, more: Value) -> Value {
    let mut line = json!({"@timestamp": at(days, ms), "level": level, "message": message,
        "service": {"name": service}, "span_id": "00f067aa0ba902b7"});
    let whole = line.as_object_mut().expect("an object");
    whole.extend(more.as_object().cloned().unwrap_or_default());
    line
}

fn record(kind: &str, id: &str, more: Value) -> Value {
    let mut line = json!({"record": kind, "id": id, "run_created_at": at(0, 0), "@timestamp": at(0, 2600),
        "service": {"name": "api"}, "trace_id": TRACE, "workflow_run_id": RUN, "created_at": at(0, 0)});
    line.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    line
}

/// Lines as their writers write them: a record's kind and row id come first.
fn text(lines: &[Value]) -> String {
    let one = |line: &Value| {
        let mut rest = line.clone();
        let whole = rest.as_object_mut().expect("an object");
        let head = match (whole.remove("record"), whole.remove("id")) {
            (Some(record), Some(id)) => format!("{{\"record\":{record},\"id\":{id},"),
            _ => "{".to_owned(),
        };
        format!("{head}{}\n", &rest.to_string()[1..])
    };
    lines.iter().map(one).collect()
}

/// One run over two services and a worker that lost the context, with a record of each kind.
fn story() -> (String, String) {
    let api = [
        line(
            0,
            0,
            "api",
            "INFO",
            "accepted",
            json!({"trace_id": TRACE, "workflow_run_id": RUN, "tenant_id": "acme"}),
        ),
        line(0, 2500, "api", "ERROR", "run failed", json!({"trace_id": TRACE, "message_id": MESSAGE})),
        line(0, 3000, "api", "INFO", "somebody else", json!({"trace_id": OTHER, "duration_ms": 250.5})),
        record("workflow_app_log", "a1", json!({"created_from": "service-api"})),
        record("workflow_run", RUN, json!({"status": "running", "@timestamp": at(0, 10)})),
        record(
            "workflow_run",
            RUN,
            json!({"status": "failed", "elapsed_time": 2.5, "total_tokens": 150,
            "finished_at": at(0, 2600), "tenant_id": "acme", "app_id": "app-1"}),
        ),
        record(
            "node_execution",
            NODE,
            json!({"node_execution_id": NODE, "title": "Answer", "node_type": "llm",
            "status": "failed", "error": "too many requests", "elapsed_time": 1.9, "created_at": at(0, 500)}),
        ),
    ];
    let worker = [
        line(0, 600, "worker", "INFO", "calling the model", json!({"traceId": TRACE.to_uppercase()})),
        line(
            0,
            2400,
            "worker",
            "ERROR",
            "model call failed",
            json!({"trace_id": TRACE,
            "exception": {"type": "RateLimitError", "message": "too many", "stacktrace": "at one\nat two"}}),
        ),
        line(
            0,
            2450,
            "worker",
            "WARN",
            "own trace",
            json!({"trace_id": "1bf92f3577b34da6a3ce929d0e0e4711",
            "workflow_run_id": RUN}),
        ),
    ];
    (text(&api), text(&worker))
}

fn shipped(name: &str) -> Place {
    let place = Place::new(name);
    let (api, worker) = story();
    place.write("logs/api.jsonl", api);
    place.write("logs/worker.jsonl", worker);
    place.ship_once().expect(0);
    place
}

/// What must be the same wherever the lines came from.
fn essence(answer: &Value) -> Value {
    let lines = |key: &str| -> Vec<Value> {
        let all = answer[key].as_array().expect("lines").iter();
        all.map(|line| json!([line["at"], line["service"], line["level"], line["message"], line["index"]]))
            .collect()
    };
    json!([
        answer["header"],
        answer["lanes"],
        answer["spans"],
        answer["gaps"],
        answer["first_error"],
        answer["nodes"],
        answer["trace_ids"],
        answer["workflow_run_ids"],
        lines("lines"),
        lines("records")
    ])
}

#[test]
fn index_and_files_tell_the_same_story_under_every_id() {
    let place = shipped("trace");
    let glob = place.path("logs/*.jsonl").display().to_string();
    let dashed = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736".to_owned();
    let xray = "1-4bf92f35-77b34da6a3ce929d0e0e4736".to_owned();
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let upper = TRACE.to_uppercase();
    let root = format!("Root={xray};Sampled=1");
    let b3 = format!("{TRACE}-00f067aa0ba902b7-1");
    let (run, upper_run) = (RUN.replace('-', ""), RUN.to_uppercase());
    let of_trace = [TRACE, &dashed, &xray, &root, &parent, &upper, &b3];
    for id in of_trace.into_iter().chain([RUN, &run, &upper_run, MESSAGE, &NODE.to_uppercase(), NODE]) {
        let indexed = place.correlog(&["trace", id, "--json"]).expect(0).json();
        let files = place.correlog(&["trace", id, "--json", "--files", &glob]).expect(0).json();
        assert_eq!(essence(&indexed), essence(&files), "{id}");
        let header = &indexed["header"];
        assert_eq!(header["services"], json!(["api", "worker"]), "{id}");
        assert_eq!((&header["lines"], &header["records"]), (&json!(5), &json!(3)), "{id}");
        assert_eq!((&header["outcome"], &header["total_tokens"]), (&json!("failed"), &json!(150)), "{id}");
        assert_eq!(indexed["first_error"]["exception_type"], "RateLimitError", "{id}");
        assert_eq!(indexed["nodes"][0]["title"], "Answer", "{id}");
    }
    let shown = place.correlog(&["trace", TRACE]).expect(0).stdout;
    for part in ["failed", "api → worker", "▶", "RateLimitError: too many", "at two", "Answer", "acme", "150"]
    {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    let near = place.correlog(&["trace", TRACE, "--context", "1", "--json"]).expect(0).json();
    let context = near["lines"].as_array().expect("lines").iter().filter(|line| line["is_context"] == true);
    assert_eq!(context.map(|line| line["message"].clone()).collect::<Vec<_>>(), ["somebody else"]);
}

#[test]
fn compressed_files_and_their_copies_count_once() {
    let place = Place::at("gz", "http://127.0.0.1:1");
    let (api, worker) = story();
    place.write("logs/api.jsonl", &api);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(worker.as_bytes()).expect("memory");
    place.write("logs/worker.jsonl.1.gz", gzip.finish().expect("memory"));
    let glob = place.path("logs/*").display().to_string();
    let answer = place.correlog(&["trace", RUN, "--json", "--files", &glob]).expect(0).json();
    assert_eq!(answer["header"]["lines"], 5);
    assert_eq!(answer["header"]["outcome"], "failed", "the newest version of the run's record counts");
}

#[test]
fn the_day_is_found_without_being_told() {
    let place = Place::new("days");
    let bearing = |days: i64| {
        let time = chrono::DateTime::parse_from_rfc3339(&at(days, 0)).expect("a time").timestamp_millis();
        format!("{time:012x}7000a3ce929d0e0e4736")
    };
    let old = bearing(200);
    let lines = [
        line(200, 0, "api", "INFO", "long ago", json!({"trace_id": old})),
        line(45, 0, "api", "INFO", "before the widest window", json!({"trace_id": TRACE})),
        line(5, 0, "api", "INFO", "last week", json!({"trace_id": OTHER})),
    ];
    place.write("logs/api.jsonl", text(&lines));
    place.ship_once().expect(0);
    for (id, message, is_all) in [
        (old.as_str(), "long ago", false),
        (TRACE, "before the widest window", true),
        (OTHER, "last week", false),
    ] {
        let answer = place.correlog(&["trace", id, "--json"]).expect(0).json();
        assert_eq!(answer["lines"][0]["message"], message);
        assert_eq!(answer["searched"]["days"].is_null(), is_all, "{id}: {}", answer["searched"]);
    }
    let narrow = place.correlog(&["trace", TRACE, "--since", "7d"]).expect(2);
    assert!(narrow.stderr.contains("searched days"), "{}", narrow.stderr);
    place.correlog(&["trace", TRACE, "--around", &at(45, 0)]).expect(0);
}

#[test]
fn nothing_found_unreachable_and_misused_are_three_answers() {
    let place = Place::new("none");
    let nothing = place.correlog(&["trace", TRACE]).expect(2);
    assert!(nothing.stderr.contains("correlog doctor") && nothing.stdout.is_empty(), "{}", nothing.stderr);
    let answer = place.correlog(&["trace", TRACE, "--json"]).expect(2).json();
    assert_eq!((&answer["found"], &answer["schema"]), (&json!(false), &json!("correlog.trace/1")));
    place.correlog(&["trace", TRACE, "--url", "http://127.0.0.1:1"]).expect(1);
    place.correlog(&["trace", " "]).expect(64);
    place.correlog(&["trace", TRACE, "--files", "/nowhere/*"]).expect(64);
    place.correlog(&["search", "nothing"]).expect(2);
}

#[test]
fn search_understands_its_language_and_refuses_what_would_be_wrong() {
    let place = shipped("search");
    let found = |words: &[&str]| -> Vec<Value> {
        let words = [&["search", "--json"], words].concat();
        let answer = place.correlog(&words).expect(0).json();
        answer["hits"]
            .as_array()
            .expect("hits")
            .iter()
            .map(|hit| hit["document"]["message"].clone())
            .collect()
    };
    assert_eq!(found(&["level:error and service:worker"]), ["model call failed"]);
    assert_eq!(found(&["--level", "error", "--service", "api"]), ["run failed"]);
    assert_eq!(found(&["model", "call"]), ["model call failed"]);
    assert_eq!(found(&["\"own trace\" or accepted"]), ["accepted", "own trace"]);
    assert_eq!(found(&[OTHER]), ["somebody else"]);
    assert_eq!(found(&["exception.type:Rate*", "--since", "1h"]), ["model call failed"]);
    assert_eq!(found(&["record:workflow_run total_tokens >= 100 and elapsed_time < 3"]).len(), 1);
    assert_eq!(found(&["level:error and not service:worker"]), ["run failed"]);
    assert_eq!(found(&["duration_ms:* -level:error"]), ["somebody else"]);
    assert_eq!(found(&["duration_ms > 250 and duration_ms <= 250.5"]), ["somebody else"], "by its column");
    place.correlog(&["search", "duration_ms < 250"]).expect(2);
    let refused = place.correlog(&["search", "attributes.bytes_out >= 5000"]).expect(64);
    assert!(refused.stderr.contains("attributes are text"), "{}", refused.stderr);
}

/// Words of languages without spaces, in messages, exceptions, errors, inputs and outputs: by `search`, and by the bare
/// word in Dashboards' query bar. A word's characters in another order are another word.
#[test]
fn words_of_chinese_japanese_and_korean_are_found() {
    let place = Place::new("words");
    let thrown = json!({"exception": {"type": "E", "message": "작업에서 오류가 발생했습니다"}});
    let lines = [
        line(0, 0, "api", "ERROR", "工作流执行失败:模型超时", json!({})),
        line(0, 10, "api", "INFO", "败失流作工", json!({})),
        line(0, 20, "api", "ERROR", "thrown", thrown),
        record(
            "workflow_run",
            RUN,
            json!({"status": "failed", "message": "run", "error": "ワークフローの実行に失敗しました",
                "inputs": "天气怎么样", "outputs": "내일은 비가 옵니다"}),
        ),
    ];
    place.write("logs/api.jsonl", text(&lines));
    place.ship_once().expect(0);
    for (word, expect) in [
        ("失败", "工作流执行失败:模型超时"),
        ("工作流", "工作流执行失败:模型超时"),
        ("\"模型超时\"", "工作流执行失败:模型超时"),
        ("오류", "thrown"),
        ("フロー", "run"),
        ("失敗", "run"),
        ("天气", "run"),
        ("내일", "run"),
    ] {
        let answer = place.correlog(&["search", "--json", word]).expect(0).json();
        let messages = |hits: &Value, key: &str| -> Vec<Value> {
            let hits = hits.as_array().expect("hits").iter();
            hits.map(|hit| hit[key]["message"].clone()).collect()
        };
        assert_eq!(messages(&answer["hits"], "document"), [expect], "{word}");
        let body = json!({"query": {"query_string": {"query": word}}});
        let bar = http::post(&format!("{}/{}-*/_search", place.url, place.prefix), &body);
        let bar = bar.expect("the node answers").json();
        assert_eq!(messages(&bar["hits"]["hits"], "_source"), [expect], "{word} in the query bar");
    }
}

#[test]
fn a_follower_prints_what_arrives() {
    let place = shipped("follow");
    let out = place.path("followed");
    let mut command = place.command();
    let file = std::fs::File::create(&out).expect("a file of the test can be written");
    command.args(["search", "--follow", "--json", "service:late"]).stdout(file);
    let mut follower = Running::spawn(&mut command);
    let late = line(0, 0, "late", "INFO", "here at last", json!({}));
    place.write("logs/late.jsonl", text(&[late]));
    place.ship_once().expect(0);
    let line = wait::until("the late line", 60, || {
        assert!(follower.is_running(), "the follower ended");
        std::fs::read_to_string(&out).ok().filter(|text| text.ends_with('\n'))
    });
    assert!(line.contains("here at last"), "{line}");
}

#[test]
fn no_line_drives_a_terminal() {
    let place = Place::new("hostile");
    let evil = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";
    let more = json!({"trace_id": TRACE, "tenant_id": evil, "exception": {"type": evil, "stacktrace": evil}});
    place.write("logs/api.jsonl", text(&[line(0, 0, evil, "ERROR", evil, more)]));
    place.ship_once().expect(0);
    for command in ["trace", "search"] {
        let shown = place.correlog(&[command, TRACE]).expect(0).stdout;
        for c in shown.chars().filter(|c| *c != '\n') {
            assert!(!c.is_control() && c != '\u{202e}', "{command}: {:?} got through", c.escape_unicode());
        }
    }
}
