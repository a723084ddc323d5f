//! The current file of a writer and its successors: rotation by time and size, retention, the symlink, reopening.
//!
//! Does not decide when lines are written and never renames a file: a shipper's place in a file stays valid.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::line::time;
use crate::writer::error::BuildError;
use crate::writer::naming::{Naming, Place};
use crate::writer::stats::{Counters, add};

/// What was asked for.
#[derive(Debug)]
pub(super) struct FilePlan {
    pub naming: Naming,
    pub max_bytes: Option<u64>,
    pub keep: Option<usize>,
    pub symlink: Option<String>,
    /// `SystemTime::now`; a test has one of its own, which it sets to midnight.
    pub clock: fn() -> SystemTime,
}

/// The open file and what it needs to know of itself.
#[derive(Debug)]
pub(super) struct Files {
    plan: FilePlan,
    pub file: File,
    path: PathBuf,
    place: Place,
    /// Bytes in the file; only kept true by whoever writes through [`Files::wrote`].
    length: u64,
    /// When the next period begins, in seconds since 1970.
    ends: Option<i64>,
    looked: Instant,
    /// Set after a failure to begin the next file, so that it is not tried for every line.
    next_try: Option<Instant>,
}

/// How often it is looked whether the file was moved or deleted under us, and how long a failed opening waits.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Files {
    pub fn open(plan: FilePlan, counters: &Counters) -> Result<Self, BuildError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| BuildError::Open { path, source }
        };
        fs::create_dir_all(&plan.naming.directory).map_err(failed(&plan.naming.directory))?;
        let place = newest_of_period(&plan.naming, (plan.clock)());
        let path = plan.naming.path(place);
        let file = append(&path).map_err(failed(&path))?;
        let length = file.metadata().map_err(failed(&path))?.len();
        let ends = plan.naming.end(place);
        let files = Self { plan, file, path, place, length, ends, looked: Instant::now(), next_try: None };
        files.link().map_err(failed(&files.path))?;
        files.remove_old(counters);
        Ok(files)
    }

    /// Begins a new file where time asks for it, and opens the file anew where it was moved or deleted under us.
    pub fn prepare(&mut self, counters: &Counters) -> io::Result<()> {
        let now = (self.plan.clock)();
        let is_over = self.ends.is_some_and(|ends| time::since_epoch(now).0 >= ends);
        if is_over && self.next_try.is_none_or(|at| Instant::now() >= at) {
            let place = newest_of_period(&self.plan.naming, now);
            return self.switch(place, counters);
        }
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            if self.is_gone() {
                return self.reopen(counters);
            }
        }
        Ok(())
    }

    /// How many bytes the current file still takes.
    pub fn room(&self) -> u64 {
        self.plan.max_bytes.map_or(u64::MAX, |most| most.saturating_sub(self.length))
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub fn wrote(&mut self, count: usize) {
        self.length += count as u64;
    }

    /// Begins the next file of the same period, because this one is full.
    pub fn begin_next(&mut self, counters: &Counters) -> io::Result<()> {
        self.switch(Place { number: self.place.number + 1, ..self.place }, counters)
    }

    /// Opens the current path anew, creating the file if it is gone.
    pub fn reopen(&mut self, counters: &Counters) -> io::Result<()> {
        self.switch(self.place, counters)
    }

    fn switch(&mut self, place: Place, counters: &Counters) -> io::Result<()> {
        self.next_try = Some(Instant::now() + LOOK_EVERY);
        let path = self.plan.naming.path(place);
        fs::create_dir_all(&self.plan.naming.directory)?;
        let file = append(&path)?;
        self.length = file.metadata()?.len();
        self.file = file;
        self.path = path;
        self.place = place;
        self.ends = self.plan.naming.end(place);
        self.next_try = None;
        self.looked = Instant::now();
        add(&counters.reopened, 1);
        self.link()?;
        self.remove_old(counters);
        Ok(())
    }

    /// Whether the path no longer names the open file. Where that cannot be told, it does.
    fn is_gone(&self) -> bool {
        match fs::metadata(&self.path) {
            Ok(named) => self.file.metadata().is_ok_and(|open| !is_same(&named, &open)),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Makes the symlink beside its place and renames it there, so that it always exists.
    #[cfg(unix)]
    fn link(&self) -> io::Result<()> {
        let Some(name) = &self.plan.symlink else { return Ok(()) };
        let Some(target) = self.path.file_name() else { return Ok(()) };
        let link = self.plan.naming.directory.join(name);
        let beside = self.plan.naming.directory.join(format!(".{name}.{}", std::process::id()));
        let _ = fs::remove_file(&beside);
        std::os::unix::fs::symlink(target, &beside)?;
        fs::rename(&beside, &link)
    }

    #[cfg(not(unix))]
    fn link(&self) -> io::Result<()> {
        match self.plan.symlink {
            None => Ok(()),
            Some(_) => Err(io::Error::other("a symlink to the current file needs Unix")),
        }
    }

    /// Removes the oldest files of exactly our pattern beyond the number to keep. A failure here is counted and
    /// tried again with the next file: it must not stop the writing.
    fn remove_old(&self, counters: &Counters) {
        let Some(keep) = self.plan.keep else { return };
        let mut places = places(&self.plan.naming);
        places.retain(|place| *place != self.place);
        places.sort_unstable();
        let surplus = (places.len() + 1).saturating_sub(keep);
        for place in places.into_iter().take(surplus) {
            match fs::remove_file(self.plan.naming.path(place)) {
                Ok(()) => add(&counters.removed_files, 1),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => add(&counters.io_errors, 1),
            }
        }
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

/// The last file of the period that `now` is in, so that a restart goes on where it stopped.
fn newest_of_period(naming: &Naming, now: SystemTime) -> Place {
    let first = naming.place(now);
    places(naming).into_iter().filter(|place| place.start == first.start).max().unwrap_or(first)
}

/// The places of all regular files of our pattern; symlinks and directories are not ours.
fn places(naming: &Naming) -> Vec<Place> {
    let Ok(entries) = fs::read_dir(&naming.directory) else { return Vec::new() };
    let is_file = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    entries.flatten().filter(is_file).filter_map(|entry| naming.parse(entry.file_name().to_str()?)).collect()
}

#[cfg(unix)]
fn is_same(left: &fs::Metadata, right: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    left.dev() == right.dev() && left.ino() == right.ino()
}

/// Windows does not let an open file be moved, so the path always names it.
#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests;
