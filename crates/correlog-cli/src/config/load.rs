//! Gathers every key's value from flag, environment, file and default, and every problem at once. It gives values
//! no meaning beyond their kind.

use super::Problem;
use super::keys::{self, KEYS, Key, LOGS_KEYS};
use super::value::{self, Given, Value};
use std::collections::BTreeMap;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Environment(String),
    File,
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag --{name}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File => f.write_str("file"),
            Self::Default => f.write_str("default"),
        }
    }
}

pub type Section = BTreeMap<&'static str, (Value, Origin)>;

/// Everything that was found, checked key by key.
#[derive(Debug, Default)]
pub struct Loaded {
    pub single: Section,
    pub logs: Vec<Section>,
}

/// What there is to read from, handed in so that tests own it.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    pub file: Option<&'a str>,
    pub environment: BTreeMap<String, String>,
    /// Key, flag's name, value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

pub fn load(sources: &Sources<'_>) -> (Loaded, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut loaded = Loaded::default();
    let table = parse(sources.file.unwrap_or_default(), &mut problems);
    for (name, value) in &table {
        take_root(name, value, &mut loaded, &mut problems);
    }
    take_environment(sources, &mut loaded.single, &mut problems);
    for (path, flag, text) in &sources.flags {
        put(path, &Given::Text(text.clone()), Origin::Flag(flag), &mut loaded.single, &mut problems);
    }
    fill_defaults(KEYS, &mut loaded.single);
    for entry in &mut loaded.logs {
        fill_defaults(LOGS_KEYS, entry);
    }
    (loaded, problems)
}

fn parse(text: &str, problems: &mut Vec<Problem>) -> toml::Table {
    text.parse().unwrap_or_else(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        problems.push(Problem::new(format!("line {line}"), format!("is not TOML: {}", error.message())));
        toml::Table::new()
    })
}

fn take_root(name: &str, value: &toml::Value, loaded: &mut Loaded, problems: &mut Vec<Problem>) {
    match (name, value) {
        ("logs", toml::Value::Array(entries)) => {
            for (number, entry) in entries.iter().enumerate() {
                loaded.logs.push(take_logs(number, entry, problems));
            }
        }
        ("logs", _) => problems.push(Problem::new("logs", "must be written as [[logs]], one block an entry")),
        ("records", _) => {
            problems.push(Problem::new(
                "records",
                "is not supported by this version: records come as record lines",
            ));
        }
        (_, toml::Value::Table(section)) => {
            for (key, value) in section {
                put(&format!("{name}.{key}"), &given(value), Origin::File, &mut loaded.single, problems);
            }
        }
        _ => problems.push(unknown(name)),
    }
}

fn take_logs(number: usize, entry: &toml::Value, problems: &mut Vec<Problem>) -> Section {
    let mut section = Section::new();
    let Some(table) = entry.as_table() else {
        problems.push(Problem::new(format!("logs[{number}]"), "must be a block of keys"));
        return section;
    };
    let mut own = Vec::new();
    for (key, value) in table {
        put(&format!("logs.{key}"), &given(value), Origin::File, &mut section, &mut own);
    }
    if !section.contains_key("logs.paths") && !own.iter().any(|problem| problem.path == "logs.paths") {
        own.push(Problem::new("logs.paths", "is missing: name the files to follow"));
    }
    problems.extend(own.into_iter().map(|problem| problem.within_entry(number)));
    section
}

/// `CORRELOG_<SECTION>_<KEY>`; a variable of ours that names no key is a mistake worth telling, but for the few
/// that are not keys.
fn take_environment(sources: &Sources<'_>, single: &mut Section, problems: &mut Vec<Problem>) {
    const NO_KEYS: &[&str] = &["CORRELOG_LOG", "CORRELOG_CONFIG"];
    for (name, text) in sources.environment.iter().filter(|(name, _)| name.starts_with("CORRELOG_")) {
        if NO_KEYS.contains(&name.as_str()) {
            continue;
        }
        match KEYS.iter().find(|key| variable(key) == *name) {
            Some(key) => {
                put(key.path, &Given::Text(text.clone()), Origin::Environment(name.clone()), single, problems)
            }
            None => problems.push(Problem::new(name.clone(), "is set in the environment and names no key")),
        }
    }
}

pub fn variable(key: &Key) -> String {
    format!("CORRELOG_{}", key.path.replace('.', "_").to_uppercase())
}

fn put(path: &str, given: &Given, origin: Origin, into: &mut Section, problems: &mut Vec<Problem>) {
    let Some(key) = keys::find(path) else {
        problems.push(unknown(path));
        return;
    };
    match value::check(key.kind, given) {
        Ok(value) => {
            into.insert(key.path, (value, origin));
        }
        Err(what) => {
            let from = match origin {
                Origin::File | Origin::Default => String::new(),
                other => format!(" (from {other})"),
            };
            problems.push(Problem::new(path, format!("{what}{from}")));
        }
    }
}

fn unknown(path: &str) -> Problem {
    let hint = keys::nearest(path).map(|known| format!(": did you mean {known}?")).unwrap_or_default();
    Problem::new(path, format!("is no known key{hint}"))
}

fn fill_defaults(keys: &'static [Key], into: &mut Section) {
    for key in keys {
        let Some(text) = key.default else { continue };
        into.entry(key.path).or_insert_with(|| {
            let value = value::check(key.kind, &Given::Text(text.to_owned()));
            (value.expect("defaults are checked by a test"), Origin::Default)
        });
    }
}

fn given(value: &toml::Value) -> Given {
    match value {
        toml::Value::String(text) => Given::Text(text.clone()),
        toml::Value::Boolean(on) => Given::Flag(*on),
        toml::Value::Integer(number) => Given::Number(*number),
        toml::Value::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map_or(Given::Other("a list with something that is no text"), Given::Texts)
        }
        toml::Value::Float(_) => Given::Other("a number with a fraction"),
        toml::Value::Datetime(_) => Given::Other("a date"),
        toml::Value::Table(_) => Given::Other("a block of keys"),
    }
}
