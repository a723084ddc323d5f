//! Where and when: for each finding the file and the times of the stored neighbours, asked of the cluster in batches,
//! and whether the missing lines belong to a day that retention has taken.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use correlog_pipeline::encode::{Encoder, Line, Settings, Shape};
use correlog_pipeline::span::{Lineage, Span, TailId};
use correlog_schema::index::{Day, Place};
use opensearch::http::Method;
use serde_json::{Value, json};

use super::chain::{Findings, Gap, Names};
use crate::cluster::Cluster;
use crate::error::Result;

/// Searches in one request.
const BATCH: usize = 250;
/// Neighbours of a gap are looked for within so many bytes; refused and skipped lines may lie between.
const NEAR_BYTES: u64 = 64 << 10;
/// A line in a gap is looked for within so many bytes.
const LOOK_BYTES: usize = 1 << 20;

/// What is known around one position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Where {
    pub file: Option<String>,
    /// `@timestamp` of the last stored line before, and of the next one.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The days that are stored, and where files may be.
#[derive(Debug)]
pub struct Days<'a> {
    pub prefix: &'a str,
    pub indices: &'a [String],
    /// Relative paths are meant from here.
    pub base: PathBuf,
}

/// One `Where` for each gap and then one for each double, in their order. The neighbours of a gap end and begin near
/// it, so they are asked for there: sorting all that a file has would take minutes for a thousand gaps.
pub fn look_up(cluster: &Cluster, target: &str, lineages: &Names, findings: &Findings) -> Result<Vec<Where>> {
    let mut searches = Vec::new();
    for gap in &findings.gaps {
        let name = lineages.name(gap.lineage);
        searches.push(search(name, "log.next", gap.from.saturating_sub(NEAR_BYTES), gap.from, "desc"));
        searches.push(search(name, "log.offset", gap.to, gap.to + NEAR_BYTES, "asc"));
    }
    for double in &findings.doubles {
        searches.push(search(lineages.name(double.lineage), "log.offset", double.start, double.start, "asc"));
    }
    let mut answers = Vec::with_capacity(searches.len());
    for batch in searches.chunks(BATCH) {
        answers.extend(ask(cluster, target, batch)?);
    }
    let (gaps, doubles) = answers.split_at(2 * findings.gaps.len());
    let double = |answer: &Answer| pair(&[answer.clone(), answer.clone()]);
    Ok(gaps.chunks(2).map(pair).chain(doubles.iter().map(double)).collect())
}

/// File and time of a document, where there is one.
type Answer = (Option<String>, Option<String>);

fn search(lineage: &str, field: &str, from: u64, to: u64, order: &str) -> Value {
    json!({
        "size": 1,
        "sort": [{ field: order }],
        "track_total_hits": false,
        "stored_fields": "_none_",
        "docvalue_fields": ["log.file.path", "@timestamp"],
        "query": { "bool": { "filter": [
            { "term": { "log.lineage": lineage } },
            { "range": { field: { "gte": from, "lte": to } } },
        ] } },
    })
}

/// (file, time) of the first hit of each search.
fn ask(cluster: &Cluster, target: &str, searches: &[Value]) -> Result<Vec<Answer>> {
    let mut body = String::new();
    for search in searches {
        body.push_str("{}\n");
        body.push_str(&search.to_string());
        body.push('\n');
    }
    let path = format!("/{target}/_msearch?filter_path=responses.hits.hits.fields,responses.error.type");
    let reply = cluster.send_raw(Method::Post, &path, "application/x-ndjson", Some(body.into_bytes()))?;
    let answers = (0..searches.len()).map(|at| {
        let fields = &reply.body["responses"][at]["hits"]["hits"][0]["fields"];
        let text = |name: &str| fields[name][0].as_str().map(str::to_owned);
        (text("log.file.path"), text("@timestamp"))
    });
    Ok(answers.collect())
}

fn pair(answers: &[Answer]) -> Where {
    let first = answers.first().cloned().unwrap_or_default();
    let second = answers.get(1).cloned().unwrap_or_default();
    Where { file: first.0.or(second.0), before: first.1, after: second.1 }
}

impl Days<'_> {
    /// Whether a gap is what retention leaves: its first line belongs to a day older than all that are stored.
    pub fn has_expired(&self, gap: &Gap, place: &Where) -> bool {
        let Some(oldest) = self.oldest() else { return false };
        match self.day_in_file(gap, place) {
            Some(day) => day < oldest,
            // Without the file: a gap at the beginning of what is kept, which starts with the oldest day.
            None => {
                let after = place.after.as_deref().and_then(day_of);
                let before = place.before.as_deref().and_then(day_of);
                before.is_none() && after.is_some_and(|day| day == oldest)
            }
        }
    }

    fn oldest(&self) -> Option<Day> {
        let days = self.indices.iter().filter_map(|name| match Place::of_index_name(self.prefix, name)? {
            Place::Day(day) => Some(day),
            Place::Undated | Place::Odd => None,
        });
        days.min()
    }

    /// The day of the first missing line, where its file still has it.
    fn day_in_file(&self, gap: &Gap, place: &Where) -> Option<Day> {
        let line = line_at(&self.base.join(place.file.as_deref()?), gap.from)?;
        let span = Span { tail: TailId(0), start: gap.from, next: gap.to };
        let line = Line {
            bytes: &line,
            span,
            lineage: Lineage::default(),
            skipped: 0,
            path: "",
            shape: Shape::Whole,
            earlier: None,
        };
        let encoded = Encoder::new(Settings::default()).encode(&line, &mut Vec::new()).ok()?;
        match encoded.index.place {
            Place::Day(day) => Some(day),
            Place::Undated | Place::Odd => None,
        }
    }
}

/// The first line that is not blank at `offset`, if a line begins there.
fn line_at(path: &Path, offset: u64) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|stat| stat.is_file()))?;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset.saturating_sub(1))).ok()?;
    file.take(LOOK_BYTES as u64).read_to_end(&mut bytes).ok()?;
    let text = if offset == 0 { &bytes[..] } else { bytes.strip_prefix(b"\n")? };
    let line = text.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty())?;
    Some(line.to_vec())
}

fn day_of(time: &str) -> Option<Day> {
    Day::parse(&time.get(..10)?.replace('-', "."))
}

/// Findings by file, for people.
pub fn by_file(places: &[Where]) -> BTreeMap<&str, usize> {
    let mut files = BTreeMap::new();
    for place in places {
        *files.entry(place.file.as_deref().unwrap_or("(unknown file)")).or_default() += 1;
    }
    files
}
