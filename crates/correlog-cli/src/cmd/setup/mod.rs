//! `correlog setup`: templates, policies, roles, indices, dashboards and alerts as a plan that is shown, applied,
//! exported and removed. Each step lives in its own file; this one reads the options and goes through them.

mod apply;
mod capabilities;
mod dashboards;
mod export;
mod object;
mod overlap;
mod plan;
mod remove;
mod report;
mod smoke;
mod status;
mod store;
mod wanted;

use crate::args::Common;
use crate::cluster::Cluster;
use crate::config::{self, Config};
use crate::error::{EXIT_NEGATIVE, Error, Result};
use capabilities::Capabilities;
use clap::Subcommand;
use correlog_schema::index::{Day, Place};
use opensearch::http::Method;
use plan::Step;
use serde_json::Value;
use std::path::PathBuf;
use std::process::ExitCode;
use store::Store;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    options: Options,
}

/// What is wanted beyond the configuration.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// OpenSearch Dashboards, to import dashboards into; wins over dashboards.url
    #[arg(long, global = true, value_name = "URL")]
    pub dashboards_url: Option<String>,
    /// The Dashboards tenant to import into, where the security plugin has tenants
    #[arg(long, global = true, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Let the retention policy delete days older than so many days; without it nothing is ever deleted
    #[arg(long, global = true, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub retain_days: Option<u32>,
    /// Make Dashboards' own trace view find our lines
    #[arg(long, global = true)]
    pub trace_analytics: bool,
    /// Switch the alert monitors on; without it they are made switched off
    #[arg(long, global = true)]
    pub enable_alerts: bool,
    /// The notification channel the monitors tell; without one they only show in Dashboards
    #[arg(long, global = true, value_name = "ID")]
    pub alert_channel: Option<String>,
    /// Anything that cannot be done on this cluster is an error
    #[arg(long, global = true)]
    pub strict: bool,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// What apply would do; exit 2 when changes are pending
    Plan,
    /// The same with every difference; exit 2 when changes are pending
    Diff,
    /// Create and update what is ours, then index and find a small trace
    Apply {
        /// Replace what is not ours or was changed by hand, too
        #[arg(long)]
        force: bool,
        /// Do not index and find a synthetic trace at the end
        #[arg(long)]
        no_smoke: bool,
    },
    /// What is there: version, plugins, objects, indices
    Status,
    /// Write everything as files or requests, for somebody who has the rights
    Export {
        /// `dir`: files; `ndjson`: saved objects to import by hand; `curl`: a shell script
        #[arg(long, value_enum, default_value_t = export::Format::Dir)]
        format: export::Format,
        /// The directory for `dir`
        #[arg(long, value_name = "DIR", default_value = "correlog-setup")]
        output: PathBuf,
    },
    /// Take away exactly what is ours, and no data
    Remove {
        /// Also what was changed by hand since
        #[arg(long)]
        force: bool,
        /// Delete the indices too, with everything in them
        #[arg(long)]
        data: bool,
        /// Only say what would be taken away
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    if let What::Export { format, output } = &args.what {
        return export::run(&config, &args.options, *format, output);
    }
    let cluster = Cluster::connect(&config)?;
    let can = capabilities::detect(&cluster)?;
    let dashboards_url = args.options.dashboards_url.as_ref().or(config.dashboards_url.as_ref());
    let tenant = args.options.tenant.as_deref();
    let dashboards =
        dashboards_url.map(|url| dashboards::Dashboards::connect(&config, url, tenant)).transpose()?;
    let store = Store { cluster: &cluster, dashboards };
    let session = Session { common, config: &config, options: &args.options, store, can };
    match &args.what {
        What::Plan => session.plan(false),
        What::Diff => session.plan(true),
        What::Apply { force, no_smoke } => apply::run(&session, *force, !no_smoke),
        What::Status => status::run(&session),
        What::Remove { force, data, dry_run } => remove::run(&session, *force, *data, *dry_run),
        What::Export { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// What every subcommand that talks to the cluster needs.
pub struct Session<'a> {
    pub common: &'a Common,
    pub config: &'a Config,
    pub options: &'a Options,
    pub store: Store<'a>,
    pub can: Capabilities,
}

impl Session<'_> {
    /// Everything wanted beside what is there.
    pub fn steps(&self) -> Result<(Vec<Step>, Vec<String>)> {
        let mut wanted = wanted::wanted(self.config, self.options, &self.can, today());
        let mut steps = Vec::new();
        for object in std::mem::take(&mut wanted.objects) {
            if object.kind.is_dashboards() && self.store.dashboards.is_none() {
                continue;
            }
            let found = self.store.read(&object)?;
            steps.push(Step::new(object, found));
        }
        if self.store.dashboards.is_none() {
            let reason =
                "dashboards: no address; give --dashboards-url, or import dashboards/correlog.ndjson";
            wanted.left_out.push(reason.to_owned());
        }
        Ok((steps, wanted.left_out))
    }

    fn plan(&self, with_diff: bool) -> Result<ExitCode> {
        let (steps, left_out) = self.steps()?;
        let overlaps = overlap::find(self)?;
        report::plan(self.common, &steps, &overlaps, &left_out, with_diff)?;
        self.strict(&left_out)?;
        let pending = steps.iter().any(Step::is_pending);
        Ok(if pending { ExitCode::from(EXIT_NEGATIVE) } else { ExitCode::SUCCESS })
    }

    pub fn strict(&self, left_out: &[String]) -> Result<()> {
        if !self.options.strict || left_out.is_empty() {
            return Ok(());
        }
        let what =
            format!("--strict, and {} could not be done:\n  {}", left_out.len(), left_out.join("\n  "));
        Err(Error::stopped(what, "install the plugins, or leave --strict out"))
    }
}

/// The current UTC day. Only what indices to make in advance depends on it, never where a line goes.
pub fn today() -> Day {
    let now = chrono::Utc::now().timestamp_millis();
    Day::of_ms(now).expect("the clock stands between 2000 and 2100")
}

/// The indices of a family with documents and bytes; by name, so that somebody else's of a similar name are never
/// taken for ours.
pub fn indices(cluster: &Cluster, prefix: &str) -> Result<Vec<Value>> {
    let path = format!("/_cat/indices/{prefix}-*?format=json&bytes=b&h=index,docs.count,store.size&s=index");
    let reply = cluster.get(&path)?;
    let is_ours =
        |row: &&Value| row["index"].as_str().is_some_and(|name| Place::of_index_name(prefix, name).is_some());
    Ok(reply.body.as_array().into_iter().flatten().filter(is_ours).cloned().collect())
}

/// Deletes one index by its exact name; one that is gone already is no error.
pub fn delete_index(cluster: &Cluster, name: &str) -> Result<()> {
    let reply = cluster.send(Method::Delete, &format!("/{name}"), None)?;
    if reply.ok() || reply.status == 404 {
        return Ok(());
    }
    let what = format!("{name} could not be deleted: {} {}", reply.status, reply.error_type());
    Err(Error::stopped(what, "deleting needs the right indices:admin/delete on the index"))
}
