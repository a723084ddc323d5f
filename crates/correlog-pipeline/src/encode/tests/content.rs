//! What the content of lines does in the field (B1 to B12), Dify's lines, envelopes and redaction: one row a case.

use super::*;

/// The document's values at these JSON pointers.
fn check(bytes: &[u8], expect: &[(&str, Value)]) {
    check_with(Settings { host_name: "h".into(), ..Settings::default() }, line(bytes), expect);
}

fn check_with(settings: Settings, line: Line<'_>, expect: &[(&str, Value)]) {
    let mut out = Vec::new();
    Encoder::new(settings).encode(&line, &mut out).expect("a document");
    let document: Value = serde_json::from_slice(&out).expect("valid JSON");
    for (pointer, value) in expect {
        assert_eq!(document.pointer(pointer).unwrap_or(&Value::Null), value, "{pointer} of {document}");
    }
}

fn index_of(line: Line<'_>) -> String {
    let encoded = encoder().encode(&line, &mut Vec::new()).expect("a document");
    encoded.index.place.index_name("app-logs")
}

#[test]
fn b1_a_line_over_the_limit_keeps_its_beginning_its_length_and_its_hash() {
    let mut text = br#"{"@timestamp":"2026-11-21T10:00:00Z","level":"ERROR","message":""#.to_vec();
    text.resize(1 << 20, b'x');
    let shape = Shape::Truncated { len: 5 << 20, hash: [7; 16], is_ended: true };
    let line = Line { shape, ..line(&text) };
    let expect = [
        ("/@timestamp", json!("2026-11-21T10:00:00Z")),
        ("/level", json!("ERROR")),
        ("/attributes/truncated", json!({ "bytes": 5 << 20, "hash": "07".repeat(16) })),
        ("/attributes/unterminated", Value::Null),
    ];
    check_with(Settings::default(), line, &expect);
    let other = Line { shape: Shape::Truncated { len: 5 << 20, hash: [8; 16], is_ended: true }, ..line };
    let id = |line| encoder().encode(&line, &mut Vec::new()).unwrap().id;
    assert_ne!(id(line), id(other), "the bytes that were cut are part of the id");
}

#[test]
fn b2_control_characters_are_escaped_and_b3_other_encodings_are_kept_as_bytes() {
    check(
        b"{\"msg\":\"a\x01b\",\"k\":\"\x1b[31m\"}",
        &[
            ("/message", json!("a\u{1}b")),
            ("/attributes/k", json!("\u{1b}[31m")),
            ("/attributes/changed", json!(["control_character"])),
        ],
    );
    check(
        b"\x1b[31mred\x00",
        &[("/message", json!("\u{1b}[31mred\0")), ("/attributes/parse_error", json!("not json"))],
    );
    check(
        b"{\"msg\":\"\xff\"}",
        &[
            ("/message", json!("{\"msg\":\"\u{fffd}\"}")),
            ("/attributes/parse_error", json!("not utf-8")),
            ("/attributes/raw_base64", json!("eyJtc2ciOiL/In0=")),
        ],
    );
    check(b"\xff\xfea\0", &[("/attributes/parse_error", json!("utf-16"))]);
}

#[test]
fn b4_a_byte_order_mark_counts_only_at_the_beginning_of_a_file() {
    let bytes = "\u{feff}{\"msg\":\"x\"}".as_bytes();
    let mut first = line(bytes);
    first.span.start = 0;
    check_with(Settings::default(), first, &[("/message", json!("x"))]);
    check(bytes, &[("/attributes/parse_error", json!("not json"))]);
}

#[test]
fn b5_blank_lines_are_skipped() {
    for blank in ["", " ", "\t \r"] {
        let rejected = encoder().encode(&line(blank.as_bytes()), &mut Vec::new());
        assert_eq!(rejected, Err(Rejected::Skip(Skip::Blank)), "{blank:?}");
    }
}

#[test]
fn b6_what_is_nested_too_deep_becomes_text() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let mut out = Vec::new();
    let encoded = encoder().encode(&line(deep.as_bytes()), &mut out).unwrap();
    assert!(encoded.notes.has(Notes::TOO_DEEP) && serde_json::from_slice::<Value>(&out).is_ok());
    let open = "[".repeat(100_000);
    check(open.as_bytes(), &[("/attributes/parse_error", json!("not json"))]);
}

#[test]
fn b7_of_a_key_twice_the_last_one_counts() {
    check(
        br#"{"msg":"a","msg":"b","k":1,"k":2,"o":{"x":1,"x":2},"\u0061":1,"a":2}"#,
        &[
            ("/message", json!("b")),
            ("/attributes", json!({ "k": 2, "o": { "x": 2 }, "a": 2, "changed": ["duplicate_key"] })),
        ],
    );
}

