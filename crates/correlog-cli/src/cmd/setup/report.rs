//! How a plan and its outcome are shown, to people and as JSON. It decides nothing.

use super::overlap::Overlap;
use super::plan::{Difference, State, Step};
use crate::args::Common;
use crate::error::Result;
use crate::print;
use serde_json::{Value, json};
use std::fmt::Write;

/// Longest side of a difference shown to people; `--json` has it whole.
const SIDE_MAX: usize = 160;

pub fn plan(
    common: &Common,
    steps: &[Step],
    overlaps: &[Overlap],
    left_out: &[String],
    with_diff: bool,
) -> Result<()> {
    if common.json {
        return print::json(&as_json(steps, overlaps, left_out));
    }
    let mut out = String::new();
    for step in steps.iter().filter(|step| step.is_pending()) {
        out.push_str(&line(step));
        if with_diff || step.is_refused() {
            step.diff.iter().for_each(|difference| out.push_str(&difference_lines(difference)));
        }
    }
    let kept = steps.iter().filter(|step| !step.is_pending()).count();
    let refused = steps.iter().filter(|step| step.is_refused()).count();
    let pending = steps.len() - kept;
    let _ = writeln!(out, "{pending} to change, {kept} as they should be");
    if refused > 0 {
        let _ = writeln!(out, "{refused} of them are not replaced without --force");
    }
    print::data(&out)?;
    notes(overlaps, left_out);
    Ok(())
}

pub fn notes(overlaps: &[Overlap], left_out: &[String]) {
    for overlap in overlaps {
        let effect =
            if overlap.wins { "wins over ours" } else { "is not used, ours has the higher priority" };
        let name = print::harmless(&overlap.template);
        print::note(&format!("the template {name} also matches {} and {effect}", overlap.index));
    }
    for reason in left_out {
        print::note(&format!("left out: {reason}"));
    }
}

pub fn line(step: &Step) -> String {
    let sign = match step.state {
        State::Absent => '+',
        State::Same => ' ',
        State::Older => '~',
        State::Changed | State::Foreign | State::Newer => '!',
    };
    let (kind, name) = (step.object.kind.word(), &step.object.name);
    format!("{sign} {kind} {name}: {}\n", step.word())
}

fn difference_lines(difference: &Difference) -> String {
    let mut out = format!("    {}\n", print::harmless(&difference.path));
    for (sign, side) in [('-', &difference.there), ('+', &difference.wanted)] {
        if let Some(text) = side {
            let _ = writeln!(out, "      {sign} {}", shortened(&print::harmless(text)));
        }
    }
    out
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SIDE_MAX) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}

pub fn as_json(steps: &[Step], overlaps: &[Overlap], left_out: &[String]) -> Value {
    let difference = |d: &Difference| json!({ "path": d.path, "there": d.there, "wanted": d.wanted });
    let step = |step: &Step| {
        json!({
            "kind": step.object.kind.word(),
            "name": step.object.name,
            "action": step.word(),
            "refused": step.is_refused(),
            "differences": step.diff.iter().map(difference).collect::<Vec<_>>(),
        })
    };
    let overlap = |o: &Overlap| json!({ "template": o.template, "index": o.index, "wins": o.wins });
    json!({
        "pending": steps.iter().filter(|step| step.is_pending()).count(),
        "steps": steps.iter().map(step).collect::<Vec<_>>(),
        "overlaps": overlaps.iter().map(overlap).collect::<Vec<_>>(),
        "left_out": left_out,
    })
}
