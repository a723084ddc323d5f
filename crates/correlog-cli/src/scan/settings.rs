//! The encoder's settings for a file: those of the `[[logs]]` entry that names it, so that a service or a redaction rule
//! of the configuration holds here too. A file of no entry gets the defaults and the redaction rules.

use crate::config::{Config, Logs};
use crate::error::{Error, Result};
use correlog_pipeline::encode::{Envelope, Format, Redaction, Settings};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::path::Path;

/// One for each `[[logs]]` entry in order, and a last one for every other file.
pub fn of(config: &Config) -> Result<Vec<Settings>> {
    let rules = &config.redact;
    let redaction = Redaction::new(&rules.keys, &rules.patterns, rules.defaults).map_err(|problems| {
        let what = problems.iter().map(|one| format!("redact.patterns[{}]: {}", one.at, one.why));
        Error::usage(what.collect::<Vec<_>>().join("\n"), "write a regular expression of Rust's regex crate")
    })?;
    let base = Settings { redaction, ..Settings::default() };
    let own = |entry: &Logs| Settings {
        format: format(&entry.format),
        envelope: envelope(&entry.envelope),
        service: entry.service.clone(),
        environment: entry.environment.clone(),
        ..base.clone()
    };
    Ok(config.logs.iter().map(own).chain([base.clone()]).collect())
}

/// Which entry names a file.
#[derive(Debug)]
pub struct Entries(Vec<GlobSet>);

impl Entries {
    pub fn of(config: &Config) -> Self {
        Self(config.logs.iter().map(globs).collect())
    }

    /// Place of the entry; one past the last where none names it.
    pub fn place(&self, path: &Path) -> usize {
        let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let names = |set: &GlobSet| set.is_match(path) || set.is_match(&absolute);
        self.0.iter().position(names).unwrap_or(self.0.len())
    }
}

/// Its live and its rotated files; a pattern that is no glob was refused with the configuration.
fn globs(entry: &Logs) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    let rotated = entry.paths.iter().map(|path| format!("{path}*"));
    for pattern in entry.paths.iter().cloned().chain(entry.rotated.iter().cloned()).chain(rotated) {
        if let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

fn format(name: &str) -> Format {
    match name {
        "correlog" => Format::Correlog,
        "tracing" => Format::Tracing,
        "dify" => Format::Dify,
        "ecs" => Format::Ecs,
        "otel" => Format::Otel,
        "json" => Format::Json,
        "text" => Format::Text,
        _ => Format::Auto,
    }
}

fn envelope(name: &str) -> Envelope {
    match name {
        "none" => Envelope::None,
        "docker" => Envelope::Docker,
        "cri" => Envelope::Cri,
        _ => Envelope::Auto,
    }
}
