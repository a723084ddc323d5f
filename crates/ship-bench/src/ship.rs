//! The whole shipper: the release binary, a corpus on disk, the counting sink. CPU and memory are the system's own
//! accounting of the process; they contain reading, framing, encoding, sending and judging, but not the sink.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::Row;
use crate::corpus::{Corpus, Mix};
use crate::sink;

/// The accounting of `/proc` counts in these.
const TICKS_PER_SECOND: f64 = 100.0;

pub fn measure(seed: u64, bytes: u64) -> Result<Vec<Row>, String> {
    let binary = binary()?;
    let place = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let (lines, written) = write_corpus(&place.path().join("api.jsonl"), seed, bytes)?;
    let (address, counted) = sink::start().map_err(|error| format!("no sink: {error}"))?;
    let config = place.path().join("correlog.toml");
    let text = format!(
        "[opensearch]\nurl = \"http://{address}\"\n[state]\ndir = \"state\"\n[index]\nrequire_template = false\n[host]\nid = \"bench\"\n[[logs]]\npaths = [\"*.jsonl\"]\n"
    );
    fs::write(&config, text).map_err(|error| format!("{}: {error}", config.display()))?;
    let before = children_ticks();
    let start = Instant::now();
    let mut child = Command::new(&binary)
        .args(["ship", "--once", "--config"])
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    let mut peak = 0.0_f64;
    let status = loop {
        peak = peak.max(high_water_mib(child.id()));
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(format!("the shipper cannot be waited for: {error}")),
        }
    };
    let wall_seconds = start.elapsed().as_secs_f64();
    let documents = counted.documents.load(Ordering::Relaxed);
    if !status.success() || documents != lines {
        return Err(format!("the shipper ended with {status}; {documents} of {lines} lines arrived"));
    }
    Ok(vec![Row {
        name: "ship",
        lines,
        bytes: written,
        cpu_seconds: (children_ticks() - before) / TICKS_PER_SECOND,
        wall_seconds,
        allocs_per_line: None,
        memory_peak_mib: Some(peak),
    }])
}

fn write_corpus(path: &Path, seed: u64, bytes: u64) -> Result<(u64, u64), String> {
    let problem = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = fs::File::create(path).map_err(problem)?;
    let mut corpus = Corpus::new(seed, Mix::Native);
    let (mut lines, mut written, mut block) = (0, 0, String::new());
    while written < bytes {
        block.clear();
        while block.len() < 1 << 20 {
            corpus.line(&mut block);
            lines += 1;
        }
        file.write_all(block.as_bytes()).map_err(problem)?;
        written += block.len() as u64;
    }
    file.sync_all().map_err(problem)?;
    Ok((lines, written))
}

/// The release binary beside our own.
fn binary() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("where am I: {error}"))?;
    let path = own.with_file_name("correlog");
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{} is not there; `cargo build --release -p correlog-cli` makes it", path.display()))
}

/// CPU time of the children that ended, in ticks: user and system.
fn children_ticks() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<f64> = behind_name.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    fields.get(13).unwrap_or(&0.0) + fields.get(14).unwrap_or(&0.0)
}

/// The most memory the process has had resident so far.
fn high_water_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
