//! Documents as the shipper stores them, of which some are deleted and some doubled behind its back: `correlog verify`
//! must find every one, say where, raise no false alarm, and take what retention removed for no gap.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::http;

use crate::place::Place;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub files: u64,
    pub lines_of_each: u64,
    /// So many are deleted, and about so many doubled.
    pub changed: u64,
}

/// How long `verify` took over all of it; whatever had to hold was asserted before.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    pub documents: u64,
    pub deleted: usize,
    pub doubled: usize,
    pub clean: Duration,
    pub with_findings: Duration,
}

const BYTES: u64 = 200;
/// Every so many lines a blank one lies before the next.
const BLANK_EVERY: u64 = 100;
/// Actions that one bulk request bears.
const ACTIONS: usize = 10_000;

/// # Panics
/// When `verify` misses something, finds what is not there, or does not say where.
pub fn holes(place: &Place, options: &Options) -> Report {
    let stored = Stored { place, options };
    stored.bulk(stored.all().map(|at| stored.put(at, &at.id())));
    let start = Instant::now();
    let found = place.correlog(&["verify", "--json"]).expect(0).json();
    let clean = start.elapsed();
    let documents = options.files * options.lines_of_each;
    assert_eq!(found["documents"], documents);
    assert_eq!((&found["complete"], &found["without_their_first_lines"]), (&json!(true), &json!(0)));

    let deleted = stored.spread(1);
    let doubled: BTreeSet<At> = stored.spread(2).difference(&deleted).copied().collect();
    stored.bulk(deleted.iter().map(|at| stored.delete(*at, &at.id())));
    stored.bulk(doubled.iter().map(|at| stored.put(*at, &at.second_id())));
    let start = Instant::now();
    let found = place.correlog(&["verify", "--json"]).expect(2).json();
    let with_findings = start.elapsed();
    assert_eq!(stored.listed(&found["gaps"]), deleted, "every deleted line, and no other");
    assert_eq!(stored.listed(&found["doubles"]), doubled, "every doubled line, and no other");
    says_where(place, &found, deleted.len());
    stored.bulk(doubled.iter().map(|at| stored.delete(*at, &at.second_id())));
    stored.bulk(deleted.iter().map(|at| stored.put(*at, &at.id())));
    stored.retention();
    Report { documents, deleted: deleted.len(), doubled: doubled.len(), clean, with_findings }
}

fn says_where(place: &Place, found: &Value, deleted: usize) {
    let numbers = found["stream_faults"].as_array().expect("a list");
    let lines: u64 = numbers.iter().map(|fault| fault["lines"].as_u64().unwrap_or(0)).sum();
    assert_eq!(lines, deleted as u64, "the writers' numbers say the same");
    let gap = &found["gaps"][0];
    let said = (gap["file"].as_str(), gap["after"].as_str(), gap["before"].as_str());
    assert!(matches!(said, (Some(file), Some(_), Some(_)) if file.starts_with("logs/f")), "{gap}");
    let text = place.correlog(&["verify"]).expect(2).stdout;
    assert!(text.contains("NOT complete") && text.contains("logs/f0.jsonl"), "{text}");
}

/// One stored line: which file, which line of it, of how many.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct At {
    file: u64,
    line: u64,
    of: u64,
}

impl At {
    fn id(self) -> String {
        format!("f{}l{}", self.file, self.line)
    }

    fn second_id(self) -> String {
        format!("{}again", self.id())
    }

    fn offset(self) -> u64 {
        self.line * BYTES + self.line / BLANK_EVERY
    }

    /// Three days from 2026-11-19 on.
    fn time(self) -> String {
        let second = self.line * 3 * 86_400 / self.of;
        let (day, rest) = (19 + second / 86_400, second % 86_400);
        format!("2026-11-{day}T{:02}:{:02}:{:02}.000Z", rest / 3600, rest / 60 % 60, rest % 60)
    }

    fn index(self, place: &Place) -> String {
        format!("{}-logs-{}", place.prefix, self.time()[..10].replace('-', "."))
    }

    fn document(self) -> Value {
        let skipped = u64::from(self.line > 0 && self.line.is_multiple_of(BLANK_EVERY));
        json!({
            "@timestamp": self.time(), "message": "m", "level": "INFO",
            "log": { "lineage": format!("{:032x}", self.file + 1), "offset": self.offset(),
                "next": self.offset() + BYTES, "skipped": skipped,
                "stream": format!("{:032x}", self.file + 100), "seq": self.line,
                "file": { "path": format!("logs/f{}.jsonl", self.file) } },
        })
    }
}

struct Stored<'a> {
    place: &'a Place,
    options: &'a Options,
}

impl Stored<'_> {
    fn at(&self, file: u64, line: u64) -> At {
        At { file, line, of: self.options.lines_of_each }
    }

    fn all(&self) -> impl Iterator<Item = At> {
        let lines = self.options.lines_of_each;
        (0..self.options.files * lines).map(move |number| self.at(number / lines, number % lines))
    }

    /// Lines spread over all files, never the first or last of one.
    fn spread(&self, salt: u64) -> BTreeSet<At> {
        let line = |number: u64| 1 + (number * 7_919 + salt * 104_729) % (self.options.lines_of_each - 2);
        let each = |number: u64| self.at(number % self.options.files, line(number));
        (0..self.options.changed).map(each).collect()
    }

    fn put(&self, at: At, id: &str) -> String {
        let action = json!({ "index": { "_index": at.index(self.place), "_id": id } });
        let mut text = String::new();
        let _ = write!(text, "{action}\n{}\n", at.document());
        text
    }

    fn delete(&self, at: At, id: &str) -> String {
        format!("{}\n", json!({ "delete": { "_index": at.index(self.place), "_id": id } }))
    }

    fn bulk(&self, mut actions: impl Iterator<Item = String>) {
        loop {
            let body: String = actions.by_ref().take(ACTIONS).collect();
            if body.is_empty() {
                return;
            }
            let headers = [("content-type", "application/x-ndjson")];
            let url = format!("{}/_bulk?filter_path=errors,items.*.error", self.place.url);
            let reply = http::request("POST", &url, &headers, Some(&body)).expect("the node answers").json();
            assert_eq!(reply["errors"], false, "{}", reply["items"][0]);
        }
    }

    /// The lines that lie in the reported ranges.
    fn listed(&self, found: &Value) -> BTreeSet<At> {
        found.as_array().expect("a list").iter().flat_map(|finding| self.within(finding)).collect()
    }

    fn within(&self, finding: &Value) -> Vec<At> {
        let lineage = finding["lineage"].as_str().and_then(|text| u64::from_str_radix(text, 16).ok());
        let number = |key: &str| finding[key].as_u64().expect("a number");
        let (file, from, to) = (lineage.expect("a lineage of ours") - 1, number("from"), number("to"));
        let lines = (from / (BYTES + 1)..self.options.lines_of_each).map(|line| self.at(file, line));
        lines.filter(|at| at.offset() >= from).take_while(|at| at.offset() < to).collect()
    }

    /// Retention takes the oldest day: no gap.
    fn retention(&self) {
        let oldest = self.at(0, 0).index(self.place);
        let url = format!("{}/{oldest}", self.place.url);
        http::request("DELETE", &url, &[], None).expect("the node answers");
        let rest = self.place.correlog(&["verify", "--json"]).expect(0).json();
        assert_eq!(rest["without_their_first_lines"], self.options.files, "{rest}");
    }
}
