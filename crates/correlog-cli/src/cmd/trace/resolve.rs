//! Which documents belong to one id: the id's own, those of its runs, and those of the runs' other traces. A run may
//! have many traces (a worker without trace context starts its own), so the run is the wider key. It stops there:
//! a trace of one run never drags in the other runs it served beyond their lines.

use super::ask::{Ask, RUN_FIELDS};
use super::source::{Source, Wanted};
use crate::error::Result;
use crate::story::document::Document;

#[derive(Debug)]
pub struct Resolved {
    pub read_as: String,
    pub trace_ids: Vec<String>,
    pub run_ids: Vec<String>,
    pub documents: Vec<Document>,
    pub notes: Vec<String>,
}

/// More related ids than these are a batch, not a story; the note says so.
const TRACES_MAX: usize = 100;
const RUNS_MAX: usize = 50;
/// From a message to its trace, from there to its run, from there to the run's other traces.
const ROUNDS: usize = 3;

/// `None` when nothing has the id in any field.
pub fn resolve(ask: &Ask, source: &mut dyn Source) -> Result<Option<Resolved>> {
    let first = source.find(&ask.wanted())?;
    let Some(read_as) = read_as(ask, &first) else { return Ok(None) };
    let mut story = Resolved {
        read_as: read_as.to_owned(),
        trace_ids: Vec::new(),
        run_ids: Vec::new(),
        documents: Vec::new(),
        notes: Vec::new(),
    };
    let (traces, runs) = (values(&first, "trace_id"), values(&first, "workflow_run_id"));
    story.documents = first;
    // What the id itself names was found whole; only the ids learnt on the way are asked for.
    let mut asked_traces = ask_values(ask, "trace_id");
    let mut asked_runs = ask_values(ask, "workflow_run_id");
    story.add("trace", traces);
    story.add("run", runs);
    for _ in 0..ROUNDS {
        let new_traces = without(&story.trace_ids, &asked_traces);
        let new_runs = without(&story.run_ids, &asked_runs);
        let wanted =
            Wanted { terms: vec![("trace_id", new_traces.clone()), ("workflow_run_id", new_runs.clone())] };
        if wanted.is_empty() {
            break;
        }
        let more = source.find(&wanted)?;
        asked_traces.extend(new_traces);
        asked_runs.extend(new_runs);
        // Only where the id itself led to no run: a trace of a known run may serve others too.
        if story.run_ids.is_empty() {
            story.add("run", values(&more, "workflow_run_id"));
        }
        let of_the_runs: Vec<Document> = more
            .iter()
            .filter(|one| {
                one.text("workflow_run_id").is_some_and(|id| story.run_ids.iter().any(|run| run == id))
            })
            .cloned()
            .collect();
        story.documents.extend(more);
        story.add("trace", values(&of_the_runs, "trace_id"));
    }
    Ok(Some(story))
}

impl Resolved {
    fn add(&mut self, what: &str, ids: Vec<String>) {
        let (known, limit) = match what {
            "trace" => (&mut self.trace_ids, TRACES_MAX),
            _ => (&mut self.run_ids, RUNS_MAX),
        };
        for id in ids {
            if known.contains(&id) {
                continue;
            }
            if known.len() == limit {
                self.notes
                    .push(format!("more than {limit} {what} ids belong to it; the others are left out"));
                return;
            }
            known.push(id);
        }
    }
}

/// The reading that has a hit; a trace id before a run id before the rest.
fn read_as(ask: &Ask, documents: &[Document]) -> Option<&'static str> {
    let fields = ["trace_id"].into_iter().chain(RUN_FIELDS).chain(["span_id"]);
    fields.into_iter().find(|field| documents.iter().any(|document| has(ask, field, document)))
}

fn has(ask: &Ask, field: &'static str, document: &Document) -> bool {
    Wanted { terms: vec![(field, ask_values(ask, field))] }.matches(document)
}

fn ask_values(ask: &Ask, field: &str) -> Vec<String> {
    let of_field = |(name, values): (&'static str, Vec<String>)| (name == field).then_some(values);
    ask.wanted().terms.into_iter().find_map(of_field).unwrap_or_default()
}

fn values(documents: &[Document], field: &str) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let found = documents.iter().filter_map(|document| document.text(field));
    found.filter(|id| seen.insert(*id)).map(str::to_owned).collect()
}

fn without(ids: &[String], known: &[String]) -> Vec<String> {
    ids.iter().filter(|id| !known.iter().any(|one| one.eq_ignore_ascii_case(id))).cloned().collect()
}
