//! The name of a writer's stream: 128 random bits, so that no two writers ever share one.
//!
//! Does not need a random number crate: the standard library's hasher keys are random for each process, and time,
//! process and a counter are mixed in.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::line::json;

/// `,"log":{"stream":"<32 hex>","seq":` with a stream of its own.
pub(super) fn tail() -> Vec<u8> {
    let mut tail = b",\"log\":{\"stream\":\"".to_vec();
    json::hex(&mut tail, &random());
    tail.extend_from_slice(b"\",\"seq\":");
    tail
}

fn random() -> [u8; 16] {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let seed = (SystemTime::now(), std::process::id(), number);
    let mut bytes = [0; 16];
    // A fresh `RandomState` has keys of its own, so the two halves are independent.
    bytes[..8].copy_from_slice(&RandomState::new().hash_one(seed).to_be_bytes());
    bytes[8..].copy_from_slice(&RandomState::new().hash_one(seed).to_be_bytes());
    bytes
}
