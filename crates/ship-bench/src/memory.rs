//! What presses on the shipper's memory, each as one run of the real program with its high-water mark (`VmHWM`): a line
//! that never seems to end, a hole, a compressed bomb, thousands of files, a cluster that is dead. The sizes are the
//! caller's: the bench takes the full ones, the tests small ones that show the same.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::corpus::{Corpus, Mix};
use crate::ship;
use crate::shipper::{Ended, Place, Shipper};
use crate::sink::{Health, Sink};

/// The most a case may take before it is given up.
const LIMIT: Duration = Duration::from_secs(900);
/// One index may hold three quarters of 24 MiB; so much shows that reading has paused, or is about to.
const PRESSED_BYTES: u64 = 16 << 20;

/// One case that ended as it should: every document arrived, exactly as many as there are lines.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub peak_mib: f64,
    pub documents: u64,
    pub cpu_seconds: f64,
    pub wall_seconds: f64,
    /// Bytes of log that were read and not settled when the cluster had been dead for a while.
    pub held_bytes: Option<u64>,
}

type Made = Result<Case, String>;

/// One line of so many bytes between two ordinary ones.
///
/// # Errors
/// In words, like every case here: what could not be set up, or did not arrive.
pub fn long_line(binary: &Path, bytes: u64) -> Made {
    once(format!("a line of {} MiB", bytes >> 20), binary, None, |logs| {
        let mut file = BufWriter::new(File::create(logs.join("long.jsonl"))?);
        file.write_all(b"before\n")?;
        repeat(&mut file, b'x', bytes)?;
        file.write_all(b"\nbehind\n")?;
        file.flush()?;
        Ok(3)
    })
}

/// Two lines with a hole of so many bytes between them.
///
/// # Errors
/// As `long_line`.
pub fn hole(binary: &Path, bytes: u64) -> Made {
    once(format!("a hole of {} MiB", bytes >> 20), binary, None, |logs| {
        let path = logs.join("hole.jsonl");
        fs::write(&path, b"before\n")?;
        let mut file = OpenOptions::new().append(true).open(&path)?;
        file.set_len(bytes)?;
        file.write_all(b"behind\n")?;
        Ok(2)
    })
}

/// An archive that unpacks to a thousand times its size: one endless line between two ordinary ones.
///
/// # Errors
/// As `long_line`.
pub fn bomb(binary: &Path, bytes: u64) -> Made {
    once(format!("a gzip bomb of {} MiB", bytes >> 20), binary, None, |logs| {
        let file = File::create(logs.join("bomb.jsonl.1.gz"))?;
        let mut packed = GzEncoder::new(BufWriter::new(file), Compression::best());
        packed.write_all(b"before\n")?;
        repeat(&mut packed, b'x', bytes)?;
        packed.write_all(b"\nbehind\n")?;
        packed.finish()?.flush()?;
        Ok(3)
    })
}

/// So many files of one kilobyte, with so few descriptors.
///
/// # Errors
/// As `long_line`.
pub fn many_files(binary: &Path, files: u64, descriptors: u32) -> Made {
    let name = format!("{files} files, {descriptors} descriptors");
    once(name, binary, Some(descriptors), |logs| small_files(logs, files))
}

/// Ordinary lines, as fast as they go.
///
/// # Errors
/// As `long_line`.
pub fn flood(binary: &Path, bytes: u64, compression: &str) -> Made {
    let shipped = ship::run(binary, 1, bytes, compression)?;
    Ok(case(
        format!("{} MiB of lines, compression {compression}", bytes >> 20),
        shipped.lines,
        &shipped.ended,
    ))
}

