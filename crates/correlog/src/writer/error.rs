//! What may go wrong when a writer is built or shut down; each says what to do about it.
//!
//! Errors of single writes are not here: they are counted in `Stats` and told on stderr once a minute.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a writer could not be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The file, its directory or the symlink beside it could not be opened or made.
    Open {
        /// What was to be opened.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Rotation, retention, a size limit or a symlink was asked for where the target is no file.
    NotAFile {
        /// The setting that needs a file.
        setting: &'static str,
    },
    /// The path ends in no file name.
    NoFileName {
        /// The path given.
        path: PathBuf,
    },
    /// A limit is zero, or a buffer is smaller than what is to be flushed from it.
    Limit {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: u64,
        /// The least value it may have.
        least: u64,
    },
    /// The thread that flushes the buffer could not be started.
    Thread {
        /// What the system said.
        source: io::Error,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, source } => {
                write!(formatter, "cannot open {} for the log: {source}", path.display())
            }
            Self::NotAFile { setting } => {
                write!(formatter, "{setting} needs a file as the target: give a path")
            }
            Self::NoFileName { path } => {
                write!(formatter, "{} names no file: give a path that ends in a file name", path.display())
            }
            Self::Limit { setting, value, least } => {
                write!(formatter, "{setting} is {value}: it must be at least {least}")
            }
            Self::Thread { source } => {
                write!(formatter, "cannot start the thread that flushes the log ({source}): use Mode::Direct")
            }
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open { source, .. } | Self::Thread { source } => Some(source),
            _ => None,
        }
    }
}

/// Not everything was written when the time was over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownError {
    /// How long was waited.
    pub waited: Duration,
    /// Bytes that were accepted and are not written.
    pub unwritten_bytes: u64,
    /// Lines that were lost over the writer's whole life, and so are not in the stream.
    pub dropped_lines: u64,
}

impl fmt::Display for ShutdownError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the log was not written whole within {:?}: {} bytes are not written, {} lines were dropped",
            self.waited, self.unwritten_bytes, self.dropped_lines
        )
    }
}

impl Error for ShutdownError {}
