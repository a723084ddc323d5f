//! Section A, continued: what happens to directories, permissions, descriptors and devices.

use correlog_pipeline::config::Group;
use correlog_pipeline::notice::Notice;
use correlog_pipeline::place::Skip;
use correlog_pipeline::ports::FileFault;
use correlog_pipeline::snapshot::FileState;

use crate::run::{Run, config, lines, text};
use crate::world::Mem;

const LOG: &str = "/l/app.log";

/// Drops the state of a file that is gone after a minute and a half instead of an hour.
fn forgetful() -> Run {
    let mut config = config();
    config.limits.forget_ms = 90_000;
    Run::with(config, Mem::default())
}

#[test]
fn a21_a_directory_that_comes_late_goes_and_returns() {
    let mut run = forgetful();
    run.world.list_fault = Some(FileFault::Gone);
    run.settle();
    run.world.list_fault = None;
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.list_fault = Some(FileFault::Io);
    run.run(200_000);
    assert!(!run.notices.contains(&Notice::Forgotten), "an error while listing drops no state");
    run.world.list_fault = None;
    run.world.append(LOG, text(10..20));
    run.settle();
    run.expect(lines(0..20));
    assert_eq!(run.world.write_count(), 20);
}

#[test]
fn a21_state_of_a_file_that_is_gone_is_dropped_by_rule() {
    let mut run = forgetful();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.remove(LOG);
    run.run(50_000);
    assert!(!run.notices.contains(&Notice::Forgotten));
    run.run(70_000);
    assert!(run.notices.contains(&Notice::Forgotten));
    assert!(run.snapshot().files.is_empty());
    // The same first line again is another generation: its lines are other events.
    run.world.append(LOG, text(0..10));
    run.settle();
    run.expect(lines(0..10).into_iter().chain(lines(0..10)));
}

#[test]
fn a22_permission_lost_and_restored() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..5));
    run.world.node(LOG).is_readable = false;
    run.settle();
    assert_eq!(run.snapshot().files[0].state, FileState::Failing);
    run.world.node(LOG).is_readable = true;
    run.settle();
    run.expect(lines(0..5));
    run.world.node(LOG).is_readable = false;
    run.world.append(LOG, text(5..10));
    run.settle();
    run.expect(lines(0..10));
    run.restart();
    run.world.append(LOG, text(10..15));
    run.settle();
    run.expect(lines(0..10));
    run.world.node(LOG).is_readable = true;
    run.settle();
    run.expect(lines(0..15));
    assert_eq!(run.world.write_count(), 15);
}

#[test]
fn a23_more_files_than_descriptors() {
    let mut config = config();
    config.limits.open_files = 8;
    let mut run = Run::with(config, Mem::default());
    for round in 0..3 {
        for file in 0..100 {
            run.world.append(&format!("/l/{file}.log"), format!("{file} in round {round}\n"));
        }
        run.settle();
    }
    let all = (0..3).flat_map(|round| (0..100).map(move |file| format!("{file} in round {round}")));
    run.expect(all);
    assert_eq!(run.world.write_count(), 300);
    assert!(run.world.most_open <= 9, "{} open: eight tails and one that is looked at", run.world.most_open);
}

#[test]
fn a23_a_handle_of_a_file_without_a_name_is_never_closed_for_want_of_descriptors() {
    let mut config = config();
    config.limits.open_files = 2;
    let mut run = Run::with(config, Mem::default());
    run.world.append(LOG, text(0..5));
    run.settle();
    run.world.is_cluster_down = true;
    run.world.append(LOG, text(5..10));
    run.world.remove(LOG);
    for file in 0..10 {
        run.world.append(&format!("/l/{file}.log"), format!("file {file}\n"));
    }
    run.run(1_500);
    run.world.is_cluster_down = false;
    run.run(60_000);
    run.expect(lines(0..10).into_iter().chain((0..10).map(|file| format!("file {file}"))));
}

#[test]
fn a24_without_a_single_hint_everything_is_seen() {
    let mut run = Run::new();
    for round in 0..20 {
        run.world.hinted = round % 2 == 0 && round < 4;
        run.world.append(LOG, text(round..round + 1));
        run.run(1_000);
    }
    run.settle();
    run.expect(lines(0..20));
}

