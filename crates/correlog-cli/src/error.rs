//! The operator's errors: few, fatal, each with a hint and an exit code. What is wrong with a line or a reply is
//! never one of these; that is a counted value.

use crate::config::Problem;

pub const EXIT_STOPPED: u8 = 1;
/// Changes pending, nothing found, or not healthy: an answer, printed by the command itself.
pub const EXIT_NEGATIVE: u8 = 2;
pub const EXIT_USAGE: u8 = 64;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the configuration has {} problem{}:\n{}", .0.len(), if .0.len() == 1 { "" } else { "s" }, Problem::list(.0))]
    Config(Vec<Problem>),
    #[error("{what}")]
    Usage { what: String, hint: String },
    /// OpenSearch cannot be reached or does not do what is needed.
    #[error("{what}")]
    Unreachable { what: String, hint: String },
    /// The work had to stop with something left to do.
    #[error("{what}")]
    Stopped { what: String, hint: String },
    #[error("{what}: {source}")]
    Io { what: String, hint: String, source: std::io::Error },
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), hint: hint.into() }
    }

    pub fn unreachable(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Unreachable { what: what.into(), hint: hint.into() }
    }

    pub fn stopped(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Stopped { what: what.into(), hint: hint.into() }
    }

    pub fn io(what: impl Into<String>, hint: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { what: what.into(), hint: hint.into(), source }
    }

    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Usage { .. } => EXIT_USAGE,
            Self::Unreachable { .. } | Self::Stopped { .. } | Self::Io { .. } => EXIT_STOPPED,
        }
    }

    pub fn hint(&self) -> &str {
        match self {
            Self::Config(_) => "`correlog config check` prints them again; docs/CONFIG.md lists every key",
            Self::Usage { hint, .. }
            | Self::Unreachable { hint, .. }
            | Self::Stopped { hint, .. }
            | Self::Io { hint, .. } => hint,
        }
    }
}
