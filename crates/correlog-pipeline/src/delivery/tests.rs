//! Tests of delivery against a small store that answers as told; the laws over all faults are in `tests/`.

mod world;

use self::world::{TestWorld, reply_of};
use super::batch::Document;
use super::counts::Trouble;
use super::judge::Block;
use super::{Delivery, Fate, Options, Settled};
use crate::encode::Operation;
use crate::ports::{Lost, NotSent, Now, Outcome};
use crate::span::{Lineage, Span, TailId};

pub const INDEX: &str = "app-logs-2026.11.21";

pub fn at(mono_ms: u64) -> Now {
    Now { mono_ms, wall_ms: 0 }
}

/// Line `n` is pushed as a native line is: the source is the line with an insertion.
pub fn push(delivery: &mut Delivery, now: u64, n: u64) {
    let line = format!("{{\"message\":\"line {n}\",\"log\":{{\"stream\":\"s\",\"seq\":{n}}}}}");
    let source = format!("{},\"lineage\":\"l\",\"offset\":{n}}}}}", &line[..line.len() - 2]);
    let document = Document {
        index: INDEX,
        id: &format!("id-{n}"),
        operation: Operation::Create,
        span: Span { tail: TailId(0), start: n * 100, next: n * 100 + 100 },
        lineage: Lineage::default(),
        source: source.as_bytes(),
        line: line.as_bytes(),
        head: None,
        replayed: false,
    };
    delivery.push(at(now), &document).expect("there is room");
}

/// Turns until nothing is held, an hour of its time at most; answers what was settled.
pub fn run(delivery: &mut Delivery, world: &mut TestWorld) -> Vec<Settled> {
    let mut settled = Vec::new();
    delivery.flush();
    for step in 0..36_000 {
        if delivery.is_idle() {
            return settled;
        }
        delivery.turn(at(step * 100), world, &mut settled);
    }
    panic!("not settled within an hour: {:?}", delivery.snapshot());
}

/// `count` documents through `world`: each settled once, and stored once or refused.
fn check(count: u64, world: &mut TestWorld) -> Delivery {
    let mut delivery = Delivery::new(Options::default());
    (0..count).for_each(|n| push(&mut delivery, 0, n));
    let settled = run(&mut delivery, world);
    let mut starts: Vec<u64> = settled.iter().map(|done| done.span.start / 100).collect();
    starts.sort_unstable();
    assert_eq!(starts, (0..count).collect::<Vec<_>>(), "each is settled once");
    for done in &settled {
        let id = format!("id-{}", done.span.start / 100);
        match done.fate {
            Fate::Stored => assert!(world.stored.contains_key(&id), "{id} is called stored"),
            Fate::Refused => {
                let refused = world.refused();
                let entry =
                    refused.iter().find(|entry| entry.id == id).expect("a refused one is in the file");
                let line = String::from_utf8(entry.line.clone()).expect("text");
                assert!(
                    line.contains(&format!("\"line {}\"", done.span.start / 100)),
                    "with its bytes: {line}"
                );
            }
        }
    }
    delivery
}

#[test]
fn documents_are_stored_in_one_request() {
    let mut world = TestWorld::default();
    let delivery = check(100, &mut world);
    let counts = delivery.snapshot().counts;
    assert_eq!((counts.documents_stored, counts.requests), (100, 1));
}

#[test]
fn an_applied_request_without_a_reply_is_sent_again_and_stored_once() {
    let mut world = TestWorld::default();
    world.script(|world, submission| {
        world.apply(submission);
        Outcome::Unknown(Lost::Reset)
    });
    let delivery = check(10, &mut world);
    assert_eq!(delivery.snapshot().counts.requests_unknown, 1);
    assert_eq!(world.stored["id-3"].writes, 2, "the second as `index`, over the first");
}

#[test]
fn nobody_listening_is_waited_out() {
    let mut world = TestWorld::default();
    for _ in 0..5 {
        world.script(|_, _| Outcome::NotSent(NotSent::Refused));
    }
    let delivery = check(10, &mut world);
    assert_eq!(delivery.snapshot().counts.requests_unreachable, 5);
}

