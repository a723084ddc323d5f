//! The pages over a socket, from moments made by hand.

use std::io::{Read, Write};
use std::net::TcpStream;

use correlog_pipeline::delivery::counts::{ParkedLane, Trouble};
use correlog_pipeline::delivery::judge::{Block, Fault, Stall};
use correlog_pipeline::delivery::{Delivery, Options};
use correlog_pipeline::ports::NotSent;
use correlog_pipeline::snapshot::{Snapshot, Sums};
use serde_json::Value;

use super::metrics::METRICS;
use super::{Admin, problems};

fn moment() -> Snapshot {
    Snapshot {
        lines: Sums { read: 10, stored: 5, refused: 2, skipped: 1, expired: 0, in_flight: 2 },
        bytes_read: 1000,
        files: Vec::new(),
        delivery: Delivery::new(Options::default()).snapshot(),
        save_fault: None,
        saved_ago_ms: Some(1500),
        stalled_ms: 0,
        open_files: 3,
        list_faults: 0,
    }
}

fn get(admin: &Admin, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(admin.address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
    (status, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

fn start() -> Admin {
    Admin::start("127.0.0.1:0".parse().expect("an address")).expect("a free port")
}

#[test]
fn every_metric_of_the_catalogue_is_shown_and_the_sums_agree() {
    let admin = start();
    let mut snapshot = moment();
    snapshot.delivery.counts.refused_by.insert(Fault::Mapping, 2);
    admin.publish(snapshot);
    let (status, text) = get(&admin, "/metrics");
    assert_eq!(status, 200);
    for metric in METRICS {
        assert!(text.contains(&format!("# TYPE {} ", metric.name)), "{}", metric.name);
        assert!(metric.name.starts_with("correlog_"), "{}", metric.name);
    }
    assert!(text.contains("correlog_lines_read_total 10\n"), "{text}");
    assert!(text.contains("correlog_documents_refused_total{reason=\"mapping\"} 2\n"), "{text}");
    let mut names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), METRICS.len(), "each name once");
}

#[test]
fn health_says_what_is_not_well_and_what_to_do() {
    let admin = start();
    assert_eq!(get(&admin, "/health").0, 503, "before the first turn");
    admin.publish(moment());
    assert_eq!(get(&admin, "/health").0, 200);
    let mut snapshot = moment();
    snapshot.delivery.trouble = Some(Trouble::Unreachable(NotSent::Tls));
    snapshot.delivery.parked = vec![ParkedLane {
        index: "app-logs-2026.11.21".into(),
        block: Some(Block::ShardLimit),
        bytes: 7,
        since_ms: 0,
    }];
    admin.publish(snapshot);
    let (status, text) = get(&admin, "/health");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, answer["problems"].as_array().map(Vec::len)), (503, Some(2)), "{text}");
    assert_eq!(answer["problems"][0]["name"], "unreachable");
    assert!(answer["problems"][1]["what"].as_str().is_some_and(|what| what.contains("app-logs-2026.11.21")));
}

#[test]
fn status_is_the_same_moment_as_json() {
    let admin = start();
    admin.publish(moment());
    let (_, text) = get(&admin, "/status");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((answer["lines"]["read"].as_u64(), answer["healthy"].as_bool()), (Some(10), Some(true)));
    assert_eq!(get(&admin, "/other").0, 404);
}

#[test]
fn every_trouble_has_words() {
    for trouble in [
        Trouble::Unreachable(NotSent::Refused),
        Trouble::Busy,
        Trouble::Stalled(Stall::Credential),
        Trouble::Stalled(Stall::Redirect),
        Trouble::RefusedFull,
    ] {
        let mut snapshot = moment();
        snapshot.delivery.trouble = Some(trouble);
        let problems = problems(&snapshot);
        assert_eq!(problems.len(), 1);
        assert!(!problems[0].what.is_empty() && !problems[0].hint.is_empty());
    }
}
