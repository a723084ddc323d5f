//! What must not leave the host: values under certain keys, and text of certain shapes.
//!
//! A line is first asked once, as it stands, whether anything in it may be meant; nearly every line says no and is
//! copied. Patterns are linear-time. The id is made from the raw line, so a changed rule changes no id. It does not
//! find secrets spelled in other ways than these rules say; redaction is a net, not a proof.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, Input, Span, packed};
use regex::{Regex, RegexBuilder, bytes};

use super::Notes;
use super::native::Native;
use super::scan::Kind;

pub const MARK: &str = "[redacted]";

/// A key that ends in one of these holds a secret.
const KEYS: [&str; 12] = [
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "private_key",
    "credentials",
];

/// Text of these shapes is a secret wherever it stands.
const PATTERNS: [&str; 6] = [
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+",
    r"(?:Bearer|bearer|Basic) [A-Za-z0-9._~+/=-]{8,}",
    r"AKIA[0-9A-Z]{16}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
    r#"://[^/\s:@"]+:[^/\s@"]+@"#,
    r#"(?:password|passwd|secret|token|api_key|apikey)=[^\s&"',;]+"#,
];

/// Without one of these none of the patterns matches. They are those parts of what a pattern must contain that other
/// text seldom has: what matters is how often the search stops in vain.
const TRIGGERS: [&str; 11] =
    ["eyJ", "rer ", "sic ", "AKIA", "-BEG", "://", "ord=", "swd=", "ret=", "ken=", "key="];

/// Finds `TRIGGERS`: many bytes a step where the processor can, byte by byte elsewhere.
#[derive(Clone, Debug)]
enum Triggers {
    Wide(packed::Searcher),
    Narrow(AhoCorasick),
}

impl Triggers {
    fn new() -> Option<Self> {
        let narrow = || AhoCorasick::new(TRIGGERS).ok().map(Self::Narrow);
        packed::Searcher::new(TRIGGERS).map(Self::Wide).or_else(narrow)
    }

    /// Where the next one at or behind `from` begins.
    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let found = match self {
            Self::Wide(searcher) => searcher.find_in(text, Span::from(from..text.len())),
            Self::Narrow(automaton) => automaton.find(Input::new(text).range(from..)),
        };
        found.map(|found| found.start())
    }
}

/// The compiled rules. An empty one redacts nothing.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    defaults: bool,
    keys: Vec<String>,
    patterns: Vec<Regex>,
    /// Whether a whole line may contain anything that is meant.
    hints: Vec<bytes::Regex>,
    /// Finds `TRIGGERS`, where the built-in rules are wanted.
    triggers: Option<Triggers>,
    /// Rules of the configuration: then all hints are asked of every line.
    has_own: bool,
}

/// A pattern that is no regular expression, or too large a one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatternProblem {
    /// Which of the given patterns.
    pub at: usize,
    pub why: String,
}

/// A compiled pattern may take this much memory.
const PATTERN_MAX_BYTES: usize = 1 << 20;

impl Redaction {
    /// Compiles keys (compared without regard to case), patterns and, where wanted, the built-in rules.
    pub fn new(keys: &[String], patterns: &[String], defaults: bool) -> Result<Self, Vec<PatternProblem>> {
        let has_own = !keys.is_empty() || !patterns.is_empty();
        let mut redaction = Self { defaults, keys: keys.to_vec(), has_own, ..Self::default() };
        let mut problems = Vec::new();
        for (at, pattern) in patterns.iter().enumerate() {
            let text = RegexBuilder::new(pattern).size_limit(PATTERN_MAX_BYTES).build();
            let line = bytes::RegexBuilder::new(pattern).size_limit(PATTERN_MAX_BYTES).build();
            match (text, line) {
                (Ok(text), Ok(line)) => {
                    redaction.patterns.push(text);
                    redaction.hints.push(line);
                }
                (Err(error), _) | (_, Err(error)) => {
                    problems.push(PatternProblem { at, why: error.to_string() })
                }
            }
        }
        if defaults {
            redaction.patterns.extend(PATTERNS.iter().filter_map(|pattern| Regex::new(pattern).ok()));
            redaction.hints.extend(bytes::Regex::new(&default_hint()).ok());
            redaction.triggers = Triggers::new();
        }
        for key in keys {
            redaction.hints.extend(bytes::Regex::new(&format!("(?i)\"{}\"", regex::escape(key))).ok());
        }
        if problems.is_empty() { Ok(redaction) } else { Err(problems) }
    }

    /// Whether there is any rule.
    pub fn is_empty(&self) -> bool {
        self.hints.is_empty()
    }

    /// Whether a line may contain anything that is meant. `hidden` says that escapes hide ordinary characters in it.
    pub fn may_touch(&self, line: &[u8], hidden: bool) -> bool {
        (hidden && !self.is_empty()) || self.hints.iter().any(|hint| hint.is_match(line))
    }