#[test]
fn a_bad_document_goes_in_its_second_form_and_then_to_the_refused_file() {
    let mut world = TestWorld::default();
    world.each = Box::new(|id, source| match id == "id-4" || (id == "id-7" && !source.contains("_raw")) {
        true => Some((400, "mapper_parsing_exception")),
        false => None,
    });
    let delivery = check(10, &mut world);
    let counts = delivery.snapshot().counts;
    assert_eq!((counts.documents_stored, counts.documents_refused, counts.second_form), (9, 1, 1));
    assert_eq!(world.refused()[0].reason, "mapping");
}

#[test]
fn a_refused_request_is_halved_down_to_the_one_document() {
    let mut world = TestWorld::default();
    world.whole = Box::new(|body| {
        body.contains("id-5\"")
            .then_some((400, r#"{"error":{"type":"illegal_argument_exception"},"status":400}"#))
    });
    let delivery = check(64, &mut world);
    let counts = delivery.snapshot().counts;
    assert_eq!((counts.documents_stored, counts.documents_refused), (63, 1));
    assert!(counts.requests_halved <= 6, "{}", counts.requests_halved);
}

#[test]
fn a_body_that_is_too_large_is_halved_and_the_limit_remembered() {
    let mut world = TestWorld::default();
    world.whole = Box::new(|body| (body.len() > 1000).then_some((413, "")));
    let delivery = check(100, &mut world);
    assert!(delivery.snapshot().batch_bytes <= 1000);
    assert_eq!(delivery.snapshot().counts.documents_stored, 100);
}

/// A node whose memory for requests is less than one body calls each such body busy, however often it comes (P7).
#[test]
fn a_body_that_is_always_called_busy_is_made_smaller() {
    let mut world = TestWorld::default();
    world.whole = Box::new(|body| {
        (body.len() > 100_000)
            .then_some((429, r#"{"error":{"type":"rejected_execution_exception"},"status":429}"#))
    });
    let delivery = check(6_000, &mut world);
    let counts = delivery.snapshot().counts;
    assert!(counts.requests_busy >= 2 && counts.requests_halved >= 2, "{counts:?}");
}

#[test]
fn a_document_that_hangs_every_request_is_found_and_refused() {
    let mut world = TestWorld::default();
    world.hangs = Box::new(|body| body.contains("id-5\""));
    let delivery = check(64, &mut world);
    let counts = delivery.snapshot().counts;
    assert_eq!((counts.documents_stored, counts.documents_refused), (63, 1));
    assert_eq!(world.refused()[0].reason, "request_hangs");
}

#[test]
fn an_unexplained_conflict_is_audited() {
    let mut world = TestWorld::default();
    let mut first = Delivery::new(Options::default());
    push(&mut first, 0, 3);
    run(&mut first, &mut world);
    let delivery = check(10, &mut world);
    assert_eq!(delivery.snapshot().counts.conflicts_audited, 1);
}

#[test]
fn a_reply_that_does_not_fit_settles_nothing() {
    let bad: [fn(&str) -> String; 5] = [
        |_| "<html>503</html>".to_owned(),
        |whole| whole[..whole.len() / 2].to_owned(),
        |whole| whole.replacen("id-3", "id-4", 1),
        |whole| whole.replacen(r#"{"create":{"_id":"id-0","status":201}},"#, "", 1),
        |_| "{\"errors\":false}".to_owned(),
    ];
    for (row, spoil) in bad.into_iter().enumerate() {
        let mut world = TestWorld::default();
        world.script(move |world, submission| {
            let reply = spoil(&reply_of(world, submission)).into_bytes();
            Outcome::Replied { status: 200, retry_after_ms: None, reply }
        });
        let delivery = check(10, &mut world);
        assert_eq!(delivery.snapshot().counts.replies_bad, 1, "row {row}");
    }
}

/// A full refused file holds everything back and loses nothing (P1, P6); with room again it goes on.
#[test]
fn a_full_refused_file_holds_back() {
    let mut world = TestWorld::default();
    world.disk_room = 300;
    world.each = Box::new(|_, _| Some((400, "mapper_parsing_exception")));
    let mut delivery = Delivery::new(Options::default());
    (0..5).for_each(|n| push(&mut delivery, 0, n));
    delivery.flush();
    let mut settled = Vec::new();
    for step in 0..100 {
        delivery.turn(at(step * 1000), &mut world, &mut settled);
    }
    assert!(settled.is_empty(), "nothing is settled that is not on disk");
    assert_eq!(delivery.snapshot().trouble, Some(Trouble::RefusedFull));
    assert!(delivery.held_bytes() > 0);
    world.disk_room = usize::MAX;
    for step in 100..200 {
        delivery.turn(at(step * 1000), &mut world, &mut settled);
    }
    assert_eq!(settled.len(), 5);
    assert_eq!(delivery.snapshot().trouble, None);
    let mut ids: Vec<String> = world.refused().into_iter().map(|entry| entry.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

/// One index that takes nothing does not stop another, and holds no more than its share (P6).
#[test]
fn a_parked_lane_holds_its_share_and_the_others_go_on() {
    let mut world = TestWorld::default();
    world.each = Box::new(|id, _| id.starts_with("blocked").then_some((429, "cluster_block_exception")));
    let mut delivery = Delivery::new(Options { in_flight_bytes: 400_000, ..Options::default() });
    let mut settled = Vec::new();
    let source = format!("{{\"message\":\"{}\"}}", "x".repeat(900));
    let document = |index: &'static str, id: &'static str, n: u64| Document {
        index,
        id,
        operation: Operation::Create,
        span: Span { tail: TailId(0), start: n, next: n + 1 },
        lineage: Lineage::default(),
        source: source.as_bytes(),
        line: source.as_bytes(),
        head: None,
        replayed: true,
    };
    delivery.push(at(0), &document("app-logs-2026.11.20", "blocked", 0)).expect("the first is taken");
    delivery.flush();
    (1..4).for_each(|step| delivery.turn(at(step), &mut world, &mut settled));
    assert_eq!(delivery.snapshot().parked.len(), 1);
    let mut taken = 0;
    while delivery.push(at(10), &document("app-logs-2026.11.20", "blocked", 1)).is_ok() {
        taken += 1;
    }
    let share = delivery.snapshot().parked[0].bytes;
    assert!((90_000..=101_000).contains(&share), "a quarter: {share} after {taken}");
    for n in 0..500 {
        delivery
            .push(at(20 + n), &document("app-logs-2026.11.21", "open", n))
            .expect("the other lane has room");
        delivery.flush();
        delivery.turn(at(20 + n), &mut world, &mut settled);
        delivery.turn(at(20 + n), &mut world, &mut settled);
    }
    assert_eq!(settled.len(), 500);
    world.each = Box::new(|_, _| None);
    let end = run(&mut delivery, &mut world);
    assert_eq!(end.len(), taken + 1, "when the block goes, what waited is stored");
}

#[test]
fn lanes_beyond_the_limit_of_indices_wait_and_say_why() {
    let mut world = TestWorld::default();
    let mut delivery = Delivery::new(Options { new_indices_max: 1, ..Options::default() });
    push(&mut delivery, 0, 1);
    let mut settled = Vec::new();
    let other = Document {
        index: "app-logs-2026.11.22",
        id: "other",
        operation: Operation::Create,
        span: Span { tail: TailId(0), start: 0, next: 1 },
        lineage: Lineage::default(),
        source: b"{}",
        line: b"{}",
        head: None,
        replayed: false,
    };
    delivery.push(at(0), &other).expect("its share is free");
    delivery.flush();
    (0..100).for_each(|step| delivery.turn(at(step * 60_000), &mut world, &mut settled));
    assert_eq!(settled.len(), 1);
    assert_eq!(delivery.snapshot().parked[0].block, Some(Block::TooManyIndices));
    let tomorrow = 86_400_000;
    (0..10).for_each(|step| delivery.turn(at(tomorrow + step), &mut world, &mut settled));
    assert_eq!(settled.len(), 2, "a day brings room for an index");
}

#[test]
fn a_server_s_wish_to_wait_is_respected() {
    let mut world = TestWorld::default();
    world.script(|_, _| Outcome::Replied { status: 429, retry_after_ms: Some(7_000), reply: Vec::new() });
    let mut delivery = Delivery::new(Options::default());
    push(&mut delivery, 0, 1);
    delivery.flush();
    let mut settled = Vec::new();
    (0..70).for_each(|step| delivery.turn(at(step * 100), &mut world, &mut settled));
    assert_eq!((settled.len(), world.requests.len()), (0, 1), "nothing before 7 s");
    (70..75).for_each(|step| delivery.turn(at(step * 100), &mut world, &mut settled));
    assert_eq!(settled.len(), 1);
}