/// The cluster is dead for so long while so many bytes a second are written; then it comes back.
///
/// # Errors
/// As `long_line`.
pub fn dead_cluster(binary: &Path, how: Health, seconds: u64, bytes_per_second: u64, more: &str) -> Made {
    let sink = Sink::start().map_err(|error| format!("no sink: {error}"))?;
    let place = Place::new(sink.address, more)?;
    let path = place.logs().join("api.jsonl");
    let problem = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::create(&path).map_err(problem)?;
    let mut corpus = Corpus::new(1, Mix::Native);
    let (mut text, mut lines) = (String::new(), 1);
    corpus.line(&mut text);
    file.write_all(text.as_bytes()).map_err(problem)?;
    let mut shipper = Shipper::start(binary, &place, &[], None)?;
    shipper.until("the first line", Duration::from_secs(60), || sink.documents() == 1)?;
    sink.be(how);
    let start = Instant::now();
    let mut written = 0;
    while start.elapsed() < Duration::from_secs(seconds) {
        text.clear();
        while (text.len() as u64) < bytes_per_second / 20 {
            corpus.line(&mut text);
            lines += 1;
        }
        file.write_all(text.as_bytes()).map_err(problem)?;
        written += text.len() as u64;
        let due = start + Duration::from_secs_f64(written as f64 / bytes_per_second as f64);
        shipper.until("the writer's pace", LIMIT, || Instant::now() >= due)?;
    }
    let held = || place.status().and_then(|status| status["delivery"]["held_bytes"].as_u64());
    let is_pressed = || held().is_some_and(|bytes| bytes >= PRESSED_BYTES);
    shipper.until("the budget to be used up", Duration::from_secs(120), is_pressed)?;
    let held_bytes = held();
    sink.be(Health::Well);
    let arrived = || sink.documents() >= lines;
    shipper.until("every line, when the cluster is back", LIMIT, arrived)?;
    shipper.terminate();
    let ended = shipper.end(Duration::from_secs(60))?;
    let name = format!("the cluster is {how:?} for {seconds} s, {written} bytes written {more}");
    finish(Case { held_bytes, ..case(name, sink.documents(), &ended) }, &ended, lines)
}

/// So many files that nobody writes to: the processor time of so many seconds, after they were shipped.
///
/// # Errors
/// As `long_line`.
pub fn idle(binary: &Path, files: u64, seconds: u64) -> Made {
    let sink = Sink::start().map_err(|error| format!("no sink: {error}"))?;
    let place = Place::new(sink.address, "")?;
    let lines = small_files(&place.logs(), files).map_err(|error| format!("{files} files: {error}"))?;
    let mut shipper = Shipper::start(binary, &place, &[], None)?;
    shipper.until("all lines", LIMIT, || sink.documents() == lines)?;
    // What follows the last line: the save, and looking at ends.
    let settled = Instant::now() + Duration::from_secs(5);
    shipper.until("rest", LIMIT, || Instant::now() >= settled)?;
    let (before, start) = (shipper.cpu_seconds(), Instant::now());
    shipper.until("the time", LIMIT, || start.elapsed() >= Duration::from_secs(seconds))?;
    let (cpu_seconds, wall_seconds) = (shipper.cpu_seconds() - before, start.elapsed().as_secs_f64());
    shipper.terminate();
    let ended = shipper.end(Duration::from_secs(60))?;
    let name = format!("{files} files, idle");
    finish(Case { cpu_seconds, wall_seconds, ..case(name, sink.documents(), &ended) }, &ended, lines)
}

fn small_files(logs: &Path, files: u64) -> std::io::Result<u64> {
    let mut corpus = Corpus::new(1, Mix::Native);
    for number in 0..files {
        let mut text = String::new();
        (0..3).for_each(|_| corpus.line(&mut text));
        fs::write(logs.join(format!("service-{number}.jsonl")), text)?;
    }
    Ok(3 * files)
}

fn once(
    name: String,
    binary: &Path,
    descriptors: Option<u32>,
    write: impl FnOnce(&Path) -> std::io::Result<u64>,
) -> Made {
    let sink = Sink::start().map_err(|error| format!("no sink: {error}"))?;
    let place = Place::new(sink.address, "")?;
    let lines = write(&place.logs()).map_err(|error| format!("{name}: {error}"))?;
    let ended = Shipper::start(binary, &place, &["--once"], descriptors)?.end(LIMIT)?;
    finish(case(name, sink.documents(), &ended), &ended, lines)
}

fn case(name: String, documents: u64, ended: &Ended) -> Case {
    Case {
        name,
        peak_mib: ended.peak_mib,
        documents,
        cpu_seconds: ended.cpu_seconds,
        wall_seconds: ended.wall_seconds,
        held_bytes: None,
    }
}

fn finish(case: Case, ended: &Ended, lines: u64) -> Made {
    match ended.is_success && case.documents == lines {
        true => Ok(case),
        false => Err(format!(
            "{}: the shipper failed, or {} documents came of {lines} lines",
            case.name, case.documents
        )),
    }
}

fn repeat(out: &mut impl std::io::Write, byte: u8, mut count: u64) -> std::io::Result<()> {
    let block = [byte; 64 << 10];
    while count > 0 {
        let part = count.min(block.len() as u64);
        out.write_all(&block[..part as usize])?;
        count -= part;
    }
    Ok(())
}
