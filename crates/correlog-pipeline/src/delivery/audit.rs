//! Asking what is stored under an id before deciding about a conflict that nothing explains, or before condemning a
//! document whose earlier sends may have been stored. It compares positions, never content.

use serde_json::{Value, json};

use super::batch::{Batch, Entry};
use super::reply::Found;
use crate::encode::Operation;

/// What an audit shows for one document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// The same event is stored.
    Same,
    /// Nothing is stored under this id.
    Missing,
    /// Another event has this id.
    Other,
}

/// The body of the `_mget`.
pub fn body(batch: &Batch) -> Vec<u8> {
    let ids: Vec<String> = batch.entries.iter().map(|entry| batch.id(entry)).collect();
    json!({ "ids": ids }).to_string().into_bytes()
}

pub fn shown(batch: &Batch, entry: &Entry, found: &Found) -> Shown {
    let Some(stored) = &found.log else { return Shown::Missing };
    // A record's id is its row's, and a conflict means that a newer version of it is there.
    if entry.operation != Operation::Create {
        return Shown::Same;
    }
    let ours = serde_json::from_slice::<Value>(batch.first(entry)).ok();
    let ours = ours.and_then(|source| source.get("log").cloned()).unwrap_or_default();
    let same = |keys: [&str; 2]| {
        keys.iter().all(|key| ours.get(key).is_some_and(|value| stored.get(key) == Some(value)))
    };
    match same(["stream", "seq"]) || same(["lineage", "offset"]) {
        true => Shown::Same,
        false => Shown::Other,
    }
}
