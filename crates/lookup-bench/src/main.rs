//! `cargo xtask bench lookup`: finds traces in daily indices on a real node and in plain files, and weighs a document of
//! our templates against one of default dynamic mapping, all in one run. It asserts nothing; it prints what it saw.
#![forbid(unsafe_code)]

mod cost;
mod files;
mod lines;
mod lookup;

use clap::Parser;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;
use xtask::exec::{Result, target_dir};
use xtask::node::Node;

#[derive(Debug, Parser)]
pub struct Args {
    /// Use this node instead of starting one
    #[arg(long)]
    url: Option<String>,
    /// Log lines over all days
    #[arg(long, default_value_t = 1_000_000)]
    lines: usize,
    /// Daily indices
    #[arg(long, default_value_t = 30)]
    days: usize,
    /// Look-ups of each kind
    #[arg(long, default_value_t = 300)]
    lookups: usize,
    /// Documents of each mapping
    #[arg(long, default_value_t = 100_000)]
    documents: usize,
    /// Mebibytes of plain files
    #[arg(long, default_value_t = 512)]
    mebibytes: usize,
    /// One JSON object as the last line
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match bench(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            xtask::exec::say(&error);
            ExitCode::FAILURE
        }
    }
}

fn bench(args: &Args) -> Result<()> {
    let program = target_dir().join("release").join("correlog");
    let files = files::bench(&program, args.mebibytes)?;
    say(&files::words(&files));
    let node = match &args.url {
        Some(_) => None,
        None => Some(Node::start_fresh("bench", "1g")?),
    };
    let url = args.url.clone().or_else(|| node.as_ref().map(|node| node.url.clone())).unwrap_or_default();
    let prefix = format!("bench{}", std::process::id());
    let place = lookup::Place::new(&program, &url, &prefix)?;
    let cost = cost::bench(&place, args.documents)?;
    say(&cost::words(&cost));
    let found = lookup::bench(&place, args.lines, args.days, args.lookups)?;
    say(&lookup::words(&found));
    if args.json {
        say(&json!({"files": files, "cost": cost, "lookup": found}).to_string());
    }
    Ok(())
}

/// A figure on stdout.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// The share of sorted figures below which `percent` of them lie.
pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(0.0)
}
