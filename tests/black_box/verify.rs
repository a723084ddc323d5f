//! `correlog verify` on a real node: among a hundred thousand documents it finds every one that was deleted and every
//! one that was doubled, says where, raises no false alarm, and takes what retention removed for no gap.

use correlog_tests::place::Place;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use xtask::http;

const FILES: u64 = 20;
const LINES: u64 = 5_000;
const BYTES: u64 = 200;
const CHANGED: u64 = 100;
/// Every so many lines a blank one lies before the next.
const BLANK_EVERY: u64 = 100;

/// One stored line: which file, which line of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct At(u64, u64);

impl At {
    fn id(self) -> String {
        format!("f{}l{}", self.0, self.1)
    }

    fn lineage(self) -> String {
        format!("{:032x}", self.0 + 1)
    }

    fn offset(self) -> u64 {
        self.1 * BYTES + self.1 / BLANK_EVERY
    }

    /// Three days from 2026-11-19 on.
    fn time(self) -> String {
        let second = self.1 * 3 * 86_400 / LINES;
        let (day, rest) = (19 + second / 86_400, second % 86_400);
        format!("2026-11-{day}T{:02}:{:02}:{:02}.000Z", rest / 3600, rest / 60 % 60, rest % 60)
    }

    fn index(self, place: &Place) -> String {
        format!("{}-logs-{}", place.prefix, self.time()[..10].replace('-', "."))
    }

    fn document(self) -> Value {
        let skipped = u64::from(self.1 > 0 && self.1.is_multiple_of(BLANK_EVERY));
        json!({
            "@timestamp": self.time(), "message": "m", "level": "INFO",
            "log": { "lineage": self.lineage(), "offset": self.offset(), "next": self.offset() + BYTES,
                "skipped": skipped, "stream": format!("{:032x}", self.0 + 100), "seq": self.1,
                "file": { "path": format!("logs/f{}.jsonl", self.0) } },
        })
    }
}

/// Sends actions in bodies of a size that one request bears.
fn bulk(place: &Place, actions: &[String]) {
    for chunk in actions.chunks(10_000) {
        let headers = [("content-type", "application/x-ndjson")];
        let answer = http::request("POST", &format!("{}/_bulk", place.url), &headers, Some(&chunk.concat()));
        let reply = answer.expect("the node answers").json();
        assert_eq!(reply["errors"], false, "{}", reply["items"][0]);
    }
}

fn put(place: &Place, at: At, id: Option<&str>) -> String {
    let mut action = json!({ "index": { "_index": at.index(place) } });
    if let Some(id) = id {
        action["index"]["_id"] = json!(id);
    }
    let mut text = String::new();
    let _ = write!(text, "{action}\n{}\n", at.document());
    text
}

/// Lines spread over all files, never the first or last of one.
fn spread(salt: u64) -> BTreeSet<At> {
    let line = |number: u64| 1 + (number * 7_919 + salt * 104_729) % (LINES - 2);
    (0..CHANGED).map(|number| At(number % FILES, line(number))).collect()
}

#[test]
fn verify_finds_what_is_missing_and_what_is_doubled_and_nothing_else() {
    let place = Place::new("verify");
    let all = (0..FILES).flat_map(|file| (0..LINES).map(move |line| At(file, line)));
    let documents: Vec<String> = all.map(|at| put(&place, at, Some(&at.id()))).collect();
    bulk(&place, &documents);
    let clean = place.correlog(&["verify", "--json"]).expect(0).json();
    assert_eq!(clean["documents"], FILES * LINES);
    assert_eq!((&clean["complete"], &clean["without_their_first_lines"]), (&json!(true), &json!(0)));

    let deleted = spread(1);
    let doubled: BTreeSet<At> = spread(2).difference(&deleted).copied().collect();
    let delete =
        |at: &At| format!("{}\n", json!({ "delete": { "_index": at.index(&place), "_id": at.id() } }));
    bulk(&place, &deleted.iter().map(delete).collect::<Vec<_>>());
    bulk(&place, &doubled.iter().map(|at| put(&place, *at, None)).collect::<Vec<_>>());
    let found = place.correlog(&["verify", "--json"]).expect(2).json();
    assert_eq!(missing(&found), deleted, "every deleted line, and no other");
    assert_eq!(twice(&found), doubled, "every doubled line, and no other");
    let numbers = found["stream_faults"].as_array().expect("a list");
    let lines: u64 = numbers.iter().map(|fault| fault["lines"].as_u64().unwrap_or(0)).sum();
    assert_eq!(lines, deleted.len() as u64, "the writers' numbers say the same");
    let gap = &found["gaps"][0];
    let said = (gap["file"].as_str(), gap["after"].as_str(), gap["before"].as_str());
    assert!(matches!(said, (Some(file), Some(_), Some(_)) if file.starts_with("logs/f")), "{gap}");
    let text = place.correlog(&["verify"]).expect(2).stdout;
    assert!(text.contains("NOT complete") && text.contains("logs/f0.jsonl"), "{text}");

    // Retention takes the oldest day; what was changed in the others is put right.
    let undo: Vec<String> = deleted.iter().map(|at| put(&place, *at, Some(&at.id()))).collect();
    bulk(&place, &undo);
    remove_doubles(&place);
    let oldest = At(0, 0).index(&place);
    http::request("DELETE", &format!("{}/{oldest}", place.url), &[], None).expect("the node answers");
    let rest = place.correlog(&["verify", "--json"]).expect(0).json();
    assert_eq!(rest["without_their_first_lines"], FILES, "{rest}");
}

/// The lines that lie in the reported gaps.
fn missing(found: &Value) -> BTreeSet<At> {
    let gaps = found["gaps"].as_array().expect("a list");
    gaps.iter().flat_map(|gap| lines_of(gap, gap["from"].as_u64(), gap["to"].as_u64())).collect()
}

fn twice(found: &Value) -> BTreeSet<At> {
    let doubles = found["doubles"].as_array().expect("a list");
    doubles
        .iter()
        .flat_map(|double| lines_of(double, double["from"].as_u64(), double["to"].as_u64()))
        .collect()
}

fn lines_of(finding: &Value, from: Option<u64>, to: Option<u64>) -> Vec<At> {
    let lineage = finding["lineage"].as_str().and_then(|text| u64::from_str_radix(text, 16).ok());
    let file = lineage.expect("a lineage of ours") - 1;
    let (from, to) = (from.expect("a number"), to.expect("a number"));
    let first = from / (BYTES + 1);
    (first..LINES)
        .map(|line| At(file, line))
        .filter(|at| at.offset() >= from)
        .take_while(|at| at.offset() < to)
        .collect()
}

/// The doubles have ids that the cluster gave, which never look like ours.
fn remove_doubles(place: &Place) {
    let ours = |id: &str| id.starts_with('f') && id.len() < 12;
    let doubles = place.documents_of("logs-*").into_iter().filter(|document| !ours(&document.id));
    let delete = |index: &str, id: &str| format!("{}\n", json!({ "delete": { "_index": index, "_id": id } }));
    bulk(place, &doubles.map(|document| delete(&document.index, &document.id)).collect::<Vec<_>>());
}
