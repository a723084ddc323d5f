//! Section C: hosts, checkpoints, processes. Torn writes and lost renames are the simulator's.

use correlog_pipeline::config::Mode;
use correlog_pipeline::delivery::Options;
use correlog_pipeline::notice::Notice;
use correlog_pipeline::ports::{DiskFault, Now};
use correlog_pipeline::pump::{Pump, Stop};
use correlog_pipeline::store::SLOTS;

use crate::run::{Run, config, lines, text};
use crate::world::Mem;

const LOG: &str = "/l/app.log";

#[test]
fn c01_killed_at_every_turn() {
    for kill_at in 0..60 {
        let mut run = Run::new();
        run.world.append(LOG, text(0..50));
        run.world.append("/l/app.log.1", text(50..60));
        for turn in 0..kill_at {
            run.mono_ms += if turn % 3 == 0 { 100 } else { 0 };
            run.turn().expect("the state directory is well");
        }
        run.restart();
        run.world.append(LOG, text(60..70));
        run.settle();
        run.expect_in(&format!("killed after turn {kill_at}"), lines(0..70));
    }
}

#[test]
fn c02_a_slot_that_was_never_finished_leaves_the_other() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.append(LOG, text(10..20));
    run.settle();
    for slot in SLOTS {
        let mut torn = Run::with(run.config.clone(), Mem::default());
        torn.world.disk = run.world.disk.clone();
        let bytes = torn.world.disk.get_mut(slot).expect("both slots are there");
        bytes.truncate(bytes.len() / 2);
        torn.world.append(LOG, text(0..20));
        torn.start();
        torn.settle();
        // What the other slot has is at worst older: then lines are sent again, under their ids.
        assert!(torn.world.documents.len() <= 20);
        assert!(torn.notices.iter().any(|notice| matches!(notice, Notice::Slot(_))));
        assert!(!torn.notices.contains(&Notice::StateLost));
    }
}

#[test]
fn c03_a_disk_that_fails_twice_is_not_believed_a_third_time() {
    let mut run = Run::new();
    run.settle();
    run.world.disk_fault = Some(DiskFault::Io);
    run.world.append(LOG, text(0..10));
    let mut stop = None;
    for _ in 0..100 {
        run.mono_ms += 100;
        if let Err(error) = run.turn() {
            stop = Some(error);
            break;
        }
    }
    assert_eq!(stop, Some(Stop::Poisoned(DiskFault::Io)));
    run.world.disk_fault = None;
    run.restart();
    run.settle();
    run.expect(lines(0..10));
}

#[test]
fn c03_one_failure_is_survived_with_a_fresh_file() {
    let mut run = Run::new();
    run.settle();
    run.world.disk_fault = Some(DiskFault::Io);
    run.world.append(LOG, text(0..10));
    while !run.notices.iter().any(|notice| matches!(notice, Notice::Save(_))) {
        run.mono_ms += 100;
        run.turn().expect("once is no reason to stop");
    }
    run.world.disk_fault = None;
    run.settle();
    assert!(run.pump.is_settled());
}

#[test]
fn c04_a_full_disk_keeps_shipping() {
    for fault in [DiskFault::Full, DiskFault::ReadOnly] {
        let mut run = Run::new();
        run.settle();
        run.world.disk_fault = Some(fault);
        run.world.append(LOG, text(0..10));
        run.run(60_000);
        run.expect(lines(0..10));
        assert!(run.notices.contains(&Notice::Save(fault)));
        assert_eq!(run.snapshot().save_fault, Some(fault));
        run.restart();
        run.world.disk_fault = None;
        run.settle();
        run.expect(lines(0..10));
        assert!(run.world.write_count() > 10, "sent again after the restart, stored once");
    }
}

#[test]
fn c05_a_state_that_cannot_be_used_means_reading_again_with_the_same_ids() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [Damage; 5] = [
        |bytes| bytes.clear(),
        |bytes| bytes.fill(0),
        |bytes| bytes.truncate(40),
        |bytes| *bytes.last_mut().expect("not empty") ^= 1,
        |bytes| bytes[8] = 99,
    ];
    for damage in damages {
        let mut run = Run::new();
        run.world.append(LOG, text(0..10));
        run.world.append("/l/app.log.1", text(20..30));
        run.settle();
        run.kill();
        run.world.disk.values_mut().for_each(damage);
        run.start();
        run.settle();
        run.expect(lines(0..10).into_iter().chain(lines(20..30)));
        assert!(run.notices.contains(&Notice::StateLost));
        assert!(run.world.disk.keys().any(|name| name.ends_with(".corrupt")), "kept for a person to look at");
    }
}

