//! Looking traces up over daily indices: the request alone, as `correlog trace` sends it for an id that bears its time and
//! for one that does not, and the whole command.

use crate::cost::{fill, merge};
use crate::files::number;
use crate::lines::Random;
use crate::percentile;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use xtask::exec::{Result, run};
use xtask::http;

pub const DAY_MS: i64 = 86_400_000;
/// Runs of the whole command of each kind.
const COMMANDS: usize = 30;

/// A cluster with our templates under a prefix of our own; the indices go when it is dropped.
#[derive(Debug)]
pub struct Place {
    pub url: String,
    pub prefix: String,
    program: PathBuf,
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new(program: &Path, url: &str, prefix: &str) -> Result<Self> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        let place = Self { url: url.to_owned(), prefix: prefix.to_owned(), program: program.to_owned(), dir };
        let text = format!(
            "[opensearch]\nurl = \"{url}\"\n[index]\nlogs = \"{prefix}-logs\"\nworkflow = \"{prefix}-workflow\"\n"
        );
        std::fs::write(place.dir.path().join("correlog.toml"), text).map_err(|error| error.to_string())?;
        run(place.command().args(["setup", "apply"]).stdout(std::process::Stdio::null()))?;
        Ok(place)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.dir.path());
        command
    }

    /// `YYYY.MM.DD` of a day counted from 1970.
    pub fn day_name(&self, day: i64) -> String {
        correlog_schema::index::Day::of_ms(day * DAY_MS).map(|day| day.to_string()).unwrap_or_default()
    }

    fn names(&self, days: impl Iterator<Item = i64>) -> String {
        days.flat_map(|day| {
            let name = self.day_name(day);
            [format!("{}-logs-{name}", self.prefix), format!("{}-workflow-{name}", self.prefix)]
        })
        .collect::<Vec<_>>()
        .join(",")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = http::request("DELETE", &format!("{}/{}-*", self.url, self.prefix), &[], None);
        let remove = self.command().args(["setup", "remove"]).stdout(std::process::Stdio::null()).status();
        drop(remove);
    }
}

pub fn bench(place: &Place, lines: usize, days: usize, lookups: usize) -> Result<Value> {
    let today = chrono::Utc::now().timestamp_millis() / DAY_MS;
    let mut traces: [Vec<(i64, String)>; 2] = [Vec::new(), Vec::new()];
    for (day, ids) in filled(place, lines / days, today - days as i64..today)? {
        for (kind, ids) in ids.into_iter().enumerate() {
            traces[kind].extend(ids.into_iter().map(|id| (day, id)));
        }
    }
    let all = format!("{0}-logs-*,{0}-workflow-*", place.prefix);
    let own_days = |day: i64| place.names(day - 1..=day + 1);
    let requests = [
        ("bearing_own_days", measure(place, &traces[0], lookups, &|day| own_days(day))?),
        ("bearing_all_days", measure(place, &traces[0], lookups, &|_| all.clone())?),
        ("random_all_days", measure(place, &traces[1], lookups, &|_| all.clone())?),
    ];
    let commands =
        [("bearing_command", commands(place, &traces[0])?), ("random_command", commands(place, &traces[1])?)];
    let figures: serde_json::Map<String, Value> =
        requests.into_iter().chain(commands).map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(json!({"lines": lines / days * days, "days": days, "lookups": lookups, "figures": figures}))
}

/// Fills the days, two at a time: one index takes what one core makes of it.
fn filled(place: &Place, count: usize, days: std::ops::Range<i64>) -> Result<Vec<(i64, [Vec<String>; 2])>> {
    let middle = i64::midpoint(days.start, days.end);
    let halves = [days.start..middle, middle..days.end];
    let fill = |half: std::ops::Range<i64>| {
        half.map(|day| Ok((day, fill_day(place, day, count)?))).collect::<Result<Vec<_>>>()
    };
    let [first, second] = std::thread::scope(|scope| {
        let running = halves.map(|half| scope.spawn(|| fill(half)));
        running.map(|half| half.join().expect("filling does not panic"))
    });
    let mut days = first?;
    days.extend(second?);
    Ok(days)
}

fn fill_day(place: &Place, day: i64, count: usize) -> Result<[Vec<String>; 2]> {
    let index = format!("{}-logs-{}", place.prefix, place.day_name(day));
    // Nobody searches while it is filled, and what it costs to fill is measured elsewhere.
    http::put(&format!("{}/{index}", place.url), &json!({"settings": {"refresh_interval": "-1"}}))?;
    let ids = fill(place, &index, day * DAY_MS, count, 1)?;
    // A day that is over has one segment: setup's policy merges it.
    merge(place, &index)?;
    xtask::exec::say(&format!("{index} has its {count} lines"));
    Ok(ids)
}

pub fn words(found: &Value) -> String {
    let mut text = format!("look-up over {} lines in {} daily indices, warm:", found["lines"], found["days"]);
    for (name, figure) in found["figures"].as_object().into_iter().flatten() {
        let (p50, p99) = (number(&figure["p50_ms"]), number(&figure["p99_ms"]));
        text.push_str(&format!("\n  {name:<18} p50 {p50:6.2} ms  p99 {p99:6.2} ms"));
    }
    text
}

fn pick<'a>(random: &mut Random, traces: &'a [(i64, String)]) -> &'a (i64, String) {
    &traces[random.next() as usize % traces.len()]
}

/// The request alone; the first tenth warms up and is not counted.
fn measure(
    place: &Place,
    traces: &[(i64, String)],
    count: usize,
    indices: &dyn Fn(i64) -> String,
) -> Result<Value> {
    let mut random = Random(42);
    let mut times = Vec::new();
    for round in 0..count + count / 10 {
        let (day, id) = pick(&mut random, traces);
        let body = json!({"size": 5000, "track_total_hits": false,
            "query": {"bool": {"filter": [{"bool": {"should": [{"terms": {"trace_id": [id]}},
                {"terms": {"workflow_run_id": [id]}}], "minimum_should_match": 1}}]}},
            "sort": [{"@timestamp": {"order": "asc", "missing": "_first", "unmapped_type": "date_nanos"}}]});
        let url = format!("{}/{}/_search?ignore_unavailable=true", place.url, indices(*day));
        let start = Instant::now();
        let answer = http::post(&url, &body)?;
        let took = start.elapsed().as_secs_f64() * 1000.0;
        if answer.json()["hits"]["hits"].as_array().is_none_or(Vec::is_empty) {
            return Err(format!("a trace was not found: {}", answer.text));
        }
        if round >= count / 10 {
            times.push(took);
        }
    }
    Ok(figures(times))
}

fn commands(place: &Place, traces: &[(i64, String)]) -> Result<Value> {
    let mut random = Random(7);
    let mut times = Vec::new();
    for _ in 0..COMMANDS {
        let (_, id) = pick(&mut random, traces);
        let start = Instant::now();
        let output =
            place.command().args(["trace", id, "--json"]).output().map_err(|error| error.to_string())?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    Ok(figures(times))
}

fn figures(mut times: Vec<f64>) -> Value {
    times.sort_by(f64::total_cmp);
    json!({"p50_ms": percentile(&times, 50), "p99_ms": percentile(&times, 99)})
}
