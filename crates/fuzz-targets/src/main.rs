//! `fuzz-targets [--seconds N] [--seed S] [NAME]…`: runs the targets one after the other and says how many inputs each saw.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use fuzz_targets::{TARGETS, run};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let (seconds, seed) = (value("--seconds", 15), value("--seed", 1));
    let is_name = |argument: &&String| TARGETS.iter().any(|target| target.name == argument.as_str());
    let names: Vec<&String> = arguments.iter().filter(is_name).collect();
    let mut out = std::io::stdout().lock();
    for target in TARGETS {
        if names.is_empty() || names.iter().any(|name| name.as_str() == target.name) {
            let inputs = run(*target, seed, Duration::from_secs(seconds), u64::MAX);
            let _ = writeln!(out, "{}: {inputs} inputs in {seconds} s, no law broken", target.name);
        }
    }
    ExitCode::SUCCESS
}
