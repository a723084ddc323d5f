//! The writer: whole lines from many threads, no gap in the sequence, what is dropped is said, failing targets.
//!
//! Does not test files as such (`files.rs`).

mod support;

use std::collections::HashSet;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};

use correlog::{
    BuildError, LayerBuilder, Overflow, Record, RecordError, RecordKind, Rotation, Target, Writer,
    WriterBuilder,
};
use serde_json::Value;
use support::{Memory, child};
use tracing::{Dispatch, error, info};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

const LONG: Duration = Duration::from_secs(60);

fn dispatch(writer: &Writer) -> Dispatch {
    Dispatch::new(Registry::default().with(LayerBuilder::new(writer.clone()).service_name("test").build()))
}

/// Emits `count` numbered events on each of the threads.
fn storm(writer: &Writer, threads: std::ops::Range<usize>, count: usize) {
    let dispatch = dispatch(writer);
    std::thread::scope(|scope| {
        for thread in threads {
            let dispatch = &dispatch;
            scope.spawn(move || {
                tracing::dispatcher::with_default(dispatch, || {
                    for number in 0..count {
                        info!(thread, number, "m");
                    }
                });
            });
        }
    });
}

/// The sequence has no gap, the stream has one name, and the numbers of each thread come in order.
fn check_sequence(lines: &[Value]) {
    let streams: HashSet<&str> = lines.iter().filter_map(|line| line["log"]["stream"].as_str()).collect();
    assert_eq!(streams.len(), 1, "one writer is one stream");
    let mut last = std::collections::HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line["log"]["seq"], at, "a gap: {line}");
        let Some(thread) = line["attributes"]["thread"].as_u64() else { continue };
        let number = line["attributes"]["number"].as_u64().expect("every event has one");
        assert!(last.insert(thread, number).is_none_or(|before| before < number), "{line}");
    }
}

fn written(path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("the file was written");
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Checks lines by their shape, because parsing a million of them as JSON takes a debug build minutes: each starts
/// and ends as a line does, holds one start, and has the next number of its thread.
fn check_shape(path: &std::path::Path, threads: usize, count: usize) {
    let text = std::fs::read_to_string(path).expect("the file was written");
    let mut next = vec![0; threads];
    let mut lines = 0;
    for line in text.split_inclusive('\n') {
        assert!(line.starts_with("{\"@timestamp\":\"") && line.matches("@timestamp").count() == 1, "{line}");
        assert!(line.ends_with(&format!("\",\"seq\":{lines}}}}}\n")), "a gap, {lines} is missing: {line}");
        let (_, own) = line.split_once("\"attributes\":{\"thread\":").expect("every event has one");
        let (thread, own) = own.split_once(",\"number\":").expect("every event has one");
        let (number, _) = own.split_once('}').expect("the object ends");
        let next = &mut next[thread.parse::<usize>().expect("a number")];
        assert_eq!(number.parse(), Ok(*next), "{line}");
        *next += 1;
        lines += 1;
        if lines % 1009 == 0 {
            serde_json::from_str::<Value>(line).expect("JSON");
        }
    }
    assert_eq!(lines, threads * count);
}

#[test]
fn eight_threads_write_whole_lines_without_a_gap() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, is_buffered, count) in [("direct", false, 20_000), ("buffered", true, 100_000)] {
        let path = directory.path().join(name);
        let builder = Writer::builder(path.as_path());
        let (writer, guard) =
            if is_buffered { builder.buffered() } else { builder }.build().expect("it opens");
        storm(&writer, 0..8, count);
        let stats = guard.shutdown(LONG).expect("a minute is enough");
        check_shape(&path, 8, count);
        assert_eq!((stats.accepted_lines, stats.dropped_lines), (8 * count as u64, 0));
        assert_eq!(stats.written_bytes, std::fs::metadata(&path).expect("it is there").len());
    }
}

#[test]
fn what_is_dropped_is_counted_and_said_in_the_stream() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("drops");
    let small = |builder: WriterBuilder| builder.buffered().flush_bytes(1024).buffer_bytes(8192);
    let (writer, guard) =
        small(Writer::builder(path.as_path())).overflow(Overflow::DropNewest).build().expect("it opens");
    storm(&writer, 0..8, 100_000);
    guard.handle().flush(LONG).expect("a minute is enough");
    tracing::dispatcher::with_default(&dispatch(&writer), || info!("the last"));
    let stats = guard.shutdown(LONG).expect("a minute is enough");
    let lines = written(&path);
    check_sequence(&lines);
    let said: u64 =
        lines.iter().filter_map(|line| line["attributes"]["correlog.dropped_lines"].as_u64()).sum();
    let told = lines.iter().filter(|line| line["logger"] == "correlog").count();
    assert!(stats.dropped_lines > 0, "the buffer is far too small for this storm");
    assert_eq!(said, stats.dropped_lines, "the stream says what the counter says");
    assert_eq!(lines.len() - told + said as usize, 800_001, "written or said to be dropped");
}

