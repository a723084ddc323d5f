//! How one line is made: the catalogue of typed fields, JSON text, time, the fields of one span or event, and the
//! order in which they stand.
//!
//! Does not know spans, ids or files: `layer` brings the former, `writer` the latter.

pub(crate) mod assemble;
pub(crate) mod callsite;
pub(crate) mod catalogue;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod time;
pub(crate) mod visit;
