//! Files as a place to search in: the same questions as to OpenSearch, answered by scanning. Each question is one pass
//! over all files; the run that a pass learns of is looked for in the rest of that very pass, so that asking for it
//! next costs only the part before.

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
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug)]
pub struct Files {
    places: Places,
    range: Range,
    limit: usize,
    searched: Searched,
    notes: Vec<String>,
    ahead: Option<Ahead>,
    has_asked: bool,
    /// Files in which each service of the story spoke, so that its neighbours are looked for there only.
    spoke: HashMap<String, BTreeSet<String>>,
}

/// The run that was met first while another question was answered.
#[derive(Debug)]
struct Ahead {
    run: String,
    found: Found,
    /// Stretches where it was not looked for.
    behind: Vec<usize>,
}

impl Ahead {
    fn answers(&self, wanted: &Wanted) -> bool {
        let mut asked =
            wanted.terms.iter().flat_map(|(field, values)| values.iter().map(move |id| (*field, id)));
        asked.next() == Some((RUN, &self.run)) && asked.next().is_none()
    }
}

const RUN: &str = "workflow_run_id";

/// What one pass looks for, and where.
struct Pass<'a> {
    files: &'a [usize],
    only: Option<&'a [usize]>,
    needles: &'a Needles,
    is_wanted: &'a (dyn Fn(&Document) -> bool + Sync),
    /// May throw away what a thread found in vain.
    tidy: &'a (dyn Fn(&mut Found) + Sync),
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
        Ok(Self {
            places,
            range,
            limit,
            searched,
            notes,
            ahead: None,
            has_asked: false,
            spoke: HashMap::new(),
        })
    }

    fn pass(&mut self, pass: &Pass<'_>) -> (Found, Vec<usize>) {
        let places = &self.places;
        let candidates: Vec<Candidate> = pass.files.iter().map(|file| places.files[*file].clone()).collect();
        let take = |reader: &mut Reader<'_>, hit: Hit<'_>| {
            reader.take(Hit { file: pass.files[hit.file], ..hit }, &pass.is_wanted);
            (pass.tidy)(&mut reader.found);
        };
        let (readers, tally) = scan(&candidates, pass.only, pass.needles, &|| Reader::new(places), &take);
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
        (found, tally.behind)
    }

    /// The documents of the first question, or of the run that the last one learnt of.
    fn question(&mut self, wanted: &Wanted) -> Found {
        let ids = wanted.terms.iter().flat_map(|(_, values)| values.iter().map(String::as_str));
        let needles = Needles::of(ids);
        let range = self.range;
        let in_range = move |document: &Document| {
            range.is_open() || document.nanos("@timestamp").is_some_and(|at| range.holds(at))
        };
        let all: Vec<usize> = (0..self.places.files.len()).collect();
        let limit = self.limit;
        let is_first = !std::mem::replace(&mut self.has_asked, true);
        let ahead = self.ahead.take().filter(|ahead| ahead.answers(wanted));
        let learnt: OnceLock<String> = OnceLock::new();
        let is_wanted = |document: &Document| {
            let run = document.text(RUN);
            let is_asked = wanted.matches(document);
            if let Some(run) = run.filter(|_| is_asked && is_first) {
                needles.learn(learnt.get_or_init(|| run.to_owned()));
            }
            let is_learnt =
                || run.is_some_and(|run| learnt.get().is_some_and(|own| own.eq_ignore_ascii_case(run)));
            (is_asked || is_learnt()) && in_range(document)
        };
        // A common id must not fill the memory: beyond twice the limit a thread keeps no more, of what is not asked nothing.
        let is_cut = AtomicBool::new(false);
        let tidy = |found: &mut Found| {
            if found.len() > 2 * limit {
                is_cut.store(true, Ordering::Relaxed);
                found.retain(|_, (_, document)| wanted.matches(document));
                let surplus: Vec<_> = found.keys().skip(limit).cloned().collect();
                surplus.iter().for_each(|key| drop(found.remove(key)));
            }
        };
        let only = ahead.as_ref().map(|ahead| ahead.behind.as_slice());
        let pass = Pass { files: &all, only, needles: &needles, is_wanted: &is_wanted, tidy: &tidy };
        let (mut found, behind) = self.pass(&pass);
        for (key, one) in ahead.into_iter().flat_map(|ahead| ahead.found) {
            documents::keep_newest(&mut found, key, one);
        }
        if let Some(run) = learnt.into_inner().filter(|_| !is_cut.load(Ordering::Relaxed)) {
            let of_run =
                |document: &Document| document.text(RUN).is_some_and(|id| id.eq_ignore_ascii_case(&run));
            let of_it = found.iter().filter(|(_, (_, document))| of_run(document));
            let of_it = of_it.map(|(key, one)| (key.clone(), one.clone())).collect();
            self.ahead = Some(Ahead { run, found: of_it, behind });
        }
        found.retain(|_, (_, document)| wanted.matches(document));
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
        let (found, limit) = (self.question(wanted), self.limit);
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
        let needles = Needles::all();
        let pass = Pass { files: &files, only: None, needles: &needles, is_wanted: &is_near, tidy: &tidy };
        let (found, _) = self.pass(&pass);
        Ok(wanted.nearest(found.into_values().map(|(_, document)| document).collect()))
    }

    fn searched(&self) -> Searched {
        self.searched.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}
