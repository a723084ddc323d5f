//! What a pump is told at the start. Checked by the binary; there are no paths to files and no addresses in here.

use std::path::PathBuf;

use correlog_schema::index::Family;

use crate::encode::Settings;
use crate::limits::Limits;

/// One `[[logs]]` entry, as far as reading goes; its number is the group of the `Files` port.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its name in the configuration; state belongs to it.
    pub name: String,
    /// The one live path, where `paths` is a single path without wildcards: every rotated file is its sibling.
    pub sole: Option<PathBuf>,
    /// Files present when a never-used state directory is first started are not read, only followed.
    pub start_at_end: bool,
    /// Lines older than this are a counted skip.
    pub max_age_ms: Option<u64>,
    /// How its lines become documents.
    pub encode: Settings,
}

/// How long the pump runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// Until it is told to drain.
    #[default]
    Follow,
    /// Until everything that is there now is settled and saved. An unterminated last line is left.
    Once,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub groups: Vec<Group>,
    pub limits: Limits,
    pub mode: Mode,
    /// Of the indices of log lines and of workflow records.
    pub logs_prefix: String,
    pub workflow_prefix: String,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            groups: Vec::new(),
            limits: Limits::default(),
            mode: Mode::Follow,
            logs_prefix: Family::Logs.default_prefix().to_owned(),
            workflow_prefix: Family::Workflow.default_prefix().to_owned(),
        }
    }
}
