//! The whole shipper: the release binary, a corpus on disk, the counting sink. CPU and memory are the system's own
//! accounting of the process; they contain reading, framing, encoding, sending and judging, but not the sink.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::corpus::{Corpus, Mix};
use crate::shipper::{Ended, Place, Shipper};
use crate::sink::Sink;

/// One run that shipped everything.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    pub lines: u64,
    pub bytes: u64,
    pub ended: Ended,
}

/// Ships so many bytes of native lines once; `compression` as in the configuration.
///
/// # Errors
/// In words, when not every line arrived.
pub fn run(binary: &Path, seed: u64, bytes: u64, compression: &str) -> Result<Shipped, String> {
    let sink = Sink::start().map_err(|error| format!("no sink: {error}"))?;
    let place = Place::new(sink.address, &format!("compression = \"{compression}\""))?;
    let (lines, written) = write_corpus(&place.logs().join("api.jsonl"), seed, bytes)?;
    let shipper = Shipper::start(binary, &place, &["--once"], None)?;
    let ended = shipper.end(Duration::from_secs(3600))?;
    let documents = sink.counted.documents.load(Ordering::Relaxed);
    if !ended.is_success || documents != lines {
        return Err(format!("the shipper ended badly, or {documents} of {lines} lines arrived"));
    }
    Ok(Shipped { lines, bytes: written, ended })
}

/// Lines and bytes written.
///
/// # Errors
/// In words, when the file cannot be written.
pub fn write_corpus(path: &Path, seed: u64, bytes: u64) -> Result<(u64, u64), String> {
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
