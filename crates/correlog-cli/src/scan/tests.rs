//! The scan against a plain reading of the same bytes: any blocks, any stretches, plain and gzipped.

use super::block::search;
use super::listing::list;
use super::needles::Needles;
use super::work::{Hit, scan};
use proptest::prelude::*;
use std::io::Write;

const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Every line that holds the needle, the slow way.
fn slowly(bytes: &[u8], needle: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if memchr::memmem::find(line, needle).is_some() {
            found.push((offset, text.to_vec()));
        }
        offset += line.len() as u64;
    }
    found
}

/// In stretches that end at these places, with a buffer that begins at this size.
fn in_stretches(bytes: &[u8], cuts: &[usize], size: usize, needles: &Needles) -> Vec<(u64, Vec<u8>)> {
    let mut edges: Vec<usize> =
        cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([0, bytes.len()]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut found = Vec::new();
    for pair in edges.windows(2) {
        let from = pair[0].saturating_sub(1);
        let mut keep = |(offset, line): (u64, &[u8])| found.push((offset, line.to_vec()));
        let mut buffer = vec![0; size];
        let tools = (&mut buffer, needles);
        let end = pair[1] as u64;
        search(&mut &bytes[from..], from as u64, end, pair[0] > 0, tools, &mut keep)
            .expect("memory can be read");
    }
    found
}

proptest! {
    #[test]
    fn no_cut_and_no_block_loses_or_doubles_a_line(
        parts in prop::collection::vec(prop_oneof!["(ab|abc|c|\r\n|\n){0,6}", "[ -~]{0,40}"], 0..30),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
        size in 1usize..80,
    ) {
        let bytes = parts.concat().into_bytes();
        let needles = Needles::of(["abc"]);
        prop_assert_eq!(in_stretches(&bytes, &cuts, size, &needles), slowly(&bytes, b"abc"));
        // Every line is a hit of nothing.
        let all = in_stretches(&bytes, &cuts, size, &Needles::all());
        prop_assert_eq!(all, slowly(&bytes, b""));
    }
}

#[test]
fn every_spelling_of_an_id_is_found() {
    let dashed = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
    for asked in [ID, dashed, &ID.to_uppercase(), &dashed.to_uppercase()] {
        for line in [
            format!("x {ID} y"),
            format!("\"traceId\":\"{}\"", ID.to_uppercase()),
            format!("{{\"run\":\"{dashed}\"}}"),
            "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Sampled=1".to_owned(),
            "b3: a3ce929d0e0e4736-00f067aa0ba902b7-1".to_owned(),
        ] {
            for more in [&[asked][..], &[asked, "another"], &[asked, "a1", "a2", "a3"].repeat(9)] {
                assert!(
                    Needles::of(more.iter().copied()).find(line.as_bytes(), 0).is_some(),
                    "{asked} in {line}"
                );
            }
        }
        assert_eq!(Needles::of([asked]).find(b"4bf92f3577b34da6a3ce929d0e0e4735", 0), None);
    }
    assert_eq!(Needles::of(["Run-7"]).find(b"a Run-7", 0), Some(2));
    let many: Vec<String> = (0..100).map(|number| format!("run-{number}-")).collect();
    assert_eq!(Needles::of(many.iter().map(String::as_str)).find(b"..run-77-", 0), Some(2));
}

#[test]
fn a_line_without_end_is_passed_over_and_the_next_is_found() {
    let mut bytes = vec![b'x'; super::block::LINE_MAX + 10];
    bytes.extend_from_slice(b"\nabc\n");
    let mut found = Vec::new();
    let mut keep = |(offset, _): (u64, &[u8])| found.push(offset);
    let needles = Needles::of(["abc"]);
    let counts = search(&mut bytes.as_slice(), 0, u64::MAX, false, (&mut Vec::new(), &needles), &mut keep);
    assert_eq!(counts.expect("memory can be read").too_long, 1);
    assert_eq!(found, [super::block::LINE_MAX as u64 + 11]);
}

#[test]
fn plain_and_gzipped_files_are_searched_together() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let text = format!("no\nyes {ID}\nno\n{ID}");
    std::fs::write(dir.path().join("a.log"), &text).expect("writable");
    let file = std::fs::File::create(dir.path().join("b.log.gz")).expect("writable");
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).expect("writable");
    gzip.finish().expect("writable");
    std::fs::write(dir.path().join("c.txt"), &text).expect("writable");
    let globs = ["*.log*".to_owned(), "*.none".to_owned()];
    let (files, notes) = list(&globs, dir.path()).expect("readable");
    assert_eq!(files.iter().map(|file| file.is_gzip).collect::<Vec<_>>(), [false, true]);
    assert_eq!(notes, ["*.none names no file"]);
    let keep = |found: &mut Vec<(usize, u64)>, hit: Hit<'_>| found.push((hit.file, hit.offset));
    let (states, tally) = scan(&files, None, &Needles::of([ID]), &Vec::new, &keep);
    let mut found = states.concat();
    found.sort_unstable();
    let last = text.rfind('\n').expect("there are lines") as u64 + 1;
    assert_eq!(found, [(0, 3), (0, last), (1, 3), (1, last)]);
    assert!(tally.faults.is_empty());
}

#[test]
fn a_broken_archive_gives_what_it_has_and_is_named() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(format!("{ID}\n{}", "x".repeat(100_000)).as_bytes()).expect("memory");
    let whole = gzip.finish().expect("memory");
    std::fs::write(dir.path().join("a.gz"), &whole[..whole.len() / 2]).expect("writable");
    let (files, _) = list(&["a.gz".to_owned()], dir.path()).expect("readable");
    let keep = |found: &mut Vec<u64>, hit: Hit<'_>| found.push(hit.offset);
    let (states, tally) = scan(&files, None, &Needles::of([ID]), &Vec::new, &keep);
    assert_eq!((states.concat(), tally.faults.len()), (vec![0], 1));
}

#[test]
fn what_is_learnt_on_the_way_is_looked_for_from_there_on() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for name in ["a", "b", "c"] {
        std::fs::write(dir.path().join(name), format!("one of {name}\ntwo of {name}\n")).expect("writable");
    }
    let (files, _) = list(&["*".to_owned()], dir.path()).expect("readable");
    let needles = Needles::of(["one of b"]);
    let keep = |found: &mut Vec<(usize, Vec<u8>)>, hit: Hit<'_>| {
        needles.learn("two of");
        found.push((hit.file, hit.line.to_vec()));
    };
    let (states, tally) = scan(&files, None, &needles, &Vec::new, &keep);
    let found = states.concat();
    let two = |file: usize| found.iter().any(|(at, line)| *at == file && line.starts_with(b"two"));
    assert!(two(1), "the rest of the very file: {found:?}");
    // Each file is either behind and searched again for what was learnt, or was searched for it already.
    assert!(tally.behind.contains(&1) && needles.has_learnt());
    let again = Needles::of(["two of"]);
    let keep = |found: &mut Vec<usize>, hit: Hit<'_>| found.push(hit.file);
    let (states, tally) = scan(&files, Some(&tally.behind), &again, &Vec::new, &keep);
    let mut all: Vec<usize> = (0..3).filter(|file| two(*file)).chain(states.concat()).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, [0, 1, 2]);
    assert!(!tally.behind.is_empty());
}
