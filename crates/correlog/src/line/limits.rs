//! How long a message, a field and a line may be.
//!
//! Does not cut: `json.rs` does, on a character boundary, with a mark.

/// Limits in bytes of text before escaping. What is longer is cut on a character boundary and ends in `…[cut]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `message`, `exception.message` and `exception.stacktrace` [32 KiB].
    pub message_bytes: usize,
    /// Every other field [8 KiB: OpenSearch refuses longer keywords].
    pub field_bytes: usize,
    /// All fields of one event or of one span together [256 KiB]; fields beyond it are left out and counted in
    /// `attributes.correlog.fields_left_out`.
    pub line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes: 32 << 10, field_bytes: 8 << 10, line_bytes: 256 << 10 }
    }
}
