//! `correlog verify`: proves that nothing is missing and nothing is doubled, from what is stored alone; with the
//! shipper's state also at the head and the tail of each file, and with the refused file's explanations.
//!
//! It changes nothing. A gap whose lines belong to a day that retention has taken is none.

mod again;
mod chain;
mod detail;
mod known;
mod read;
mod report;

use crate::args::Common;
use crate::cluster::Cluster;
use crate::cmd::setup;
use crate::config::{self, Config};
use crate::error::{EXIT_NEGATIVE, Error, Result};
use crate::print;
use opensearch::http::Method;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The indices to read [default: all of the log lines]
    #[arg(long, value_name = "PATTERN")]
    index: Vec<String>,
    /// The shipper's state directory: head and tail of each file are proven too, refused lines explain gaps, and what
    /// a running shipper has under way is told from what is missing
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// At most; each goes on only while something has arrived.
const SECOND_LOOKS: usize = 5;

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    let cluster = Cluster::connect(&config)?;
    cluster.version()?;
    // Before anything that is stored: what is settled by now is there, whatever is under way meanwhile.
    let settled = args.state.as_deref().map(known::settled).transpose()?.unwrap_or_default();
    let indices = indices(&config, &cluster, args)?;
    // What was sent a moment ago is stored and not yet seen.
    refresh(&cluster, &indices)?;
    let mut stored = read::read(&cluster, &indices)?;
    if let Some(dir) = &args.state {
        stored.links.extend(known::refused(dir, &mut stored.lineages)?);
    }
    let marks: Vec<chain::Mark> = settled.iter().map(|one| one.mark(&mut stored.lineages)).collect();
    let mut findings = chain::check(&mut stored.links, &mut stored.steps, &marks);
    // As patterns: the names of years of days would not fit into the line of a request.
    let target = match args.index.is_empty() {
        true => format!("{}-*", config.index.logs),
        false => args.index.join(","),
    };
    for _ in 0..SECOND_LOOKS {
        if args.state.is_some() || !again::look(&cluster, &target, &findings, &mut stored)? {
            break;
        }
        findings = chain::check(&mut stored.links, &mut stored.steps, &marks);
    }
    let mut places = match indices.is_empty() {
        true => vec![detail::Where::default(); findings.gaps.len() + findings.doubles.len()],
        false => detail::look_up(&cluster, &target, &stored.lineages, &findings)?,
    };
    let days = detail::Days { prefix: &config.index.logs, indices: &indices, base: base(&config) };
    let expired = set_expired_aside(&mut findings, &mut places, &days);
    chain::explain_streams(&mut findings, &stored.links);
    let documents = stored.links.iter().filter(|link| !link.refused).count();
    let report = report::Report { documents, expired, stored: &stored, findings: &findings, places: &places };
    if common.json {
        print::json(&report.json())?;
    } else {
        print::data(&report.text())?;
    }
    Ok(if findings.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NEGATIVE) })
}

/// The names of the indices to read, oldest first, each of them looked at once.
fn indices(config: &Config, cluster: &Cluster, args: &Args) -> Result<Vec<String>> {
    if args.index.is_empty() {
        let rows = setup::indices(cluster, &config.index.logs)?;
        return Ok(rows.iter().filter_map(|row| row["index"].as_str().map(str::to_owned)).collect());
    }
    let reply =
        cluster.get(&format!("/_cat/indices/{}?format=json&h=index&s=index", args.index.join(",")))?;
    let rows = reply.body.as_array().cloned().unwrap_or_default();
    let names: Vec<String> = rows.iter().filter_map(|row| row["index"].as_str().map(str::to_owned)).collect();
    if names.is_empty() {
        let what = format!("no index matches {}", args.index.join(","));
        return Err(Error::usage(what, "`correlog setup status` lists what there is"));
    }
    Ok(names)
}

fn refresh(cluster: &Cluster, indices: &[String]) -> Result<()> {
    for index in indices {
        cluster.send(Method::Post, &format!("/{index}/_refresh"), None)?;
    }
    Ok(())
}

/// Takes the gaps that retention explains out of the findings, with their numbers of the streams; answers how many.
fn set_expired_aside(
    findings: &mut chain::Findings,
    places: &mut Vec<detail::Where>,
    days: &detail::Days<'_>,
) -> usize {
    let before = findings.gaps.len();
    let mut kept = Vec::with_capacity(before);
    let mut kept_places = Vec::with_capacity(places.len());
    for (gap, place) in findings.gaps.iter().zip(places.iter()) {
        if !days.has_expired(gap, place) {
            kept.push(*gap);
            kept_places.push(place.clone());
        }
    }
    kept_places.extend_from_slice(&places[before..]);
    *places = kept_places;
    findings.gaps = kept;
    before - findings.gaps.len()
}

/// Where relative paths of the documents are meant from.
fn base(config: &Config) -> PathBuf {
    config.file.as_deref().and_then(Path::parent).map_or_else(PathBuf::new, Path::to_path_buf)
}
