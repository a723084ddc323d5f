//! `correlog status`: how far behind each file is, what is refused, skipped or parked and why, and what to do. From
//! the running shipper's last moment, else from the saved state. It changes nothing and asks no cluster.

pub mod moment;
mod saved;
mod table;

use crate::args::Common;
use crate::config;
use crate::error::{EXIT_NEGATIVE, Error, Result};
use crate::print;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(common: &Common, _args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    let Some(dir) = &config.state_dir else {
        return Err(Error::usage("state.dir is not set", "status is read from there; give it in the file"));
    };
    let status = look(dir)?;
    if common.json {
        print::json(&status)?
    } else {
        print::data(&table::text(&status))?
    }
    let healthy = status["healthy"] == json!(true);
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NEGATIVE) })
}

/// The moment of a shipper that runs, else what its state says against the files as they are.
fn look(dir: &Path) -> Result<Value> {
    match moment::read(dir) {
        Some(mut status) => {
            status["running"] = json!(true);
            Ok(status)
        }
        None => saved::status(dir),
    }
}
