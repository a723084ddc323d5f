//! The status when no shipper runs: the saved places against the files as they are now. It takes no lock.

use crate::admin;
use crate::error::{Error, Result};
use crate::world::disk::StateDir;
use correlog_pipeline::checkpoint::Checkpoint;
use correlog_pipeline::ports::DiskFault;
use correlog_pipeline::snapshot::{FileView, of_checkpoint};
use correlog_pipeline::store::{Found, Store};
use serde_json::{Value, json};
use std::path::Path;

pub fn status(dir: &Path) -> Result<Value> {
    let mut disk = StateDir::look(dir);
    let (checkpoint, found) = match Store::open(&mut disk) {
        Ok((_, checkpoint, found)) => (checkpoint, found),
        // No directory is no state.
        Err(DiskFault::Gone) => (Checkpoint::default(), Found::Nothing),
        Err(fault) => {
            let hint = "check the path and the permissions of state.dir";
            return Err(Error::stopped(
                format!("the state in {} cannot be read ({fault:?})", dir.display()),
                hint,
            ));
        }
    };
    let mut files = of_checkpoint(&checkpoint);
    files.iter_mut().for_each(measure);
    let behind: u64 = files.iter().map(FileView::bytes_behind).sum();
    let mut problems = Vec::new();
    match found {
        Found::Nothing => problems.push(json!({
            "name": "never_ran", "what": "no shipper ever kept its place here",
            "hint": "is this the state.dir of the shipper you mean? `correlog ship` starts one",
        })),
        Found::Lost { .. } => problems.push(json!({
            "name": "state_lost", "what": "neither slot of the state can be used",
            "hint": "the next `correlog ship` reads everything again, under the same ids",
        })),
        Found::State { .. } if behind > 0 => problems.push(json!({
            "name": "not_running", "what": format!("no shipper runs, and {behind} bytes wait"),
            "hint": "start `correlog ship`",
        })),
        Found::State { .. } => {}
    }
    Ok(json!({
        "running": false,
        "healthy": problems.is_empty(),
        "problems": problems,
        "files": files.iter().map(admin::file_json).collect::<Vec<_>>(),
    }))
}

/// How long the file is now; one that is gone keeps what was known of it.
fn measure(file: &mut FileView) {
    if let Ok(meta) = std::fs::metadata(&file.path)
        && file.path.extension().is_none_or(|extension| extension != "gz")
    {
        file.size = meta.len().max(file.settled);
    }
}
