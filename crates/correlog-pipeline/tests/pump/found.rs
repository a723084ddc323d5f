//! What the simulator found, each as the shortest story that shows it.

use correlog_pipeline::notice::Notice;
use correlog_pipeline::ports::FileFault;

use crate::archives::gzip;
use crate::run::{Run, config, lines, text};
use crate::world::Mem;

const LOG: &str = "/l/app.log";
const COPY: &str = "/l/app.log.1";

/// A file is known by its first line, and before a byte more of it is read it is truncated in favour of a copy, so
/// that what is known stands in the copy only.
fn known_and_not_read(after: impl FnOnce(&mut Run)) -> Run {
    let mut config = config();
    (config.limits.in_flight_bytes, config.limits.block_bytes) = (80 << 10, 64 << 10);
    let mut run = Run::with(config, Mem::default());
    run.world.is_cluster_down = true;
    run.world.append("/l/first.log", text(10_000..14_000));
    run.settle();
    run.world.append(LOG, text(0..10));
    run.settle();
    after(&mut run);
    run.settle();
    run.world.is_cluster_down = false;
    run.run(60_000);
    run
}

/// State is lost: all that is there is read again, and must be known by the same ids.
#[track_caller]
fn expect_with_and_without_state(mut run: Run, wanted: Vec<String>) {
    run.expect(wanted.clone());
    run.kill();
    run.world.disk.clear();
    run.start();
    run.run(60_000);
    run.expect_in("without state", wanted);
}

#[test]
fn a05_copied_and_truncated_before_more_than_its_first_line_was_read() {
    let run = known_and_not_read(|run| {
        run.world.copy(LOG, COPY);
        run.world.truncate(LOG);
    });
    expect_with_and_without_state(run, [lines(10_000..14_000), lines(0..10)].concat());
}

#[test]
fn a05_the_same_when_other_lines_follow_at_once() {
    let run = known_and_not_read(|run| {
        run.world.copy(LOG, COPY);
        run.world.truncate(LOG);
        run.world.append(LOG, text(20..50));
    });
    expect_with_and_without_state(run, [lines(10_000..14_000), lines(0..10), lines(20..50)].concat());
}

#[test]
fn a06_a_copy_that_is_overwritten_before_a_listing_shows_it_short() {
    let mut run = Run::new();
    run.world.append(LOG, text(1_000..2_000));
    run.world.append(COPY, text(1_000..1_600));
    run.settle();
    run.world.truncate(COPY);
    run.world.append(COPY, text(3_000..3_700));
    run.run(20_000);
    run.expect([lines(1_000..2_000), lines(3_000..3_700)].concat());
}

#[test]
fn a13_a_fault_is_no_reason_to_give_up_the_handle_of_a_file_without_a_name() {
    for stat_fault in [None, Some(FileFault::Io)] {
        let mut run = Run::new();
        run.world.append(LOG, text(0..10));
        run.settle();
        run.world.append(LOG, text(10..15));
        // Where nobody tells whether it still has a name, it may lose it now.
        let is_told = stat_fault.is_none();
        if is_told {
            run.world.unlink(LOG);
        }
        (run.world.handle_fault, run.world.stat_fault) = (Some(FileFault::Io), stat_fault);
        run.run(3_000);
        if !is_told {
            run.world.unlink(LOG);
        }
        (run.world.handle_fault, run.world.stat_fault) = (None, None);
        run.settle();
        run.expect_in(&format!("{stat_fault:?}"), lines(0..15));
    }
}

/// It was opened for the file that had its inode before, and then nothing could be told of the handle.
#[test]
fn a08_a_handle_that_nothing_was_read_through_is_not_held() {
    const ROTATED: &str = "/l/app.log.1";
    let mut run = Run::new();
    run.world.reuses_inodes = true;
    run.world.append(ROTATED, text(0..10));
    run.run(60_000);
    assert_eq!(run.world.open_now(), 0, "read to its end and put away");
    let born_ns = run.world.node(ROTATED).born_ns;
    run.world.remove(ROTATED);
    run.world.append(ROTATED, text(10..20));
    run.world.node(ROTATED).born_ns = born_ns;
    (run.world.stat_fault, run.world.stats_well) = (Some(FileFault::Io), 1);
    run.run(5_000);
    assert_eq!((run.world.open_now(), run.world.stats_well), (0, 0));
    run.world.stat_fault = None;
    run.settle();
    run.expect(lines(0..20));
}

#[test]
fn a03_a_hole_is_told_although_its_configuration_entry_has_another_name_now() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.kill();
    run.world.remove(LOG);
    run.config.groups[0].name = "renamed".to_owned();
    run.start();
    run.run(20_000);
    assert!(run.notices.contains(&Notice::Hole(None)), "{:?}", run.notices);
}

#[test]
fn a08_a_live_file_that_gets_the_inode_of_a_removed_archive_and_has_less_than_a_first_line() {
    const ARCHIVE: &str = "/l/app.log.1.gz";
    let mut run = Run::new();
    run.world.reuses_inodes = true;
    run.world.append(ARCHIVE, gzip(text(100..200)));
    run.settle();
    let born_ns = run.world.node(ARCHIVE).born_ns;
    run.world.remove(ARCHIVE);
    run.world.append(LOG, "x\n");
    run.world.node(LOG).born_ns = born_ns;
    run.run(20_000);
    run.expect([lines(100..200), vec!["x".to_owned()]].concat());
}

