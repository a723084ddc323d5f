//! From the configuration to a pump and its world. It sends nothing and reads no log.

use crate::config::{Config, Logs};
use crate::error::{Error, Result};
use crate::scan::settings;
use crate::world::RealWorld;
use crate::world::bulk::HttpBulk;
use crate::world::disk::{OpenError, StateDir};
use crate::world::files::{Patterns, RealFiles, raise_open_files_limit};
use correlog_pipeline::config::{Config as PumpConfig, Group, Mode};
use correlog_pipeline::delivery::Options;
use correlog_pipeline::encode::{IdKey, Settings};
use correlog_pipeline::limits::Limits;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Opens the state directory (whose lock keeps a second shipper out), the patterns and the client.
pub fn world(config: &Config) -> Result<RealWorld> {
    let unfit = config.unfit_to_ship();
    let Some(dir) = config.state_dir.as_ref().filter(|_| unfit.is_empty()) else {
        return Err(Error::Config(unfit));
    };
    raise_open_files_limit();
    let disk = StateDir::open(dir).map_err(|error| state_error(&error))?;
    let patterns: Vec<Patterns> = config.logs.iter().map(patterns).collect();
    // The configuration has joined every pattern with its own directory already.
    let files = RealFiles::new(Path::new("."), &patterns).map_err(|error| {
        Error::usage(error.to_string(), "check logs.paths, logs.exclude and logs.rotated")
    })?;
    Ok(RealWorld { files, disk, bulk: HttpBulk::new(&config.opensearch)? })
}

fn state_error(error: &OpenError) -> Error {
    let hint = match error {
        OpenError::InUse { .. } => {
            "another `correlog ship` runs with it; stop that one, or give each its own state.dir"
        }
        OpenError::Io { .. } => "check the path and the permissions of state.dir",
    };
    Error::stopped(error.to_string(), hint)
}

fn patterns(logs: &Logs) -> Patterns {
    Patterns {
        paths: logs.paths.clone(),
        exclude: logs.exclude.clone(),
        rotated: logs.rotated.clone(),
        roots: logs.roots.iter().map(Into::into).collect(),
    }
}

/// What the pump is told.
pub fn pump_config(config: &Config, once: bool) -> Result<PumpConfig> {
    let (host_id, id_key) = (host_id(config)?, id_key(config)?);
    let host_name = host_name();
    let group = |(logs, encode): (&Logs, Settings)| Group {
        name: logs.name.clone(),
        sole: sole(&logs.paths),
        start_at_end: logs.start_at_end,
        max_age_ms: logs.max_age.map(|age| age.0),
        encode: Settings { host_id: host_id.clone(), host_name: host_name.clone(), id_key, ..encode },
    };
    let in_flight_bytes = usize::try_from(config.opensearch.in_flight_bytes.0).unwrap_or(usize::MAX);
    Ok(PumpConfig {
        groups: config.logs.iter().zip(settings::of(config)?).map(group).collect(),
        limits: Limits { in_flight_bytes, ..Limits::default() },
        mode: if once { Mode::Once } else { Mode::Follow },
        logs_prefix: config.index.logs.clone(),
        workflow_prefix: config.index.workflow.clone(),
    })
}

pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// `indices` are those that are there already.
pub fn delivery(config: &Config, indices: BTreeSet<String>) -> Options {
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Options {
        concurrency_max: size(config.opensearch.concurrency_max),
        batch_bytes: size(config.opensearch.batch_bytes.0),
        in_flight_bytes: size(config.opensearch.in_flight_bytes.0),
        new_indices_max: size(config.index.days_max),
        known_indices: indices.into_iter().map(Arc::from).collect(),
        deadline_ms: config.opensearch.request_timeout.0,
        // Only the jitter of pauses comes of it; no id, no index, no order.
        seed: u64::from(std::process::id()),
        ..Options::default()
    }
}

/// The one path of an entry, where it is one without wildcards.
fn sole(paths: &[String]) -> Option<std::path::PathBuf> {
    match paths {
        [only] if !only.contains(['*', '?', '[', '{']) => Some(only.into()),
        _ => None,
    }
}

fn host_id(config: &Config) -> Result<String> {
    if let Some(id) = &config.host_id {
        return Ok(id.clone());
    }
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let in_container = Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists();
    match machine.trim() {
        id if !id.is_empty() && !in_container => Ok(id.to_owned()),
        _ => Err(Error::usage(
            "host.id is not set, and this machine has no lasting id of its own",
            "set host.id (or CORRELOG_HOST_ID) to a name that stays: the ids of foreign lines contain it",
        )),
    }
}

fn id_key(config: &Config) -> Result<IdKey> {
    let Some(path) = &config.ids_key_file else { return Ok(IdKey::default()) };
    let text = crate::credential::secret(path)?;
    let bytes: Option<Vec<u8>> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
    let key: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let what = || format!("{} does not hold 64 hex digits", path.display());
    key.map(IdKey).ok_or_else(|| Error::usage(what(), "make one with `openssl rand -hex 32`"))
}
