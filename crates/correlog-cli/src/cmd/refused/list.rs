//! `refused list`: counts by reason and field. No content.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use serde_json::json;

use super::Choice;
use super::store::Store;
use crate::args::Common;
use crate::error::Result;
use crate::print;

#[derive(Debug, Default)]
struct Group {
    documents: u64,
    bytes: u64,
    indices: BTreeSet<String>,
}

pub fn run(common: &Common, store: &Store, choice: &Choice) -> Result<ExitCode> {
    let mut groups: BTreeMap<(String, String), Group> = BTreeMap::new();
    let damaged = store.visit(choice, |entry| {
        let group =
            groups.entry((entry.reason.clone(), entry.field.clone().unwrap_or_default())).or_default();
        group.documents += 1;
        group.bytes += entry.line.len() as u64;
        if !entry.index.is_empty() {
            group.indices.insert(entry.index);
        }
        Ok(())
    })?;
    if common.json {
        let list: Vec<_> = groups
            .iter()
            .map(|((reason, field), group)| {
                let (documents, bytes, indices) = (group.documents, group.bytes, &group.indices);
                json!({"reason": reason, "field": field, "documents": documents, "bytes": bytes, "indices": indices})
            })
            .collect();
        print::json(&json!({ "refused": list, "damaged_bytes": damaged }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if groups.is_empty() {
        print::data("nothing is refused\n")?;
    } else {
        print::data(&format!("{:>9}  {:<18} {:<24} indices\n", "documents", "reason", "field"))?;
    }
    for ((reason, field), group) in &groups {
        let indices: Vec<&str> = group.indices.iter().map(String::as_str).collect();
        let field = if field.is_empty() { "-" } else { field };
        print::data(&format!("{:>9}  {reason:<18} {field:<24} {}\n", group.documents, indices.join(", ")))?;
    }
    if damaged > 0 {
        print::note(&format!("{damaged} bytes of the refused files are damaged and were passed over"));
    }
    Ok(ExitCode::SUCCESS)
}