#[test]
fn a25_other_device_and_inode_numbers_after_a_restart() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.world.append("/l/app.log.1", text(90..99));
    run.settle();
    run.kill();
    run.world.renumber();
    run.world.append(LOG, text(10..20));
    run.start();
    run.settle();
    run.expect(lines(0..20).into_iter().chain(lines(90..99)));
    assert_eq!(run.world.write_count(), 29);
}

#[test]
fn a26_lines_older_than_max_age_are_a_counted_skip() {
    let group = Group { name: "app".to_owned(), max_age_ms: Some(86_400_000), ..Group::default() };
    let config = correlog_pipeline::config::Config { groups: vec![group], ..config() };
    let mut run = Run::with(config, Mem::default());
    let old = "{\"@timestamp\":\"2020-01-01T00:00:00Z\",\"message\":\"old\"}\n";
    let new = "{\"@timestamp\":\"2026-09-21T14:00:00Z\",\"message\":\"new\"}\n";
    run.world.append(LOG, [old, new, "\n", old, new].concat());
    run.settle();
    run.expect(["new", "new"]);
    let file = &run.snapshot().files[0];
    assert_eq!(file.skips.of(Skip::Expired), 2 * old.len() as u64);
    let sums = run.pump.sums();
    assert_eq!((sums.skipped, sums.expired), (3, 2), "the third is blank");
}

#[test]
fn start_at_end_leaves_out_what_was_there_at_the_first_start_only() {
    let group = Group { name: "app".to_owned(), start_at_end: true, ..Group::default() };
    let config = correlog_pipeline::config::Config { groups: vec![group], ..config() };
    let mut run = Run::with(config, Mem::default());
    run.world.append(LOG, format!("{}half", text(0..10)));
    run.settle();
    run.world.append(LOG, " a line\n");
    run.world.append(LOG, text(10..15));
    run.world.append("/l/new.log", text(20..25));
    run.settle();
    // What is rewritten in place, even under the same name and number, came later.
    run.world.truncate("/l/new.log");
    run.world.append("/l/new.log", text(30..35));
    run.settle();
    let old = "/l/old.log.1";
    run.world.rename(LOG, old);
    run.world.truncate(old);
    run.world.append(old, text(40..45));
    run.settle();
    let wanted = [lines(10..15), lines(20..25), lines(30..35), lines(40..45)].concat();
    let all = || wanted.iter().cloned().chain(["half a line".to_owned()]);
    run.expect(all());
    run.restart();
    run.settle();
    run.expect(all());
    // With the state lost there is no first start: everything is read.
    run.kill();
    run.world.disk.values_mut().for_each(|bytes| bytes.truncate(10));
    run.start();
    run.settle();
    assert_eq!(run.world.documents.len(), 21);
}

#[test]
fn one_huge_file_does_not_starve_the_others() {
    let mut run = Run::new();
    run.world.append("/l/huge.log", "x".repeat(100).repeat(1 << 10).as_bytes());
    run.world.append("/l/huge.log", format!("\n{}", text(0..400_000)));
    run.world.append("/l/small.log", "small\n");
    for _ in 0..8 {
        run.turn().expect("the state directory is well");
    }
    let files = run.snapshot().files;
    let small = files.iter().find(|file| file.path.ends_with("small.log")).expect("it is known");
    let huge = files.iter().find(|file| file.path.ends_with("huge.log")).expect("it is known");
    assert_eq!(small.read_to, 6);
    assert!(huge.read_to < huge.size);
}

#[test]
fn p6_a_dead_cluster_stops_reading_at_the_budget() {
    let mut config = config();
    config.limits.in_flight_bytes = 1 << 20;
    let mut run = Run::with(config, Mem::default());
    run.world.is_cluster_down = true;
    run.world.append(LOG, text(0..300_000));
    run.run(10_000);
    let snapshot = run.snapshot();
    let held = snapshot.delivery.held_bytes;
    assert!(held <= (1 << 20) + 1_000, "{held} held: the budget and at most the document that filled it");
    assert!(snapshot.files[0].bytes_behind() > 2 << 20);
    assert_eq!(snapshot.lines.stored, 0);
}
