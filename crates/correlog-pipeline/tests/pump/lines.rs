//! Section B: what stands in lines, as far as the reader is concerned. The encoder's part is tested with the encoder.

use correlog_pipeline::place::Skip;
use correlog_pipeline::snapshot::FileState;

use crate::run::{Run, config, lines, text};
use crate::world::Mem;

const LOG: &str = "/l/app.log";

fn offsets(run: &Run) -> Vec<(u64, u64)> {
    let place = |name: &str, document: &serde_json::Value| document["log"][name].as_u64().unwrap_or_default();
    let documents = run.world.documents.values();
    let mut found: Vec<_> =
        documents.map(|stored| (place("offset", &stored.source), place("next", &stored.source))).collect();
    found.sort_unstable();
    found
}

#[test]
fn b01_a_line_over_the_limit_is_cut_and_the_next_ones_stand() {
    for (line_bytes, block_bytes, long) in
        [(1 << 10, 256, 1_025), (1 << 10, 4 << 10, 100_000), (300, 64 << 10, 301)]
    {
        let mut config = config();
        config.limits.line_bytes = line_bytes;
        config.limits.block_bytes = block_bytes;
        let mut run = Run::with(config, Mem::default());
        run.world.append(LOG, text(0..3));
        run.world.append(LOG, format!("{}\n", "x".repeat(long)));
        run.world.append(LOG, text(3..6));
        run.settle();
        assert_eq!(run.world.documents.len(), 7, "{line_bytes} {block_bytes} {long}");
        let next = 21 + long as u64 + 1;
        assert!(offsets(&run).contains(&(21, next)), "its true offsets: {:?}", offsets(&run));
        for line in lines(0..6) {
            assert!(run.world.messages().contains(&line));
        }
    }
}

#[test]
fn b01_a_long_line_in_pieces_across_restarts() {
    let mut config = config();
    config.limits.line_bytes = 1 << 10;
    config.limits.block_bytes = 256;
    let mut run = Run::with(config, Mem::default());
    run.world.append(LOG, text(0..3));
    for _ in 0..20 {
        run.world.append(LOG, "y".repeat(1_000));
        run.run(1_500);
        run.restart();
    }
    run.world.append(LOG, "\n");
    run.world.append(LOG, text(3..6));
    run.settle();
    assert_eq!(run.world.documents.len(), 7);
    assert!(offsets(&run).contains(&(21, 20_022)));
}

#[test]
fn b01_whichever_way_a_long_line_is_read_it_is_the_same() {
    let mut ids = Vec::new();
    for block_bytes in [64, 256, 2 << 10, 64 << 10] {
        let mut config = config();
        config.limits.line_bytes = 1 << 10;
        config.limits.block_bytes = block_bytes;
        let mut run = Run::with(config, Mem::default());
        run.world.append(LOG, format!("\u{feff}{}\r\n{}", "z".repeat(5_000), text(0..3)));
        run.settle();
        ids.push(run.world.documents.keys().cloned().collect::<Vec<_>>());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(ids[0].len(), 4);
}

#[test]
fn b01_a_long_line_that_never_ends_is_marked_like_a_short_one() {
    for block_bytes in [256, 64 << 10] {
        let mut config = config();
        config.limits.line_bytes = 1 << 10;
        config.limits.block_bytes = block_bytes;
        let mut run = Run::with(config, Mem::default());
        run.world.append(LOG, format!("{}{}", text(0..3), "x".repeat(5_000)));
        run.settle();
        run.world.rename(LOG, "/l/app.log.1");
        run.run(200_000);
        let marked: Vec<_> = run
            .world
            .documents
            .values()
            .map(|stored| &stored.source["attributes"])
            .filter(|attributes| attributes["unterminated"] == true)
            .map(|attributes| attributes["truncated"]["bytes"].as_u64())
            .collect();
        assert_eq!(marked, [Some(5_000)], "in blocks of {block_bytes}");
    }
}

#[test]
fn b02_nul_bytes_at_a_line_start_are_skipped_and_within_a_line_kept() {
    let mut run = Run::new();
    run.world.append(LOG, "\0\0\0first\nse\0cond\n\0\0\n");
    run.settle();
    assert_eq!(run.world.documents.len(), 2);
    assert_eq!(offsets(&run), [(3, 9), (9, 17)]);
    let skips = run.snapshot().files[0].skips;
    assert_eq!((skips.of(Skip::Nul), skips.of(Skip::Blank)), (5, 1));
}

#[test]
fn b03_bytes_that_are_no_utf8_are_shipped() {
    let mut run = Run::new();
    run.world.append(LOG, b"caf\xe9\n\xff\xfe\xfd\nplain\n");
    run.settle();
    assert_eq!(run.world.documents.len(), 3);
}

#[test]
fn b04_byte_order_marks() {
    let mut run = Run::new();
    run.world.append(LOG, "\u{feff}{\"message\":\"with a mark\"}\nsecond\n");
    run.world.append("/l/wide.log", b"\xff\xfeh\0i\0\n\0");
    run.settle();
    run.expect(["with a mark", "second"]);
    assert_eq!(offsets(&run)[0].0, 0, "offsets count the mark");
    let wide = run.snapshot().files.into_iter().find(|file| file.path.ends_with("wide.log"));
    assert!(wide.is_some_and(|file| matches!(file.state, FileState::Unfit(_))));
}

#[test]
fn b05_ends_of_lines() {
    let mut run = Run::new();
    run.world.append(LOG, "one\r\n\r\n\n   \t\ntwo\rstill two\n\n\nthree\n");
    run.settle();
    run.expect(["one", "two\rstill two", "three"]);
    assert_eq!(offsets(&run), [(0, 5), (13, 27), (29, 35)]);
    let sums = run.pump.sums();
    assert_eq!((sums.read, sums.stored, sums.skipped), (8, 3, 5));
}

#[test]
fn log_skipped_joins_each_document_to_the_one_before() {
    let mut run = Run::new();
    run.world.append(LOG, "one\n\n\ntwo\n");
    run.settle();
    run.restart();
    run.world.append(LOG, "\nthree\n");
    run.settle();
    let mut previous = 0;
    let mut documents: Vec<_> = run.world.documents.values().map(|stored| &stored.source["log"]).collect();
    documents.sort_by_key(|log| log["offset"].as_u64());
    assert_eq!(documents.len(), 3);
    for log in documents {
        let skipped = log["skipped"].as_u64().unwrap_or(0);
        assert_eq!(log["offset"].as_u64(), Some(previous + skipped));
        previous = log["next"].as_u64().expect("it says where the next line starts");
    }
}

#[test]
fn b03_files_that_begin_with_a_mark_alone_are_not_taken_for_each_other() {
    let mut run = Run::new();
    run.world.append(LOG, format!("\u{feff}\n{}", text(0..100)));
    run.settle();
    run.world.rename(LOG, "/l/app.log.1");
    run.world.append(LOG, format!("\u{feff}\n{}", text(100..110)));
    run.settle();
    run.expect(lines(0..110));
}

#[test]
fn a03_a_shorter_sibling_with_the_same_first_line_is_read_once_its_predecessor_is_gone() {
    let mut run = Run::new();
    run.world.append(LOG, format!("banner\n{}", text(0..100)));
    run.settle();
    run.kill();
    run.world.remove(LOG);
    run.world.append("/l/app.log.1", format!("banner\n{}", text(100..110)));
    run.start();
    run.run(20_000);
    let banners = ["banner".to_owned(), "banner".to_owned()];
    run.expect(lines(0..110).into_iter().chain(banners));
}
