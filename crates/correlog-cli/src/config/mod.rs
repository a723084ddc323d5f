//! The configuration: a raw shape (`keys`, `load`) becomes one checked type, `Config`, or all its problems at once.
//! Nothing is opened or connected to here but the configuration file itself.

mod docs;
mod keys;
mod load;
#[cfg(test)]
mod tests;
mod value;

pub use docs::markdown;
pub use load::{Loaded, Origin, Section};
pub use value::{Value, show_bytes, show_millis};

use crate::args::Common;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Bytes, so that no number is taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

/// One thing that is wrong: where (dotted path) and what (value, limit, fix).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: String,
    pub what: String,
}

impl Problem {
    pub fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), what: what.into() }
    }

    fn within_entry(self, number: usize) -> Self {
        Self { path: self.path.replacen("logs.", &format!("logs[{number}]."), 1), what: self.what }
    }

    pub fn list(problems: &[Self]) -> String {
        problems.iter().map(|p| format!("  {} {}", p.path, p.what)).collect::<Vec<_>>().join("\n")
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from; `None` when there is none.
    pub file: Option<PathBuf>,
    pub opensearch: OpenSearch,
    pub index: Index,
    pub host_id: Option<String>,
    pub ids_key_file: Option<PathBuf>,
    pub state_dir: Option<PathBuf>,
    pub redact: Redact,
    pub admin_listen: Option<std::net::SocketAddr>,
    pub report_every: Millis,
    pub dashboards_url: Option<String>,
    pub jaeger_url: Option<String>,
    pub grafana_url: Option<String>,
    pub logs: Vec<Logs>,
}

#[derive(Clone, Debug)]
pub struct OpenSearch {
    /// At least one; all of one cluster.
    pub urls: Vec<String>,
    pub username: Option<String>,
    pub password_file: Option<PathBuf>,
    pub api_key_file: Option<PathBuf>,
    pub bearer_token_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub client_cert_file: Option<PathBuf>,
    pub client_key_file: Option<PathBuf>,
    pub dangerously_accept_any_certificate: bool,
    pub gzip: bool,
    pub batch_bytes: Bytes,
    pub concurrency_max: u64,
    pub in_flight_bytes: Bytes,
    pub request_timeout: Millis,
}

#[derive(Clone, Debug)]
pub struct Index {
    pub logs: String,
    pub workflow: String,
    pub require_template: bool,
    pub days_max: u64,
}

#[derive(Clone, Debug)]
pub struct Redact {
    pub defaults: bool,
    pub keys: Vec<String>,
    pub patterns: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Logs {
    pub name: String,
    /// Absolute, or relative to the configuration file's directory already joined.
    pub paths: Vec<String>,
    pub exclude: Vec<String>,
    /// Empty: the usual suffixes of each path.
    pub rotated: Vec<String>,
    /// Where symbolic links may lead besides the patterns' own directories.
    pub roots: Vec<String>,
    pub format: String,
    pub envelope: String,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub start_at_end: bool,
    pub max_age: Option<Millis>,
}

/// Reads file, environment and flags; all problems at once.
pub fn read(common: &Common) -> Result<(Config, Loaded)> {
    let file = find_file(common)?;
    let text = match &file {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|source| {
            let hint = "give the right file with --config, or leave it out to use flags and environment";
            Error::Io { what: format!("{} cannot be read", path.display()), hint: hint.to_owned(), source }
        })?),
        None => None,
    };
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let flags = common.url.iter().map(|url| ("opensearch.url", "url", url.clone())).collect();
    let sources = load::Sources { file: text.as_deref(), environment, flags };
    let (loaded, mut problems) = load::load(&sources);
    let config = Config::check(&loaded, file, &mut problems);
    if problems.is_empty() { Ok((config, loaded)) } else { Err(Error::Config(problems)) }
}

