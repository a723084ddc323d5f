//! Files: names, rotation, retention, the symlink, reopening, and a service that is killed.
//!
//! Does not wait for midnight: names for other times are tested in `writer/naming`, and what happens when a period
//! ends in `writer/files`.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use correlog::{Guard, LayerBuilder, Rotation, Writer, WriterBuilder};
use tracing::{Dispatch, info};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

const LIMIT: Duration = Duration::from_secs(60);

fn open(builder: WriterBuilder) -> (Dispatch, Guard) {
    let (writer, guard) = builder.build().expect("it opens");
    let layer = LayerBuilder::new(writer).service_name("test").code_location(false).build();
    (Dispatch::new(Registry::default().with(layer)), guard)
}

fn log(dispatch: &Dispatch, message: &str) {
    tracing::dispatcher::with_default(dispatch, || info!("{message}"));
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn messages(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a file of lines");
    assert!(text.is_empty() || text.ends_with('\n'), "torn: {}", path.display());
    let parse = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    text.lines().map(|line| parse(line)["message"].as_str().expect("text").to_owned()).collect()
}

#[test]
fn names_are_tracing_appenders() {
    let ours = tempfile::tempdir().expect("a directory");
    let theirs = tempfile::tempdir().expect("a directory");
    let all = [Rotation::NEVER, Rotation::DAILY, Rotation::HOURLY, Rotation::MINUTELY, Rotation::WEEKLY];
    let both = || {
        for rotation in &all {
            let (_, guard) = open(Writer::builder(ours.path().join("api.jsonl")).rotation(rotation.clone()));
            drop(guard);
            let appender =
                tracing_appender::rolling::RollingFileAppender::builder().rotation(rotation.clone());
            let named = appender.filename_prefix("api").filename_suffix("jsonl").build(theirs.path());
            drop(named.expect("it opens"));
        }
    };
    both();
    if names(ours.path()) != names(theirs.path()) {
        // A minute ended in between; it cannot end again at once.
        both();
    }
    let missing: Vec<String> =
        names(theirs.path()).into_iter().filter(|name| !names(ours.path()).contains(name)).collect();
    assert!(missing.len() <= 1, "{missing:?}");
    assert!(names(ours.path()).contains(&"api.jsonl".to_owned()));
}

#[test]
fn size_begins_a_new_file_and_no_line_is_cut() {
    let directory = tempfile::tempdir().expect("a directory");
    for is_buffered in [false, true] {
        let path = directory.path().join(format!("{is_buffered}/api.jsonl"));
        let builder = Writer::builder(path.as_path()).max_file_bytes(1000);
        let (dispatch, guard) = open(if is_buffered { builder.buffered() } else { builder });
        for number in 0..20 {
            log(&dispatch, &format!("{number}"));
        }
        log(&dispatch, &"long ".repeat(400));
        log(&dispatch, "last");
        guard.shutdown(LIMIT).expect("a minute is enough");
        let parent = path.parent().expect("a directory");
        let mut files = names(parent);
        files.sort_by_key(|name| {
            name.split('.').nth(1).and_then(|number| number.parse::<u32>().ok()).unwrap_or(0)
        });
        assert_eq!(files[..2], ["api.jsonl", "api.1.jsonl"]);
        let all: Vec<String> = files.iter().flat_map(|name| messages(&parent.join(name))).collect();
        assert_eq!(all.len(), 22);
        assert_eq!((all[0].as_str(), all[19].as_str(), all[21].as_str()), ("0", "19", "last"));
        for name in &files {
            let length = fs::metadata(parent.join(name)).expect("a file").len();
            assert!(length <= 1000 || messages(&parent.join(name)).len() == 1, "{name} has {length} bytes");
        }
    }
}

#[test]
fn a_restart_goes_on_in_the_last_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("api.jsonl");
    for round in 0..3 {
        let (dispatch, _guard) = open(Writer::builder(path.as_path()).max_file_bytes(500));
        log(&dispatch, &format!("{round} a"));
        log(&dispatch, &format!("{round} b"));
    }
    let files = names(directory.path());
    let all: usize = files.iter().map(|name| messages(&directory.path().join(name)).len()).sum();
    assert_eq!(all, 6);
    assert!(files.len() >= 2 && files.contains(&"api.1.jsonl".to_owned()), "{files:?}");
}

#[test]
fn retention_removes_only_files_of_exactly_our_pattern() {
    let directory = tempfile::tempdir().expect("a directory");
    let strangers = [
        "app-other.jsonl",
        "app.2020-01-01-00.jsonl",
        "app.2020-01-01.jsonl.gz",
        "app.2020-01-01",
        "app.2020-02-30.jsonl",
        "app.2020-1-1.jsonl",
        "app.02020-01-01.jsonl",
        "app.2020-01-01.01.jsonl",
        "app.2020-01-01.0.jsonl",
        "app.jsonl",
        "app.2020-01-01.bak.jsonl",
        "xapp.2020-01-01.jsonl",
        "app.2020-01-01.99999999999.jsonl",
        "app.+020-01-01.jsonl",
    ];
    let ours = ["app.2020-01-01.jsonl", "app.2020-01-01.1.jsonl", "app.2020-01-02.jsonl"];
    for name in strangers.iter().chain(&ours) {
        fs::write(directory.path().join(name), "").expect("it is made");
    }
    fs::create_dir(directory.path().join("app.2019-01-01.jsonl")).expect("a directory of our pattern");
    let builder = Writer::builder(directory.path().join("app.jsonl")).rotation(Rotation::DAILY).keep_files(2);
    let (_, guard) = open(builder);
    let left = names(directory.path());
    for name in strangers {
        assert!(left.contains(&name.to_owned()), "{name} is a stranger's");
    }
    assert!(left.contains(&"app.2019-01-01.jsonl".to_owned()), "a directory is no log file");
    assert!(left.contains(&"app.2020-01-02.jsonl".to_owned()), "the newest old one is kept");
    assert!(!left.contains(&ours[0].to_owned()) && !left.contains(&ours[1].to_owned()), "{left:?}");
    assert_eq!(guard.handle().stats().removed_files, 2);
}

