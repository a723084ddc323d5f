//! A second look at what seems to be missing, where no state tells how far a running shipper is: documents overtake
//! each other on their way, so what was under way a moment ago may be there now. It takes nothing back.

use std::collections::BTreeSet;
use std::time::Duration;

use opensearch::http::Method;
use serde_json::{Value, json};

use super::chain::Findings;
use super::read::{FIELDS, PAGE, Stored};
use crate::cluster::Cluster;
use crate::error::Result;

/// A body waits half a second for more documents, and its request takes a moment.
const PAUSE: Duration = Duration::from_secs(1);
/// Searches in one request.
const BATCH: usize = 250;
/// So many gaps are no matter of order.
const SEARCHES_MAX: usize = 10_000;

/// Reads what has arrived in the gaps meanwhile; `false` when nothing has.
pub fn look(cluster: &Cluster, target: &str, findings: &Findings, stored: &mut Stored) -> Result<bool> {
    let searches = searches(findings, stored);
    if searches.is_empty() || searches.len() > SEARCHES_MAX {
        return Ok(false);
    }
    std::thread::sleep(PAUSE);
    cluster.send(Method::Post, &format!("/{target}/_refresh"), None)?;
    let before = stored.links.len();
    // A document may lie in a gap and have a missing number.
    let mut seen = BTreeSet::new();
    for batch in searches.chunks(BATCH) {
        let body: String = batch.iter().map(|search| format!("{{}}\n{search}\n")).collect();
        let path =
            format!("/{target}/_msearch?filter_path=responses.hits.hits._id,responses.hits.hits.fields");
        let reply = cluster.send_raw(Method::Post, &path, "application/x-ndjson", Some(body.into_bytes()))?;
        for response in reply.body["responses"].as_array().into_iter().flatten() {
            let hits = response["hits"]["hits"].as_array().into_iter().flatten();
            for hit in hits.filter(|hit| seen.insert(hit["_id"].to_string())) {
                stored.take(&hit["fields"]);
            }
        }
    }
    Ok(stored.links.len() > before)
}

/// One for each gap between stored neighbours. Missing numbers lie in such gaps, but for those between two files.
fn searches(findings: &Findings, stored: &Stored) -> Vec<Value> {
    let gaps = findings
        .gaps
        .iter()
        .map(|gap| search("log.lineage", stored.lineages.name(gap.lineage), "log.offset", gap.from, gap.to));
    let between = findings.streams.iter().filter(|fault| !fault.doubled && fault.before.0 != fault.after.0);
    let streams = between.map(|fault| {
        search("log.stream", stored.streams.name(fault.stream), "log.seq", fault.from, fault.to + 1)
    });
    gaps.chain(streams).collect()
}

fn search(of: &str, name: &str, number: &str, from: u64, end: u64) -> Value {
    json!({
        "size": PAGE,
        "_source": false,
        "docvalue_fields": FIELDS,
        "query": { "bool": { "filter": [
            { "term": { of: name } },
            { "range": { number: { "gte": from, "lt": end } } },
        ] } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::verify::chain::{self, Link, Step};

    #[test]
    fn gaps_are_looked_at_by_place_and_numbers_between_two_files_by_number() {
        let mut stored = Stored::default();
        let (one, two) = (stored.lineages.number("one"), stored.lineages.number("two"));
        let stream = stored.streams.number("writer");
        let link = |lineage, start| Link { lineage, start, next: start + 10, skipped: 0, refused: false };
        let step = |lineage, start, seq| Step { stream, seq, lineage, start };
        stored.links = vec![link(one, 0), link(one, 20), link(two, 0)];
        stored.steps = vec![step(one, 0, 0), step(one, 20, 2), step(two, 0, 5)];
        let findings = chain::check(&mut stored.links, &mut stored.steps, &[]);
        let asked: Vec<Value> = searches(&findings, &stored)
            .iter()
            .map(|search| search["query"]["bool"]["filter"].clone())
            .collect();
        assert_eq!(
            asked,
            [
                json!([{"term": {"log.lineage": "one"}}, {"range": {"log.offset": {"gte": 10, "lt": 20}}}]),
                json!([{"term": {"log.stream": "writer"}}, {"range": {"log.seq": {"gte": 3, "lt": 5}}}]),
            ]
        );
        let clean = chain::check(&mut [link(one, 0)], &mut [], &[]);
        assert!(searches(&clean, &stored).is_empty(), "what is complete is not looked at again");
    }
}
