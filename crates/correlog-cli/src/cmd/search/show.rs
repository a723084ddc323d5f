//! One found document as a line for people or an object for machines. Content is made harmless here.

use crate::print::harmless;
use crate::story::document::{Document, time_text};
use crate::story::entry::{Entry, Kind};
use crate::story::text::{Style, took};
use serde_json::{Value, json};

/// Time, level, service, message, trace id; with a newline.
pub fn line(document: &Document, style: Style) -> String {
    let entry = Entry::read(document.clone(), false);
    // A record's own time is that of its last change, by which the search is sorted.
    let at = document.nanos("@timestamp").map_or_else(|| "-".to_owned(), time_text);
    let level = if entry.kind == Kind::Record { "◆" } else { entry.level.as_str() };
    let mut text =
        format!("{at}  {}  {}  {}", style.level(level), harmless(&entry.service), harmless(&entry.message));
    if let Some(exception) = entry.exception() {
        text.push_str("  ");
        text.push_str(&harmless(&exception));
    }
    if let Some(ms) = entry.duration_ms {
        text.push_str(&format!("  ({})", took(ms)));
    }
    if let Some(trace) = document.text("trace_id") {
        text.push_str("  trace ");
        text.push_str(&harmless(trace));
    }
    text.push('\n');
    text
}

pub fn json(document: &Document) -> Value {
    json!({"index": document.index, "id": document.id, "document": document.source})
}
