//! Section A, continued: files that rotation compresses, and lines that are not finished.

use std::io::Write as _;

use correlog_pipeline::inflate::Damage;
use correlog_pipeline::notice::Notice;
use correlog_pipeline::snapshot::FileState;

use crate::run::{Run, lines, text};

const LOG: &str = "/l/app.log";
const ROTATED: &str = "/l/app.log.1";
const ARCHIVE: &str = "/l/app.log.1.gz";

pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes.as_ref()).expect("a Vec takes all");
    encoder.finish().expect("a Vec takes all")
}

fn has_damage(run: &Run, damage: Damage) -> bool {
    run.notices.contains(&Notice::Damaged(damage))
}

#[test]
fn a15_compressed_while_the_plain_file_is_read() {
    for read_before in [0, 5, 10] {
        let mut run = Run::new();
        run.world.append(LOG, text(0..read_before));
        run.settle();
        run.world.append(LOG, text(read_before..10));
        run.world.rename(LOG, ROTATED);
        let packed = gzip(&run.world.node(ROTATED).bytes);
        run.world.append(ARCHIVE, packed);
        run.world.remove(ROTATED);
        run.world.append(LOG, text(10..15));
        run.run(20_000);
        run.expect(lines(0..15));
        assert_eq!(run.world.write_count(), 15, "read to {read_before} before");
    }
}

#[test]
fn a16_compressed_while_down_at_every_offset() {
    for read_before in 0..=10 {
        let mut run = Run::new();
        run.world.append(LOG, text(0..read_before));
        run.settle();
        run.kill();
        run.world.append(LOG, text(read_before..10));
        let packed = gzip(&run.world.node(LOG).bytes);
        run.world.append(ARCHIVE, packed);
        run.world.remove(LOG);
        run.world.append(LOG, text(10..15));
        run.start();
        run.settle();
        run.expect(lines(0..15));
        assert_eq!(run.world.write_count(), 15, "read to {read_before} before");
    }
}

#[test]
fn a16_a_long_archive_is_gone_on_with_where_the_plain_file_was_left() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..20_000));
    run.settle();
    run.kill();
    run.world.append(LOG, text(20_000..30_000));
    let packed = gzip(&run.world.node(LOG).bytes);
    run.world.append(ARCHIVE, packed);
    run.world.remove(LOG);
    run.start();
    run.settle();
    run.expect(lines(0..30_000));
    assert_eq!(run.world.write_count(), 30_000);
}

#[test]
fn a16_a_finished_archive_is_not_unpacked_again_at_the_next_start() {
    let mut run = Run::new();
    run.world.append(ARCHIVE, gzip(text(0..10)));
    run.run(10_000);
    run.expect(lines(0..10));
    run.restart();
    let opened = run.world.opened;
    run.settle();
    assert_eq!(run.world.opened - opened, 2, "its first line is looked at, and compared");
}

#[test]
fn a17_several_members() {
    let mut run = Run::new();
    let packed =
        [gzip(text(0..5)), gzip("line"), gzip(" 5\n"), gzip(""), gzip(text(6..10)), vec![0; 512]].concat();
    run.world.append(ARCHIVE, packed);
    run.settle();
    run.expect(lines(0..10));
    assert!(run.notices.is_empty(), "{:?}", run.notices);
}

#[test]
fn a17_still_growing() {
    let mut run = Run::new();
    run.world.append(ARCHIVE, gzip(text(0..5)));
    run.settle();
    run.expect(lines(0..5));
    let packed = gzip(text(5..10));
    let (some, rest) = packed.split_at(packed.len() / 2);
    run.world.append(ARCHIVE, some);
    run.run(2_000);
    run.world.append(ARCHIVE, rest);
    run.settle();
    run.expect(lines(0..10));
    assert!(run.notices.is_empty(), "{:?}", run.notices);
}

#[test]
fn a17_cut_at_every_byte() {
    let packed = gzip(text(0..30));
    for cut in 0..packed.len() {
        let mut run = Run::new();
        run.world.append(ARCHIVE, &packed[..cut]);
        run.run(2_000);
        run.world.append(ARCHIVE, &packed[cut..]);
        run.run(2_500);
        run.expect_in(&format!("cut at {cut}"), lines(0..30));
    }
}

#[test]
fn a17_cut_for_good_is_reported() {
    let packed = gzip(text(0..200));
    let mut run = Run::new();
    run.world.append(ARCHIVE, &packed[..packed.len() / 2]);
    run.run(20_000);
    assert!(has_damage(&run, Damage::Cut), "{:?}", run.notices);
    assert!(run.snapshot().files[0].hole.is_some());
    assert!(!run.world.messages().is_empty());
}

#[test]
fn a17_a_wrong_checksum_is_reported_and_its_lines_are_shipped() {
    let mut packed = gzip(text(0..10));
    let end = packed.len();
    packed[end - 6] ^= 1;
    let mut run = Run::new();
    run.world.append(ARCHIVE, [packed, gzip(text(10..15))].concat());
    run.settle();
    run.expect(lines(0..15));
    assert!(has_damage(&run, Damage::Checksum));
}

