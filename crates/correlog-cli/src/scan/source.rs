//! Files as a place to search in: the same questions as to OpenSearch, answered by scanning. Each question is one pass
//! over all files; ids learnt on the way are one more.

use super::documents::{self, Found, Places, Reader};
use super::listing::{self, Candidate};
use super::needles::Needles;
use super::work::{Hit, scan};
use crate::cmd::trace::source::{Neighbours, Source, Wanted};
use crate::cmd::trace::times::Range;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::story::Searched;
use crate::story::document::Document;
use std::collections::{BTreeSet, HashMap};

#[derive(Debug)]
pub struct Files {
    places: Places,
    range: Range,
    limit: usize,
    searched: Searched,
    notes: Vec<String>,
    /// Files in which each service of the story spoke, so that its neighbours are looked for there only.
    spoke: HashMap<String, BTreeSet<String>>,
}

impl Files {
    pub fn open(globs: &[String], config: &Config, range: Range, limit: usize) -> Result<Self> {
        let base = std::env::current_dir()
            .map_err(|source| Error::io("the working directory cannot be read", "change into one", source))?;
        let (files, notes) = listing::list(globs, &base)?;
        if files.is_empty() {
            let what = format!("no file to search: {}", notes.join("; "));
            return Err(Error::usage(what, "quote the glob, as in --files 'logs/*.jsonl'"));
        }
        let searched = Searched {
            source: "files",
            places: globs.to_vec(),
            parts: files.len() as u64,
            ..Searched::default()
        };
        let places = Places::new(files, config)?;
        Ok(Self { places, range, limit, searched, notes, spoke: HashMap::new() })
    }

    /// One pass over these files; `tidy` may throw away what a thread found in vain.
    fn pass(
        &mut self,
        files: &[usize],
        needles: &Needles,
        is_wanted: &(dyn Fn(&Document) -> bool + Sync),
        tidy: &(dyn Fn(&mut Found) + Sync),
    ) -> Found {
        let places = &self.places;
        let candidates: Vec<Candidate> = files.iter().map(|file| places.files[*file].clone()).collect();
        let take = |reader: &mut Reader<'_>, hit: Hit<'_>| {
            reader.take(Hit { file: files[hit.file], ..hit }, &is_wanted);
            tidy(&mut reader.found);
        };
        let (readers, tally) = scan(&candidates, needles, &|| Reader::new(places), &take);
        let mut found = Found::default();
        let mut refused = 0;
        for reader in readers {
            refused += reader.refused;
            for (key, one) in reader.found {
                documents::keep_newest(&mut found, key, one);
            }
        }
        let mut notes: Vec<String> = Vec::new();
        for (file, why) in &tally.faults {
            notes.push(format!("{} was not read to its end: {why}", candidates[*file].path.display()));
        }
        if tally.counts.too_long > 0 {
            notes.push(format!("{} lines over 16 MiB were passed over", tally.counts.too_long));
        }
        if refused > 0 {
            notes.push(format!(
                "{refused} lines with the id are no valid records; the shipper refuses them too"
            ));
        }
        self.searched.bytes = self.searched.bytes.max(tally.counts.bytes);
        notes.into_iter().for_each(|note| self.note(note));
        found
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

impl Source for Files {
    fn find(&mut self, wanted: &Wanted) -> Result<Vec<Document>> {
        let ids = wanted.terms.iter().flat_map(|(_, values)| values.iter().map(String::as_str));
        let needles = Needles::of(ids);
        let range = self.range;
        let in_range = move |document: &Document| {
            range.is_open() || document.nanos("@timestamp").is_some_and(|at| range.holds(at))
        };
        let all: Vec<usize> = (0..self.places.files.len()).collect();
        let limit = self.limit;
        let is_wanted = |document: &Document| wanted.matches(document) && in_range(document);
        // A common id must not fill the memory: beyond twice the limit a thread keeps no more.
        let tidy = |found: &mut Found| {
            if found.len() > 2 * limit {
                let surplus: Vec<_> = found.keys().skip(limit).cloned().collect();
                surplus.iter().for_each(|key| drop(found.remove(key)));
            }
        };
        let found = self.pass(&all, &needles, &is_wanted, &tidy);
        if found.len() > limit {
            self.note(format!("cut at {limit} documents; --limit raises it"));
        }
        let found: Vec<Document> = found.into_values().take(limit).map(|(_, document)| document).collect();
        for document in &found {
            if let (Some(service), Some(path)) =
                (document.text("service.name"), document.text("log.file.path"))
            {
                self.spoke.entry(service.to_owned()).or_default().insert(path.to_owned());
            }
        }
        Ok(found)
    }

    fn neighbours(&mut self, wanted: &Neighbours) -> Result<Vec<Document>> {
        let paths = self.spoke.get(&wanted.service).cloned().unwrap_or_default();
        let spoke = |file: &usize| paths.contains(self.places.name(*file));
        let files: Vec<usize> = (0..self.places.files.len()).filter(spoke).collect();
        let is_near = |document: &Document| wanted.may_be(document);
        let room = 1_000.max(wanted.count * 8);
        let tidy = |found: &mut Found| {
            if found.len() > room {
                let near = wanted.nearest(std::mem::take(found).into_values().map(|(_, one)| one).collect());
                found.extend(near.into_iter().map(|one| ((one.index.clone(), one.id.clone()), (0, one))));
            }
        };
        let found = self.pass(&files, &Needles::all(), &is_near, &tidy);
        Ok(wanted.nearest(found.into_values().map(|(_, document)| document).collect()))
    }

    fn searched(&self) -> Searched {
        self.searched.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}
