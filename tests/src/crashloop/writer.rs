//! A writer that rotates: native lines in one file, another library's in a second; renamed with shifting numbers, the
//! older ones compressed, some lines written in two halves. Every line has a number of its own.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use lying_opensearch::Random;

/// Rotations of each file over a run.
const ROTATIONS: u64 = 20;
/// Files from this number on are compressed, as logrotate's `delaycompress` does.
const COMPRESS_FROM: u64 = 3;

#[derive(Debug)]
pub struct Writer {
    /// Lines it may have written so far.
    allowed: Arc<AtomicU64>,
    total: u64,
    thread: JoinHandle<u64>,
}

impl Writer {
    pub fn start(dir: &Path, total: u64, seed: u64) -> Self {
        let allowed = Arc::new(AtomicU64::new(0));
        let (dir, limit) = (dir.to_owned(), allowed.clone());
        let thread = std::thread::spawn(move || write(&dir, total, &limit, seed));
        Self { allowed, total, thread }
    }

    pub fn allow(&self, lines: u64) {
        self.allowed.store(lines, Ordering::Relaxed);
    }

    /// Writes the rest; answers the bytes of all lines.
    pub fn finish(self) -> u64 {
        self.allow(self.total);
        self.thread.join().expect("the writer does not fail")
    }
}

fn write(dir: &Path, total: u64, allowed: &AtomicU64, seed: u64) -> u64 {
    let mut random = Random(seed ^ 0x77);
    let rotate_every = (total / 2 / ROTATIONS).max(1);
    let mut files = [Log::new(dir.join("native.jsonl")), Log::new(dir.join("other.log"))];
    let mut bytes = 0;
    for number in 0..total {
        while number >= allowed.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let which = (number % 2) as usize;
        let line = if which == 0 { native(number) } else { other(number) };
        bytes += line.len() as u64;
        files[which].write(line.as_bytes(), random.below(50) == 0);
        if files[which].lines.is_multiple_of(rotate_every) {
            files[which].rotate();
        }
    }
    bytes
}

/// The time of line `number`: a millisecond each, across midnight.
fn time(number: u64) -> String {
    let ms = 86_390_000 + number;
    let (day, ms) = (21 + ms / 86_400_000, ms % 86_400_000);
    let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
    format!("2026-11-{day}T{hours:02}:{minutes:02}:{:02}.{:03}Z", ms / 1000 % 60, ms % 1000)
}

fn native(number: u64) -> String {
    format!(
        "{{\"@timestamp\":\"{}\",\"level\":\"INFO\",\"message\":\"line {number} of the loop\",\"service\":{{\"name\":\"writer\"}},\"log\":{{\"stream\":\"0123456789abcdef0123456789abcdef\",\"seq\":{}}}}}\n",
        time(number),
        number / 2
    )
}

fn other(number: u64) -> String {
    format!(
        "{{\"time\":\"{}\",\"level\":\"info\",\"msg\":\"line {number} of the loop\",\"user\":\"u{}\"}}\n",
        time(number),
        number % 7
    )
}

struct Log {
    path: PathBuf,
    file: File,
    lines: u64,
    rotated: u64,
}

impl Log {
    fn new(path: PathBuf) -> Self {
        let file = append(&path);
        Self { path, file, lines: 0, rotated: 0 }
    }

    fn write(&mut self, line: &[u8], in_halves: bool) {
        let (first, second) = line.split_at(if in_halves { line.len() / 2 } else { 0 });
        for part in [first, second] {
            self.file.write_all(part).expect("the log can be written");
        }
        self.lines += 1;
    }

    /// `log` becomes `log.1`, `log.1` becomes `log.2`, and so on; from `COMPRESS_FROM` on they are compressed.
    fn rotate(&mut self) {
        let name = |number: u64, end: &str| PathBuf::from(format!("{}.{number}{end}", self.path.display()));
        for number in (1..=self.rotated).rev() {
            for end in ["", ".gz"] {
                let from = name(number, end);
                if from.exists() {
                    fs::rename(from, name(number + 1, end)).expect("a rotated file can be renamed");
                }
            }
        }
        fs::rename(&self.path, name(1, "")).expect("the log can be renamed");
        self.rotated += 1;
        self.file = append(&self.path);
        let plain = name(COMPRESS_FROM, "");
        if plain.exists() {
            let bytes = fs::read(&plain).expect("a rotated file can be read");
            // Under its own name from the first byte, as gzip and logrotate do: a part of it may be met.
            let mut gzip = flate2::write::GzEncoder::new(
                File::create(name(COMPRESS_FROM, ".gz")).expect("a compressed file can be made"),
                flate2::Compression::fast(),
            );
            let halves = bytes.split_at(bytes.len() / 2);
            let written =
                gzip.write_all(halves.0).and_then(|()| gzip.flush()).and_then(|()| gzip.write_all(halves.1));
            written.and_then(|()| gzip.finish().map(drop)).expect("it can be written");
            fs::remove_file(plain).expect("the plain one can be removed");
        }
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).expect("the log can be opened")
}
