//! What a document costs with our templates and with default dynamic mapping: bytes on disk when merged, and the node's
//! processor time to index and merge it. The two take turns, so that noise falls on both.

use crate::files::number;
use crate::lines::{LINES_A_TRACE, Random, line, trace_id};
use crate::lookup::{DAY_MS, Place};
use base64::Engine;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;
use xtask::exec::Result;
use xtask::http;

const ROUNDS: usize = 4;
const DAY: i64 = 20_000;
const MERGE_LIMIT: Duration = Duration::from_secs(1800);

pub fn bench(place: &Place, documents: usize) -> Result<Value> {
    let dynamic = format!("dyn{}", place.prefix);
    let ours = format!("{}-logs-{}", place.prefix, place.day_name(DAY));
    let body = json!({"settings": {"number_of_replicas": 0}});
    http::put(&format!("{}/{dynamic}", place.url), &body)?;
    let mut cpu = [0.0; 2];
    let count = documents / ROUNDS;
    // The first round warms the node up; its time counts for neither.
    for round in 0..=ROUNDS {
        for (kind, index) in [&ours, &dynamic].into_iter().enumerate() {
            let before = cpu_ms(place)?;
            fill(place, index, DAY * DAY_MS, count, round as u64)?;
            http::post(
                &format!("{}/{index}/_flush?force=true&wait_if_ongoing=true", place.url),
                &Value::Null,
            )?;
            if round == ROUNDS {
                merge(place, index)?;
            }
            cpu[kind] += if round == 0 { 0.0 } else { cpu_ms(place)? - before };
        }
    }
    let bytes = [store(place, &ours)?, store(place, &dynamic)?];
    let each = |total: f64, rounds: usize| total / (count * rounds) as f64;
    let figures = |kind: usize| json!({"bytes": each(bytes[kind], ROUNDS + 1), "cpu_us": each(cpu[kind] * 1000.0, ROUNDS)});
    for index in [&ours, &dynamic] {
        http::request("DELETE", &format!("{}/{index}", place.url), &[], None)?;
    }
    Ok(json!({"documents": count * (ROUNDS + 1), "template": figures(0), "dynamic": figures(1),
        "bytes_ratio": bytes[0] / bytes[1], "cpu_ratio": cpu[0] / cpu[1]}))
}

pub fn words(found: &Value) -> String {
    let one = |kind: &str| {
        format!("{:.0} bytes and {:.0} us", number(&found[kind]["bytes"]), number(&found[kind]["cpu_us"]))
    };
    format!(
        "a document of {}: our template {}, default dynamic mapping {}: {:.2} of the bytes, {:.2} of the processor time",
        found["documents"],
        one("template"),
        one("dynamic"),
        number(&found["bytes_ratio"]),
        number(&found["cpu_ratio"])
    )
}

/// Lines of one day in bulk requests, with ids as the shipper makes them: time first. Answers some trace ids of each
/// kind (bearing their time, random).
pub fn fill(place: &Place, index: &str, from_ms: i64, count: usize, seed: u64) -> Result<[Vec<String>; 2]> {
    const BULK: usize = 5_000;
    let mut random = Random(seed.wrapping_mul(7919) ^ from_ms as u64);
    let mut ids = [Vec::new(), Vec::new()];
    let (mut written, mut body) = (0, String::new());
    let step = (DAY_MS / count.max(1) as i64).max(1);
    while written < count {
        let ms = from_ms + written as i64 * step % DAY_MS;
        let bears_time = (written / LINES_A_TRACE).is_multiple_of(2);
        let id = trace_id(&mut random, ms, bears_time);
        for seq in 0..LINES_A_TRACE {
            let at = ms + seq as i64;
            let head = format!("{{\"create\":{{\"_id\":\"{}\"}}}}\n", document_id(&mut random, at));
            body.push_str(&head);
            line(&mut body, &mut random, at, &id, seq);
            shipped(&mut body, written + seq);
            body.push('\n');
        }
        ids[usize::from(!bears_time)].push(id);
        written += LINES_A_TRACE;
        if written.is_multiple_of(BULK) || written >= count {
            let url = format!("{}/{index}/_bulk?filter_path=errors", place.url);
            let answer =
                http::request("POST", &url, &[("content-type", "application/x-ndjson")], Some(&body))?;
            if answer.json()["errors"] != false {
                return Err(format!("a bulk request was not taken: {}", answer.text));
            }
            body.clear();
        }
    }
    Ok(ids)
}

/// As the shipper's: 6 bytes of time and 9 of a hash, in 20 characters.
fn document_id(random: &mut Random, ms: i64) -> String {
    let (first, second) = (random.next().to_be_bytes(), random.next().to_be_bytes());
    let bytes = [&ms.to_be_bytes()[2..], &first, &second[..1]].concat();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// What the shipper adds to a line: its level as a number, its host, and where it stood. `body` ends with the line.
fn shipped(body: &mut String, number: usize) {
    const LENGTH: usize = 900;
    body.truncate(body.len() - "}}".len());
    let _ = write!(
        body,
        ",\"lineage\":\"5f2b7c1d9e3a4b605f2b7c1d9e3a4b60\",\"offset\":{},\"next\":{},\"skipped\":0,\
         \"file\":{{\"path\":\"/var/log/app/api.jsonl\"}}}},\"severity_number\":9,\"record\":\"log\",\"host\":{{\"name\":\"host-1\"}}}}",
        number * LENGTH,
        (number + 1) * LENGTH
    );
}

/// One segment, however long that takes.
pub fn merge(place: &Place, index: &str) -> Result<()> {
    let url = format!("{}/{index}/_forcemerge?max_num_segments=1", place.url);
    let answer = http::within(MERGE_LIMIT, "POST", &url, &[], None)?;
    if answer.status != 200 {
        return Err(format!("{index} was not merged: {}", answer.text));
    }
    http::post(&format!("{}/{index}/_refresh", place.url), &Value::Null)?;
    Ok(())
}

fn store(place: &Place, index: &str) -> Result<f64> {
    http::post(&format!("{}/{index}/_flush?force=true&wait_if_ongoing=true", place.url), &Value::Null)?;
    let stats = http::get(&format!("{}/{index}/_stats/store,docs", place.url))?.json();
    Ok(number(&stats["_all"]["primaries"]["store"]["size_in_bytes"]))
}

fn cpu_ms(place: &Place) -> Result<f64> {
    let stats = http::get(&format!("{}/_nodes/_local/stats/process", place.url))?.json();
    let node =
        stats["nodes"].as_object().and_then(|nodes| nodes.values().next().cloned()).unwrap_or_default();
    Ok(number(&node["process"]["cpu"]["total_in_millis"]))
}