#[test]
fn a04_truncated_while_its_first_line_was_looked_for_behind_a_long_hole() {
    for len in [0, 300 << 10] {
        let mut config = config();
        config.limits.turn_heads = 1;
        let mut run = Run::with(config, Mem::default());
        run.world.append(LOG, vec![0; 200 << 10]);
        run.world.append(LOG, text(0..10));
        run.turn().expect("the state directory is well");
        run.world.truncate(LOG);
        run.world.append(LOG, text(20..30));
        run.world.append(LOG, format!("{}\n", "x".repeat(len)));
        // The next listing shows it as it is, and nothing changes any more.
        run.mono_ms += 10_000;
        run.run(20_000);
        let found = run.world.messages();
        assert!(lines(20..30).iter().all(|line| found.contains(line)), "{len}: {found:?}");
        run.kill();
        run.world.disk.clear();
        run.start();
        run.run(20_000);
        assert_eq!(run.world.messages(), found, "{len}: without state");
    }
}

#[test]
fn a05_a_short_copy_is_known_after_more_was_read_and_the_original_truncated_while_down() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.copy(LOG, COPY);
    run.settle();
    run.world.append(LOG, text(10..12));
    run.settle();
    run.kill();
    run.world.truncate(LOG);
    run.start();
    run.run(200_000);
    run.expect(lines(0..12));
    // What differs from it is another generation.
    let other = text(0..8) + "line X\n";
    run.world.append("/l/app.log.2", other);
    run.run(200_000);
    run.expect([lines(0..12), lines(0..8), vec!["line X".to_owned()]].concat());
}

/// A copy is made, its original read on and truncated, and only then is the copy looked at: nothing is left to compare
/// it with but what the state keeps.
#[test]
fn a05_a_short_copy_is_known_although_its_original_is_truncated_before_it_is_looked_at() {
    let long = format!("{}\n", "x".repeat(5_000));
    let cases = [
        ("whole lines", text(0..10), text(0..10), text(10..12)),
        ("cut within a line", text(0..10), text(0..9) + "lin", text(10..12)),
        ("its first line only", text(0..10), text(0..1), text(10..12)),
        ("cut before the first newline", text(0..10), "line 0".to_owned(), text(10..12)),
        ("cut within a line of 5 kB", text(0..10) + &long, text(0..10) + &long[..3_000], text(10..12)),
        ("behind holes", "\0".repeat(700) + &text(0..10), "\0".repeat(700) + &text(0..10), text(10..12)),
    ];
    for (case, read, copied, written_on) in cases {
        for is_down in [false, true] {
            let mut run = Run::new();
            run.world.append(LOG, &read);
            run.world.append(LOG, &written_on);
            run.settle();
            if is_down {
                run.kill();
            }
            run.world.append(COPY, copied.as_bytes());
            run.world.truncate(LOG);
            if is_down {
                run.start();
            }
            run.run(200_000);
            let mut wanted: Vec<String> =
                read.lines().map(|line| line.trim_matches('\0').to_owned()).collect();
            wanted.extend(lines(10..12));
            run.expect_in(&format!("{case}, down: {is_down}"), wanted);
        }
    }
}

/// The same file, growing into another one after it was taken for a copy: all of it is read.
#[test]
fn a06_what_was_a_beginning_and_becomes_another_generation_is_read() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.truncate(LOG);
    run.world.append("/l/app.log.2", text(0..5));
    run.run(2_000);
    run.expect(lines(0..10));
    run.world.append("/l/app.log.2", text(20..21));
    run.run(200_000);
    run.expect([lines(0..10), lines(0..5), lines(20..21)].concat());
}

#[test]
fn a09_what_grew_before_it_was_removed_is_read_through_its_handle_and_not_from_a_cut_archive() {
    // A listing with a fault does not tell that the file is gone.
    for is_listing_partial in [false, true] {
        let mut run = Run::new();
        run.world.append(LOG, text(0..1_000));
        run.settle();
        run.world.append(LOG, text(1_000..1_500));
        let mut archive = gzip(text(0..1_500));
        archive.truncate(archive.len() * 9 / 10);
        run.world.append("/l/app.log.1.gz", archive);
        run.world.unlink(LOG);
        run.world.is_listing_partial = is_listing_partial;
        run.run(20_000);
        run.expect_in(&format!("partial listing: {is_listing_partial}"), lines(0..1_500));
    }
}

/// Listed when it was empty, it grew before its first line was looked at; what a visit saw of it counts too.
#[test]
fn a05_emptied_for_good_after_a_single_visit_is_a_hole() {
    let mut run = Run::new();
    run.world.append(LOG, "");
    run.world.lists_empty = true;
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.append(LOG, text(10..20));
    run.world.truncate(LOG);
    run.run(60_000);
    run.expect(lines(0..10));
    assert!(run.notices.contains(&Notice::Rewritten), "{:?}", run.notices);
    assert!(run.notices.contains(&Notice::Hole(None)), "{:?}", run.notices);
}

/// What was known of it was a long hole; the handle was lost, and it is shorter now than the hole was.
#[test]
fn a07_truncated_and_grown_again_when_only_its_hole_was_passed() {
    let mut run = known_and_not_read_behind_a_hole();
    run.world.truncate(LOG);
    run.world.append(LOG, text(30..60));
    run.world.is_cluster_down = false;
    run.run(60_000);
    run.expect([lines(10_000..14_000), lines(30..60)].concat());
}

/// There is room for the hole, and none for the lines behind it.
fn known_and_not_read_behind_a_hole() -> Run {
    let mut config = config();
    (config.limits.in_flight_bytes, config.limits.block_bytes) = (80 << 10, 64 << 10);
    let mut run = Run::with(config, Mem::default());
    run.world.append(LOG, "");
    run.world.lists_empty = true;
    run.world.is_cluster_down = true;
    run.world.append("/l/first.log", text(10_000..14_000));
    run.settle();
    run.world.append(LOG, vec![0; 70 << 10]);
    run.world.append(LOG, text(0..10));
    run.settle();
    run
}
