//! The lines that the writer itself adds to the stream.
//!
//! Does not say why lines were dropped beyond what is certain: the stderr report names the error.

use std::time::SystemTime;

use crate::line::{json, time};

/// A native line, without its `log` key, that says how many lines were dropped before it.
pub(super) fn dropped_lines(count: u64, resource: &[u8], now: SystemTime) -> Vec<u8> {
    let mut line = Vec::with_capacity(256);
    line.extend_from_slice(b"{\"@timestamp\":\"");
    time::rfc3339(&mut line, now);
    line.extend_from_slice(b"\",\"level\":\"WARN\",\"message\":\"");
    json::integer(&mut line, count);
    line.extend_from_slice(b" log lines were dropped here\"");
    line.extend_from_slice(resource);
    line.extend_from_slice(b",\"logger\":\"correlog\",\"attributes\":{\"correlog.dropped_lines\":");
    json::integer(&mut line, count);
    line.push(b'}');
    line
}