#[test]
fn a17_damage_in_the_middle_is_reported_with_where() {
    let numbers = (0..20_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut packed = gzip(numbers.map(|number| format!("{number:x}\n")).collect::<String>());
    let middle = packed.len() / 2;
    packed[middle..middle + 64].fill(0xff);
    let mut run = Run::new();
    run.world.append(ARCHIVE, packed);
    run.settle();
    assert!(run.notices.iter().any(|notice| matches!(notice, Notice::Damaged(_))), "{:?}", run.notices);
    assert!(run.world.messages().len() > 1_000);
}

#[test]
fn a17_what_is_no_archive_is_named() {
    let mut run = Run::new();
    run.world.append(ARCHIVE, text(0..10));
    run.settle();
    assert!(matches!(run.snapshot().files[0].state, FileState::Unfit(_)));
    assert!(run.world.messages().is_empty());
}

/// Its bytes are replaced in place, as they seem to be when another archive gets the number of a removed one.
#[test]
fn a17_what_was_no_archive_and_becomes_one_is_read() {
    let mut run = Run::new();
    run.world.append(ARCHIVE, "plain text under this name\n");
    run.settle();
    run.world.append(ARCHIVE, "more of it\n");
    run.settle();
    assert_eq!(
        run.notices.iter().filter(|notice| matches!(notice, Notice::Unfit(_))).count(),
        1,
        "told once"
    );
    run.world.truncate(ARCHIVE);
    run.world.append(ARCHIVE, gzip(text(0..100)));
    run.settle();
    run.expect(lines(0..100));
}

#[test]
fn a17_a_bomb_takes_time_and_no_memory() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text(0..5).as_bytes()).expect("a Vec takes all");
    let zeros = vec![0; 1 << 20];
    (0..64).for_each(|_| encoder.write_all(&zeros).expect("a Vec takes all"));
    encoder.write_all(text(5..10).as_bytes()).expect("a Vec takes all");
    let packed = encoder.finish().expect("a Vec takes all");
    assert!(packed.len() < 128 << 10);
    let mut run = Run::new();
    run.world.append(ARCHIVE, packed);
    run.settle();
    run.expect(lines(0..10));
}

#[test]
fn a18_a_line_in_pieces_with_a_crash_between_each() {
    let whole = "a line that comes in pieces\n";
    for restarts in [false, true] {
        let mut run = Run::new();
        run.world.append(LOG, text(0..3));
        for at in 0..whole.len() {
            run.world.append(LOG, &whole[at..=at]);
            run.run(1_500);
            if restarts {
                run.restart();
            }
        }
        run.settle();
        run.expect(lines(0..3).into_iter().chain([whole.trim().to_owned()]));
        assert_eq!(run.world.write_count(), 4);
    }
}

#[test]
fn a19_the_unterminated_line_of_a_rotated_file_is_shipped_once_and_marked() {
    let mut run = Run::new();
    run.world.append(LOG, text(0..3));
    run.world.append(LOG, "cut off");
    run.run(30_000);
    run.expect(lines(0..3));
    run.world.rename(LOG, ROTATED);
    run.world.append(LOG, text(3..5));
    run.run(30_000);
    let all = || lines(0..5).into_iter().chain(["cut off".to_owned()]);
    run.expect(all());
    run.restart();
    run.run(30_000);
    run.expect(all());
    assert_eq!(run.world.write_count(), 6);
}

#[test]
fn a19_the_unterminated_line_of_a_deleted_file() {
    let mut run = Run::new();
    run.world.append(LOG, format!("{}cut off", text(0..3)));
    run.settle();
    run.world.remove(LOG);
    run.run(30_000);
    run.expect(lines(0..3).into_iter().chain(["cut off".to_owned()]));
}

#[test]
fn a19_the_unterminated_line_of_an_archive() {
    let mut run = Run::new();
    run.world.append(ARCHIVE, gzip(format!("{}cut off", text(0..3))));
    run.settle();
    run.expect(lines(0..3).into_iter().chain(["cut off".to_owned()]));
}

#[test]
fn a20_no_timer_splits_a_line() {
    let mut run = Run::new();
    run.world.append(LOG, "half");
    run.run(120_000);
    assert!(run.world.messages().is_empty());
    run.world.append(LOG, " and half\n");
    run.settle();
    run.expect(["half and half"]);
}

#[test]
fn a16_an_archive_that_was_read_and_not_settled_is_read_again() {
    let mut run = Run::new();
    run.world.append(ROTATED, text(0..5));
    run.run(20_000);
    run.world.is_cluster_down = true;
    run.world.append(ROTATED, text(5..10));
    let packed = gzip(&run.world.node(ROTATED).bytes);
    run.world.append(ARCHIVE, packed);
    run.world.remove(ROTATED);
    run.run(20_000);
    run.restart();
    run.world.is_cluster_down = false;
    run.settle();
    run.expect(lines(0..10));
}

#[test]
fn a17_two_places_to_unpack_do_not_wait_for_an_older_sibling_that_needs_one() {
    let mut config = crate::run::config();
    config.limits.inflaters = 2;
    config.limits.block_bytes = 1 << 10;
    config.limits.turn_read_bytes = 1 << 10;
    let mut run = Run::with(config, crate::world::Mem::default());
    // The younger ones are found first and are being unpacked when the older ones come into sight.
    for number in [1_u32, 2] {
        run.world
            .append(&format!("/l/app.log.{number}.gz"), gzip(text(number * 1_000..number * 1_000 + 900)));
    }
    run.run(30);
    for number in [3_u32, 4] {
        run.world
            .append(&format!("/l/app.log.{number}.gz"), gzip(text(number * 1_000..number * 1_000 + 900)));
    }
    run.run(60_000);
    run.expect((1..5).flat_map(|number| lines(number * 1_000..number * 1_000 + 900)));
}
