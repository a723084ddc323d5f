//! What must hold of all that is stored: every line once, under an id of its own, and every byte accounted for.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{LyingServer, Options, Report, lines_of};

/// `bytes` is what the writer wrote.
pub fn check(server: &LyingServer, dump: &Path, options: &Options, bytes: u64) -> Report {
    server.dump(dump);
    let mut times = vec![0u8; usize::try_from(options.lines).expect("it fits")];
    let mut spans: BTreeMap<String, Vec<(u64, u64, u64)>> = BTreeMap::new();
    let mut report = Report { kills: options.kills, lines: options.lines, bytes, ..Report::default() };
    for line in lines_of(dump) {
        let document: Value = serde_json::from_str(&line).expect("a dumped document is JSON");
        report.documents += 1;
        report.rewritten += u64::from(document["writes"].as_u64() > Some(1));
        let source = &document["source"];
        let number = number_of(source);
        times[usize::try_from(number).expect("it fits")] += 1;
        let log = &source["log"];
        let at = |key: &str| log[key].as_u64().unwrap_or_else(|| panic!("no log.{key}: {line}"));
        let lineage = log["lineage"].as_str().unwrap_or_else(|| panic!("no log.lineage: {line}"));
        spans.entry(lineage.to_owned()).or_default().push((
            at("offset"),
            at("next"),
            log["skipped"].as_u64().unwrap_or(0),
        ));
    }
    let lost = times.iter().filter(|count| **count == 0).count();
    let doubled = times.iter().filter(|count| **count > 1).count();
    let first = times.iter().position(|count| *count != 1);
    assert_eq!(
        (lost, doubled),
        (0, 0),
        "(lost, doubled) of {}, seed {}, first {first:?}",
        options.lines,
        options.seed
    );
    assert_eq!(report.documents, options.lines, "one document a line, under an id of its own");
    assert_eq!(accounted(spans), bytes, "every byte lies in one document");
    report.requests = server.count("requests");
    report.lies = server.count("lies");
    report
}

fn number_of(source: &Value) -> u64 {
    let message = source["message"].as_str().unwrap_or_else(|| panic!("no message: {source}"));
    let number = message.strip_prefix("line ").and_then(|rest| rest.split(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no number: {message}"))
}

/// The bytes of all spans; they must follow each other without a gap.
fn accounted(spans: BTreeMap<String, Vec<(u64, u64, u64)>>) -> u64 {
    let mut sum = 0;
    for (lineage, mut spans) in spans {
        spans.sort_unstable();
        let mut end = 0;
        for (offset, next, skipped) in spans {
            assert_eq!(offset, end + skipped, "a gap or an overlap in lineage {lineage}");
            (sum, end) = (sum + next - offset, next);
        }
    }
    sum
}
