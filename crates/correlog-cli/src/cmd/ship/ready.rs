//! What must be true before a first document is sent: a cluster that will do, and our templates. It sets nothing up.

use crate::cluster::{Cluster, Reply, Unfit};
use crate::config::Config;
use crate::error::{Error, Result};
use correlog_schema::index::Family;
use correlog_schema::template::FamilyTemplates;
use serde_json::Value;
use std::collections::BTreeSet;

/// Asks the cluster once.
pub fn check(cluster: &Cluster, config: &Config) -> std::result::Result<(), Unfit> {
    cluster.version()?;
    if config.index.require_template { templates(cluster, config).map_err(Unfit::Now) } else { Ok(()) }
}

/// The indices that are there already: writing to them creates none. Where they may not be listed, each counts as
/// new.
pub fn indices(cluster: &Cluster, config: &Config) -> BTreeSet<String> {
    let target = format!("{}-*,{}-*", config.index.logs, config.index.workflow);
    let reply = cluster.get(&format!("/_resolve/index/{target}"));
    let rows = reply.ok().filter(Reply::ok).and_then(|mut reply| match reply.body["indices"].take() {
        Value::Array(rows) => Some(rows),
        _ => None,
    });
    rows.into_iter().flatten().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect()
}

fn templates(cluster: &Cluster, config: &Config) -> Result<()> {
    for (family, prefix) in [(Family::Logs, &config.index.logs), (Family::Workflow, &config.index.workflow)] {
        let name = FamilyTemplates { family, prefix }.template_name();
        let reply = cluster.get(&format!("/_index_template/{name}"))?;
        match reply.status {
            200 => {}
            404 => {
                let what =
                    format!("the index template {name} is missing at {}, so nothing is indexed", cluster.url);
                let hint = "run `correlog setup apply`; index.require_template = false indexes without it";
                return Err(Error::unreachable(what, hint));
            }
            status => {
                let what =
                    format!("{} answered {status} when asked for the index template {name}", cluster.url);
                let hint =
                    "the user needs indices:admin/index_template/get; `correlog setup export` has the role";
                return Err(Error::unreachable(what, hint));
            }
        }
    }
    Ok(())
}
