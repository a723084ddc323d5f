//! Section A: what happens to files.

use correlog_pipeline::notice::Notice;
use correlog_pipeline::place::Skip;

use crate::run::{Run, lines, text};

const LOG: &str = "/l/app.log";

#[test]
fn a_growing_file_is_shipped_once_across_restarts() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.expect(lines(0..10));
    run.world.append(LOG, text(10..20));
    run.settle();
    run.restart();
    run.world.append(LOG, text(20..30));
    run.settle();
    run.expect(lines(0..30));
    assert_eq!(run.world.write_count(), 30, "nothing is sent twice after a clean save");
}

#[test]
fn a01_renamed_while_running() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.append(LOG, text(10..12));
    run.world.rename(LOG, "/l/app.log.1");
    run.world.append("/l/app.log.1", text(12..15));
    run.world.append(LOG, text(15..20));
    run.settle();
    run.world.append("/l/app.log.1", text(20..22));
    run.settle();
    run.expect(lines(0..22));
}

#[test]
fn a02_renamed_while_down() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.kill();
    run.world.append(LOG, text(10..12));
    run.world.rename(LOG, "/l/app.log.1");
    run.world.append(LOG, text(12..20));
    run.start();
    run.settle();
    run.expect(lines(0..20));
    assert_eq!(run.world.write_count(), 20);
}

#[test]
fn a03_rotated_several_times_while_down() {
    for rotations in 1..=5_u32 {
        for read_before in [0, 4, 10] {
            let mut run = Run::new();
            run.world.append(LOG, text(0..read_before));
            run.settle();
            run.kill();
            run.world.append(LOG, text(read_before..10));
            for rotation in 1..=rotations {
                for number in (1..rotation).rev() {
                    let (from, to) = (format!("/l/app.log.{number}"), format!("/l/app.log.{}", number + 1));
                    run.world.rename(&from, &to);
                }
                run.world.rename(LOG, "/l/app.log.1");
                run.world.append(LOG, text(rotation * 10..rotation * 10 + 10));
            }
            run.start();
            run.settle();
            run.expect(lines(0..rotations * 10 + 10));
            assert_eq!(
                run.world.write_count(),
                rotations * 10 + 10,
                "{rotations} rotations from {read_before}"
            );
        }
    }
}

#[test]
fn a03_a_missing_link_of_the_chain_is_reported() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.kill();
    run.world.append(LOG, text(10..20));
    run.world.remove(LOG);
    run.world.append(LOG, text(20..30));
    run.start();
    run.run(20_000);
    run.expect(lines(0..10).into_iter().chain(lines(20..30)));
    assert!(run.notices.contains(&Notice::Hole(None)), "from offset 70, length unknown");
    let hole = run.snapshot().files.iter().find_map(|file| file.hole);
    assert_eq!(hole.map(|hole| (hole.from, hole.len)), Some((70, None)));
}

#[test]
fn a04_rotated_to_where_no_pattern_looks() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.append(LOG, text(10..15));
    run.world.rename(LOG, "/elsewhere/app");
    run.world.append(LOG, text(15..20));
    run.settle();
    run.expect(lines(0..20));
    assert!(run.notices.contains(&Notice::OutOfReach));
}

#[test]
fn a05_copytruncate_at_every_moment() {
    // What is done, in this order, with a look of the shipper after any subset of the steps.
    type Step = fn(&mut Run);
    let steps: [Step; 4] = [
        |run| run.world.append(LOG, text(10..15)),
        |run| run.world.copy(LOG, "/l/app.log.1"),
        |run| run.world.truncate(LOG),
        |run| run.world.append(LOG, text(15..18)),
    ];
    for looks in 0..16_u32 {
        for restarts in 0..16_u32 {
            let mut run = Run::new();
            run.world.append(LOG, text(0..10));
            run.settle();
            for (at, step) in steps.iter().enumerate() {
                step(&mut run);
                if restarts & (1 << at) != 0 {
                    run.restart();
                }
                if looks & (1 << at) != 0 {
                    run.run(1_500);
                }
            }
            run.run(10_000);
            let case = format!("looks {looks:04b}, restarts {restarts:04b}, {:?}", run.notices);
            run.expect_in(&case, lines(0..18));
        }
    }
}

#[test]
fn a05_lines_between_copy_and_truncation_are_read_where_they_can_be() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.copy(LOG, "/l/app.log.1");
    run.world.append(LOG, text(10..12));
    run.settle();
    run.world.truncate(LOG);
    run.world.append(LOG, text(12..15));
    run.run(10_000);
    run.expect(lines(0..15));
}

