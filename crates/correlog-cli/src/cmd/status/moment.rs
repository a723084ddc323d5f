//! The running shipper's last moment as a file in the state directory: written about once a second, believed only
//! while the process that wrote it lives. It is for people; nothing is restored from it, so it is not synced.

use crate::admin;
use correlog_pipeline::snapshot::Snapshot;
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

const NAME: &str = "status.json";
const FRESH: &str = "status.json.new";

/// A failed write is no fault of shipping: the state directory's own trouble is told elsewhere.
pub fn write(dir: &Path, snapshot: &Snapshot) {
    let fresh = dir.join(FRESH);
    let write = || {
        let mut file = BufWriter::new(File::create(&fresh)?);
        admin::write_status(&mut file, snapshot, std::process::id())?;
        file.flush()
    };
    if write().is_ok() {
        let _ = std::fs::rename(&fresh, dir.join(NAME));
    }
}

/// When a shipper ends, its last moment is no news any more.
pub fn remove(dir: &Path) {
    let _ = std::fs::remove_file(dir.join(NAME));
}

/// The moment, if its process is alive.
pub fn read(dir: &Path) -> Option<Value> {
    let status: Value = serde_json::from_slice(&std::fs::read(dir.join(NAME)).ok()?).ok()?;
    let pid = status["pid"].as_u64()?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    (name.trim_end() == "correlog").then_some(status)
}
