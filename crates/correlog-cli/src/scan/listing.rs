//! Which files the globs on the command line mean. It follows the same rules as the shipper's listing, but takes no
//! rotated siblings by itself: what is searched is what was written.

use crate::error::{Error, Result};
use crate::world::files::{Patterns, RealFiles};
use correlog_pipeline::ports::{Files as _, Role};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub path: PathBuf,
    /// Bytes on disk.
    pub size: u64,
    pub is_gzip: bool,
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Every file once, in the order of their names; what could not be looked at is in the notes.
pub fn list(globs: &[String], base: &Path) -> Result<(Vec<Candidate>, Vec<String>)> {
    let mut notes = Vec::new();
    let mut found: Vec<Candidate> = Vec::new();
    for glob in globs {
        let before = found.len();
        let literal = base.join(glob);
        if literal.is_file() {
            take(literal, &mut found, &mut notes);
        } else {
            walk(glob, base, &mut found, &mut notes)?;
        }
        if found.len() == before {
            notes.push(format!("{glob} names no file"));
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    Ok((found, notes))
}

fn walk(glob: &str, base: &Path, found: &mut Vec<Candidate>, notes: &mut Vec<String>) -> Result<()> {
    let patterns = Patterns { paths: vec![glob.to_owned()], ..Patterns::default() };
    let mut files = RealFiles::new(base, &[patterns])
        .map_err(|error| Error::usage(error.to_string(), "quote the glob, as in --files 'logs/*.jsonl'"))?;
    let listing = files.list(0);
    for (path, fault) in &listing.faults {
        notes.push(format!("{} cannot be read ({fault:?})", path.display()));
    }
    for listed in listing.files.into_iter().filter(|listed| listed.role == Role::Live) {
        take(listed.path, found, notes);
    }
    Ok(())
}

fn take(path: PathBuf, found: &mut Vec<Candidate>, notes: &mut Vec<String>) {
    let read = || -> std::io::Result<(u64, bool)> {
        let mut file = File::open(&path)?;
        let mut head = [0; 2];
        let is_gzip = file.read(&mut head)? == 2 && head == GZIP;
        Ok((file.metadata()?.len(), is_gzip))
    };
    match read() {
        Ok((size, is_gzip)) => found.push(Candidate { path, size, is_gzip }),
        Err(error) => notes.push(format!("{} cannot be read: {error}", path.display())),
    }
}