#[test]
fn a06_truncate_then_regrow() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.truncate(LOG);
    run.world.append(LOG, text(10..40));
    run.settle();
    run.expect(lines(0..40));
    assert!(run.notices.contains(&Notice::Rewritten));
}

#[test]
fn a06_truncate_then_regrow_with_the_same_first_line() {
    for is_down in [false, true] {
        let mut run = Run::new();
        run.world.append(LOG, format!("banner\n{}", text(0..10)));
        run.settle();
        if is_down {
            run.kill();
        }
        run.world.truncate(LOG);
        run.world.append(LOG, format!("banner\n{}", text(10..40)));
        if is_down {
            run.start();
        }
        run.settle();
        let banners = ["banner".to_owned(), "banner".to_owned()];
        run.expect(lines(0..40).into_iter().chain(banners));
    }
}

#[test]
fn a07_the_hole_of_a_writer_without_append() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.world.truncate(LOG);
    run.world.append(LOG, vec![0; 3 << 20]);
    run.world.append(LOG, text(10..20));
    run.settle();
    run.expect(lines(0..20));
    let skipped: u64 = run.snapshot().files.iter().map(|file| file.skips.of(Skip::Nul)).sum();
    assert_eq!(skipped, 3 << 20);
}

#[test]
fn a08_a_reused_inode_is_another_file() {
    let mut run = Run::new();
    run.world.reuses_inodes = true;
    run.world.append(LOG, text(0..10));
    run.settle();
    for is_down in [false, true] {
        let from = if is_down { 30 } else { 10 };
        if is_down {
            run.kill();
        }
        run.world.remove(LOG);
        run.world.append(LOG, text(from..from + 20));
        if is_down {
            run.start();
        }
        run.settle();
        run.expect(lines(0..from + 20));
    }
}

#[test]
fn a09_same_name_same_size_new_content() {
    for is_down in [false, true] {
        let mut run = Run::new();
        run.world.append(LOG, text(10..20));
        run.settle();
        if is_down {
            run.kill();
        }
        run.world.truncate(LOG);
        run.world.append(LOG, text(20..30));
        if is_down {
            run.start();
        }
        run.settle();
        run.expect(lines(10..30));
    }
}

#[test]
fn a10_equal_content_in_two_files() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.world.copy(LOG, "/l/other.log");
    run.world.copy(LOG, "/l/app.log.1");
    run.settle();
    run.expect(lines(0..10).into_iter().chain(lines(0..10)));
}

#[test]
fn a11_two_names_of_one_file() {
    let mut run = Run::new();
    run.world.append("/l/b.log", text(0..10));
    run.world.link("/l/b.log", "/l/a.log");
    run.settle();
    run.expect(lines(0..10));
    let paths: Vec<_> = run.snapshot().files.into_iter().map(|file| file.path).collect();
    assert_eq!(paths, [std::path::PathBuf::from("/l/a.log")]);
}

#[test]
fn a12_a_link_that_points_elsewhere() {
    let mut run = Run::new();
    run.world.append("/data/one", text(0..10));
    run.world.link("/data/one", LOG);
    run.settle();
    run.world.append("/data/one", text(10..12));
    run.world.append("/data/two", text(12..20));
    run.world.unlink(LOG);
    run.world.link("/data/two", LOG);
    run.world.append("/data/one", text(20..22));
    run.settle();
    run.expect(lines(0..22));
}

#[test]
fn a13_deleted_while_open() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    let writer = run.world.hold(LOG);
    run.world.remove(LOG);
    run.world.write(writer, text(10..20));
    run.settle();
    run.world.write(writer, text(20..30));
    run.settle();
    run.expect(lines(0..30));
    run.run(20_000);
    assert_eq!(run.world.open_now(), 0, "its space is given back");
}

#[test]
fn a14_deleted_and_recreated_at_once() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    for round in 1..10 {
        run.world.append(LOG, text(round * 10..round * 10 + 5));
        run.world.remove(LOG);
        run.world.append(LOG, text(round * 10 + 5..round * 10 + 10));
        run.run(1_500);
    }
    run.settle();
    run.expect(lines(0..100));
}

#[test]
fn renamed_while_down_to_a_name_that_is_live_too() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..10));
    run.settle();
    run.kill();
    run.world.append(LOG, text(10..12));
    run.world.rename(LOG, "/l/kept.log");
    run.world.append(LOG, text(12..15));
    run.start();
    run.settle();
    run.expect(lines(0..15));
    assert_eq!(run.world.write_count(), 15);
}