#[test]
fn c05_state_that_cannot_be_read_now_is_not_taken_for_none() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.kill();
    run.world.read_fault = Some(DiskFault::Denied);
    let stop = Pump::new(run.config.clone(), Options::default(), &mut run.world).err();
    assert_eq!(stop, Some(Stop::Unreadable(DiskFault::Denied)));
}

#[test]
fn c07_the_wall_clock_reaches_no_id_and_no_index() {
    let mut found = Vec::new();
    for jump_ms in [0, 315_360_000_000, -315_360_000_000_i64] {
        let mut run = Run::new();
        run.world.append(LOG, text(0..10));
        run.world.append(LOG, "{\"time\":\"2026-11-21T10:00:00Z\",\"message\":\"dated\"}\nafter it\n");
        for turn in 0..200 {
            run.mono_ms += 20;
            let wall_ms = 1_790_000_000_000 + if turn % 2 == 0 { jump_ms } else { 0 };
            run.pump.turn(Now { mono_ms: run.mono_ms, wall_ms }, &mut run.world).expect("the state is well");
        }
        let documents = &run.world.documents;
        found.push(
            documents.iter().map(|(id, stored)| (id.clone(), stored.index.clone())).collect::<Vec<_>>(),
        );
    }
    assert_eq!(found[0].len(), 12);
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn c08_asleep_for_an_hour() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.run(700);
    run.world.append(LOG, text(10..20));
    run.mono_ms += 3_600_000;
    run.settle();
    run.expect(lines(0..20));
}

#[test]
fn c10_a_stall_shows() {
    let mut run = Run::new();
    run.world.is_cluster_down = true;
    run.world.append(LOG, text(0..10));
    run.run(120_000);
    let snapshot = run.snapshot();
    assert_eq!(snapshot.lines.in_flight, 10);
    assert!(snapshot.stalled_ms >= 100_000, "{}", snapshot.stalled_ms);
    assert!(snapshot.files[0].bytes_behind() > 0);
    run.world.is_cluster_down = false;
    run.run(120_000);
    assert_eq!(run.snapshot().stalled_ms, 0);
    run.expect(lines(0..10));
}

#[test]
fn c11_what_cannot_be_is_never_passed_over() {
    // One thread owns all state, so a failed assertion takes the whole process down and nothing half-alive goes on.
    let settled_twice = std::panic::catch_unwind(|| {
        let span =
            correlog_pipeline::span::Span { tail: correlog_pipeline::span::TailId(0), start: 0, next: 5 };
        let mut ledger = correlog_pipeline::ledger::Ledger::new(0);
        ledger.open(span);
        ledger.close(correlog_pipeline::place::Place { offset: 5, ..Default::default() });
        ledger.settle(span);
        ledger.settle(span);
    });
    assert!(settled_twice.is_err());
}

#[test]
fn once_ends_when_all_that_is_there_is_settled_and_saved() {
    let config = correlog_pipeline::config::Config { mode: Mode::Once, ..config() };
    let mut run = Run::with(config, Mem::default());
    run.world.append(LOG, format!("{}half", text(0..10)));
    run.world.append("/l/app.log.1", text(10..20));
    for _ in 0..1_000 {
        if run.pump.is_done() {
            break;
        }
        run.mono_ms += 1;
        run.turn().expect("the state directory is well");
    }
    assert!(run.pump.is_done());
    assert!(run.mono_ms < 1_000, "it waits for no timer that it need not wait for: {} ms", run.mono_ms);
    run.expect(lines(0..20));
    let unterminated: u64 = run.snapshot().files.iter().map(|file| file.unterminated_bytes).sum();
    assert_eq!(unterminated, 4, "left, and said");
}

#[test]
fn draining_stops_reading_and_settles_what_was_read() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.turn().expect("well");
    run.turn().expect("well");
    run.pump.drain();
    run.world.append(LOG, text(10..20));
    for _ in 0..100 {
        run.mono_ms += 10;
        run.turn().expect("the state directory is well");
    }
    assert!(run.pump.is_settled());
    run.expect(lines(0..10));
    run.restart();
    run.settle();
    run.expect(lines(0..20));
    assert_eq!(run.world.write_count(), 20, "nothing is sent twice after draining");
}
