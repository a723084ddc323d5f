//! Where bytes stand: lineages and the spans of lines in them. It does not know files or names.

/// The identity of a stream of lines that survives rename, copy and compression: a hash of the directory, the
/// stem, the first line and the generation (fields.md §3). Sixteen bytes; as text 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Lineage(pub [u8; 16]);

/// The pump's own number for a file it follows; dense, never reused within one process life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TailId(pub u32);

/// One line's place in its lineage, in (decompressed) bytes. It travels with the document (design.md §3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub tail: TailId,
    /// Where the line starts.
    pub start: u64,
    /// Where the next line starts: behind the newline, or the end of a finished file.
    pub next: u64,
}

impl Span {
    pub const fn len(&self) -> u64 {
        self.next - self.start
    }

    pub const fn is_empty(&self) -> bool {
        self.next == self.start
    }
}
