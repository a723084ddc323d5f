//! The command line's shape. Each command's own options stand beside the command; nothing is decided here.

use crate::cmd;
use clap::{Args as ClapArgs, Parser, Subcommand};
use std::path::PathBuf;

/// Puts every log line, exactly once, where you search for it, and finds it again by trace id.
#[derive(Debug, Parser)]
#[command(name = "correlog", version, propagate_version = true, max_term_width = 110)]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Common {
    /// The configuration file [default: correlog.toml where there is one]
    #[arg(long, global = true, value_name = "FILE", env = "CORRELOG_CONFIG")]
    pub config: Option<PathBuf>,
    /// OpenSearch's address; wins over the configuration file
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// Print one JSON object for machines
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follow the configured logs and records and index them
    Ship(cmd::ship::Args),
    /// How far behind the shipper is, per file, and what is refused, skipped or parked
    Status(cmd::status::Args),
    /// The whole story of one trace id or workflow run id
    Trace(cmd::trace::Args),
    /// Search log lines and workflow records
    Search(cmd::search::Args),
    /// Prove that nothing is missing and nothing is doubled
    Verify(cmd::verify::Args),
    /// List, show and replay the refused documents
    Refused(cmd::refused::Args),
    /// Why a trace is not found; checks configuration, cluster and fields
    Doctor(cmd::doctor::Args),
    /// Templates, policies, dashboards and alerts: plan, apply, compare, export, remove
    Setup(cmd::setup::Args),
    /// Delete day indices older than so many days
    Retain(cmd::retain::Args),
    /// Print and check the configuration
    Config(cmd::config::Args),
}
