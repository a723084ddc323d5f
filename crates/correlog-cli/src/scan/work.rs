//! The search over many files at once: files are cut into stretches, threads take them one by one, each with a state of
//! its own. It knows no documents; what a hit becomes is the caller's.

use super::block::{self, Counts};
use super::listing::Candidate;
use super::needles::Needles;
use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A line with a needle in it.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// Which of the files.
    pub file: usize,
    /// Where the line begins, in decompressed bytes.
    pub offset: u64,
    pub line: &'a [u8],
}

/// What a whole search came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    pub counts: Counts,
    /// Files that could not be read to their end, with the reason.
    pub faults: Vec<(usize, String)>,
    /// Stretches, by their number, that were begun before the needles had learnt what they learnt.
    pub behind: Vec<usize>,
}

/// Large enough that a stretch's own cost does not show, small enough that two threads share one file.
const STRETCH: u64 = 32 << 20;

struct Stretch {
    file: usize,
    start: u64,
    end: u64,
}

/// Searches all files, or `only` these stretches of them. Each thread makes a state, `each` feeds it, and all states
/// come back.
pub fn scan<S: Send>(
    files: &[Candidate],
    only: Option<&[usize]>,
    needles: &Needles,
    make: &(dyn Fn() -> S + Sync),
    each: &(dyn Fn(&mut S, Hit<'_>) + Sync),
) -> (Vec<S>, Tally) {
    let mut stretches: Vec<(usize, Stretch)> = stretches(files).into_iter().enumerate().collect();
    if let Some(only) = only {
        stretches.retain(|(number, _)| only.contains(number));
    }
    let next = AtomicUsize::new(0);
    let progress = progress(files);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(stretches.len().max(1));
    let work = || {
        let (mut state, mut tally, mut buffer) = (make(), Tally::default(), Vec::new());
        while let Some((number, stretch)) = stretches.get(next.fetch_add(1, Ordering::Relaxed)) {
            if !needles.has_learnt() {
                tally.behind.push(*number);
            }
            let mut feed = |(offset, line): block::Found<'_>| {
                each(&mut state, Hit { file: stretch.file, offset, line });
            };
            let stretch_end = stretch.end.min(files[stretch.file].size);
            match one(&files[stretch.file], stretch, (&mut buffer, needles), &mut feed) {
                Ok(counts) => tally.add(counts),
                Err(error) => tally.faults.push((stretch.file, error.to_string())),
            }
            progress.inc(stretch_end.saturating_sub(stretch.start));
        }
        (state, tally)
    };
    let parts: Vec<(S, Tally)> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, (S, Tally)>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(join).collect()
    });
    progress.finish_and_clear();
    let mut whole = Tally::default();
    let mut states = Vec::new();
    for (state, tally) in parts {
        states.push(state);
        whole.add(tally.counts);
        whole.faults.extend(tally.faults);
        whole.behind.extend(tally.behind);
    }
    whole.faults.sort();
    whole.faults.dedup();
    (states, whole)
}

impl Tally {
    fn add(&mut self, counts: Counts) {
        self.counts.bytes += counts.bytes;
        self.counts.hits += counts.hits;
        self.counts.too_long += counts.too_long;
    }
}

/// A compressed file is one stretch: nothing in it can be found without all before it.
fn stretches(files: &[Candidate]) -> Vec<Stretch> {
    let mut all = Vec::new();
    for (file, candidate) in files.iter().enumerate() {
        if candidate.is_gzip {
            all.push(Stretch { file, start: 0, end: u64::MAX });
            continue;
        }
        // A file that grows while it is searched is searched as long as it was when it was listed.
        let mut start = 0;
        while start < candidate.size {
            let end = (start + STRETCH).min(candidate.size);
            all.push(Stretch { file, start, end });
            start = end;
        }
    }
    all
}

fn one(
    candidate: &Candidate,
    stretch: &Stretch,
    tools: (&mut Vec<u8>, &Needles),
    each: &mut dyn FnMut(block::Found<'_>),
) -> io::Result<Counts> {
    let file = File::open(&candidate.path)?;
    if candidate.is_gzip {
        let mut reader = MultiGzDecoder::new(io::BufReader::with_capacity(block::BLOCK, file));
        return block::search(&mut reader, 0, u64::MAX, false, tools, each);
    }
    // From the byte before, so that a line that begins exactly at the start is seen to begin there.
    let from = stretch.start.saturating_sub(1);
    let mut reader = At { file: &file, offset: from };
    block::search(&mut reader, from, stretch.end, stretch.start > 0, tools, each)
}

/// A file read at places of its own, so that threads share no position.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for At<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Not over a block at a time: what is read is searched while it is still in the cache.
        let room = into.len().min(block::BLOCK);
        let count = self.file.read_at(&mut into[..room], self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// Hidden by itself where stderr is no terminal.
fn progress(files: &[Candidate]) -> ProgressBar {
    let style =
        indicatif::ProgressStyle::with_template("searching {bytes}/{total_bytes} {wide_bar} {bytes_per_sec}");
    let bar = ProgressBar::new(files.iter().map(|file| file.size).sum());
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
    bar
}
