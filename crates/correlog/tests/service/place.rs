//! What the tests of `init`, `http` and `otlp` share: a set-up that writes to a file of its own, and the lines read
//! back. It installs nothing global but the propagators, which are the same in every test.

use std::path::PathBuf;

use correlog::{
    init::{self, Guard},
    settings::{LogTarget, Settings},
};
use serde_json::Value;
use tempfile::TempDir;
use tracing::Dispatch;

pub struct Place {
    dir: TempDir,
    pub dispatch: Dispatch,
    pub guard: Guard,
}

impl Place {
    pub fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().expect("a directory for the log");
        let mut settings = Settings::new("test");
        settings.log.target = LogTarget::File(dir.path().join("log.jsonl"));
        settings.trace.sampling_ratio = 1.0;
        change(&mut settings);
        let (dispatch, guard) = init::build(settings).expect("the set-up");
        Self { dir, dispatch, guard }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("log.jsonl")
    }

    /// Runs `work` on this thread, under this set-up.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tracing::dispatcher::with_default(&self.dispatch, || runtime.block_on(work))
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path()).expect("the log");
        text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
    }

    /// The lines of one logger.
    pub fn lines_of(&self, logger: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["logger"] == logger).collect()
    }
}
