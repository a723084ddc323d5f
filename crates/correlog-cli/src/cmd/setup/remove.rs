//! `correlog setup remove`: takes away what is ours, in reverse order; data only where asked for.

use super::object::{Kind, Object};
use super::plan::{State, Step};
use super::{Session, indices, report, wanted};
use crate::error::Result;
use crate::print;
use serde_json::{Value, json};
use std::process::ExitCode;

pub fn run(session: &Session<'_>, force: bool, data: bool, dry_run: bool) -> Result<ExitCode> {
    let (steps, _) = session.steps()?;
    let (gone, kept): (Vec<&Step>, Vec<&Step>) = steps
        .iter()
        .rev()
        .filter(|step| step.found.is_some() && step.object.kind != Kind::Index)
        .partition(|step| is_removed(step, force));
    let indices = if data { names(session)? } else { Vec::new() };
    for step in &gone {
        if let (false, Some(found)) = (dry_run, &step.found) {
            session.store.delete(&step.object, found)?;
        }
    }
    for name in &indices {
        if !dry_run {
            super::delete_index(session.store.cluster, name)?;
        }
    }
    show(session, &gone, &kept, &indices, dry_run)?;
    Ok(ExitCode::SUCCESS)
}

/// Ours and untouched; the user's own component only while it is empty.
fn is_removed(step: &Step, force: bool) -> bool {
    if step.object.create_only {
        return step.found.as_ref().is_some_and(|found| is_empty(&step.object, &found.body));
    }
    match step.state {
        State::Same | State::Older => true,
        State::Changed | State::Newer => force,
        State::Foreign | State::Absent => false,
    }
}

fn is_empty(object: &Object, there: &Value) -> bool {
    super::object::canonical(&object.kind, there) == Value::Null
}

fn names(session: &Session<'_>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for family in wanted::families(session.config) {
        let rows = indices(session.store.cluster, family.prefix)?;
        names.extend(rows.iter().filter_map(|row| row["index"].as_str()).map(str::to_owned));
    }
    Ok(names)
}

fn show(
    session: &Session<'_>,
    gone: &[&Step],
    kept: &[&Step],
    indices: &[String],
    dry_run: bool,
) -> Result<()> {
    let label = |step: &&Step| format!("{} {}", step.object.kind.word(), step.object.name);
    if session.common.json {
        return print::json(&json!({
            "dry_run": dry_run,
            "removed": gone.iter().map(label).collect::<Vec<_>>(),
            "kept": kept.iter().map(label).collect::<Vec<_>>(),
            "indices": indices,
        }));
    }
    let mut out = String::new();
    gone.iter().for_each(|step| out.push_str(&format!("- {}\n", label(step))));
    indices.iter().for_each(|name| out.push_str(&format!("- index {name}, with its documents\n")));
    kept.iter().for_each(|step| out.push_str(&report::line(step).replacen(['~', '!', ' '], "=", 1)));
    let verb = if dry_run { "would be removed" } else { "removed" };
    out.push_str(&format!("{} {verb}, {} kept\n", gone.len() + indices.len(), kept.len()));
    print::data(&out)
}
