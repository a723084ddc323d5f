//! The `correlog` command: reads the arguments, runs one command, prints one error. It does no work of its own, and is
//! no library for others: what is public is for `main.rs` and the fuzz targets.
#![forbid(unsafe_code)]

mod admin;
mod args;
mod certificates;
mod cluster;
mod cmd;
mod config;
mod credential;
mod error;
mod links;
mod print;
mod query;
mod scan;
mod story;
mod world;

use clap::Parser;
use std::process::ExitCode;

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return bad_usage(&error),
    };
    match cmd::run(args) {
        Ok(code) => code,
        Err(error) => {
            print::error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Checks a configuration file's text. Any text is either one that can be used or a list of problems, each with its
/// place; answers how many.
#[must_use]
pub fn check_configuration(text: &str) -> usize {
    config::problems(text).len()
}

/// `--help` and `--version` are answers, not mistakes; everything else is exit 64 as `cli.md` of the contract says.
fn bad_usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(error::EXIT_USAGE) } else { ExitCode::SUCCESS }
}
