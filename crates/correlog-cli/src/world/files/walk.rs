//! One listing: the walk along a group's patterns. It opens no log file and remembers nothing between listings.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use correlog_pipeline::ports::{FileFault, Listed, Listing, Role};
use rustix::fs::FileType;

use super::glob::{Group, Step};
use super::{io_fault, stat_path};

/// A directory that changes while it is read is read again this often, then reported as not wholly seen.
const READS_MAX: usize = 3;

pub(super) struct Walked {
    pub listing: Listing,
    /// Directories that were read: where news will come from.
    pub dirs: Vec<PathBuf>,
}

pub(super) fn list(group: &Group) -> Walked {
    let mut walk = Walk {
        group,
        dirs: BTreeMap::new(),
        found: BTreeMap::new(),
        seen: BTreeSet::new(),
        faults: BTreeMap::new(),
        ignored: 0,
    };
    for pattern in &group.patterns {
        walk.steps(&pattern.base, &pattern.steps, pattern.role);
    }
    let files = walk.found.into_values().collect();
    let faults = walk.faults.into_iter().collect();
    Walked {
        listing: Listing { files, faults, ignored: walk.ignored },
        dirs: walk.dirs.into_keys().collect(),
    }
}

struct Walk<'a> {
    group: &'a Group,
    /// Each directory is read once a listing, however many patterns pass through it.
    dirs: BTreeMap<PathBuf, Dir>,
    found: BTreeMap<PathBuf, Listed>,
    seen: BTreeSet<PathBuf>,
    faults: BTreeMap<PathBuf, FileFault>,
    ignored: u64,
}

#[derive(Clone, Default)]
struct Dir {
    /// Where it really is.
    target: PathBuf,
    entries: std::rc::Rc<Vec<(OsString, Kind)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Dir,
    Link,
    /// A file, or something whose kind the directory does not tell.
    Other,
}

impl Walk<'_> {
    fn steps(&mut self, dir: &Path, steps: &[Step], role: Role) {
        let Some((step, rest)) = steps.split_first() else { return };
        let opened = self.dir(dir);
        match step {
            Step::Name(name) if rest.is_empty() => {
                if let Some(&(_, kind)) = opened.entries.iter().find(|(entry, _)| entry == name.as_os_str()) {
                    self.file(dir, &opened.target, name.as_os_str(), kind, role);
                }
            }
            Step::Name(name) => self.steps(&dir.join(name), rest, role),
            Step::Glob(glob) => {
                for (name, kind) in opened.entries.iter().filter(|(name, _)| glob.is_match(name)) {
                    if rest.is_empty() {
                        self.file(dir, &opened.target, name, *kind, role);
                    } else if *kind == Kind::Dir || *kind == Kind::Link && dir.join(name).is_dir() {
                        self.steps(&dir.join(name), rest, role);
                    }
                }
            }
            Step::Deep => {
                self.steps(dir, rest, role);
                // Links to directories are not followed here: `**` would never end in a loop of them.
                for (name, _) in opened.entries.iter().filter(|(_, kind)| *kind == Kind::Dir) {
                    self.steps(&dir.join(name), steps, role);
                }
            }
        }
    }

    fn dir(&mut self, path: &Path) -> Dir {
        if let Some(dir) = self.dirs.get(path) {
            return dir.clone();
        }
        let dir = read_dir(path).unwrap_or_else(|(fault, partly)| {
            self.faults.insert(path.to_path_buf(), fault);
            partly
        });
        self.dirs.insert(path.to_path_buf(), dir.clone());
        dir
    }

    fn file(&mut self, dir: &Path, real_dir: &Path, name: &std::ffi::OsStr, kind: Kind, role: Role) {
        let path = dir.join(name);
        // Live patterns come first and win: a file that may still grow is never taken for a finished one.
        if kind == Kind::Dir || self.group.leaves_out(&path) || !self.seen.insert(path.clone()) {
            return;
        }
        let target = if kind == Kind::Link {
            match path.canonicalize() {
                Ok(target) => target,
                Err(error) => return self.fault(path, io_fault(&error)),
            }
        } else {
            real_dir.join(name)
        };
        match stat_path(&target) {
            Ok((FileType::RegularFile, stat)) if self.group.holds(&target) => {
                self.found.insert(path.clone(), Listed { path, target, role, stat });
            }
            Ok(_) => self.ignored += 1,
            Err(fault) => self.fault(path, fault),
        }
    }

    fn fault(&mut self, path: PathBuf, fault: FileFault) {
        self.faults.insert(path, fault);
    }
}

/// Reads until the directory stood still: a file renamed during one read can be missed under both its names, and
/// what is not listed might be taken for gone.
fn read_dir(path: &Path) -> Result<Dir, (FileFault, Dir)> {
    let nothing = |error: std::io::Error| (io_fault(&error), Dir::default());
    let target = path.canonicalize().map_err(nothing)?;
    let mut dir = Dir { target, ..Dir::default() };
    for _ in 0..READS_MAX {
        let before = std::fs::metadata(path).and_then(|meta| meta.modified()).map_err(nothing)?;
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(path).map_err(nothing)? {
            let entry = entry.map_err(nothing)?;
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_dir() => Kind::Dir,
                Ok(kind) if kind.is_symlink() => Kind::Link,
                _ => Kind::Other,
            };
            entries.push((entry.file_name(), kind));
        }
        dir.entries = std::rc::Rc::new(entries);
        if std::fs::metadata(path).and_then(|meta| meta.modified()).map_err(nothing)? == before {
            return Ok(dir);
        }
    }
    Err((FileFault::Io, dir))
}
