//! The story of one trace or run: header, lanes, spans, gaps, first error and node table, told from documents. Where
//! the documents came from (OpenSearch, plain files) it neither knows nor asks, so both give the same answer.

pub mod document;
pub mod entry;
pub mod header;
pub mod spans;

pub mod html;
pub mod json;
pub mod svg;
pub mod text;

#[cfg(test)]
mod tests;

use document::Document;
use entry::Entry;
use header::{Header, Node};
use spans::{Gap, Lane, Span};
use std::collections::BTreeMap;

/// What was asked for and what it turned out to name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// As the user typed it.
    pub query: String,
    /// The field it was found in (`trace_id`, `workflow_run_id`, `message_id`, `node_execution_id`, …).
    pub read_as: String,
    /// Every trace id of the story; a run may have several.
    pub trace_ids: Vec<String>,
    pub run_ids: Vec<String>,
    /// What the reader should know: a cut, a widened search, a day that was left out.
    pub notes: Vec<String>,
}

/// Where was looked, for people and for machines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Searched {
    /// `opensearch` or `files`.
    pub source: &'static str,
    /// First and last UTC day (`YYYY.MM.DD`); `None` when no day was left out.
    pub days: Option<(String, String)>,
    /// Index patterns or file globs.
    pub places: Vec<String>,
    /// Shards answered, or files read.
    pub parts: u64,
    /// Bytes scanned in files; 0 for OpenSearch.
    pub bytes: u64,
}

/// Everything the printers need; lines are in time order, undated ones last.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    pub subject: Subject,
    pub searched: Searched,
    pub header: Header,
    pub entries: Vec<Entry>,
    /// Place of the first error in `entries`.
    pub first_error: Option<usize>,
    pub lanes: Vec<Lane>,
    pub spans: Vec<Span>,
    /// Longest first.
    pub gaps: Vec<Gap>,
    pub nodes: Vec<Node>,
}

impl Story {
    /// Tells the story. `documents` may come in any order and may hold one document twice; `context` are the
    /// neighbours that were asked for, which appear as lines and count in nothing.
    pub fn tell(
        mut subject: Subject,
        searched: Searched,
        documents: Vec<Document>,
        context: Vec<Document>,
    ) -> Self {
        let documents = once_each(documents);
        let known: std::collections::BTreeSet<_> = documents.iter().map(key).collect();
        let context = once_each(context).into_iter().filter(|document| !known.contains(&key(document)));
        let neighbours: Vec<Entry> = context.map(|document| Entry::read(document, true)).collect();
        let (nodes, rest): (Vec<Document>, Vec<Document>) =
            documents.into_iter().partition(|document| document.record() == "node_execution");
        let mut entries: Vec<Entry> = rest.into_iter().map(|document| Entry::read(document, false)).collect();
        entries.extend(neighbours);
        entries.sort_by(Entry::in_time_order);
        let nodes = header::nodes(&nodes);
        in_order_of_appearance(&mut subject.trace_ids, &entries, "trace_id");
        in_order_of_appearance(&mut subject.run_ids, &entries, "workflow_run_id");
        let header = Header::of(&entries, &nodes);
        Self {
            first_error: entries.iter().position(Entry::is_error),
            lanes: spans::lanes(&entries),
            spans: spans::spans(&entries),
            gaps: spans::gaps(&entries, header.duration_ms),
            subject,
            searched,
            header,
            entries,
            nodes,
        }
    }

    /// Milliseconds from the story's start; 0 without times.
    pub fn offset_ms(&self, nanos: i64) -> f64 {
        self.header.started.map_or(0.0, |start| millis(nanos - start))
    }
}

/// The source found them in an order of its own; the story has one.
fn in_order_of_appearance(ids: &mut [String], entries: &[Entry], field: &str) {
    let mut first = std::collections::HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        first.entry(entry.document.text(field).unwrap_or_default()).or_insert(place);
    }
    ids.sort_by_key(|id| (first.get(id.as_str()).copied().unwrap_or(usize::MAX), id.clone()));
}

/// Nanoseconds as milliseconds.
pub fn millis(nanos: i64) -> f64 {
    nanos as f64 / 1e6
}

fn key(document: &Document) -> (String, String) {
    (document.index.clone(), document.id.clone())
}

fn once_each(documents: Vec<Document>) -> Vec<Document> {
    let keyed: BTreeMap<_, _> = documents.into_iter().map(|document| (key(&document), document)).collect();
    keyed.into_values().collect()
}
