//! Every parser of bytes that others write, as a plain function that must not panic, and a runner that feeds them seeded
//! mutations of the corpus. It runs on stable Rust; `fuzz/` calls the same functions under cargo-fuzz, coverage-guided.
#![forbid(unsafe_code)]

mod mutate;
mod targets;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use targets::TARGETS;

/// One parser with the laws that must hold of it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Also the folder of its corpus.
    pub name: &'static str,
    /// Panics where a law is broken.
    pub(crate) run: fn(&[u8]),
}

impl Target {
    /// # Panics
    /// Where a law is broken.
    pub fn check(&self, bytes: &[u8]) {
        (self.run)(bytes);
    }
}

/// The target of this name.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn named(name: &str) -> Target {
    TARGETS.iter().copied().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"))
}

/// Runs a target for this long, or for `inputs` inputs where that is less; answers how many there were.
///
/// # Panics
/// Where the target does; the input is printed before, and where the corpus is missing.
pub fn run(target: Target, seed: u64, time: Duration, inputs: u64) -> u64 {
    let corpus = corpus(target.name);
    assert!(!corpus.is_empty(), "crates/fuzz-targets/corpus/{} has no file", target.name);
    let mut random = mutate::Random::new(seed);
    let start = Instant::now();
    for input in &corpus {
        target.check(input);
    }
    let mut count = corpus.len() as u64;
    while count < inputs && start.elapsed() < time {
        let input = mutate::mutated(&mut random, &corpus);
        let guard = Guard { name: target.name, input: &input };
        target.check(&input);
        drop(guard);
        count += 1;
    }
    count
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| fs::read(path).ok()).collect()
}

/// Shows the input that a target panicked on, so that it can join the corpus.
struct Guard<'a> {
    name: &'a str,
    input: &'a [u8],
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "{} broke on {:?}", self.name, self.input);
        }
    }
}
