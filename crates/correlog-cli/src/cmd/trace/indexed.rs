//! The search in OpenSearch: which days to ask, in which order, and the requests themselves. The day comes from the id
//! where it carries one; else the windows widen until something answers, and what was searched is always told.

use super::ask::Ask;
use super::source::{Neighbours, Source, Wanted};
use super::times::Range;
use crate::cluster::{Cluster, Reply};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::story::Searched;
use crate::story::document::{Document, time_text};
use correlog_schema::index::Day;
use opensearch::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub range: Range,
    pub all_days: bool,
    pub limit: usize,
    pub now_ms: i64,
}

impl Options {
    pub const fn of(args: &super::Args, range: Range, now_ms: i64) -> Self {
        Self { range, all_days: args.all_days, limit: args.limit, now_ms }
    }
}

/// First and last day; `None` is every index of both families.
type Window = Option<(Day, Day)>;

#[derive(Debug)]
pub struct Indexed<'a> {
    cluster: &'a Cluster,
    prefixes: [String; 2],
    options: Options,
    /// Still to try while nothing was found, widest last.
    windows: Vec<Window>,
    /// Where something was found; `None` before that.
    settled: Option<Window>,
    searched: Searched,
    notes: Vec<String>,
    fetched: usize,
}

/// Days back of each widening, before all of them.
const WIDENINGS: [i32; 3] = [1, 7, 30];
/// A page of one search; OpenSearch's own limit is 10,000.
const PAGE: usize = 5_000;
/// How often a story may reach over the edge of its window.
const EXTENSIONS_MAX: usize = 14;
/// The longest window that is named day by day: the address would not carry more.
const NAMED_DAYS_MAX: i64 = 62;
/// Ids one request may name; a longer story's own lines may then crowd out some of its neighbours.
const IDS_MAX: usize = 10_000;
const DAY_MS: i64 = 86_400_000;

impl<'a> Indexed<'a> {
    pub fn new(cluster: &'a Cluster, config: &Config, ask: &Ask, options: Options) -> Self {
        let mut windows = windows(ask, &options);
        windows.reverse();
        let searched = Searched { source: "opensearch", ..Searched::default() };
        let prefixes = [config.index.logs.clone(), config.index.workflow.clone()];
        Self { cluster, prefixes, options, windows, settled: None, searched, notes: Vec::new(), fetched: 0 }
    }

    /// Everything wanted within one window, page by page.
    fn within(&mut self, wanted: &Wanted, window: Window) -> Result<Vec<Document>> {
        let path = format!("/{}/_search?ignore_unavailable=true", self.indices(window));
        let mut found: BTreeMap<(String, String), Document> = BTreeMap::new();
        let mut from: Option<Value> = None;
        self.note_searched(window);
        loop {
            let body = self.body(wanted, from.as_ref());
            let reply = self.cluster.send(Method::Post, &path, Some(&body))?;
            let page = self.documents(&reply)?;
            let (full, before) = (page.len() == PAGE, found.len());
            let last = page.last().and_then(|document| document.field("@timestamp").cloned());
            found.extend(page.into_iter().map(|one| ((one.index.clone(), one.id.clone()), one)));
            let is_over = found.len() + self.fetched >= self.options.limit;
            if is_over || (full && found.len() == before) {
                let limit = self.options.limit;
                self.note(format!("cut at {limit} documents; --limit raises it"));
                break;
            }
            if !full {
                break;
            }
            from = last;
        }
        self.fetched += found.len();
        Ok(found.into_values().collect())
    }

