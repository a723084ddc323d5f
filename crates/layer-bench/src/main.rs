//! Measures the layer beside its peers in one process: time and allocations for each event, several threads, files.
//!
//! Does not judge: it prints ratios. `--json` adds one object as the last line; `--million` does eight threads of a
//! million events each and checks the file; `--quick` does a tenth of the rounds, to see that it runs; `--only NAME`
//! measures one subject, for a profiler; `--files` only what goes to files.

#![expect(clippy::print_stdout, reason = "a report goes to stdout")]

mod events;
mod files;
mod million;
mod report;
mod subjects;
mod threads;

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(unknown) => {
            eprintln!(
                "layer-bench: unknown option {unknown}: known are --json, --million, --quick, --files, --only SUBJECT"
            );
            return ExitCode::from(64);
        }
    };
    if options.million {
        return million::run(8, if options.quick { 10_000 } else { 1_000_000 });
    }
    let rounds = if options.quick { 3 } else { 31 };
    let is_whole = options.only.is_none() && !options.files;
    let report = report::Report {
        subjects: if options.files { Vec::new() } else { events::measure(rounds, options.only.as_deref()) },
        threads: if is_whole { threads::measure(rounds) } else { Vec::new() },
        files: if is_whole || options.files {
            files::measure(rounds, options.only.as_deref())
        } else {
            Vec::new()
        },
    };
    report.print(options.json);
    ExitCode::SUCCESS
}

#[derive(Default)]
struct Options {
    json: bool,
    million: bool,
    quick: bool,
    files: bool,
    only: Option<String>,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => options.json = true,
                "--million" => options.million = true,
                "--quick" => options.quick = true,
                "--files" => options.files = true,
                "--only" => options.only = words.next(),
                _ => return Err(word),
            }
        }
        Ok(options)
    }
}