/// What is wrong with a file's text, read alone: no environment, no flags.
pub fn problems(text: &str) -> Vec<Problem> {
    let (loaded, mut problems) = load::load(&load::Sources { file: Some(text), ..load::Sources::default() });
    let config = Config::check(&loaded, None, &mut problems);
    problems.extend(config.unfit_to_ship());
    problems
}

fn find_file(common: &Common) -> Result<Option<PathBuf>> {
    if let Some(path) = &common.config {
        return Ok(Some(path.clone()));
    }
    let usual = PathBuf::from("correlog.toml");
    Ok(usual.is_file().then_some(usual))
}

impl Config {
    /// What `ship` cannot do without and the other commands can: a blank file means nothing (C9).
    pub fn unfit_to_ship(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.logs.is_empty() {
            let what =
                "has no entry, so there is nothing to ship: add [[logs]] with paths = [\"logs/*.jsonl\"]";
            problems.push(Problem::new("logs", what));
        }
        if self.state_dir.is_none() {
            let what = "is not set: the place in each file is kept there (or set CORRELOG_STATE_DIR)";
            problems.push(Problem::new("state.dir", what));
        }
        problems
    }

    /// Builds the typed form of checked values and asks what no single value can tell.
    fn check(loaded: &Loaded, file: Option<PathBuf>, problems: &mut Vec<Problem>) -> Self {
        let base = file.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let get = Getter { section: &loaded.single, base: &base };
        let opensearch = opensearch(&get, problems);
        let index = Index {
            logs: get.text("index.logs").unwrap_or_default(),
            workflow: get.text("index.workflow").unwrap_or_default(),
            require_template: get.flag("index.require_template"),
            days_max: get.number("index.days_max").unwrap_or_default(),
        };
        if index.logs == index.workflow || index.logs.starts_with(&format!("{}-", index.workflow)) {
            problems.push(Problem::new("index.logs", "and index.workflow must not overlap"));
        }
        let redact = Redact {
            defaults: get.flag("redact.defaults"),
            keys: get.texts("redact.keys"),
            patterns: get.texts("redact.patterns"),
        };
        for pattern in &redact.patterns {
            if let Err(error) = regex::Regex::new(pattern) {
                problems.push(Problem::new("redact.patterns", format!("has {pattern:?}: {error}")));
            }
        }
        Self {
            opensearch,
            index,
            redact,
            host_id: get.text("host.id"),
            ids_key_file: get.path("ids.key_file"),
            state_dir: get.path("state.dir"),
            admin_listen: get.text("admin.listen").and_then(|text| text.parse().ok()),
            report_every: Millis(get.number("admin.report_every").unwrap_or_default()),
            dashboards_url: get.text("dashboards.url"),
            jaeger_url: get.text("links.jaeger"),
            grafana_url: get.text("links.grafana"),
            logs: loaded.logs.iter().enumerate().map(|(number, entry)| logs(number, entry, &base)).collect(),
            file,
        }
    }
}