    /// The same for a native line, of which every key was looked at. `is_plain` says whether a trigger is in it, where
    /// that is known.
    pub fn may_touch_native(&self, line: &[u8], native: &Native, is_plain: Option<bool>) -> bool {
        if self.has_own || native.hidden || native.secret_key {
            return self.may_touch(line, native.hidden);
        }
        let has_trigger = |triggers: &Triggers| !is_plain.unwrap_or_else(|| triggers.find(line, 0).is_none());
        self.triggers.as_ref().is_some_and(has_trigger) && self.may_touch(line, false)
    }

    /// Where the built-in patterns may match: places in order, at least one in every line that they match in.
    pub fn triggers<'a>(&'a self, block: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let next = move |from: usize| self.triggers.as_ref()?.find(block, from);
        std::iter::successors(next(0), move |&at| next(at + 1))
    }

    /// What stands in place of the value of this key, if the key is meant.
    pub fn of_key(&self, key: &[u8], kind: Kind) -> Option<&'static str> {
        if key.is_empty() || kind == Kind::Null {
            return None;
        }
        if self.keys.iter().any(|meant| meant.as_bytes().eq_ignore_ascii_case(key)) {
            return Some(MARK);
        }
        let ends = |meant: &str| {
            let from = key.len().checked_sub(meant.len());
            from.is_some_and(|from| key[from..].eq_ignore_ascii_case(meant.as_bytes()))
        };
        // A number under `max_token` counts; a text under `token` is one.
        let meant = |meant: &&str| ends(meant) && (kind == Kind::String || **meant != *"token");
        (self.defaults && kind != Kind::Bool && KEYS.iter().any(meant)).then_some(MARK)
    }

    /// The text with all that is meant replaced.
    pub fn text<'a>(&self, text: &'a str, notes: &mut Notes) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for pattern in &self.patterns {
            if let Cow::Owned(changed) = pattern.replace_all(&text, MARK) {
                notes.add(Notes::REDACTED);
                text = Cow::Owned(changed);
            }
        }
        text
    }
}

/// Whether a key may be meant by the built-in rules: quick, because every key of a line is asked.
#[inline]
pub fn may_be_secret(key: &[u8]) -> bool {
    let Some(last) = key.last_chunk::<2>() else { return false };
    let last = last.map(|byte| byte.to_ascii_lowercase());
    matches!(&last, b"rd" | b"wd" | b"et" | b"en" | b"on" | b"ie" | b"ey" | b"ls")
}

/// One expression of literals that a vectorised search finds: the keys before their closing quote, in the usual three
/// ways of writing them, and what the patterns begin with.
fn default_hint() -> String {
    let mut parts: Vec<String> = PATTERNS.iter().map(|&pattern| pattern.to_owned()).collect();
    for key in KEYS {
        let (first, rest) = key.split_at(1);
        for spelling in [key.to_owned(), first.to_uppercase() + rest, key.to_uppercase()] {
            parts.push(format!("{}\"", regex::escape(&spelling)));
        }
    }
    parts.join("|")
}

#[cfg(test)]
mod tests {
    use super::super::fields::Slot;
    use super::*;

    #[test]
    fn every_built_in_pattern_has_a_trigger_in_what_it_matches() {
        let redaction = Redaction::new(&[], &[], true).expect("the built-in rules");
        let samples = [
            "eyJhbGciOiJI.eyJzdWIiOiIx.sig",
            "Bearer abcdefgh",
            "bearer abcdefgh",
            "Basic dXNlcjpwYXNz",
            "AKIAABCDEFGHIJKLMNOP",
            "-----BEGIN RSA PRIVATE KEY-----",
            "https://user:word@host",
            "password=1",
            "passwd=1",
            "secret=1",
            "token=1",
            "api_key=1",
            "apikey=1",
        ];
        for sample in samples {
            assert!(redaction.may_touch(sample.as_bytes(), false), "{sample} is meant");
            assert!(redaction.triggers(sample.as_bytes()).count() > 0, "{sample}");
        }
        for pattern in &redaction.patterns {
            assert!(samples.iter().any(|sample| pattern.is_match(sample)), "{pattern} has a sample");
        }
    }

    #[test]
    fn a_key_that_is_meant_is_asked_about_and_no_catalogued_one_is() {
        let redaction = Redaction::new(&[], &[], true).expect("the built-in rules");
        for key in KEYS {
            for key in [key.to_owned(), key.to_uppercase(), format!("db_{key}")] {
                assert!(may_be_secret(key.as_bytes()), "{key}");
            }
        }
        for &slot in Slot::all() {
            for name in slot.field().path {
                assert_eq!(redaction.of_key(name.as_bytes(), Kind::String), None, "{name}");
            }
        }
    }
}
