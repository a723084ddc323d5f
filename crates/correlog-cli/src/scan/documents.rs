//! From a line of a file to the document the index would hold, through the shipper's own encoder, so that files and
//! index give the same answer. It keeps no positions and checks no completeness.

use super::listing::Candidate;
use super::settings::{self, Entries};
use super::work::Hit;
use crate::config::Config;
use crate::error::Result;
use crate::story::document::Document;
use correlog_pipeline::encode::{Encoder, Line, Operation, Settings, Shape};
use correlog_pipeline::span::{Lineage, Span, TailId};
use correlog_schema::index::Family;
use std::collections::HashMap;

/// By index and id: a record's version (0 for lines) and the document.
pub type Found = HashMap<(String, String), (u64, Document)>;

/// Of a record's versions the latest stays, as in the index.
pub fn keep_newest(found: &mut Found, key: (String, String), one: (u64, Document)) {
    if found.get(&key).is_none_or(|(known, _)| *known <= one.0) {
        found.insert(key, one);
    }
}

/// One thread's encoders and what it found.
#[derive(Debug)]
pub struct Reader<'a> {
    encoders: HashMap<usize, Encoder>,
    places: &'a Places,
    source: Vec<u8>,
    pub found: Found,
    /// Lines the shipper would refuse.
    pub refused: u64,
}

/// What is the same for all threads: the files, the settings of each, the index prefixes.
#[derive(Debug)]
pub struct Places {
    pub files: Vec<Candidate>,
    names: Vec<String>,
    lineages: Vec<Lineage>,
    /// Place in `settings` of each file.
    of_file: Vec<usize>,
    settings: Vec<Settings>,
    prefixes: [String; 2],
}

impl Places {
    pub fn new(files: Vec<Candidate>, config: &Config) -> Result<Self> {
        let entries = Entries::of(config);
        let names: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
        let lineage = |name: &String| {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..16]);
            Lineage(bytes)
        };
        Ok(Self {
            lineages: names.iter().map(lineage).collect(),
            names,
            of_file: files.iter().map(|file| entries.place(&file.path)).collect(),
            settings: settings::of(config)?,
            files,
            prefixes: [config.index.logs.clone(), config.index.workflow.clone()],
        })
    }

    pub fn name(&self, file: usize) -> &str {
        &self.names[file]
    }
}

impl<'a> Reader<'a> {
    pub fn new(places: &'a Places) -> Self {
        Self { encoders: HashMap::new(), places, source: Vec::new(), found: Found::new(), refused: 0 }
    }

    /// Encodes one line; keeps it when it is wanted.
    pub fn take(&mut self, hit: Hit<'_>, is_wanted: &dyn Fn(&Document) -> bool) {
        let Some((version, document)) = self.encode(hit) else { return };
        if is_wanted(&document) {
            keep_newest(&mut self.found, (document.index.clone(), document.id.clone()), (version, document));
        }
    }

    fn encode(&mut self, hit: Hit<'_>) -> Option<(u64, Document)> {
        let places = self.places;
        let own = places.of_file[hit.file];
        let encoder = self.encoders.entry(own).or_insert_with(|| Encoder::new(places.settings[own].clone()));
        let next = hit.offset + hit.line.len() as u64 + 1;
        let line = Line {
            bytes: hit.line,
            span: Span { tail: TailId(0), start: hit.offset, next },
            lineage: places.lineages[hit.file],
            skipped: 0,
            path: &places.names[hit.file],
            shape: Shape::Whole,
            earlier: None,
        };
        self.source.clear();
        let Ok(encoded) = encoder.encode(&line, &mut self.source) else {
            self.refused += 1;
            return None;
        };
        let version = match encoded.operation {
            Operation::Create => 0,
            Operation::Upsert { version } => version,
        };
        let prefix = match encoded.index.family {
            Family::Logs => &places.prefixes[0],
            Family::Workflow => &places.prefixes[1],
        };
        let index = encoded.index.place.index_name(prefix);
        let source = serde_json::from_slice(&self.source).ok()?;
        Some((version, Document { index, id: encoded.id.as_str().to_owned(), source }))
    }
}