fn opensearch(get: &Getter<'_>, problems: &mut Vec<Problem>) -> OpenSearch {
    let mut urls = get.texts("opensearch.urls");
    // A flag or variable names one address and wins over a list in the file.
    let single_wins =
        get.origin("opensearch.url").is_some_and(|o| matches!(o, Origin::Flag(_) | Origin::Environment(_)));
    if urls.is_empty() || single_wins {
        urls = get.text("opensearch.url").into_iter().collect();
    }
    let loopback = urls.iter().all(|url| is_loopback(url));
    let pairs = [
        ("opensearch.username", "opensearch.password_file"),
        ("opensearch.client_cert_file", "opensearch.client_key_file"),
    ];
    for (one, other) in pairs {
        if get.text(one).is_some() != get.text(other).is_some() {
            problems.push(Problem::new(one, format!("and {other} belong together: give both or neither")));
        }
    }
    let credentials = ["opensearch.username", "opensearch.api_key_file", "opensearch.bearer_token_file"];
    if credentials.iter().filter(|key| get.text(key).is_some()).count() > 1 {
        problems.push(Problem::new(
            "opensearch",
            "has several credentials: give one of username, api_key_file, bearer_token_file",
        ));
    }
    let (batch, in_flight) = (get.number("opensearch.batch_bytes"), get.number("opensearch.in_flight_bytes"));
    if let (Some(batch), Some(in_flight)) = (batch, in_flight)
        && batch > in_flight
    {
        let what = format!(
            "is {}; it must be at most in_flight_bytes, {}",
            show_bytes(batch),
            show_bytes(in_flight)
        );
        problems.push(Problem::new("opensearch.batch_bytes", what));
    }
    OpenSearch {
        urls,
        username: get.text("opensearch.username"),
        password_file: get.path("opensearch.password_file"),
        api_key_file: get.path("opensearch.api_key_file"),
        bearer_token_file: get.path("opensearch.bearer_token_file"),
        ca_file: get.path("opensearch.ca_file"),
        client_cert_file: get.path("opensearch.client_cert_file"),
        client_key_file: get.path("opensearch.client_key_file"),
        dangerously_accept_any_certificate: get.flag("opensearch.dangerously_accept_any_certificate"),
        gzip: get.text("opensearch.compression").map_or(!loopback, |text| text == "gzip"),
        batch_bytes: Bytes(batch.unwrap_or_default()),
        concurrency_max: get.number("opensearch.concurrency_max").unwrap_or_default(),
        in_flight_bytes: Bytes(in_flight.unwrap_or_default()),
        request_timeout: Millis(get.number("opensearch.request_timeout").unwrap_or_default()),
    }
}

fn is_loopback(url: &str) -> bool {
    let host =
        reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let bare = host.trim_matches(['[', ']']);
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn logs(number: usize, section: &Section, base: &Path) -> Logs {
    let get = Getter { section, base };
    Logs {
        name: get.text("logs.name").unwrap_or_else(|| format!("logs[{number}]")),
        paths: get.globs("logs.paths"),
        exclude: get.exclusions(),
        rotated: get.globs("logs.rotated"),
        roots: get.globs("logs.roots"),
        format: get.text("logs.format").unwrap_or_default(),
        envelope: get.text("logs.envelope").unwrap_or_default(),
        service: get.text("logs.service"),
        environment: get.text("logs.environment"),
        start_at_end: get.text("logs.start_at").is_some_and(|text| text == "end"),
        max_age: get.number("logs.max_age").map(Millis),
    }
}

/// Typed access to checked values; a key of another kind answers nothing.
struct Getter<'a> {
    section: &'a Section,
    base: &'a Path,
}

impl Getter<'_> {
    fn text(&self, key: &str) -> Option<String> {
        match self.section.get(key) {
            Some((Value::Text(text), _)) => Some(text.clone()),
            _ => None,
        }
    }

    fn texts(&self, key: &str) -> Vec<String> {
        match self.section.get(key) {
            Some((Value::Texts(items), _)) => items.clone(),
            _ => Vec::new(),
        }
    }

    /// A pattern without a slash names files wherever they are.
    fn exclusions(&self) -> Vec<String> {
        let joined = |glob: &String| self.base.join(glob).to_string_lossy().into_owned();
        let written = self.texts("logs.exclude");
        written.iter().map(|glob| if glob.contains('/') { joined(glob) } else { glob.clone() }).collect()
    }

    fn globs(&self, key: &str) -> Vec<String> {
        self.texts(key).iter().map(|glob| self.base.join(glob).to_string_lossy().into_owned()).collect()
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(|text| self.base.join(text))
    }

    fn flag(&self, key: &str) -> bool {
        matches!(self.section.get(key), Some((Value::Flag(true), _)))
    }

    fn number(&self, key: &str) -> Option<u64> {
        match self.section.get(key) {
            Some((Value::Number(number), _)) => Some(*number),
            _ => None,
        }
    }

    fn origin(&self, key: &str) -> Option<&Origin> {
        self.section.get(key).map(|(_, origin)| origin)
    }
}
