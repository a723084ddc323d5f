//! The `Disk` port on a real directory: the state directory, its one lock, and syncs that are never trusted twice.
//!
//! It knows no format and chooses no file names; what to save and when is the pipeline's business. A file whose
//! sync failed answers `Io` for ever after, because the kernel may have dropped its pages and marked them clean.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use correlog_pipeline::ports::{Disk, DiskFault, DiskFile};

/// Holds the lock of a running shipper and its process number; never listed, read or written through the port.
pub const LOCK_NAME: &str = "lock";

/// Why a state directory could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Another process ships from this directory; its number where it could be read.
    InUse { dir: PathBuf, process: Option<u32> },
    /// The directory or its lock file could not be made or read.
    Io { path: PathBuf, error: io::Error },
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InUse { dir, process: Some(process) } => {
                write!(f, "the state directory {} is in use by process {process}", dir.display())
            }
            Self::InUse { dir, process: None } => {
                write!(f, "the state directory {} is in use by another process", dir.display())
            }
            Self::Io { path, error } => write!(f, "cannot open {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {}

/// The state directory. The lock is held as long as this lives; the kernel drops it with the process, so a crash
/// leaves nothing to clean up.
#[derive(Debug)]
pub struct StateDir {
    dir: PathBuf,
    /// `None` when opened for reading only.
    lock: Option<File>,
    open: BTreeMap<u32, Open>,
    next: u32,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// A sync failed: nothing this handle says about durability can be believed any more.
    poisoned: bool,
}

impl StateDir {
    /// Makes the directory (0700) where it is missing and takes its lock.
    ///
    /// # Errors
    /// `InUse` when another process holds the lock, `Io` when directory or lock cannot be made.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let io_error = |path: &Path| {
            let path = path.to_path_buf();
            move |error| OpenError::Io { path, error }
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io_error(dir))?;
        let path = dir.join(LOCK_NAME);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut lock = options.open(&path).map_err(io_error(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let process = holder(&mut lock);
                return Err(OpenError::InUse { dir: dir.to_path_buf(), process });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::Io { path, error }),
        }
        // The number is only for the sentence a second instance prints: failing to write it is no reason to stop.
        let _ = lock.set_len(0).and_then(|()| lock.write_all(std::process::id().to_string().as_bytes()));
        Ok(Self { dir: dir.to_path_buf(), lock: Some(lock), open: BTreeMap::new(), next: 0 })
    }

    /// Looks into a directory that another process may be using: whatever would change it answers `ReadOnly`.
    pub fn look(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf(), lock: None, open: BTreeMap::new(), next: 0 }
    }

    fn path(&self, name: &str) -> Result<PathBuf, DiskFault> {
        let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']);
        if plain && name != LOCK_NAME { Ok(self.dir.join(name)) } else { Err(DiskFault::Denied) }
    }

    fn path_to_change(&self, name: &str) -> Result<PathBuf, DiskFault> {
        if self.lock.is_none() {
            return Err(DiskFault::ReadOnly);
        }
        self.path(name)
    }

    fn keep(&mut self, file: File) -> DiskFile {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.open.insert(number, Open { file, poisoned: false });
        DiskFile(number)
    }

    fn held(&mut self, file: DiskFile) -> Result<&mut Open, DiskFault> {
        self.open.get_mut(&file.0).ok_or(DiskFault::Io)
    }
}

/// Who holds the lock, as it wrote itself.
fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Appending is asked of the kernel for created files too, so that a write after a truncation goes to the end.
fn appending() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    options
}

impl Disk for StateDir {
    fn names(&mut self) -> Result<Vec<String>, DiskFault> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            // A name that is not UTF-8 is none of ours.
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name != LOCK_NAME && entry.file_type().map_err(fault)?.is_file() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn read_all(&mut self, name: &str, max: u64) -> Result<Vec<u8>, DiskFault> {
        let file = File::open(self.path(name)?).map_err(fault)?;
        let mut bytes = Vec::new();
        file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(fault)?;
        if bytes.len() as u64 > max { Err(DiskFault::Io) } else { Ok(bytes) }
    }

    fn create(&mut self, name: &str) -> Result<DiskFile, DiskFault> {
        let file = appending().open(self.path_to_change(name)?).map_err(fault)?;
        file.set_len(0).map_err(fault)?;
        Ok(self.keep(file))
    }

    fn append(&mut self, name: &str) -> Result<(DiskFile, u64), DiskFault> {
        let file = appending().open(self.path_to_change(name)?).map_err(fault)?;
        let len = file.metadata().map_err(fault)?.len();
        Ok((self.keep(file), len))
    }

    fn write_all(&mut self, file: DiskFile, bytes: &[u8]) -> Result<(), DiskFault> {
        self.held(file)?.file.write_all(bytes).map_err(fault)
    }

    fn truncate(&mut self, file: DiskFile, len: u64) -> Result<(), DiskFault> {
        self.held(file)?.file.set_len(len).map_err(fault)
    }

    fn sync(&mut self, file: DiskFile) -> Result<(), DiskFault> {
        let held = self.held(file)?;
        if held.poisoned {
            return Err(DiskFault::Io);
        }
        held.file.sync_all().map_err(|error| {
            held.poisoned = true;
            fault(error)
        })
    }

    fn close(&mut self, file: DiskFile) {
        self.open.remove(&file.0);
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskFault> {
        let (from, to) = (self.path_to_change(from)?, self.path_to_change(to)?);
        std::fs::rename(from, to).map_err(fault)
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskFault> {
        std::fs::remove_file(self.path_to_change(name)?).map_err(fault)
    }

    fn sync_dir(&mut self) -> Result<(), DiskFault> {
        if self.lock.is_none() {
            return Err(DiskFault::ReadOnly);
        }
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(fault)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
fn fault(error: io::Error) -> DiskFault {
    match error.kind() {
        io::ErrorKind::NotFound => DiskFault::Gone,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DiskFault::Full,
        io::ErrorKind::ReadOnlyFilesystem => DiskFault::ReadOnly,
        io::ErrorKind::PermissionDenied => DiskFault::Denied,
        _ => DiskFault::Io,
    }
}
