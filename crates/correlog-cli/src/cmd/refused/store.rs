//! The refused records of a state directory, file by file, less those that were replayed. Reading changes nothing;
//! what was replayed is noted in a file of its own, so a running shipper and a replay never write the same file.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use correlog_pipeline::refused::{self, Entry};

use super::Choice;
use crate::error::{Error, Result};
use crate::world::disk::StateDir;

#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    /// By number, the oldest first.
    files: Vec<PathBuf>,
    /// What was replayed, by key.
    replayed: BTreeSet<Key>,
}

/// What makes two records the same: a document's index and id, or a line's place where there is no document.
pub type Key = (String, String, u64);

pub fn key(entry: &Entry) -> Key {
    match entry.id.is_empty() {
        true => (String::new(), entry.lineage.clone(), entry.start),
        false => (entry.index.clone(), entry.id.clone(), 0),
    }
}

const REPLAYED: &str = "replayed.bin";

impl Store {
    pub fn open(dir: &Path) -> Result<Self> {
        let mut files = Vec::new();
        let listing = std::fs::read_dir(dir).map_err(|source| unreadable(dir, source))?;
        for entry in listing.flatten() {
            if refused::is_file_name(&entry.file_name().to_string_lossy()) {
                files.push(entry.path());
            }
        }
        files.sort();
        let notes = std::fs::read(dir.join(REPLAYED)).unwrap_or_default();
        let replayed = refused::read(&notes).entries.iter().map(key).collect();
        Ok(Self { dir: dir.to_owned(), files, replayed })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Calls `each` with every waiting record that is chosen, once a key. Answers the bytes that belong to none.
    pub fn visit(&self, choice: &Choice, mut each: impl FnMut(Entry) -> Result<()>) -> Result<u64> {
        let mut seen = BTreeSet::new();
        let mut damaged = 0;
        for file in &self.files {
            let contents = refused::read(&std::fs::read(file).map_err(|source| unreadable(file, source))?);
            damaged += contents.damaged_bytes;
            for entry in contents.entries {
                let key = key(&entry);
                if choice.takes(&entry) && !self.replayed.contains(&key) && seen.insert(key) {
                    each(entry)?;
                }
            }
        }
        Ok(damaged)
    }

    /// Where replayed ones are noted, for appending.
    pub fn notes(&self) -> Result<Notes> {
        let path = self.dir.join(REPLAYED);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        let file = file.map_err(|source| unreadable(&path, source))?;
        Ok(Notes { path, file })
    }

    /// Removes the files of which nothing waits any more. While a shipper runs, its newest file stays: it may be
    /// writing to it.
    pub fn tidy(&self) -> Result<()> {
        let lock = StateDir::open(&self.dir).ok();
        let removable = self.files.len() - usize::from(lock.is_none() && !self.files.is_empty());
        for file in &self.files[..removable] {
            let contents = refused::read(&std::fs::read(file).map_err(|source| unreadable(file, source))?);
            let whole = contents.damaged_bytes == 0;
            if whole && contents.entries.iter().all(|entry| self.replayed.contains(&key(entry))) {
                std::fs::remove_file(file).map_err(|source| unreadable(file, source))?;
            }
        }
        Ok(())
    }
}

/// The note of what is stored now.
#[derive(Debug)]
pub struct Notes {
    path: PathBuf,
    file: File,
}

impl Notes {
    /// Durable when it returns; only then is the entry off the list.
    pub fn add<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>) -> Result<()> {
        let mut bytes = Vec::new();
        for entry in entries {
            let note = Entry {
                line: Vec::new(),
                source: Vec::new(),
                reason: "replayed".to_owned(),
                ..entry.clone()
            };
            note.encode(&mut bytes);
        }
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_all());
        written.map_err(|source| Error::io(format!("{} cannot be written", self.path.display()), "", source))
    }
}

impl Choice {
    fn takes(&self, entry: &Entry) -> bool {
        let fits =
            |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        fits(&self.reason, &entry.reason) && fits(&self.id, &entry.id) && fits(&self.index, &entry.index)
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    let hint = "run it as the user of the shipper, with its configuration file";
    Error::io(format!("{} cannot be read", path.display()), hint, source)
}