#[test]
fn b8_digits_are_never_rewritten_and_what_fits_no_number_is_text() {
    check(
        br#"{"a":18446744073709551615,"b":1e400,"c":-0,"d":9223372036854775807,"e":NaN,"f":0.10}"#,
        &[
            ("/attributes/a", json!("18446744073709551615")),
            ("/attributes/b", json!("1e400")),
            ("/attributes/d", json!(i64::MAX)),
            ("/attributes/e", json!("NaN")),
            ("/attributes/changed", json!(["number_out_of_range"])),
        ],
    );
    let mut out = Vec::new();
    encoder().encode(&line(br#"{"f":0.10,"g":1E+2}"#), &mut out).unwrap();
    assert!(String::from_utf8_lossy(&out).contains(r#""f":0.10,"g":1E+2"#));
    check(
        br#"{"duration_ms":1e39,"severity_number":99}"#,
        &[
            ("/duration_ms", Value::Null),
            ("/attributes", json!({ "duration_ms": 1e39, "severity_number": 99 })),
        ],
    );
}

#[test]
fn b9_lone_surrogates_are_replaced_in_values_and_keys() {
    check(
        br#"{"msg":"a\ud800b","k\udc00":"\ud83d\ude00"}"#,
        &[
            ("/message", json!("a\u{fffd}b")),
            ("/attributes/k\u{fffd}", json!("😀")),
            ("/attributes/changed", json!(["lone_surrogate"])),
        ],
    );
}

#[test]
fn b10_a_second_object_on_the_line_makes_it_text() {
    check(br#"{"msg":"a"}{"msg":"b"}"#, &[("/message", json!(r#"{"msg":"a"}{"msg":"b"}"#))]);
}

#[test]
fn b11_reserved_names_aliases_and_floods_of_keys_go_under_attributes() {
    check(br#"{"_id":"x","log":{"lineage":"x","offset":0},"record":"workflow_run","host":"evil","a":1,"a.b":2,"":3}"#, &[
        ("/attributes/_id", json!("x")),
        ("/attributes/log.lineage", json!("x")),
        ("/attributes/record", json!("workflow_run")),
        ("/attributes/host", json!("evil")),
        ("/attributes/a.b", json!(2)),
        ("/attributes/", json!(3)),
        ("/record", json!("log")),
        ("/host/name", json!("h")),
        ("/log/offset", json!(100)),
    ]);
    check(br#"{"time":"2026-11-21T10:00:00Z","@timestamp":"2026-11-22T10:00:00Z","serviceName":7,"service":"s"}"#, &[
        ("/@timestamp", json!("2026-11-22T10:00:00Z")),
        ("/attributes/time", json!("2026-11-21T10:00:00Z")),
        ("/service/name", json!("s")),
        ("/attributes/serviceName", json!(7)),
    ]);
    let many: Vec<String> = (0..10_000).map(|key| format!("\"k{}\":{key}", key % 9_999)).collect();
    check(format!("{{{}}}", many.join(",")).as_bytes(), &[("/attributes/k0", json!(9_999))]);
}

#[test]
fn b11_leaves_are_cut_at_their_limit_between_characters_and_messages_are_not() {
    let long = "é".repeat(10_000);
    let text = format!(r#"{{"msg":"{long}","k":"{long}"}}"#);
    let cut = format!("{}…", "é".repeat(4_094));
    check(
        text.as_bytes(),
        &[
            ("/message", json!(long)),
            ("/attributes/k", json!(cut)),
            ("/attributes/changed", json!(["leaf_cut"])),
        ],
    );
}

#[test]
fn b12_where_a_line_goes_depends_on_its_time_or_the_one_before_never_on_now() {
    let earlier = Time::from_nanos(1_795_255_200_000_000_000);
    let after = |bytes| Line { earlier, ..line(bytes) };
    for (text, alone, later) in [
        ("{\"ts\":\"2099-12-31T23:59:59Z\"}", "app-logs-2099.12.31", "app-logs-2099.12.31"),
        ("{\"ts\":\"2026-11-21T00:30:00+01:00\"}", "app-logs-2026.11.20", "app-logs-2026.11.20"),
        ("{\"ts\":\"1970-01-01T00:00:00Z\"}", "app-logs-odd", "app-logs-odd"),
        ("{\"ts\":\"2026-06-30T23:59:60Z\"}", "app-logs-odd", "app-logs-odd"),
        ("{\"ts\":\"yesterday\"}", "app-logs-undated", "app-logs-2026.11.21"),
        ("no time at all", "app-logs-undated", "app-logs-2026.11.21"),
        ("2026-11-20 09:00:00,123 INFO x", "app-logs-2026.11.20", "app-logs-2026.11.20"),
    ] {
        assert_eq!(index_of(line(text.as_bytes())), alone, "{text}");
        assert_eq!(index_of(after(text.as_bytes())), later, "{text} after a dated line");
    }
    check(
        br#"{"@timestamp":"9999-01-01T00:00:00Z"}"#,
        &[("/@timestamp", Value::Null), ("/attributes/timestamp", json!("9999-01-01T00:00:00Z"))],
    );
    let expect = [("/@timestamp", json!("2026-11-21T10:00:00.000000000Z"))];
    check_with(Settings::default(), after(b"  at some line of a traceback"), &expect);
}

#[test]
fn dify_lines_tell_their_ids_requests_and_exceptions() {
    let bridge = r#"{"ts":"2026-03-02T00:28:01.032Z","severity":"INFO","service":"langgenius/dify","caller":"workflow_execute_task.py:261","message":"run with params: app_id='b74d0fb1-32e7-4629-8fad-c1a606cb0fb3' workflow_id='6b65a6a4-8b81-48f6-b38a-088ca65ed389' workflow_run_id='8babce3b-2628-4bfb-a767-dceab0e6a969'","trace_id":"eededb07e623a6895d59cd2a4eea04e7"}"#;
    check(
        bridge.as_bytes(),
        &[
            ("/workflow_run_id", json!("8babce3b-2628-4bfb-a767-dceab0e6a969")),
            ("/workflow_id", json!("6b65a6a4-8b81-48f6-b38a-088ca65ed389")),
            ("/app_id", json!("b74d0fb1-32e7-4629-8fad-c1a606cb0fb3")),
            ("/service/name", json!("langgenius/dify")),
            ("/code", json!({ "file": { "path": "workflow_execute_task.py" }, "line": { "number": 261 } })),
        ],
    );
    let access = br#"{"ts":"2026-03-02T00:28:05.158Z","severity":"INFO","service":"d","caller":"ext_request_logging.py:73","message":"POST /v1/chat-messages 200 4122.0 eededb07e623a6895d59cd2a4eea04e7","identity":{"tenant_id":"T","user_id":"U","user_type":"service-api"}}"#;
    check(
        access,
        &[
            ("/http", json!({ "request": { "method": "POST" }, "response": { "status_code": 200 } })),
            ("/url/path", json!("/v1/chat-messages")),
            ("/duration_ms", json!(4122.0)),
            ("/trace_id", json!("eededb07e623a6895d59cd2a4eea04e7")),
            ("/tenant_id", json!("T")),
            ("/attributes", json!({ "identity.user_type": "service-api" })),
        ],
    );
    let failed = br#"{"ts":"2026-03-02T00:28:04.229Z","severity":"ERROR","service":"d","caller":"a.py:1","message":"","stack_trace":"Traceback\n  File \"x\"\ncore.errors.ServerUnavailable: [openai] down\n"}"#;
    check(
        failed,
        &[
            ("/exception/type", json!("core.errors.ServerUnavailable")),
            ("/exception/message", json!("[openai] down")),
        ],
    );
}

#[test]
fn a_part_of_a_string_is_taken_only_between_whole_characters() {
    let line = |stack: &str| {
        format!(r#"{{"ts":1,"severity":"INFO","caller":"a.py:1","message":"","stack_trace":"{stack}"}}"#)
    };
    check(line("T\\nE: x\u{0}\\n").as_bytes(), &[("/exception/message", json!("x\0"))]);
    check(
        line(r"T\nE: x\\n").as_bytes(),
        &[("/exception/type", json!("E")), ("/exception/message", Value::Null)],
    );
}

#[test]
fn other_loggers_are_understood() {
    check(br#"{"timestamp":"2026-11-21T10:00:00.5Z","level":"INFO","fields":{"message":"m","tenant_id":"T","n":1},"target":"t","span":{"name":"s"},"spans":[]}"#, &[
        ("/message", json!("m")), ("/tenant_id", json!("T")), ("/logger", json!("t")), ("/span/name", json!("s")),
        ("/attributes", json!({ "n": 1, "spans": [] })),
    ]);
    check(br#"{"@timestamp":"2026-11-21T10:00:00Z","log.level":"warn","trace.id":"4bf92f3577b34da6a3ce929d0e0e4736","error":{"type":"E","stack_trace":"s"},"ecs.version":"8.1"}"#, &[
        ("/level", json!("WARN")), ("/trace_id", json!("4bf92f3577b34da6a3ce929d0e0e4736")),
        ("/exception", json!({ "type": "E", "stacktrace": "s" })), ("/attributes/ecs.version", json!("8.1")),
    ]);
    check(br#"{"timeUnixNano":"1544712660300000000","severityNumber":17,"body":{"stringValue":"m"},"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}"#, &[
        ("/@timestamp", json!("2018-12-13T14:51:00.300000000Z")), ("/level", json!("ERROR")), ("/message", json!("m")),
    ]);
    check(
        br#"127.0.0.1 - - [21/Nov/2026:10:00:00 +0100] "GET / HTTP/1.1" 200"#,
        &[("/@timestamp", json!("2026-11-21T09:00:00.000000000Z"))],
    );
}

#[test]
fn envelopes_are_unwrapped() {
    check(br#"{"log":"{\"msg\":\"x\",\"level\":\"info\"}\n","stream":"stderr","time":"2026-11-21T10:00:00.1Z"}"#, &[
        ("/message", json!("x")),
        ("/@timestamp", json!("2026-11-21T10:00:00.100000000Z")),
        ("/attributes/container", json!({ "stream": "stderr" })),
    ]);
    check(
        b"2026-11-21T10:00:00.1Z stdout P half of a",
        &[
            ("/message", json!("half of a")),
            ("/attributes/container", json!({ "stream": "stdout", "partial": true })),
        ],
    );
}

#[test]
fn secrets_are_redacted_and_ids_stay() {
    let redaction = Redaction::new(&["ssn".into()], &["card-[0-9]+".into()], true).unwrap();
    let settings = Settings { redaction, ..Settings::default() };
    let text = br#"{"msg":"use card-1234 and https:\/\/u:pw@h/","db_password":"p","SSN":"1","o":{"token":"t"},"max_token":5,"note":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"}"#;
    check_with(
        settings.clone(),
        line(text),
        &[
            ("/message", json!("use [redacted] and https[redacted]h/")),
            ("/attributes/db_password", json!("[redacted]")),
            ("/attributes/SSN", json!("[redacted]")),
            ("/attributes/o", json!({ "token": "[redacted]" })),
            ("/attributes/max_token", json!(5)),
            ("/attributes/note", json!("[redacted]")),
            ("/attributes/changed", json!(["redacted"])),
        ],
    );
    let id = |settings| Encoder::new(settings).encode(&line(text), &mut Vec::new()).unwrap().id;
    assert_eq!(id(settings), id(Settings::default()), "ids are made of the raw line");
    let problems = Redaction::new(&[], &["(".into()], false).unwrap_err();
    assert_eq!(problems[0].at, 0);
}

#[test]
fn equal_lines_are_different_documents_and_records_that_cannot_be_routed_are_refused() {
    let one = line(b"same");
    let mut other = one;
    other.span.start += 5;
    let id = |line| encoder().encode(&line, &mut Vec::new()).unwrap().id;
    assert_ne!(id(one), id(other));
    for (text, expect) in [
        (r#"{"record":"workflow_run","#, Refusal::RecordSyntax),
        (r#"{"record":"workflow_run","id":"a b"}"#, Refusal::RecordId),
        (r#"{"record":"workflow_run","id":"1"}"#, Refusal::RecordRunTime),
        (
            r#"{"record":"workflow_run","id":"1","run_created_at":"2026-11-21T10:00:00Z"}"#,
            Refusal::RecordTime,
        ),
    ] {
        let rejected = encoder().encode(&line(text.as_bytes()), &mut Vec::new());
        assert_eq!(rejected, Err(Rejected::Refusal(expect)), "{text}");
    }
}

#[test]
fn what_the_quick_reader_takes_the_walk_calls_native_and_fit_to_be_copied() {
    let golden = RecordKind::Log.golden_line().replace(r#","exception""#, r#","session_id":"s","exception""#);
    let usual = r#"{"@timestamp":"2026-11-21T10:00:00.123Z","level":"INFO","message":"m","service":{"name":"a"},"logger":"l","trace_id":"01a1fd13f15a7b34a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","trace_flags":"01","span":{"name":"s"},"tenant_id":"T","duration_ms":1.5,"attributes":{"a":[1]},"log":{"stream":"9c1185a5c5e9fc54612808977ee8f548","seq":0}}"#;
    let (lookup, mut scanner) = (lookup::Lookup::new(), scan::Scanner::default());
    let mut taken = 0;
    for base in [usual, &golden] {
        for at in 0..base.len() {
            for byte in *b"\"\\,{}:0aA \x01" {
                let mut bytes = base.as_bytes().to_vec();
                bytes[at] = byte;
                let mut members = members::Members::default();
                let mut reader = native::Reader::default();
                if reader.read(&bytes, &lookup, &mut scanner).is_none() {
                    continue;
                }
                taken += 1;
                let shown = String::from_utf8_lossy(&bytes).into_owned();
                let walk = walk::Walk {
                    bytes: &bytes,
                    lookup: &lookup,
                    scanner: &mut scanner,
                    members: &mut members,
                    record: false,
                }
                .line();
                assert!(walk.is_ok() && native::is_native(&bytes, &members), "{shown}");
                members.settle_names(&bytes);
                assert!(members.verbatim, "{shown}");
            }
        }
    }
    assert!(taken > 300, "{taken}");
}
