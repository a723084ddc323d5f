//! The roles for clusters with the security plugin: what a shipper needs and no more, and readers by tenant.
//! It creates no users and maps nobody to a role.

use crate::config::Config;
use serde_json::{Value, json};

/// Name and body of each role.
pub fn roles(config: &Config) -> Vec<(&'static str, Value)> {
    let patterns = [format!("{}-*", config.index.logs), format!("{}-*", config.index.workflow)];
    vec![("correlog_shipper", shipper(&patterns)), ("correlog_reader_by_tenant", reader(&patterns))]
}

/// `_bulk` is a permission of the cluster and asked again for each index. `create` is authorised as `index`. With
/// `dynamic: false` no mapping is ever put. The template is read before anything is sent, and `--once` refreshes.
fn shipper(patterns: &[String; 2]) -> Value {
    json!({
        "description": "Index log lines and workflow records; read and delete nothing",
        "cluster_permissions": [
            "cluster:monitor/main",
            "indices:admin/index_template/get",
            "indices:data/write/bulk",
        ],
        "index_permissions": [{
            "index_patterns": patterns,
            "allowed_actions": [
                "indices:admin/create",
                "indices:admin/refresh*",
                "indices:data/write/bulk*",
                "indices:data/write/index",
            ],
        }],
    })
}

/// A plain `term` keeps document-level security in its cheap mode. Lines without a tenant are seen by no tenant.
fn reader(patterns: &[String; 2]) -> Value {
    json!({
        "description": "Read the lines and records of one's own tenant, given by the user attribute tenant_id",
        "cluster_permissions": ["cluster_composite_ops_ro"],
        "index_permissions": [{
            "index_patterns": patterns,
            "dls": "{\"term\":{\"tenant_id\":\"${attr.internal.tenant_id}\"}}",
            "allowed_actions": ["indices:admin/mappings/get", "read"],
        }],
        "tenant_permissions": [{ "tenant_patterns": ["global_tenant"], "allowed_actions": ["kibana_all_read"] }],
    })
}
