//! A line becomes a document: its index, its id and the spliced body. It reads no file and sends nothing.
//!
//! The contract between the reader (which frames lines), this module and the delivery (which owns batches).

use crate::span::{Lineage, Span};

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
