//! Patterns of one configuration entry: what is live, what is rotated, what is left out, and where links may lead.
//!
//! It reads no directory. A pattern is split at its slashes, because matching a whole tree against whole paths would
//! read directories that cannot hold a match.

use std::path::{Component, Path, PathBuf};

use correlog_pipeline::ports::Role;
use globset::{GlobBuilder, GlobMatcher};

/// What one `[[logs]]` entry names. Relative patterns start at the configuration file's directory.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    pub paths: Vec<String>,
    /// With a slash the whole path is matched, without one the file's name.
    pub exclude: Vec<String>,
    /// Older siblings; empty means the usual suffixes of each of `paths`.
    pub rotated: Vec<String>,
    /// Directories outside the patterns' own into which symbolic links may lead.
    pub roots: Vec<PathBuf>,
}

/// A pattern that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatternError {
    pub pattern: String,
    pub reason: String,
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is no usable pattern: {}", self.pattern, self.reason)
    }
}

impl std::error::Error for PatternError {}

#[derive(Debug)]
pub(super) struct Group {
    pub patterns: Vec<Pattern>,
    exclude: Vec<GlobMatcher>,
    /// As written; they may come and go, so they are resolved at each listing.
    roots_written: Vec<PathBuf>,
    /// Resolved. Links are followed only into these.
    roots: Vec<PathBuf>,
}

#[derive(Debug)]
pub(super) struct Pattern {
    pub role: Role,
    /// The part without wildcards, where the walk starts.
    pub base: PathBuf,
    pub steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum Step {
    Name(PathBuf),
    Glob(GlobMatcher),
    /// `**`: any number of directories.
    Deep,
}

impl Group {
    pub fn new(base: &Path, written: &Patterns) -> Result<Self, PatternError> {
        let mut patterns = Vec::new();
        for path in &written.paths {
            patterns.push(Pattern::new(base, path, Role::Live)?);
        }
        let usual = written.paths.iter().flat_map(|path| usual_rotated(path)).collect();
        let rotated: &Vec<String> = if written.rotated.is_empty() { &usual } else { &written.rotated };
        for path in rotated {
            patterns.push(Pattern::new(base, path, Role::Rotated)?);
        }
        let exclude =
            written.exclude.iter().map(|pattern| exclusion(base, pattern)).collect::<Result<_, _>>()?;
        let mut roots_written: Vec<PathBuf> = patterns.iter().map(|pattern| pattern.base.clone()).collect();
        roots_written.extend(written.roots.iter().map(|root| base.join(root)));
        roots_written.sort();
        roots_written.dedup();
        let mut group = Self { patterns, exclude, roots_written, roots: Vec::new() };
        group.find_roots();
        Ok(group)
    }

    /// Resolves the roots again: a log directory may appear, or be a link that was swapped.
    pub fn find_roots(&mut self) {
        self.roots = self.roots_written.iter().filter_map(|root| root.canonicalize().ok()).collect();
    }

    pub fn holds(&self, target: &Path) -> bool {
        self.roots.iter().any(|root| target.starts_with(root))
    }

    pub fn leaves_out(&self, path: &Path) -> bool {
        self.exclude.iter().any(|glob| glob.is_match(path))
    }
}

impl Pattern {
    fn new(base: &Path, written: &str, role: Role) -> Result<Self, PatternError> {
        let bad = |reason: &str| PatternError { pattern: written.to_owned(), reason: reason.to_owned() };
        let whole = base.join(written);
        let mut steps = Vec::new();
        for component in whole.components() {
            match component {
                Component::ParentDir if !steps.iter().all(is_name) => {
                    return Err(bad("`..` behind a wildcard"));
                }
                Component::Normal(name) => steps.push(step(&name.to_string_lossy(), written)?),
                Component::CurDir => {}
                other => steps.push(Step::Name(PathBuf::from(other.as_os_str()))),
            }
        }
        if !matches!(steps.last(), Some(Step::Name(_) | Step::Glob(_))) {
            return Err(bad("it must end in the name of a file"));
        }
        // The last step stays a step, so that a pattern without wildcards is a walk too.
        let literal = steps.iter().take_while(|step| is_name(step)).count().min(steps.len() - 1);
        let mut base = PathBuf::new();
        for step in steps.drain(..literal) {
            if let Step::Name(name) = step {
                base.push(name);
            }
        }
        Ok(Self { role, base, steps })
    }
}

fn is_name(step: &Step) -> bool {
    matches!(step, Step::Name(_))
}

fn step(name: &str, written: &str) -> Result<Step, PatternError> {
    if name == "**" {
        return Ok(Step::Deep);
    }
    if !name.contains(['*', '?', '[', '{', '\\']) {
        return Ok(Step::Name(PathBuf::from(name)));
    }
    compile(name, written).map(Step::Glob)
}

fn exclusion(base: &Path, written: &str) -> Result<GlobMatcher, PatternError> {
    if written.contains('/') {
        return compile(&base.join(written).to_string_lossy(), written);
    }
    compile(&format!("**/{written}"), written)
}

fn compile(glob: &str, written: &str) -> Result<GlobMatcher, PatternError> {
    let built = GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).build();
    match built {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err(PatternError { pattern: written.to_owned(), reason: error.kind().to_string() }),
    }
}

/// What logrotate, log4j, logback, pm2 and rolling appenders call the older siblings of `path`.
pub(super) fn usual_rotated(path: &str) -> Vec<String> {
    // app.log.1, app.log.2.gz, app.log.2026-11-21; app.log-20261121, app.log-20261121.gz
    let mut patterns = vec![format!("{path}.[0-9]*"), format!("{path}-[0-9]*"), format!("{path}.gz")];
    let (dir, name) = path.rsplit_once('/').map_or(("", path), |(dir, name)| (dir, name));
    let Some((stem, extension)) = name.rsplit_once('.') else { return patterns };
    if stem.is_empty() || extension.contains(['*', '?', '[', ']', '{', '}']) {
        return patterns;
    }
    let dir = if path.contains('/') { format!("{dir}/") } else { String::new() };
    for joint in ['-', '.', '_'] {
        // app-20261121.log, app.1.log.gz, app_2026-11-21.log
        patterns.push(format!("{dir}{stem}{joint}[0-9]*.{extension}"));
        patterns.push(format!("{dir}{stem}{joint}[0-9]*.{extension}.gz"));
    }
    patterns
}
