//! `correlog refused list|show|replay`: the documents that OpenSearch would not have. Content is shown only on demand.

mod list;
mod replay;
mod show;
mod store;

use crate::args::Common;
use crate::config::{self, Config};
use crate::error::{Error, Result};
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// How many are refused, by reason and field
    List(Choice),
    /// Where each stands; its bytes only with --content
    Show(show::Args),
    /// Send them again under the same ids; what is stored leaves the list, the rest stays
    Replay(Choice),
}

/// Which of them.
#[derive(Debug, clap::Args)]
struct Choice {
    /// Only this reason, as `list` names it
    #[arg(long, value_name = "NAME")]
    reason: Option<String>,
    /// Only this document id
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Only this index
    #[arg(long, value_name = "INDEX")]
    index: Option<String>,
}

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    let store = store::Store::open(&state_dir(&config)?)?;
    match &args.what {
        What::List(choice) => list::run(common, &store, choice),
        What::Show(args) => show::run(common, &store, args),
        What::Replay(choice) => replay::run(common, &config, &store, choice),
    }
}

fn state_dir(config: &Config) -> Result<PathBuf> {
    config.state_dir.clone().ok_or_else(|| {
        Error::usage("no state directory is configured", "set state.dir: the refused file is kept there")
    })
}