    /// Pages go on at the last time seen, that instant included: ids make the overlap harmless.
    fn body(&self, wanted: &Wanted, from: Option<&Value>) -> Value {
        let terms = wanted.terms.iter().filter(|(_, values)| !values.is_empty());
        let should: Vec<Value> = terms.map(|(field, values)| json!({"terms": {*field: values}})).collect();
        let mut filter = vec![json!({"bool": {"should": should, "minimum_should_match": 1}})];
        filter.extend(range_clause(self.options.range));
        if let Some(from) = from {
            filter.push(json!({"range": {"@timestamp": {"gte": from}}}));
        }
        json!({
            "size": PAGE.min(self.options.limit.max(1)),
            "track_total_hits": false,
            "query": {"bool": {"filter": filter}},
            "sort": [{"@timestamp": {"order": "asc", "missing": "_first", "unmapped_type": "date_nanos"}}],
        })
    }

    fn indices(&self, window: Window) -> String {
        let Some((first, last)) = window else { return self.patterns().join(",") };
        let mut names = Vec::new();
        for prefix in &self.prefixes {
            let mut day = Some(first);
            while let Some(one) = day.filter(|day| *day <= last) {
                names.push(format!("{prefix}-{one}"));
                day = one.plus(1);
            }
            // Lines without a usable time belong to no window, so they are always asked.
            names.extend([format!("{prefix}-undated"), format!("{prefix}-odd")]);
        }
        names.join(",")
    }

    fn patterns(&self) -> Vec<String> {
        self.prefixes.iter().map(|prefix| format!("{prefix}-*")).collect()
    }

    fn documents(&mut self, reply: &Reply) -> Result<Vec<Document>> {
        if !reply.ok() {
            return Err(refused(self.cluster, reply));
        }
        let number = |pointer: &str| reply.body.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        self.searched.parts = self.searched.parts.max(number("/_shards/total"));
        let failed = number("/_shards/failed");
        if failed > 0 {
            self.note(format!("{failed} shards did not answer, so something may be missing"));
        }
        if reply.body.pointer("/timed_out") == Some(&Value::Bool(true)) {
            self.note("OpenSearch gave up part of the search, so something may be missing".to_owned());
        }
        Ok(hits(&reply.body))
    }

    fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    fn note_searched(&mut self, window: Window) {
        self.searched.places = self.patterns();
        self.searched.days = window.map(|(first, last)| (first.to_string(), last.to_string()));
    }

    /// While the story touches an edge of its window, the day beyond it belongs to the question.
    fn extend(&mut self, wanted: &Wanted, window: Window, found: &mut Vec<Document>) -> Result<Window> {
        let mut window = window;
        for _ in 0..EXTENSIONS_MAX {
            let (Some((first, last)), true) = (window, self.options.range.is_open()) else { break };
            let has = |day: Day| found.iter().any(|document| self.day(document) == Some(day));
            let lower = first.plus(-1).filter(|_| has(first));
            let upper = last.plus(1).filter(|_| has(last));
            if lower.is_none() && upper.is_none() {
                break;
            }
            for day in [lower, upper].into_iter().flatten() {
                found.extend(self.within(wanted, Some((day, day)))?);
            }
            window = Some((lower.unwrap_or(first), upper.unwrap_or(last)));
        }
        Ok(window)
    }

    fn day(&self, document: &Document) -> Option<Day> {
        let suffix = |prefix: &String| document.index.strip_prefix(prefix.as_str())?.strip_prefix('-');
        Day::parse(self.prefixes.iter().find_map(suffix)?)
    }
}

