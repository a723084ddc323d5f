//! What a cluster with plugins gets beyond templates: the retention policy and the roles, for given index prefixes.
//!
//! Does not create users, map anybody to a role, or attach a policy: `correlog setup` does the last.

use serde_json::{Value, json};

use crate::VERSION;
use crate::index::Family;
use crate::template::sorted;

/// The retention policy of the index-management plugin: merges a closed day into one segment, and deletes by age only
/// where a number of days was asked for.
///
/// The plugin counts age from an index's creation, so a day filled in later outlives its date; `correlog retain`
/// goes by the date in the name.
#[must_use]
pub fn policy(prefixes: [&str; 2], retain_days: Option<u32>) -> Value {
    let patterns = prefixes.map(|prefix| format!("{prefix}-2*"));
    let retry = json!({ "count": 3, "backoff": "exponential", "delay": "1h" });
    let to =
        |state: &str, age: String| json!([{ "state_name": state, "conditions": { "min_index_age": age } }]);
    let merge = json!({ "timeout": "6h", "retry": retry, "force_merge": { "max_num_segments": 1 } });
    let delete = json!({ "retry": retry, "delete": {} });
    let after_merge = retain_days.map_or_else(|| json!([]), |days| to("delete", format!("{days}d")));
    let mut states = vec![
        json!({ "name": "open", "actions": [], "transitions": to("closed", "36h".to_owned()) }),
        json!({ "name": "closed", "actions": [merge], "transitions": after_merge }),
    ];
    if retain_days.is_some() {
        states.push(json!({ "name": "delete", "actions": [delete], "transitions": [] }));
    }
    json!({ "policy": {
        "description": format!("Days of correlog, version {VERSION}"),
        "default_state": "open",
        "ism_template": [{ "index_patterns": patterns, "priority": 500 }],
        "states": states,
    } })
}

/// Name and body of each role.
#[must_use]
pub fn roles(prefixes: [&str; 2]) -> [(&'static str, Value); 2] {
    let patterns = prefixes.map(|prefix| format!("{prefix}-*"));
    [("correlog_shipper", shipper(&patterns)), ("correlog_reader_by_tenant", reader(&patterns))]
}

/// `_bulk` is a permission of the cluster and asked again for each index. `create` is authorised as `index`. With
/// `dynamic: false` no mapping is ever put. The template is read before anything is sent, and `--once` refreshes. A
/// conflict that nothing explains is settled by reading that one document's place in its file.
fn shipper(patterns: &[String; 2]) -> Value {
    json!({
        "description": "Index log lines and workflow records; read by id alone, delete nothing",
        "cluster_permissions": [
            "cluster:monitor/main",
            "indices:admin/index_template/get",
            "indices:data/read/mget",
            "indices:data/write/bulk",
        ],
        "index_permissions": [{
            "index_patterns": patterns,
            "allowed_actions": [
                "indices:admin/create",
                "indices:admin/refresh*",
                "indices:admin/resolve/index",
                "indices:data/read/mget*",
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

pub(crate) fn files() -> Vec<(String, String)> {
    let prefixes = Family::ALL.map(Family::default_prefix);
    let pretty = |value: &Value| format!("{:#}\n", sorted(value));
    let mut files =
        vec![("index-templates/policies/correlog.json".to_owned(), pretty(&policy(prefixes, None)))];
    for (name, body) in roles(prefixes) {
        files.push((format!("index-templates/roles/{name}.json"), pretty(&body)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_deleted_unless_days_are_asked_for() {
        let states = |days| policy(["a", "b"], days)["policy"]["states"].as_array().map(Vec::len);
        assert!(!policy(["a", "b"], None).to_string().contains("delete"));
        assert_eq!((states(None), states(Some(30))), (Some(2), Some(3)));
        let asked = policy(["a", "b"], Some(30));
        assert_eq!(asked["policy"]["states"][1]["transitions"][0]["conditions"]["min_index_age"], "30d");
    }

    #[test]
    fn the_shipper_may_neither_search_nor_delete() {
        let [(_, shipper), (_, reader)] = roles(["a", "b"]);
        for action in shipper["index_permissions"][0]["allowed_actions"].as_array().expect("a list") {
            let action = action.as_str().expect("text");
            // The audit of a conflict reads documents whose ids it knows, and no others.
            if action == "indices:data/read/mget*" {
                continue;
            }
            assert!(!["read", "delete", "mapping"].iter().any(|word| action.contains(word)), "{action}");
        }
        let filter: Value =
            serde_json::from_str(reader["index_permissions"][0]["dls"].as_str().expect("text"))
                .expect("the filter is JSON");
        assert_eq!(filter["term"]["tenant_id"], "${attr.internal.tenant_id}");
    }
}