#[test]
fn retention_keeps_the_newest_by_number() {
    let directory = tempfile::tempdir().expect("a directory");
    let builder = Writer::builder(directory.path().join("app.jsonl")).max_file_bytes(1).keep_files(3);
    let (dispatch, _guard) = open(builder);
    (0..12).for_each(|number| log(&dispatch, &format!("{number}")));
    assert_eq!(names(directory.path()), ["app.10.jsonl", "app.11.jsonl", "app.9.jsonl"]);
}

#[cfg(unix)]
#[test]
fn the_symlink_points_at_the_current_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let builder =
        Writer::builder(directory.path().join("app.jsonl")).max_file_bytes(1).symlink("app.current");
    let (dispatch, _guard) = open(builder);
    for number in 0..3 {
        log(&dispatch, &format!("{number}"));
        let link = fs::read_link(directory.path().join("app.current")).expect("a symlink");
        assert_eq!(messages(&directory.path().join(link)), [format!("{number}")]);
    }
}

/// As logrotate does: the file is moved away, then the service is told, or notices by itself.
#[cfg(unix)]
#[test]
fn a_moved_or_deleted_file_is_opened_anew() {
    for (is_told, is_deleted) in [(true, false), (true, true), (false, false), (false, true)] {
        for is_buffered in [false, true] {
            let directory = tempfile::tempdir().expect("a directory");
            let path = directory.path().join("app.jsonl");
            let moved = directory.path().join("app.jsonl.1");
            let builder = Writer::builder(path.as_path());
            let (dispatch, guard) = open(if is_buffered { builder.buffered() } else { builder });
            log(&dispatch, "before");
            guard.handle().flush(LIMIT).expect("a minute is enough");
            if is_deleted { fs::remove_file(&path) } else { fs::rename(&path, &moved) }.expect("it is there");
            if is_told {
                guard.handle().reopen().expect("it opens");
                log(&dispatch, "after");
                guard.handle().flush(LIMIT).expect("a minute is enough");
            } else {
                log_until_it_is_there(&dispatch, &guard, &path);
            }
            assert!(messages(&path).iter().all(|message| message == "after"));
            assert!(!messages(&path).is_empty());
            assert!(is_deleted || messages(&moved).contains(&"before".to_owned()));
            assert_eq!(guard.handle().stats().reopened, 1);
        }
    }
}

fn log_until_it_is_there(dispatch: &Dispatch, guard: &Guard, path: &Path) {
    let until = Instant::now() + LIMIT;
    while !path.exists() {
        assert!(Instant::now() < until, "not opened anew");
        log(dispatch, "after");
        guard.handle().flush(LIMIT).expect("a minute is enough");
    }
}

/// Copytruncate: the file becomes shorter under us, and appending goes on at its new end.
#[test]
fn a_truncated_file_is_appended_to() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("app.jsonl");
    let (dispatch, _guard) = open(Writer::builder(path.as_path()));
    log(&dispatch, "before");
    fs::OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(0)).expect("it is there");
    log(&dispatch, "after");
    assert_eq!(messages(&path), ["after"]);
}

/// The child logs directly and tells on stdout what returned; it is killed in the middle.
#[cfg(unix)]
#[test]
fn a_killed_service_loses_no_line_that_returned() {
    use std::io::{BufRead, BufReader, Write};
    const NAME: &str = "a_killed_service_loses_no_line_that_returned";
    if let Some(path) = std::env::var_os("CORRELOG_TEST_KILLED") {
        let (dispatch, _guard) = open(Writer::builder(PathBuf::from(path)));
        for number in 0_u64.. {
            log(&dispatch, &format!("{number}"));
            let _ = writeln!(std::io::stdout(), "returned {number}");
        }
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("killed.jsonl");
    let mut child = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", NAME, "--nocapture"])
        .env("CORRELOG_TEST_KILLED", &path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("this test runs");
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let mut last = None;
    for line in output.lines().map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("returned ") {
            last = number.parse::<usize>().ok();
        }
        if last == Some(5_000) {
            // What the pipe still holds returned as well and is read on.
            child.kill().expect("the child is ours");
        }
    }
    child.wait().expect("the child is ours");
    let last = last.expect("it logged");
    let text = fs::read_to_string(&path).expect("it logged");
    let whole: Vec<&str> = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
    assert!(last >= 5_000 && whole.len() > last, "{} of {last} lines are there", whole.len());
    for (at, line) in whole.iter().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["message"], at.to_string());
    }
}
