//! A line becomes a document: its index, its id and the spliced body. It reads no file and sends nothing.
//!
//! The contract between the reader (which frames lines), this module and the delivery (which owns batches). The way a
//! line goes: `envelope` unwraps what a container runtime put around it, `walk` reads it once, `document` or `native`
//! writes it, `ids` names it. What is no JSON object is `text`; workflow records are `record`.

use correlog_schema::index::{Family, Place};

use crate::span::{Lineage, Span};

mod ahead;
mod dify;
mod document;
mod encoder;
mod envelope;
mod fields;
mod fix;
mod hashes;
mod ids;
mod level;
mod lookup;
mod members;
mod native;
mod record;
mod redact;
mod scan;
mod text;
mod time;
mod walk;
mod write;

#[cfg(test)]
mod tests;

pub use ahead::{Ahead, Known};
pub use encoder::Encoder;
pub use ids::{DocId, IdKey};
pub use redact::{PatternProblem, Redaction};
pub use time::Time;

/// A whole line as the framer hands it over: without its newline and without a carriage return before it.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub bytes: &'a [u8],
    pub span: Span,
    pub lineage: Lineage,
    /// Bytes skipped (blank lines, NUL runs, counted skips, record lines) since the previous document or refusal
    /// of this lineage.
    pub skipped: u64,
    /// The path as people know it; goes to `log.file.path`.
    pub path: &'a str,
    pub shape: Shape,
    /// The last valid time of an earlier line of this lineage: where a line without a time goes (P10).
    pub earlier: Option<Time>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    Whole,
    /// The last line of a file that can no longer grow, without a newline.
    Unterminated,
    /// Longer than the limit: `bytes` is its beginning.
    Truncated {
        len: u64,
        hash: [u8; 16],
        /// It has its newline.
        is_ended: bool,
    },
}

/// The way a document is written, which also says what a repeated send means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// A log line: `create`, and `index` when the first try's fate is unknown. The id contains the line.
    Create,
    /// A record: `index` with `version_type=external_gte`; repeating it is harmless as it is.
    Upsert { version: u64 },
}

/// Which index; the name is `place.index_name(prefix of the family)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IndexKey {
    pub family: Family,
    pub place: Place,
}

/// What is known of a document whose source was appended to the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Encoded {
    pub index: IndexKey,
    pub id: DocId,
    pub operation: Operation,
    /// The source is the line as it was handed over with one insertion after so many bytes, as native lines are.
    pub head: Option<u32>,
    /// The line's own valid time; the next line without one inherits it.
    pub time: Option<Time>,
    pub notes: Notes,
}

/// No document came of the line. The output is as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rejected {
    Skip(Skip),
    Refusal(Refusal),
}

/// Nothing to store; counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Skip {
    /// Nothing but white space.
    Blank,
}

/// The line goes to the refused file with its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Refusal {
    /// It begins as a workflow record and is no JSON object.
    RecordSyntax,
    /// A record without a row id of 1 to 64 letters, digits, `.`, `_`, `-`.
    RecordId,
    /// A record without the run's creation time, which routes it.
    RecordRunTime,
    /// A record without a valid time of its own, which is its version.
    RecordTime,
}

impl Refusal {
    pub const ALL: [Self; 4] = [Self::RecordSyntax, Self::RecordId, Self::RecordRunTime, Self::RecordTime];

    pub const fn name(self) -> &'static str {
        match self {
            Self::RecordSyntax => "record_syntax",
            Self::RecordId => "record_id",
            Self::RecordRunTime => "record_run_time",
            Self::RecordTime => "record_time",
        }
    }
}

/// What had to be changed or noticed in a line, as a set. The names stand in `attributes.changed`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Notes(u16);

impl Notes {
    pub const DUPLICATE_KEY: Self = Self(1);
    pub const SURROGATE: Self = Self(2);
    pub const CONTROL: Self = Self(4);
    pub const NUMBER: Self = Self(8);
    pub const TOO_DEEP: Self = Self(16);
    pub const CUT: Self = Self(32);
    pub const REDACTED: Self = Self(64);
    /// These say where the document stands and not that it was changed.
    pub const NOT_JSON: Self = Self(128);
    pub const NOT_UTF8: Self = Self(256);
    pub const UNDATED: Self = Self(512);
    pub const ODD_TIME: Self = Self(1024);

    const CHANGES: u16 = 127;

    pub const NAMES: [(Self, &'static str); 11] = [
        (Self::DUPLICATE_KEY, "duplicate_key"),
        (Self::SURROGATE, "lone_surrogate"),
        (Self::CONTROL, "control_character"),
        (Self::NUMBER, "number_out_of_range"),
        (Self::TOO_DEEP, "too_deep"),
        (Self::CUT, "leaf_cut"),
        (Self::REDACTED, "redacted"),
        (Self::NOT_JSON, "not_json"),
        (Self::NOT_UTF8, "not_utf8"),
        (Self::UNDATED, "undated"),
        (Self::ODD_TIME, "odd_time"),
    ];

    pub fn add(&mut self, note: Self) {
        self.0 |= note.0;
    }

    pub const fn has(self, note: Self) -> bool {
        self.0 & note.0 != 0
    }

    /// The names of what was changed in the document.
    fn changes(self) -> impl Iterator<Item = &'static str> {
        let names = Self::NAMES.into_iter().filter(|(note, _)| note.0 & Self::CHANGES != 0);
        names.filter(move |(note, _)| self.has(*note)).map(|(_, name)| name)
    }
}

/// What an encoder is told; one for each `[[logs]]` entry.
#[derive(Clone, Debug)]
pub struct Settings {
    pub format: Format,
    pub envelope: Envelope,
    /// Used where a line names no service of its own.
    pub service: Option<String>,
    pub environment: Option<String>,
    pub redaction: Redaction,
    /// Part of the id of every line that is not native.
    pub host_id: String,
    pub host_name: String,
    pub id_key: IdKey,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            envelope: Envelope::Auto,
            service: None,
            environment: None,
            redaction: Redaction::default(),
            host_id: String::new(),
            host_name: String::new(),
            id_key: IdKey::default(),
        }
    }
}

/// What the lines are. All but `Text` look for JSON first and fall back on text; one table of names serves them all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    Auto,
    Correlog,
    Tracing,
    Dify,
    Ecs,
    Otel,
    Json,
    /// Never looked at as JSON, and no `parse_error` for that.
    Text,
}

/// What a container runtime may have put around each line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Envelope {
    /// Recognised line by line.
    Auto,
    None,
    Docker,
    Cri,
}
