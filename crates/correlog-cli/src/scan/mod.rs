//! The search in plain and gzipped files with no server at all, at the speed of a byte scan: find the bytes of an id
//! first, look at lines only where they are. It parses nothing; `source` turns hits into documents.

pub mod source;

pub mod block;
mod documents;
mod listing;
pub mod needles;
pub mod settings;
mod work;

#[cfg(test)]
mod tests;
