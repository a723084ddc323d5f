//! What must be true before a first document is sent: a cluster that will do, and our templates. It sets nothing up.

use crate::cluster::Cluster;
use crate::config::Config;
use crate::error::{Error, Result};
use correlog_schema::index::Family;
use correlog_schema::template::FamilyTemplates;

/// Why nothing can be sent yet.
#[derive(Debug)]
pub enum NotReady {
    /// It may be otherwise in a moment: nothing answers, or our template is not there yet.
    Wait(Error),
    /// It will not change by waiting: another product, or a version that is too old.
    Never(Error),
}

/// Asks the cluster once.
pub fn check(cluster: &Cluster, config: &Config) -> std::result::Result<(), NotReady> {
    let greeting = cluster.get("/").map_err(NotReady::Wait)?;
    let version = cluster.version();
    if greeting.ok() {
        version.map_err(NotReady::Never)?;
    } else {
        version.map_err(NotReady::Wait)?;
    }
    if config.index.require_template { templates(cluster, config).map_err(NotReady::Wait) } else { Ok(()) }
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
