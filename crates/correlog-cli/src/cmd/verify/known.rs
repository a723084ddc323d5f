//! What the shipper's state directory adds: how far each lineage is settled, and which lines it refused.
//!
//! It only reads, and takes no lock: a shipper that runs meanwhile moves its marks forward, never back (P3). So marks
//! are read before what is stored, and the refused file after it.

use std::fs;
use std::path::Path;

use correlog_pipeline::store::SLOTS;
use correlog_pipeline::{codec, refused};

use super::chain::{Link, Mark, Names};
use crate::error::{Error, Result};

/// The lines in the refused files of a state directory, as links of their lineages.
pub fn refused(dir: &Path, lineages: &mut Names) -> Result<Vec<Link>> {
    let problem = |error| Error::io(format!("{} cannot be read", dir.display()), "give --state DIR", error);
    let mut links = Vec::new();
    for entry in fs::read_dir(dir).map_err(problem)? {
        let entry = entry.map_err(problem)?;
        if !entry.file_name().to_str().is_some_and(refused::is_file_name) {
            continue;
        }
        let bytes = fs::read(entry.path()).map_err(problem)?;
        for refused in refused::read(&bytes).entries {
            // A line that is also stored, in its cut second form, is one link of the chain already.
            let lineage = lineages.number(&refused.lineage);
            links.push(Link { lineage, start: refused.start, next: refused.next, skipped: 0, refused: true });
        }
    }
    Ok(links)
}

/// How far one lineage is settled.
#[derive(Debug)]
pub struct Settled {
    lineage: String,
    end: u64,
    finished: bool,
}

impl Settled {
    pub fn mark(&self, lineages: &mut Names) -> Mark {
        Mark { lineage: lineages.number(&self.lineage), settled: self.end, finished: self.finished }
    }
}

/// How far each lineage is settled, from the newer of the two slots that are whole.
pub fn settled(dir: &Path) -> Result<Vec<Settled>> {
    let slots = SLOTS.iter().filter_map(|slot| fs::read(dir.join(slot)).ok());
    let whole = slots.filter_map(|bytes| codec::decode(&bytes).ok());
    let Some(checkpoint) = whole.max_by_key(|checkpoint| checkpoint.sequence) else {
        let what = format!("{} holds no whole state", dir.display());
        return Err(Error::usage(what, "give the state.dir of the shipper's configuration with --state DIR"));
    };
    let settled = checkpoint.entries().iter().map(|(lineage, entry)| Settled {
        lineage: refused::hex(*lineage),
        end: entry.place.doc_end,
        finished: entry.is_finished(),
    });
    Ok(settled.collect())
}
