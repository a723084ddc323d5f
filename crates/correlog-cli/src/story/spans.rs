//! What the lines show of time: a lane per service, the extent of each span, and the silences. It knows no span that
//! logged nothing: this is told from lines, not from a tracing back-end.

use super::entry::{Entry, Kind};
use super::millis;

/// One service's share of the story.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    pub service: String,
    /// Nanoseconds since 1970 of its first and last dated line.
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub lines: usize,
    pub errors: usize,
}

/// One span as its lines show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub span_id: String,
    pub parent_span_id: Option<String>,
    pub name: String,
    pub service: String,
    /// Nanoseconds since 1970. A line that states its `duration_ms` reaches back that far.
    pub first: i64,
    pub last: i64,
    pub lines: usize,
    pub errors: usize,
}

impl Span {
    pub fn duration_ms(&self) -> f64 {
        millis(self.last - self.first)
    }
}

/// A silence between two neighbouring lines of the whole story.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Place in the story's entries of the line before the silence.
    pub after: usize,
    pub duration_ms: f64,
}

/// A silence is worth a word from a tenth of the whole, and never below 20 ms.
const GAP_SHARE: f64 = 0.1;
const GAP_MIN_MS: f64 = 20.0;
const GAPS_MAX: usize = 5;

pub fn lanes(entries: &[Entry]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Line) {
        let place = lanes.iter().position(|lane| lane.service == entry.service).unwrap_or_else(|| {
            lanes.push(Lane { service: entry.service.clone(), first: None, last: None, lines: 0, errors: 0 });
            lanes.len() - 1
        });
        let lane = &mut lanes[place];
        lane.first = lane.first.or(entry.at);
        lane.last = entry.at.or(lane.last);
        lane.lines += 1;
        lane.errors += usize::from(entry.is_error());
    }
    lanes
}

/// Spans in the order in which they began; one id in two services is two spans.
pub fn spans(entries: &[Entry]) -> Vec<Span> {
    let mut places = std::collections::HashMap::new();
    let mut spans: Vec<Span> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Line) {
        let (Some(id), Some(at)) = (&entry.span_id, entry.at) else { continue };
        let reach = entry.duration_ms.filter(|ms| (0.0..1e12).contains(ms)).unwrap_or(0.0);
        let first = at.saturating_sub((reach * 1e6) as i64);
        let place = *places.entry((id.clone(), entry.service.clone())).or_insert_with(|| {
            spans.push(Span {
                span_id: id.clone(),
                parent_span_id: None,
                name: String::new(),
                service: entry.service.clone(),
                first,
                last: at,
                lines: 0,
                errors: 0,
            });
            spans.len() - 1
        });
        let span = &mut spans[place];
        span.first = span.first.min(first);
        span.last = span.last.max(at);
        span.lines += 1;
        span.errors += usize::from(entry.is_error());
        if span.name.is_empty() {
            span.name = entry.document.owned("span.name").unwrap_or_default();
        }
        span.parent_span_id = span.parent_span_id.take().or_else(|| entry.document.owned("parent_span_id"));
    }
    spans.sort_by_key(|span| (span.first, std::cmp::Reverse(span.last)));
    spans
}

/// The longest silences, longest first.
pub fn gaps(entries: &[Entry], duration_ms: f64) -> Vec<Gap> {
    let limit = GAP_MIN_MS.max(duration_ms * GAP_SHARE);
    let dated = entries.iter().enumerate().filter(|(_, entry)| entry.kind != Kind::Context);
    let dated: Vec<(usize, i64)> = dated.filter_map(|(place, entry)| Some((place, entry.at?))).collect();
    let mut gaps: Vec<Gap> = dated
        .windows(2)
        .map(|pair| Gap { after: pair[0].0, duration_ms: millis(pair[1].1 - pair[0].1) })
        .filter(|gap| gap.duration_ms >= limit)
        .collect();
    gaps.sort_by(|a, b| b.duration_ms.total_cmp(&a.duration_ms));
    gaps.truncate(GAPS_MAX);
    gaps
}
