//! `correlog doctor [ID]`: why something is not found, and the command that mends it. It only looks; nothing is changed.

mod cluster;
mod id;
mod ids;
mod shipper;

use crate::args::Common;
use crate::cluster::Cluster;
use crate::cmd::trace::ask::Ask;
use crate::cmd::trace::times;
use crate::config::{self, Config};
use crate::error::{EXIT_NEGATIVE, Result};
use crate::print;
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// An id that `correlog trace` does not find; without one the whole path is checked
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// A short fixed name for machines.
    pub name: &'static str,
    pub is_well: bool,
    pub what: String,
    /// The command or change that mends it; empty when well.
    pub fix: String,
}

/// What every check may look at.
#[derive(Debug)]
pub struct Patient<'a> {
    pub cluster: &'a Cluster,
    pub config: &'a Config,
    pub now_ms: i64,
    pub checks: Vec<Check>,
}

impl Patient<'_> {
    pub fn well(&mut self, name: &'static str, what: impl Into<String>) {
        self.checks.push(Check { name, is_well: true, what: what.into(), fix: String::new() });
    }

    pub fn ill(&mut self, name: &'static str, what: impl Into<String>, fix: impl Into<String>) {
        self.checks.push(Check { name, is_well: false, what: what.into(), fix: fix.into() });
    }

    /// Every index of both families.
    pub fn pattern(&self) -> String {
        format!("{}-*,{}-*", self.config.index.logs, self.config.index.workflow)
    }

    /// A search over the log lines; `None` when it was refused, which is a finding of its own.
    pub fn search(&mut self, body: &Value) -> Result<Option<Value>> {
        let path = format!("/{}/_search?ignore_unavailable=true", self.pattern());
        let reply = self.cluster.send(opensearch::http::Method::Post, &path, Some(body))?;
        if !reply.ok() {
            let what = format!("a search was answered {} ({})", reply.status, reply.error_type());
            self.ill("search", what, "correlog setup diff");
            return Ok(None);
        }
        Ok(Some(reply.body))
    }
}

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    let now_ms = times::now();
    let ask = args.id.as_deref().map(|id| Ask::read(id, now_ms)).transpose()?;
    let cluster = Cluster::connect(&config)?;
    let mut patient = Patient { cluster: &cluster, config: &config, now_ms, checks: Vec::new() };
    let file = config.file.as_deref().map_or_else(|| "no file".to_owned(), |path| path.display().to_string());
    patient.well("config", format!("{file}: {} log entries, no problems", config.logs.len()));
    if cluster::is_reachable(&mut patient) {
        examine(&mut patient, ask.as_ref())?;
    }
    report(common, &patient.checks)
}

fn examine(patient: &mut Patient<'_>, ask: Option<&Ask>) -> Result<()> {
    let days = cluster::indices(patient)?;
    cluster::template(patient)?;
    cluster::fields(patient)?;
    cluster::clock(patient)?;
    shipper::status(patient)?;
    shipper::refused(patient, ask);
    ids::shares(patient)?;
    ids::spellings(patient)?;
    if let Some(ask) = ask {
        id::examine(patient, ask, &days)?;
    }
    Ok(())
}

fn report(common: &Common, checks: &[Check]) -> Result<ExitCode> {
    if common.json {
        let one = |check: &Check| json!({"name": check.name, "ok": check.is_well, "what": check.what, "fix": check.fix});
        let all: Vec<Value> = checks.iter().map(one).collect();
        print::json(&json!({"schema": "correlog.doctor/1", "checks": all}))?;
    } else {
        let mut out = String::new();
        for check in checks {
            let mark = if check.is_well { "ok " } else { "!! " };
            out.push_str(&format!("{mark} {:<10}  {}\n", check.name, print::harmless(&check.what)));
            if !check.fix.is_empty() {
                out.push_str(&format!("    {:<10}  → {}\n", "", print::harmless(&check.fix)));
            }
        }
        print::data(&out)?;
    }
    let is_well = checks.iter().all(|check| check.is_well);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NEGATIVE) })
}