/// A target that can be told to fail or to take one byte at a time, or to wait.
#[derive(Clone, Default)]
struct Moody {
    memory: Memory,
    fails: Arc<AtomicBool>,
    most: Arc<AtomicUsize>,
    is_held: Arc<(Mutex<bool>, Condvar)>,
}

impl Moody {
    fn hold(&self, is_held: bool) {
        *self.is_held.0.lock().expect("not poisoned") = is_held;
        self.is_held.1.notify_all();
    }
}

impl io::Write for Moody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let held = self.is_held.0.lock().expect("not poisoned");
        drop(self.is_held.1.wait_while(held, |held| *held).expect("not poisoned"));
        if self.fails.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let most = match self.most.load(Ordering::SeqCst) {
            0 => bytes.len(),
            most => most.min(bytes.len()),
        };
        self.memory.write_all(&bytes[..most])?;
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_target_that_fails_for_a_while_tears_nothing_and_the_loss_is_said() {
    let moody = Moody::default();
    let (writer, guard) = Writer::builder(Target::io(moody.clone())).build().expect("it opens");
    tracing::dispatcher::with_default(&dispatch(&writer), || {
        info!("before");
        moody.fails.store(true, Ordering::SeqCst);
        info!("lost");
        info!("lost");
        moody.fails.store(false, Ordering::SeqCst);
        moody.most.store(7, Ordering::SeqCst);
        info!("after");
    });
    let lines = moody.memory.lines();
    let messages: Vec<&str> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages, ["before", "2 log lines were dropped here", "after"]);
    check_sequence(&lines);
    let stats = guard.handle().stats();
    assert_eq!((stats.accepted_lines, stats.dropped_lines, stats.io_errors), (3, 2, 2));
}

/// The sentence once a minute and at the end, whose times `report.rs` tests; here, that a thousand errors are no
/// thousand sentences and that none of them is left out.
#[test]
#[cfg(target_os = "linux")]
fn a_failing_target_is_told_on_stderr_at_once_and_at_the_end() {
    const NAME: &str = "a_failing_target_is_told_on_stderr_at_once_and_at_the_end";
    if child::is(NAME) {
        let (writer, guard) = Writer::builder("/dev/full").build().expect("it opens");
        tracing::dispatcher::with_default(&dispatch(&writer), || (0..1_000).for_each(|_| info!("lost")));
        drop(guard);
        return;
    }
    let child = child::output(NAME);
    let said = String::from_utf8_lossy(&child.stderr);
    let told: Vec<&str> = said.lines().filter(|line| line.starts_with("correlog: ")).collect();
    assert_eq!(told.len(), 2, "{said}");
    assert!(told[0].contains("os error 28") && told[0].contains("); 1 failed attempts"), "{said}");
    assert!(told[1].contains("os error 28") && told[1].contains("); 999 failed attempts"), "{said}");
}

#[test]
fn a_full_buffer_blocks_unless_the_target_fails() {
    let moody = Moody::default();
    let (writer, guard) = Writer::builder(Target::io(moody.clone()))
        .buffered()
        .flush_bytes(512)
        .buffer_bytes(2048)
        .build()
        .expect("it opens");
    moody.fails.store(true, Ordering::SeqCst);
    // Ends although nothing can be written: a log must not stop its service.
    storm(&writer, 0..2, 2_000);
    moody.fails.store(false, Ordering::SeqCst);
    guard.handle().flush(LONG).expect("it works again");
    storm(&writer, 2..4, 2_000);
    let stats = guard.shutdown(LONG).expect("a minute is enough");
    let lines = moody.memory.lines();
    check_sequence(&lines);
    assert!(stats.dropped_lines > 0 && stats.io_errors > 0);
    assert!(lines.len() >= 4_000, "nothing is dropped while the target works: {}", lines.len());
    assert_eq!(lines.len() as u64, stats.accepted_lines);
}

#[test]
fn shutdown_says_what_it_could_not_write() {
    let moody = Moody::default();
    let (writer, guard) = Writer::builder(Target::io(moody.clone())).buffered().build().expect("it opens");
    moody.hold(true);
    tracing::dispatcher::with_default(&dispatch(&writer), || error!("stuck"));
    let started = Instant::now();
    let error = guard.shutdown(Duration::from_millis(50)).expect_err("the target takes nothing");
    assert!(error.unwritten_bytes > 0, "{error}");
    assert!(started.elapsed() < LONG);
    moody.hold(false);
}

/// Waits on the condition that the target has a line, with a limit.
fn wait_for(memory: &Memory) {
    let until = Instant::now() + LONG;
    while memory.text().is_empty() {
        assert!(Instant::now() < until, "nothing was written");
        std::thread::yield_now();
    }
}

#[test]
fn a_buffered_line_is_written_by_age_and_a_buffered_error_at_once() {
    for is_error in [false, true] {
        let memory = Memory::default();
        let (writer, guard) =
            Writer::builder(Target::io(memory.clone())).buffered().build().expect("it opens");
        tracing::dispatcher::with_default(&dispatch(&writer), || match is_error {
            true => error!("now"),
            false => info!("soon"),
        });
        wait_for(&memory);
        assert_eq!(memory.lines().len(), 1);
        drop(guard);
    }
}

