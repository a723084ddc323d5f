//! `correlog setup apply`: does the plan in order, stops at the first failure, and proves the result with a trace.

use super::object::{Kind, Object};
use super::plan::{State, Step};
use super::{Session, overlap, report, smoke};
use crate::error::{Error, Result};
use crate::print;
use correlog_schema::MANAGED_BY;
use opensearch::http::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

pub fn run(session: &Session<'_>, force: bool, with_smoke: bool) -> Result<ExitCode> {
    let (steps, mut left_out) = session.steps()?;
    let overlaps = overlap::find(session)?;
    refuse(session, &steps, &overlaps, force)?;
    // Before anything is changed: with --strict all or nothing.
    session.strict(&left_out)?;
    let mut imported: Vec<&Object> = Vec::new();
    for step in steps.iter().filter(|step| step.is_pending()) {
        match step.object.kind {
            Kind::Saved(_) => imported.push(&step.object),
            _ => session.store.write(&step.object, step.found.as_ref())?,
        }
        if !session.common.json {
            print::data(&report::line(step))?;
        }
    }
    if let Some(dashboards) = &session.store.dashboards {
        dashboards.import(&imported)?;
    }
    left_out.extend(extend_open_days(session, &steps)?);
    left_out.extend(attach_policy(session, &steps)?);
    let outcome = if with_smoke { Some(smoke::run(session)?) } else { None };
    if session.common.json {
        let mut out = report::as_json(&steps, &overlaps, &left_out);
        out["smoke"] = outcome.map_or(Value::Null, |outcome| outcome.as_json());
        return print::json(&out).map(|()| ExitCode::SUCCESS);
    }
    let changed = steps.iter().filter(|step| step.is_pending()).count();
    print::data(&format!("{changed} changed, {} as they should be\n", steps.len() - changed))?;
    report::notes(&overlaps, &left_out);
    if let Some(outcome) = outcome {
        print::data(&outcome.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse(session: &Session<'_>, steps: &[Step], overlaps: &[overlap::Overlap], force: bool) -> Result<()> {
    if force {
        return Ok(());
    }
    if let Some(winner) = overlaps.iter().find(|overlap| overlap.wins) {
        let name = print::harmless(&winner.template);
        let what = format!("the template {name} matches {} with a higher priority than ours", winner.index);
        return Err(Error::stopped(what, "lower its priority below 500, or --force to go on without effect"));
    }
    let refused = steps.iter().filter(|step| step.is_refused()).count();
    if refused == 0 {
        return Ok(());
    }
    if !session.common.json {
        let shown: Vec<Step> = steps.iter().filter(|step| step.is_refused()).cloned().collect();
        report::plan(session.common, &shown, &[], &[], true)?;
    }
    let what = format!("{refused} objects are not ours or were changed by hand; nothing was changed");
    Err(Error::stopped(
        what,
        "look at `correlog setup diff`, move your changes to the @custom component, then --force",
    ))
}

/// New fields of the mapping reach the days that are already open at once; what cannot be changed in place, as settings, waits
/// for a day's index that is not made yet, and that is said.
fn extend_open_days(session: &Session<'_>, steps: &[Step]) -> Result<Vec<String>> {
    let is_update = |step: &&Step| {
        step.object.kind == Kind::Component && !matches!(step.state, State::Same | State::Absent)
    };
    let changed: Vec<&Step> = steps.iter().filter(is_update).collect();
    let mut notes = Vec::new();
    for family in super::wanted::families(session.config) {
        let is_open = |step: &&Step| {
            step.object.kind == Kind::Index
                && step.state == State::Same
                && step.object.name.starts_with(&format!("{}-", family.prefix))
        };
        let open: Vec<&Step> = steps.iter().filter(is_open).collect();
        let of = |name: String| changed.iter().find(|step| step.object.name == name);
        if let (Some(_), Some(last)) = (of(family.settings_name()), open.last()) {
            let name = &last.object.name;
            notes.push(format!(
                "days up to {name} keep their settings; the new ones start with the day after"
            ));
        }
        let Some(step) = of(family.mappings_name()) else {
            continue;
        };
        for index in open {
            let body = json!({ "properties": step.object.body["template"]["mappings"]["properties"] });
            let path = format!("/{}/_mapping", index.object.name);
            let reply = session.store.cluster.send(Method::Put, &path, Some(&body))?;
            if !reply.ok() {
                let (name, why) = (&index.object.name, reply.error_type());
                notes.push(format!("{name} keeps its mapping ({why}); the new one starts with the next day"));
            }
        }
    }
    Ok(notes)
}

/// The policy's own template acts only when an index is made, so days that are already there are attached by hand.
fn attach_policy(session: &Session<'_>, steps: &[Step]) -> Result<Vec<String>> {
    let is_changed = |step: &&Step| step.object.kind == Kind::Policy && step.is_pending();
    let Some(step) = steps.iter().find(is_changed) else { return Ok(Vec::new()) };
    let verb = if step.found.is_some() { "change_policy" } else { "add" };
    let mut notes = Vec::new();
    for family in super::wanted::families(session.config) {
        let path = format!("/_plugins/_ism/{verb}/{}-2*", family.prefix);
        let reply =
            session.store.cluster.send(Method::Post, &path, Some(&json!({ "policy_id": MANAGED_BY })))?;
        if !reply.ok() {
            notes.push(format!(
                "the policy is not attached to the days of {}: {}",
                family.prefix, reply.status
            ));
        }
    }
    Ok(notes)
}
