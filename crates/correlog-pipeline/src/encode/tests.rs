//! What becomes of each kind of line: one table row a case, the whole document compared.

use correlog_schema::records::RecordKind;
use serde_json::{Value, json};

use super::*;
use crate::span::TailId;

mod content;
mod corpus;

pub fn line(bytes: &[u8]) -> Line<'_> {
    Line {
        bytes,
        span: Span { tail: TailId(0), start: 100, next: 101 + bytes.len() as u64 },
        lineage: Lineage([0xab; 16]),
        skipped: 3,
        path: "logs/api.jsonl",
        shape: Shape::Whole,
        earlier: None,
    }
}

pub fn encoder() -> Encoder {
    Encoder::new(Settings { host_name: "h".into(), host_id: "id".into(), ..Settings::default() })
}

fn encode(bytes: &[u8]) -> (Encoded, Value) {
    let mut out = Vec::new();
    let encoded = encoder().encode(&line(bytes), &mut out).expect("a document");
    assert!(!out.contains(&b'\n'));
    (encoded, serde_json::from_slice(&out).expect("valid JSON"))
}

#[test]
fn a_native_line_is_spliced_and_can_be_had_back() {
    let golden = RecordKind::Log.golden_line();
    let mut out = Vec::new();
    let encoded = encoder().encode(&line(golden.as_bytes()), &mut out).unwrap();
    let document = String::from_utf8(out).unwrap();
    let head = golden.len() - 2;
    assert_eq!(document[..head], golden[..head]);
    assert!(document.ends_with("}}"));
    let value: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(value["log"]["seq"], 4711);
    assert_eq!(value["log"]["offset"], 100);
    assert_eq!(value["log"]["skipped"], 3);
    assert_eq!(value["log"]["file"]["path"], "logs/api.jsonl");
    assert_eq!(value["severity_number"], 17);
    assert_eq!(value["host"]["name"], "h");
    assert_eq!(encoded.id.as_str().len(), 20);
    assert_eq!(encoded.index.place.index_name("app-logs"), "app-logs-2026.11.21");
}

#[test]
fn golden_records_are_routed_by_the_run() {
    for kind in [RecordKind::WorkflowAppLog, RecordKind::WorkflowRun, RecordKind::NodeExecution] {
        let golden: Value = serde_json::from_str(kind.golden_line()).unwrap();
        let (encoded, document) = encode(kind.golden_line().as_bytes());
        assert_eq!(encoded.id.as_str(), format!("{}:{}", kind.as_str(), golden["id"].as_str().unwrap()));
        assert_eq!(encoded.index.place.index_name("workflow-logs"), "workflow-logs-2026.11.21");
        for (name, value) in golden.as_object().unwrap() {
            assert_eq!(&document[name], value, "{name} of {}", kind.as_str());
        }
        assert!(matches!(encoded.operation, Operation::Upsert { .. }));
    }
}

#[test]
fn foreign_json_is_put_into_its_places() {
    let (_, document) = encode(br#"{"time":"2026-11-21T10:00:00Z","lvl":"warn","msg":"hi","traceId":"4BF92F3577B34DA6A3CE929D0E0E4736","user":{"a":1}}"#);
    assert_eq!(
        document,
        json!({"@timestamp":"2026-11-21T10:00:00Z","level":"WARN","severity_number":13,"message":"hi",
            "trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","record":"log","attributes":{"user":{"a":1}},
            "host":{"name":"h"},"log":{"lineage":"abababababababababababababababab","offset":100,"next":216,"skipped":3,
            "file":{"path":"logs/api.jsonl"}}})
    );
}

#[test]
fn a_caller_is_parted_where_its_line_is_a_number_that_json_may_hold() {
    for (caller, line) in [("a.py:161", Some(161)), ("a.py:0", Some(0)), ("a.py:03", None), ("a.py:-1", None)]
    {
        let text = format!(r#"{{"severity":"INFO","caller":"{caller}","message":"m"}}"#);
        let (_, document) = encode(text.as_bytes());
        assert_eq!(document["code"]["line"]["number"].as_u64(), line, "{caller}");
        assert_eq!(document["attributes"]["caller"].as_str(), line.is_none().then_some(caller));
    }
}
