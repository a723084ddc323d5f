//! The bytes to look for. An id has several spellings (dashes, upper case, X-Ray, a padded 64-bit B3 id) that all end in
//! the same twelve digits, so those are searched and the whole id is compared afterwards, in the document.

use aho_corasick::AhoCorasick;
use aho_corasick::packed;
use memchr::memmem::Finder;
use std::sync::OnceLock;

/// What is looked for, by all threads at once. One more id may be learnt on the way.
#[derive(Debug)]
pub struct Needles {
    first: Engine,
    patterns: Vec<Vec<u8>>,
    /// The first ones and what was learnt.
    more: OnceLock<Engine>,
}

#[derive(Debug)]
enum Engine {
    One(Box<Finder<'static>>),
    /// A handful of short patterns: vector instructions, no automaton.
    Few(Box<packed::Searcher>),
    Many(Box<AhoCorasick>),
    /// Every line is a hit.
    All,
}

/// The last group of a UUID; an X-Ray id and a B3 id have it whole too.
const CORE: usize = 12;
/// What the vector searcher takes without losing its speed.
const FEW_MAX: usize = 16;

impl Needles {
    /// What finds lines with any of these ids. Ids of no known spelling are searched as they are.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        let mut patterns: Vec<Vec<u8>> = Vec::new();
        for id in ids {
            for pattern in spellings(id) {
                if !patterns.contains(&pattern) {
                    patterns.push(pattern);
                }
            }
        }
        Self { first: Engine::of(&patterns), patterns, more: OnceLock::new() }
    }

    pub fn all() -> Self {
        Self { first: Engine::All, patterns: Vec::new(), more: OnceLock::new() }
    }

    /// From now on this id is looked for too; only the first one is taken.
    pub fn learn(&self, id: &str) {
        self.more.get_or_init(|| Engine::of(&[self.patterns.clone(), spellings(id)].concat()));
    }

    pub fn has_learnt(&self) -> bool {
        self.more.get().is_some()
    }

    /// Where the next hit begins at or after `from`.
    pub fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = &bytes[from..];
        let found = match self.more.get().unwrap_or(&self.first) {
            Engine::One(finder) => finder.find(rest),
            Engine::Few(searcher) => searcher.find(rest).map(|hit| hit.start()),
            Engine::Many(automaton) => automaton.find(rest).map(|hit| hit.start()),
            Engine::All => (!rest.is_empty()).then_some(0),
        };
        found.map(|at| from + at)
    }
}

impl Engine {
    fn of(patterns: &[Vec<u8>]) -> Self {
        if let [one] = patterns {
            return Self::One(Box::new(Finder::new(one).into_owned()));
        }
        let few = (patterns.len() <= FEW_MAX).then(|| packed::Searcher::new(patterns)).flatten();
        if let Some(searcher) = few {
            return Self::Few(Box::new(searcher));
        }
        Self::Many(Box::new(
            AhoCorasick::new(patterns).expect("ids are few and short, so their automaton has room"),
        ))
    }
}

fn spellings(id: &str) -> Vec<Vec<u8>> {
    if !is_hex(id) {
        return vec![id.as_bytes().to_vec()];
    }
    let core = &id.as_bytes()[id.len() - CORE..];
    vec![core.to_ascii_lowercase(), core.to_ascii_uppercase()]
}

/// 32 hex digits or a UUID.
fn is_hex(id: &str) -> bool {
    let shape = id.len() == 32 || (id.len() == 36 && id.as_bytes()[23] == b'-');
    shape && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
