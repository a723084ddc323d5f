//! Every way to lie, at the first, middle and last document, for lines and for records, over real HTTP: each
//! document ends stored exactly once or refused with its bytes, and nothing is called stored that is not (P1, P4).
//!
//! Time is the test's own: a turn takes as long as the socket does and moves the clock by what a pause would take.

use std::time::Duration;

use correlog_pipeline::delivery::batch::Document;
use correlog_pipeline::delivery::{Delivery, Fate, Options, Settled};
use correlog_pipeline::encode::Operation;
use correlog_pipeline::joined::Joined;
use correlog_pipeline::ports::{Disk, Now};
use correlog_pipeline::refused;
use correlog_pipeline::span::{Lineage, Span, TailId};
use lying_opensearch::kinds::{KINDS, Kind, Place};
use lying_opensearch::liar::Lie;
use lying_opensearch::server::Server;

use super::HttpBulk;
use super::tests::settings;
use crate::world::disk::StateDir;

const COUNT: u64 = 9;
const INDEX: &str = "app-logs-2026.11.21";
/// A request that hangs costs the test this much.
const DEADLINE_MS: u64 = 60;

type TestWorld = Joined<(), StateDir, HttpBulk>;

fn line(n: u64) -> String {
    format!("{{\"message\":\"line {n}\",\"log\":{{\"stream\":\"s\",\"seq\":{n}}}}}")
}

fn source(n: u64) -> String {
    let line = line(n);
    format!("{},\"lineage\":\"l\",\"offset\":{}}}}}", &line[..line.len() - 2], n * 100)
}

fn push(delivery: &mut Delivery, n: u64, records: bool) {
    let (source, line) = (source(n), line(n));
    let document = Document {
        index: INDEX,
        id: &format!("id-{n}"),
        operation: if records { Operation::Upsert { version: 7 } } else { Operation::Create },
        span: Span { tail: TailId(0), start: n * 100, next: n * 100 + 100 },
        lineage: Lineage::default(),
        source: source.as_bytes(),
        line: line.as_bytes(),
        head: None,
        replayed: false,
    };
    delivery.push(Now { mono_ms: 0, wall_ms: 0 }, &document).expect("there is room");
}

/// Turns until everything is settled; the clock moves by 50 ms a turn.
fn run(delivery: &mut Delivery, world: &mut TestWorld, name: &str) -> Vec<Settled> {
    let mut settled = Vec::new();
    delivery.flush();
    for turn in 0..100_000 {
        delivery.turn(Now { mono_ms: turn * 50, wall_ms: 0 }, world, &mut settled);
        if delivery.is_idle() {
            return settled;
        }
        if delivery.snapshot().requests_under_way > 0 {
            world.bulk.wait(Duration::from_secs(10));
        }
    }
    panic!("{name}: not settled: {:?}", delivery.snapshot());
}

fn check(kind: Kind, place: Place, records: bool) {
    let name = format!("{} at {place:?}, records: {records}", kind.name);
    let server = Server::start("127.0.0.1:0").expect("a free port");
    server.liar().tell(Lie::new(kind, place));
    let dir = tempfile::tempdir().expect("a directory");
    let mut world = Joined {
        files: (),
        bulk: HttpBulk::new(&settings(vec![server.url()])).expect("a port"),
        disk: StateDir::open(dir.path()).expect("a state directory"),
    };
    let mut delivery = Delivery::new(Options { deadline_ms: DEADLINE_MS, ..Options::default() });
    (0..COUNT).for_each(|n| push(&mut delivery, n, records));
    let settled = run(&mut delivery, &mut world, &name);

    let liar = server.liar();
    assert!(liar.lies_told > 0, "{name}: nobody lied");
    let mut seen: Vec<u64> = settled.iter().map(|done| done.span.start / 100).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..COUNT).collect::<Vec<_>>(), "{name}: each is settled once");
    let kept = refused_entries(&mut world.disk);
    for done in &settled {
        let n = done.span.start / 100;
        let stored = liar.store.documents.get(&(INDEX.to_owned(), format!("id-{n}")));
        match done.fate {
            Fate::Stored => {
                let stored = stored.unwrap_or_else(|| panic!("{name}: {n} was called stored and is not"));
                let whole = stored.source == source(n);
                let text = stored.source.contains(&format!("line {n}")) && stored.source.contains("_raw");
                assert!(whole || text, "{name}: {n} is stored as {}", stored.source);
            }
            Fate::Refused => {
                assert!(stored.is_none(), "{name}: {n} is stored and refused");
                let entry = kept.iter().find(|entry| entry.id == format!("id-{n}"));
                let entry = entry.unwrap_or_else(|| panic!("{name}: {n} was called refused and is not kept"));
                assert_eq!(entry.line, line(n).as_bytes(), "{name}: with its bytes");
                assert_eq!(entry.source, source(n).as_bytes(), "{name}: and its first form");
            }
        }
    }
    let counts = delivery.snapshot().counts;
    assert_eq!(counts.documents_taken, counts.documents_stored + counts.documents_refused, "{name}: P8");
}

fn refused_entries(disk: &mut StateDir) -> Vec<refused::Entry> {
    let names = disk.names().expect("the directory can be listed");
    let files = names.iter().filter(|name| refused::is_file_name(name));
    files.flat_map(|name| refused::read(&disk.read_all(name, 1 << 30).expect("a file")).entries).collect()
}

#[test]
fn every_lie_ends_with_each_document_stored_once_or_refused() {
    assert!(KINDS.len() >= 60, "{} kinds", KINDS.len());
    // Most of the time is spent waiting for deadlines, so the six columns of the table run side by side.
    std::thread::scope(|scope| {
        for place in Place::ALL {
            for records in [false, true] {
                scope.spawn(move || KINDS.iter().for_each(|kind| check(*kind, place, records)));
            }
        }
    });
}
