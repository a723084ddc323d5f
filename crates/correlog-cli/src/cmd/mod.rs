//! One file or folder a command; this is the list and the dispatch.

pub mod config;
pub mod doctor;
pub mod refused;
pub mod retain;
pub mod search;
pub mod setup;
pub mod ship;
pub mod status;
pub mod trace;
pub mod verify;

use crate::args::{Args, Command};
use crate::error::Result;
use std::process::ExitCode;

/// Runs one command; its exit code is its answer (`error::EXIT_NEGATIVE` for "nothing found" and the like).
pub fn run(args: Args) -> Result<ExitCode> {
    let common = &args.common;
    match &args.command {
        Command::Ship(own) => ship::run(common, own),
        Command::Config(own) => config::run(common, own),
        Command::Status(own) => status::run(common, own),
        Command::Trace(own) => trace::run(common, own),
        Command::Search(own) => search::run(common, own),
        Command::Verify(own) => verify::run(common, own),
        Command::Refused(own) => refused::run(common, own),
        Command::Doctor(own) => doctor::run(common, own),
        Command::Setup(own) => setup::run(common, own),
        Command::Retain(own) => retain::run(common, own),
    }
}
