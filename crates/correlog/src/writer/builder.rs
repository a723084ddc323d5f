//! How a writer is described and checked before anything is opened.
//!
//! Does not read the environment.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use tracing_appender::rolling::Rotation;

use crate::writer::error::BuildError;
use crate::writer::files::{FilePlan, Files};
use crate::writer::guard::Guard;
use crate::writer::intake::Shared;
use crate::writer::naming::Naming;
use crate::writer::sink::{Out, Sink};
use crate::writer::{Writer, flusher};

/// Where lines go.
pub enum Target {
    /// A file that is appended to; with rotation, the directory, the start and the end of the files' names.
    File(PathBuf),
    /// The process's standard output.
    Stdout,
    /// The process's standard error.
    Stderr,
    /// Anything else that takes bytes.
    Other(Box<dyn Write + Send>),
}

impl Target {
    /// Any `io::Write`, for example a socket or a test's buffer.
    pub fn io(write: impl Write + Send + 'static) -> Self {
        Self::Other(Box::new(write))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Stdout => formatter.write_str("Stdout"),
            Self::Stderr => formatter.write_str("Stderr"),
            Self::Other(_) => formatter.write_str("Other"),
        }
    }
}

impl From<PathBuf> for Target {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Path> for Target {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&str> for Target {
    fn from(path: &str) -> Self {
        Self::File(path.into())
    }
}

/// When a line reaches the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Before the log statement returns, with one write for each line: a SIGKILL of the service loses nothing that
    /// returned. A crash of the whole machine may, since nothing is synced.
    #[default]
    Direct,
    /// Through a bounded buffer that a thread of its own writes out: when it holds `flush_bytes`, when its oldest
    /// line is 100 ms old, at once after an ERROR line, and when the guard is dropped. `process::exit`, abort and
    /// SIGKILL may lose the last 100 ms.
    Buffered,
}

/// What happens to a line that finds the buffer full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// The log statement waits for room. While the target fails (disk full, closed pipe) it does not wait: a log
    /// must not stop its service, so lines are dropped and counted until the target works again.
    #[default]
    Block,
    /// The line is dropped and counted, and the next line that finds room is preceded by one that says how many.
    DropNewest,
}

/// Describes a [`Writer`]; made by [`Writer::builder`].
#[derive(Debug)]
pub struct WriterBuilder {
    target: Target,
    pub(super) mode: Mode,
    pub(super) overflow: Overflow,
    pub(super) buffer_bytes: usize,
    pub(super) flush_bytes: usize,
    rotation: Rotation,
    max_file_bytes: Option<u64>,
    keep_files: Option<usize>,
    symlink: Option<String>,
}

impl WriterBuilder {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            mode: Mode::default(),
            overflow: Overflow::default(),
            buffer_bytes: 4 << 20,
            flush_bytes: 128 << 10,
            rotation: Rotation::NEVER,
            max_file_bytes: None,
            keep_files: None,
            symlink: None,
        }
    }

    /// When a line reaches the operating system [`Mode::Direct`].
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Shorthand for [`Mode::Buffered`].
    #[must_use]
    pub fn buffered(self) -> Self {
        self.mode(Mode::Buffered)
    }

    /// What happens when the buffer is full [`Overflow::Block`].
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// How many bytes may wait in the buffer [4 MiB]; as many again may be on their way to the target.
    #[must_use]
    pub fn buffer_bytes(mut self, bytes: usize) -> Self {
        self.buffer_bytes = bytes;
        self
    }

    /// At how many waiting bytes the buffer is written out [128 KiB].
    #[must_use]
    pub fn flush_bytes(mut self, bytes: usize) -> Self {
        self.flush_bytes = bytes;
        self
    }

    /// When a new file is begun, in UTC [`Rotation::NEVER`]. The names are tracing-appender's: `logs/api.jsonl` by
    /// the day becomes `logs/api.2026-11-21.jsonl`. A file's day is the day its lines were written out.
    #[must_use]
    pub fn rotation(mut self, rotation: Rotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// Begins a new file before one grows beyond this [no limit]: `api.2026-11-21.jsonl` is followed by
    /// `api.2026-11-21.1.jsonl`. Files are never renamed. A line longer than the limit gets a file to itself.
    #[must_use]
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.max_file_bytes = Some(bytes);
        self
    }

    /// Keeps this many files, the current one included, and removes the oldest others [keeps all].
    ///
    /// Only files whose name is exactly of this writer's pattern are ever removed. Keep enough of them for a shipper
    /// that was down for a while: what is removed before it was shipped is lost.
    #[must_use]
    pub fn keep_files(mut self, count: usize) -> Self {
        self.keep_files = Some(count);
        self
    }

    /// Keeps a symlink of this name in the files' directory pointing at the current file. Unix only.
    #[must_use]
    pub fn symlink(mut self, name: impl Into<String>) -> Self {
        self.symlink = Some(name.into());
        self
    }

    /// Opens the target.
    ///
    /// # Errors
    /// A [`BuildError`] that names the path or the setting.
    pub fn build(mut self) -> Result<(Writer, Guard), BuildError> {
        self.check()?;
        let target = std::mem::replace(&mut self.target, Target::Stdout);
        let shared = Arc::new(Shared::new(&self));
        let sink = match target {
            Target::File(path) => Sink::file(Files::open(self.plan(&path)?, &shared.counters)?),
            Target::Stdout => Sink::new(Out::stdout()),
            Target::Stderr => Sink::new(Out::stderr()),
            Target::Other(write) => Sink::new(Out::Other(write)),
        };
        shared.install(sink);
        let flusher = match self.mode {
            Mode::Direct => None,
            Mode::Buffered => Some(flusher::start(Arc::clone(&shared))?),
        };
        Ok((Writer { shared: Arc::clone(&shared) }, Guard::new(shared, flusher)))
    }

    fn plan(&self, path: &Path) -> Result<FilePlan, BuildError> {
        Ok(FilePlan {
            naming: Naming::new(path, self.rotation.clone())?,
            max_bytes: self.max_file_bytes,
            keep: self.keep_files,
            symlink: self.symlink.clone(),
            clock: SystemTime::now,
        })
    }

    fn check(&self) -> Result<(), BuildError> {
        let at_least = |setting, value: u64, least: u64| match value < least {
            true => Err(BuildError::Limit { setting, value, least }),
            false => Ok(()),
        };
        at_least("flush_bytes", self.flush_bytes as u64, 1)?;
        at_least("buffer_bytes", self.buffer_bytes as u64, self.flush_bytes as u64)?;
        at_least("keep_files", self.keep_files.map_or(1, |count| count as u64), 1)?;
        at_least("max_file_bytes", self.max_file_bytes.unwrap_or(1), 1)?;
        if matches!(self.target, Target::File(_)) {
            return Ok(());
        }
        let needs_file = [
            ("rotation", self.rotation != Rotation::NEVER),
            ("max_file_bytes", self.max_file_bytes.is_some()),
            ("keep_files", self.keep_files.is_some()),
            ("symlink", self.symlink.is_some()),
        ];
        match needs_file.into_iter().find(|(_, is_set)| *is_set) {
            Some((setting, _)) => Err(BuildError::NotAFile { setting }),
            None => Ok(()),
        }
    }
}

/// How old the oldest buffered line may become.
pub(super) const FLUSH_AGE: Duration = Duration::from_millis(100);
