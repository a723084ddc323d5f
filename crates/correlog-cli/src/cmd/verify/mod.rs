//! `correlog verify`: not built yet.

use crate::args::Common;
use crate::error::{Error, Result};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_common: &Common, _args: &Args) -> Result<ExitCode> {
    Err(Error::stopped("verify is not built yet", ""))
}
