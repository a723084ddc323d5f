//! One entry of the time line: a log line, or a workflow record standing at the time it began. It reads a document
//! once; the printers use what is here and never the document's own shape.

use super::document::Document;
use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub document: Document,
    /// Nanoseconds since 1970; `None` for a line without a usable time.
    pub at: Option<i64>,
    /// `-` where the line names none.
    pub service: String,
    /// Upper case; empty where the line has none.
    pub level: String,
    pub message: String,
    pub duration_ms: Option<f64>,
    pub span_id: Option<String>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Line,
    /// `workflow_run` or `workflow_app_log`.
    Record,
    /// A line of the same service nearby, shown because `--context` asked for it.
    Context,
}

impl Entry {
    pub fn read(document: Document, is_context: bool) -> Self {
        let is_line = document.record() == "log";
        let kind = match (is_context, is_line) {
            (true, _) => Kind::Context,
            (false, true) => Kind::Line,
            (false, false) => Kind::Record,
        };
        let at = if is_line { document.nanos("@timestamp") } else { began(&document) };
        Self {
            at,
            service: document.owned("service.name").unwrap_or_else(|| "-".to_owned()),
            level: document.text("level").map(str::to_uppercase).unwrap_or_default(),
            message: if is_line { line_text(&document) } else { record_text(&document) },
            duration_ms: if is_line { document.number("duration_ms") } else { elapsed_ms(&document) },
            span_id: document.owned("span_id"),
            kind,
            document,
        }
    }

    /// An error by its level; context is somebody else's.
    pub fn is_error(&self) -> bool {
        self.kind == Kind::Line && matches!(self.level.as_str(), "ERROR" | "FATAL")
    }

    /// By time, then as the writer numbered them, so that lines of one instant keep their order.
    pub fn in_time_order(&self, other: &Self) -> Ordering {
        let time = |entry: &Self| (entry.at.is_none(), entry.at);
        let place = |entry: &Self| {
            let document = &entry.document;
            let number = document.whole("log.seq").or_else(|| document.whole("log.offset"));
            (document.owned("log.stream").or_else(|| document.owned("log.lineage")), number)
        };
        time(self)
            .cmp(&time(other))
            .then_with(|| (self.kind != Kind::Record).cmp(&(other.kind != Kind::Record)))
            .then_with(|| place(self).cmp(&place(other)))
            .then_with(|| self.document.id.cmp(&other.document.id))
    }

    /// `exception.type: exception.message`, as far as it is there.
    pub fn exception(&self) -> Option<String> {
        let (kind, message) = (self.document.text("exception.type"), self.document.text("exception.message"));
        match (kind, message) {
            (Some(kind), Some(message)) => Some(format!("{kind}: {message}")),
            (one, other) => one.or(other).map(str::to_owned),
        }
    }
}

/// When what a record tells of began; its own time is that of its last change.
pub fn began(document: &Document) -> Option<i64> {
    document
        .nanos("created_at")
        .or_else(|| document.nanos("run_created_at"))
        .or_else(|| document.nanos("@timestamp"))
}

/// A record's `elapsed_time` is in seconds.
pub fn elapsed_ms(document: &Document) -> Option<f64> {
    document.number("elapsed_time").map(|seconds| seconds * 1000.0)
}

fn line_text(document: &Document) -> String {
    document.owned("message").or_else(|| document.owned("exception.message")).unwrap_or_default()
}

fn record_text(document: &Document) -> String {
    let mut text = document.record().replace('_', " ");
    for field in ["status", "error"] {
        if let Some(value) = document.text(field) {
            text.push_str(if field == "error" { ": " } else { " " });
            text.push_str(value);
        }
    }
    if let Some(from) = document.text("created_from") {
        text.push_str(&format!(" (from {from})"));
    }
    text
}
