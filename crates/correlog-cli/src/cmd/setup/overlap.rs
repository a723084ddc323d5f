//! Other people's templates that match our indices, found by letting the cluster simulate one. It changes nothing.

use super::Session;
use super::wanted::families;
use crate::error::{Error, Result};
use correlog_schema::index::Place;
use opensearch::http::Method;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Overlap {
    pub template: String,
    pub index: String,
    /// Whether it would be used instead of ours.
    pub wins: bool,
}

/// Composable templates are not merged: the highest priority is the only one used. Ours has 500.
pub fn find(session: &Session<'_>) -> Result<Vec<Overlap>> {
    let cluster = session.store.cluster;
    let mut found = Vec::new();
    for family in families(session.config) {
        let index = Place::Day(super::today()).index_name(family.prefix);
        let ours = family.template_name();
        let is_there = cluster.get(&format!("/_index_template/{ours}"))?.ok();
        // Absent ones are simulated from their patterns alone: their components may not be there yet.
        let body =
            json!({ "index_patterns": [format!("{}-*", family.prefix)], "priority": 500, "template": {} });
        let path = format!("/_index_template/_simulate_index/{index}");
        let reply = cluster.send(Method::Post, &path, (!is_there).then_some(&body))?;
        if reply.status == 400 {
            return Err(Error::stopped(
                format!("the cluster refuses a template for {index}: {}", reason(&reply.body)),
                "another template has the same pattern and priority 500: change its priority or remove it",
            ));
        }
        let overlapping = reply.body["overlapping"].as_array().cloned().unwrap_or_default();
        for other in overlapping.iter().filter_map(|other| other["name"].as_str()) {
            if other == ours || other.starts_with("simulate_") {
                continue;
            }
            let wins = priority(session, other)? > 500;
            found.push(Overlap { template: other.to_owned(), index: index.clone(), wins });
        }
        let winner = session.store.cluster.get("/_index_template")?;
        add_winners(&winner.body, &ours, &index, &mut found);
    }
    Ok(found)
}

/// Of a higher priority than ours, the simulation names ours as overlapping and not the winner.
fn add_winners(all: &Value, ours: &str, index: &str, found: &mut Vec<Overlap>) {
    for row in all["index_templates"].as_array().into_iter().flatten() {
        let (Some(name), body) = (row["name"].as_str(), &row["index_template"]) else { continue };
        let is_higher = body["priority"].as_u64().unwrap_or(0) > 500;
        let matches = |pattern: &Value| pattern.as_str().is_some_and(|pattern| is_match(pattern, index));
        let is_match = body["index_patterns"].as_array().into_iter().flatten().any(matches);
        if name != ours && is_higher && is_match && !found.iter().any(|other| other.template == name) {
            found.push(Overlap { template: name.to_owned(), index: index.to_owned(), wins: true });
        }
    }
}

/// OpenSearch's patterns: `*` stands for anything, also several times.
fn is_match(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, middle) = parts.split_last().expect("split gives at least one part");
    for part in middle {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

fn priority(session: &Session<'_>, name: &str) -> Result<u64> {
    let reply = session.store.cluster.get(&format!("/_index_template/{name}"))?;
    // A legacy template has no such address; it is never used where a composable one matches.
    Ok(reply.body.pointer("/index_templates/0/index_template/priority").and_then(Value::as_u64).unwrap_or(0))
}

fn reason(body: &Value) -> String {
    crate::print::harmless(body.pointer("/error/reason").and_then(Value::as_str).unwrap_or("no reason given"))
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn patterns_match_as_opensearch_matches() {
        for (pattern, name, expect) in [
            ("app-logs-*", "app-logs-2026.11.21", true),
            ("*", "app-logs-2026.11.21", true),
            ("*-logs-*", "app-logs-2026.11.21", true),
            ("*-2026.*.21", "app-logs-2026.11.21", true),
            ("app-logs", "app-logs-2026.11.21", false),
            ("app-*-x", "app-logs-2026.11.21", false),
            ("b*", "app-logs-2026.11.21", false),
        ] {
            assert_eq!(is_match(pattern, name), expect, "{pattern} {name}");
        }
    }
}
