//! The story told from made-up documents: order, header, lanes, gaps, first error, nodes, and harmless printing.

use super::document::Document;
use super::text::{Style, story as print};
use super::{Searched, Story, Subject};
use serde_json::{Value, json};

fn document(id: &str, source: Value) -> Document {
    Document { index: "app-logs-2026.11.21".to_owned(), id: id.to_owned(), source }
}

fn line(id: &str, second: &str, service: &str, level: &str, message: &str) -> Document {
    document(
        id,
        json!({"@timestamp": format!("2026-11-21T10:00:{second}Z"), "level": level, "message": message,
            "service": {"name": service}, "span_id": format!("span-{service}"), "span": {"name": "work"}}),
    )
}

fn tell(documents: Vec<Document>) -> Story {
    Story::tell(Subject::default(), Searched::default(), documents, Vec::new())
}

fn sample() -> Vec<Document> {
    let node = json!({"record": "node_execution", "created_at": "2026-11-21T10:00:01Z", "title": "Answer",
        "node_type": "llm", "status": "failed", "elapsed_time": 1.5, "node_execution_id": "n1", "total_tokens": 7});
    let run = json!({"record": "workflow_run", "created_at": "2026-11-21T10:00:00Z", "status": "failed",
        "finished_at": "2026-11-21T10:00:05Z", "@timestamp": "2026-11-21T10:00:05Z", "total_tokens": 7,
        "tenant_id": "acme", "app_id": "app", "workflow_run_id": "r"});
    vec![
        line("3", "04.5", "worker", "ERROR", "broke"),
        line("1", "00.5", "api", "INFO", "begin"),
        line("2", "01", "worker", "INFO", "took over"),
        line("2", "01", "worker", "INFO", "took over"),
        document("run", run),
        document("node", node),
    ]
}

#[test]
fn header_lanes_gaps_and_the_first_error() {
    let story = tell(sample());
    let header = &story.header;
    assert_eq!(header.services, ["api", "worker"]);
    assert_eq!((header.lines, header.records, header.total_tokens), (3, 2, Some(7)));
    assert_eq!((header.outcome.as_str(), header.outcome_from), ("failed", "workflow_run"));
    assert_eq!((header.tenants.as_slice(), header.duration_ms), (&["acme".to_owned()][..], 5000.0));
    let ids: Vec<&str> = story.entries.iter().map(|entry| entry.document.id.as_str()).collect();
    assert_eq!(ids, ["run", "1", "2", "3"]);
    assert_eq!(story.first_error, Some(3));
    let lanes: Vec<_> =
        story.lanes.iter().map(|lane| (lane.service.as_str(), lane.lines, lane.errors)).collect();
    assert_eq!(lanes, [("api", 1, 0), ("worker", 2, 1)]);
    assert_eq!(story.gaps.iter().map(|gap| gap.duration_ms).collect::<Vec<_>>(), [3500.0, 500.0, 500.0]);
    assert_eq!(story.spans.len(), 2);
    assert_eq!((story.nodes[0].title.as_str(), story.nodes[0].elapsed_ms), ("Answer", Some(1500.0)));
}

#[test]
fn the_order_of_arrival_changes_nothing() {
    let mut documents = sample();
    let expect = tell(documents.clone());
    for _ in 0..documents.len() {
        documents.rotate_left(1);
        assert_eq!(tell(documents.clone()), expect);
    }
}

#[test]
fn lines_of_one_instant_keep_their_writers_order() {
    let with_seq = |id: &str, seq: u64| {
        let mut one = line(id, "01", "api", "INFO", id);
        one.source["log"] = json!({"stream": "s", "seq": seq});
        one
    };
    let story = tell(vec![with_seq("b", 10), with_seq("a", 11), with_seq("c", 9)]);
    let ids: Vec<&str> = story.entries.iter().map(|entry| entry.document.id.as_str()).collect();
    assert_eq!(ids, ["c", "b", "a"]);
}

#[test]
fn without_records_the_levels_decide_the_outcome() {
    let ok = tell(vec![line("1", "01", "api", "INFO", "fine")]);
    assert_eq!((ok.header.outcome.as_str(), ok.header.outcome_from), ("ok", "levels"));
    let failed = tell(vec![line("1", "01", "api", "FATAL", "gone")]);
    assert_eq!((failed.header.outcome.as_str(), failed.first_error), ("error", Some(0)));
}

#[test]
fn documents_of_any_shape_make_some_story() {
    let shapes = [
        json!(null),
        json!([]),
        json!({"@timestamp": "9999-01-01T00:00:00Z", "duration_ms": 1e300, "level": 7}),
        json!({"@timestamp": -5, "service": "flat", "span_id": "s", "duration_ms": -1}),
        json!({"record": "node_execution", "elapsed_time": "long"}),
        json!({"record": {"a": 1}, "message": ["x", "y"], "@timestamp": 9_223_372_036_854_775_807_i64}),
    ];
    let documents =
        shapes.iter().enumerate().map(|(id, one)| document(&id.to_string(), one.clone())).collect();
    let story = tell(documents);
    assert!(print(&story, Style::default()).contains("workflow records"));
    assert!(super::json::story(&story, &json!({})).is_object());
}

#[test]
fn nothing_in_a_document_drives_the_terminal() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{2028}\r\n";
    let source = json!({"@timestamp": "2026-11-21T10:00:00Z", "level": format!("ERROR{evil}"), "message": evil,
        "service": {"name": evil}, "span": {"name": evil}, "span_id": evil, "tenant_id": evil,
        "exception": {"type": evil, "message": evil, "stacktrace": evil}});
    let node = json!({"record": "node_execution", "title": evil, "status": evil, "error": evil,
        "node_type": evil, "model_name": evil});
    let mut subject = Subject { query: evil.to_owned(), ..Subject::default() };
    subject.trace_ids.push(evil.to_owned());
    subject.notes.push(evil.to_owned());
    let documents = vec![document("1", source), document("2", node)];
    let text = print(&Story::tell(subject, Searched::default(), documents, Vec::new()), Style::default());
    for c in text.chars().filter(|c| *c != '\n') {
        assert!(!c.is_control() && !matches!(c, '\u{202e}' | '\u{2028}'), "{:?}", c.escape_unicode());
    }
}