impl Source for Indexed<'_> {
    fn find(&mut self, wanted: &Wanted) -> Result<Vec<Document>> {
        if let Some(window) = self.settled {
            let mut found = self.within(wanted, window)?;
            let window = self.extend(wanted, window, &mut found)?;
            self.settled = Some(window);
            self.note_searched(window);
            return Ok(found);
        }
        while let Some(window) = self.windows.pop() {
            let mut found = self.within(wanted, window)?;
            if found.is_empty() {
                continue;
            }
            let window = self.extend(wanted, window, &mut found)?;
            self.settled = Some(window);
            self.note_searched(window);
            return Ok(found);
        }
        Ok(Vec::new())
    }

    fn neighbours(&mut self, wanted: &Neighbours) -> Result<Vec<Document>> {
        let (first, last) = (time_text(wanted.first), time_text(wanted.last));
        let sides = [
            (json!({"lt": first}), "desc"),
            (json!({"gte": first, "lte": last}), "asc"),
            (json!({"gt": last}), "asc"),
        ];
        let path = format!("/{}/_search?ignore_unavailable=true", self.indices(self.settled.flatten()));
        let mut found = Vec::new();
        for (range, order) in sides {
            let body = json!({
                "size": wanted.count.min(PAGE),
                "query": {"bool": {"filter": [
                    {"term": {"service.name": wanted.service}},
                    {"range": {"@timestamp": range}},
                ], "must_not": [
                    {"term": {"record": "shipper_status"}},
                    {"ids": {"values": wanted.except.iter().take(IDS_MAX).collect::<Vec<_>>()}},
                ]}},
                "sort": [{"@timestamp": {"order": order, "unmapped_type": "date_nanos"}}],
            });
            let reply = self.cluster.send(Method::Post, &path, Some(&body))?;
            found.extend(self.documents(&reply)?);
        }
        Ok(found)
    }

    fn searched(&self) -> Searched {
        self.searched.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

/// The windows to try, narrowest first.
fn windows(ask: &Ask, options: &Options) -> Vec<Window> {
    let day = |ms: i64| Day::of_ms(ms);
    if options.all_days {
        return vec![None];
    }
    if !options.range.is_open() {
        let end =
            |nanos: Option<i64>, open: i64| day(nanos.map_or(open, |nanos| nanos.div_euclid(1_000_000)));
        let from = end(options.range.from, correlog_schema::index::WINDOW_START_MS);
        let to = end(options.range.to, options.now_ms + DAY_MS);
        let both =
            from.zip(to).filter(|(from, to)| to.start_ms() - from.start_ms() <= NAMED_DAYS_MAX * DAY_MS);
        return vec![both];
    }
    let around = |middle: Day, back: i32| Some((middle.plus(-back)?, middle.plus(1)?));
    let mut windows: Vec<Window> =
        ask.hints_ms.iter().filter_map(|ms| around(day(*ms)?, 1)).map(Some).collect();
    if let Some(today) = day(options.now_ms) {
        windows.extend(WIDENINGS.iter().filter_map(|back| around(today, *back)).map(Some));
    }
    windows.push(None);
    windows
}

pub fn range_clause(range: Range) -> Option<Value> {
    if range.is_open() {
        return None;
    }
    let mut bounds = serde_json::Map::new();
    bounds.extend(range.from.map(|nanos| ("gte".to_owned(), json!(time_text(nanos)))));
    bounds.extend(range.to.map(|nanos| ("lte".to_owned(), json!(time_text(nanos)))));
    Some(json!({"range": {"@timestamp": bounds}}))
}

/// The documents of a search reply, in its order.
pub fn hits(body: &Value) -> Vec<Document> {
    let hits = body.pointer("/hits/hits").and_then(Value::as_array);
    let text = |hit: &Value, key: &str| hit.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let read = |hit: &Value| Document {
        index: text(hit, "_index"),
        id: text(hit, "_id"),
        source: hit.get("_source").cloned().unwrap_or(Value::Null),
    };
    hits.into_iter().flatten().map(read).collect()
}

/// A search that OpenSearch would not do, by its own name of the reason.
pub fn refused(cluster: &Cluster, reply: &Reply) -> Error {
    let what = format!("{} answered {} ({}) to a search", cluster.url, reply.status, reply.error_type());
    let hint = match reply.status {
        401 => "check username, password_file or api_key_file",
        403 => "the user needs the right to read the indices of both families",
        429 => "the cluster is busy; try again",
        _ => "`correlog doctor` checks the cluster and the templates",
    };
    Error::unreachable(what, hint)
}
