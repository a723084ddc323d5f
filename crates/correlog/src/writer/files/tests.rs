//! Tests of what happens when an hour or a day ends, with a clock that the test sets.

use std::cell::Cell;
use std::time::UNIX_EPOCH;

use super::*;
use crate::writer::Rotation;
use crate::writer::sink::{Outcome, Sink};

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW.get())
}

/// Every file of the directory and what is in it, symlinks left out.
fn contents(directory: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let files = entries.filter(|entry| entry.file_type().expect("a type").is_file());
    let read = |path: PathBuf| fs::read_to_string(path).expect("text");
    let mut found: Vec<_> =
        files.map(|entry| (entry.file_name().to_string_lossy().into_owned(), read(entry.path()))).collect();
    found.sort();
    found
}

struct Place {
    directory: tempfile::TempDir,
    rotation: Rotation,
    max_bytes: Option<u64>,
    keep: Option<usize>,
    counters: Counters,
}

impl Place {
    fn new(rotation: Rotation, max_bytes: Option<u64>, keep: Option<usize>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self { directory, rotation, max_bytes, keep, counters: Counters::default() }
    }

    fn open(&self) -> Sink {
        let plan = FilePlan {
            naming: Naming::new(&self.directory.path().join("app.jsonl"), self.rotation.clone())
                .expect("it names a file"),
            max_bytes: self.max_bytes,
            keep: self.keep,
            symlink: cfg!(unix).then(|| "current".to_owned()),
            clock: now,
        };
        Sink::file(Files::open(plan, &self.counters).expect("it opens"))
    }

    /// Writes one line at a time; the stable symlink must then name the file that has it.
    fn write(&self, sink: &mut Sink, at: u64, line: &str) {
        NOW.set(at);
        let line = format!("{line}\n");
        assert_eq!(sink.write_line(line.as_bytes(), &self.counters), Outcome::Written);
        #[cfg(unix)]
        {
            let current = fs::read_to_string(self.directory.path().join("current")).expect("a symlink");
            assert!(current.ends_with(&line), "the symlink is stale after {line}");
        }
    }

    fn check(&self, expect: &[(&str, &str)]) {
        let found = contents(self.directory.path());
        let found: Vec<_> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(found, expect);
    }
}

/// 2026-11-22 00:00:00 UTC.
const MIDNIGHT: u64 = 1_795_305_600;

#[test]
fn the_first_line_of_a_period_begins_its_file() {
    let check = |rotation: Rotation, expect: &[(&str, &str)]| {
        let place = Place::new(rotation, None, None);
        NOW.set(MIDNIGHT - 3_601);
        let mut sink = place.open();
        place.write(&mut sink, MIDNIGHT - 3_601, "22:59:59");
        place.write(&mut sink, MIDNIGHT - 3_600, "23:00:00");
        place.write(&mut sink, MIDNIGHT - 1, "23:59:59");
        place.write(&mut sink, MIDNIGHT, "00:00:00");
        // A clock that is set back begins no file again.
        place.write(&mut sink, MIDNIGHT - 1, "23:59:59 again");
        place.write(&mut sink, MIDNIGHT + 1, "00:00:01");
        place.check(expect);
    };
    let late = "00:00:00\n23:59:59 again\n00:00:01\n";
    check(
        Rotation::DAILY,
        &[("app.2026-11-21.jsonl", "22:59:59\n23:00:00\n23:59:59\n"), ("app.2026-11-22.jsonl", late)],
    );
    check(
        Rotation::HOURLY,
        &[
            ("app.2026-11-21-22.jsonl", "22:59:59\n"),
            ("app.2026-11-21-23.jsonl", "23:00:00\n23:59:59\n"),
            ("app.2026-11-22-00.jsonl", late),
        ],
    );
    check(
        Rotation::NEVER,
        &[("app.jsonl", "22:59:59\n23:00:00\n23:59:59\n00:00:00\n23:59:59 again\n00:00:01\n")],
    );
}

#[test]
fn retention_goes_on_from_day_to_day_and_leaves_strangers_alone() {
    let place = Place::new(Rotation::DAILY, Some(8), Some(3));
    let stranger = place.directory.path().join("app.2026-11-21.jsonl.gz");
    fs::write(&stranger, "another's").expect("it is made");
    NOW.set(MIDNIGHT);
    let mut sink = place.open();
    for day in 0..4 {
        let start = MIDNIGHT + day * 86_400;
        place.write(&mut sink, start, &format!("{day} one"));
        place.write(&mut sink, start + 60, &format!("{day} two"));
    }
    // Size began a second file each day; the number starts anew with the day.
    place.check(&[
        ("app.2026-11-21.jsonl.gz", "another's"),
        ("app.2026-11-24.1.jsonl", "2 two\n"),
        ("app.2026-11-25.1.jsonl", "3 two\n"),
        ("app.2026-11-25.jsonl", "3 one\n"),
    ]);
    assert_eq!(place.counters.snapshot(0, 0).removed_files, 5);
}

#[test]
fn a_restart_after_midnight_begins_the_new_day_and_before_it_goes_on() {
    let place = Place::new(Rotation::DAILY, None, Some(2));
    for (at, line) in [(MIDNIGHT - 10, "one"), (MIDNIGHT - 5, "two"), (MIDNIGHT + 5, "three")] {
        NOW.set(at);
        place.write(&mut place.open(), at, line);
    }
    place.check(&[("app.2026-11-21.jsonl", "one\ntwo\n"), ("app.2026-11-22.jsonl", "three\n")]);
}

#[test]
fn a_failure_to_begin_the_next_file_leaves_the_old_one_in_use() {
    let place = Place::new(Rotation::DAILY, None, None);
    NOW.set(MIDNIGHT - 1);
    let mut sink = place.open();
    place.write(&mut sink, MIDNIGHT - 1, "before");
    let blocked = place.directory.path().join("app.2026-11-22.jsonl");
    fs::create_dir(&blocked).expect("a directory in the way");
    place.write(&mut sink, MIDNIGHT, "after");
    place.check(&[("app.2026-11-21.jsonl", "before\nafter\n")]);
    assert_eq!(place.counters.snapshot(0, 0).io_errors, 1);
}
