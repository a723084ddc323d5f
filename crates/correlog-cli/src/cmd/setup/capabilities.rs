//! What the cluster is and which plugins it has. It decides nothing.

use crate::cluster::Cluster;
use crate::error::{Error, Result};
use serde_json::Value;

#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    pub version: String,
    pub has_ism: bool,
    pub has_security: bool,
    pub has_alerting: bool,
    pub has_zstd: bool,
    pub plugins: Vec<String>,
}

/// Asks for the version (anything but OpenSearch 2.12 and later is refused there) and the plugins.
pub fn detect(cluster: &Cluster) -> Result<Capabilities> {
    let version = cluster.version()?;
    let reply = cluster.get("/_cat/plugins?format=json&h=component")?;
    if !reply.ok() {
        let what = format!("the plugins cannot be listed: status {} {}", reply.status, reply.error_type());
        return Err(Error::unreachable(what, "setup needs a user with cluster monitor rights"));
    }
    let rows = reply.body.as_array().cloned().unwrap_or_default();
    let name = |row: &Value| row.get("component").and_then(Value::as_str).map(str::to_owned);
    let mut plugins: Vec<String> = rows.iter().filter_map(name).collect();
    plugins.sort();
    plugins.dedup();
    let has = |name: &str| plugins.iter().any(|plugin| plugin == name);
    Ok(Capabilities {
        version: version.number,
        has_ism: has("opensearch-index-management"),
        has_security: has("opensearch-security"),
        has_alerting: has("opensearch-alerting"),
        has_zstd: has("opensearch-custom-codecs"),
        plugins,
    })
}
