//! `correlog ship`: builds the world, runs the pump, drains. The work itself is in `correlog-pipeline`.

mod account;
mod drive;
mod progress;
mod ready;
mod show;
mod signals;
mod start;
mod words;

use crate::admin::Admin;
use crate::args::Common;
use crate::cluster::{Cluster, Unfit};
use crate::config::{self, Config};
use crate::error::{Error, Result};
use crate::print;
use account::Account;
use drive::{Drive, End};
use show::Show;
use signals::Asked;
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Ship what is there now, wait until it is settled, refresh the indices, stop
    #[arg(long)]
    pub once: bool,
    /// With --once: give up after so many seconds without progress
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "once")]
    pub timeout: u64,
}

/// Between two tries of a cluster that is not ready.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_LAST: Duration = Duration::from_secs(10);

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    let pump_config = start::pump_config(&config, args.once)?;
    let world = start::world(&config)?;
    let asked = signals::listen()?;
    let patience = args.once.then(|| Duration::from_secs(args.timeout));
    let admin = config.admin_listen.map(Admin::start).transpose()?;
    if let Some(admin) = &admin {
        print::note(&format!("metrics, health and status are at http://{}", admin.address));
    }
    let cluster = Cluster::connect(&config)?;
    if !wait_ready(&cluster, &config, &asked, patience)? {
        return Ok(ExitCode::SUCCESS);
    }
    // One run that is over in a moment has nothing to tell by the minute.
    let account = if args.once { None } else { Some(Account::start(&config, &start::host_name())?) };
    let show = Show::new(admin, account, config.state_dir.clone().unwrap_or_default());
    let delivery = start::delivery(&config, ready::indices(&cluster, &config));
    let mut drive = Drive::new(pump_config, delivery, world, asked, patience, show)?;
    match drive.run()? {
        End::Drained => Ok(ExitCode::SUCCESS),
        End::Done => {
            refresh(&cluster, &config)?;
            drive.report();
            Ok(ExitCode::SUCCESS)
        }
        End::Left { lines, why } => {
            let what = format!("stopped with {lines} lines read and not settled: {why}");
            Err(Error::stopped(
                what,
                "they are read again, under the same ids, when `correlog ship` is started again",
            ))
        }
    }
}

/// Waits until the cluster will do; `false` when asked to stop before that. With `--once` no longer than `patience`.
fn wait_ready(cluster: &Cluster, config: &Config, asked: &Asked, patience: Option<Duration>) -> Result<bool> {
    let (start, mut pause, mut said) = (Instant::now(), RETRY_FIRST, None);
    while asked.times() == 0 {
        let error = match ready::check(cluster, config) {
            Ok(()) => return Ok(true),
            Err(Unfit::Never(error)) => return Err(error),
            Err(Unfit::Now(error)) => error,
        };
        if patience.is_some_and(|patience| start.elapsed() >= patience) {
            return Err(error);
        }
        if said.is_none_or(|at: Instant| at.elapsed() >= words::EVERY) {
            print::note(&format!("{error}; trying again (hint: {})", error.hint()));
            said = Some(Instant::now());
        }
        let nap = patience.map_or(pause, |patience| pause.min(patience.saturating_sub(start.elapsed())));
        asked.wait(nap);
        pause = (pause * 2).min(RETRY_LAST);
    }
    Ok(false)
}

/// What was indexed can be searched when the command ends.
fn refresh(cluster: &Cluster, config: &Config) -> Result<()> {
    let indices = format!("{}-*,{}-*", config.index.logs, config.index.workflow);
    let path = format!("/{indices}/_refresh?ignore_unavailable=true&allow_no_indices=true");
    let reply = cluster.send(opensearch::http::Method::Post, &path, None)?;
    if reply.ok() {
        return Ok(());
    }
    let hint = "everything is indexed; it can be searched after index.refresh_interval";
    Err(Error::stopped(
        format!("the indices cannot be refreshed: {} ({})", reply.status, reply.error_type()),
        hint,
    ))
}