#[test]
fn a_line_after_the_guard_is_gone_is_written_directly() {
    let memory = Memory::default();
    let (writer, guard) = Writer::builder(Target::io(memory.clone())).buffered().build().expect("it opens");
    let dispatch = dispatch(&writer);
    tracing::dispatcher::with_default(&dispatch, || info!("before"));
    drop(guard);
    assert_eq!(memory.lines().len(), 1);
    tracing::dispatcher::with_default(&dispatch, || info!("after"));
    assert_eq!(memory.lines().len(), 2);
    check_sequence(&memory.lines());
}

/// A target whose own code logs into the layer that writes to it.
struct Echo(Memory);

impl io::Write for Echo {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        info!("from within the target");
        self.0.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        panic!("a bug of the target")
    }
}

#[test]
fn a_target_that_logs_or_panics_neither_hangs_nor_ends_the_service() {
    let memory = Memory::default();
    let (writer, guard) = Writer::builder(Target::io(Echo(memory.clone()))).build().expect("it opens");
    tracing::dispatcher::with_default(&dispatch(&writer), || info!("one"));
    let stats = guard.shutdown(LONG).expect("it is written");
    assert_eq!(memory.line("one")["log"]["seq"], 0);
    assert_eq!(stats.io_errors, 1, "the panic in flush is an error");
}

#[test]
fn a_mistake_in_the_description_is_named() {
    let check = |builder: WriterBuilder, expect: &str| {
        let error = builder.build().expect_err(expect);
        assert!(error.to_string().contains(expect), "{error}");
    };
    check(Writer::builder(Target::Stdout).rotation(Rotation::DAILY), "rotation needs a file");
    check(Writer::builder(Target::Stderr).keep_files(3), "keep_files needs a file");
    check(Writer::builder("x").keep_files(0), "keep_files is 0: it must be at least 1");
    check(
        Writer::builder("x").buffer_bytes(10).flush_bytes(20),
        "buffer_bytes is 10: it must be at least 20",
    );
    check(Writer::builder("/dev/null/x"), "cannot open /dev/null");
    check(Writer::builder(".."), "names no file");
    assert!(matches!(Writer::builder("..").build(), Err(BuildError::NoFileName { .. })));
}

#[test]
fn a_record_is_a_line_of_its_own_kind_beside_the_lines() {
    let memory = Memory::default();
    let (writer, guard) = memory.writer();
    let dispatch = dispatch(&writer);
    let began = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_341_600_100);
    let record = Record::new(RecordKind::WorkflowRun, "6F1C0C8E-7c1e-4c62-9d0d-6f3a1e2b4c5d", began)
        .at(began + Duration::from_millis(2500))
        .field("trace_id", "0af7651916cd43dd8448eb211c80319c")
        .field("tenant_id", "A3C1B2D4-0000-4000-8000-000000000001")
        .field("status", "succeeded")
        .field("elapsed_time", 2.5)
        .field("total_tokens", 150_u32)
        .field("finished_at", began)
        .field("error", None::<&str>)
        .field("http.response.status_code", 429_i64)
        .field("total_steps", "five")
        .field("own", true);
    tracing::dispatcher::with_default(&dispatch, || info!("before"));
    guard.handle().record(&record).expect("it is written");
    tracing::dispatcher::with_default(&dispatch, || info!("after"));
    let text = memory.text();
    let line = text.lines().nth(1).expect("the second line");
    assert_eq!(
        line,
        r#"{"record":"workflow_run","id":"6F1C0C8E-7c1e-4c62-9d0d-6f3a1e2b4c5d","run_created_at":"2026-11-22T10:00:00.100000000Z","@timestamp":"2026-11-22T10:00:02.600000000Z","service":{"name":"test"},"elapsed_time":2.5,"finished_at":"2026-11-22T10:00:00.100000000Z","http":{"response":{"status_code":429}},"status":"succeeded","tenant_id":"a3c1b2d4-0000-4000-8000-000000000001","total_tokens":150,"trace_id":"0af7651916cd43dd8448eb211c80319c","attributes":{"total_steps":"five","own":true}}"#
    );
    assert_eq!(memory.line("after")["log"]["seq"], 1, "a record takes no number of the sequence");
}

#[test]
fn a_record_may_not_spoof_what_others_write() {
    let (_, guard) = Memory::default().writer();
    let names = [
        "@timestamp",
        "record",
        "id",
        "run_created_at",
        "service.name",
        "log",
        "log.seq",
        "attributes",
        "time",
        "traceId",
        "level",
    ];
    for name in names {
        let record = Record::new(RecordKind::NodeExecution, "1", SystemTime::now()).field(name, "x");
        assert_eq!(guard.handle().record(&record), Err(RecordError::Reserved(name.to_owned())));
    }
    let record = Record::new(RecordKind::NodeExecution, "", SystemTime::now());
    assert_eq!(guard.handle().record(&record), Err(RecordError::Id));
}
