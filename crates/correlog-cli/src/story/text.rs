//! The story for people at a terminal. Everything that came from a log or a server goes through `print::harmless`;
//! nothing here decides what the story is.

use super::Story;
use super::document::time_text;
use super::entry::{Entry, Kind};
use crate::print::harmless;
use std::fmt::Write;

/// How the terminal wants it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    pub colour: bool,
    /// Columns of the terminal; messages are cut there. `None` (a pipe, a file) cuts nothing.
    pub width: Option<usize>,
}

const RED: &str = "31";
const YELLOW: &str = "33";
const GREEN: &str = "32";
const DIM: &str = "2";
const BOLD: &str = "1";
const LANES_MAX: usize = 16;
const BAR: usize = 30;
const SPANS_MAX: usize = 40;

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A level, five columns wide, in its colour.
    pub fn level(self, level: &str) -> String {
        let padded = format!("{:<5}", five(level));
        match level {
            "ERROR" | "FATAL" => self.paint(RED, &padded),
            "WARN" => self.paint(YELLOW, &padded),
            "DEBUG" | "TRACE" => self.paint(DIM, &padded),
            _ => padded,
        }
    }

    fn cut(self, text: &str, used: usize) -> String {
        let Some(width) = self.width else { return text.to_owned() };
        let room = width.saturating_sub(used).max(20);
        if text.chars().count() <= room {
            return text.to_owned();
        }
        text.chars().take(room - 1).chain(['…']).collect()
    }
}

pub fn story(story: &Story, style: Style) -> String {
    let mut out = String::new();
    header(&mut out, story, style);
    timeline(&mut out, story, style);
    spans(&mut out, story, style);
    nodes(&mut out, story, style);
    out
}

fn header(out: &mut String, story: &Story, style: Style) {
    let header = &story.header;
    let outcome = if header.has_failed() { RED } else { GREEN };
    let _ = writeln!(
        out,
        "{}  {}  {}  {}",
        style.paint(outcome, &harmless(&header.outcome)),
        style.paint(BOLD, &harmless(&header.services.join(" → "))),
        took(header.duration_ms),
        header.started.map_or_else(|| "no time".to_owned(), |at| format!("from {}", time_text(at))),
    );
    let mut row = |name: &str, values: &[String]| {
        if !values.is_empty() {
            let _ = writeln!(out, "  {}  {}", style.paint(DIM, &format!("{name:<8}")), list(values));
        }
    };
    row("trace", &story.subject.trace_ids);
    row("run", &story.subject.run_ids);
    row("tenant", &header.tenants);
    row("app", &header.apps);
    row("workflow", &header.workflows);
    if let Some(tokens) = header.total_tokens {
        row("tokens", &[tokens.to_string()]);
    }
    row("lines", &[counts(story)]);
    row("searched", &[searched(story)]);
    for note in &story.subject.notes {
        row("note", std::slice::from_ref(note));
    }
}

fn list(values: &[String]) -> String {
    const SHOWN: usize = 6;
    let mut text = harmless(&values.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("  "));
    if values.len() > SHOWN {
        let _ = write!(text, "  and {} more", values.len() - SHOWN);
    }
    text
}

fn counts(story: &Story) -> String {
    let header = &story.header;
    let levels: Vec<String> = header.levels.iter().map(|(level, count)| format!("{count} {level}")).collect();
    let levels = if levels.is_empty() { String::new() } else { format!(" ({})", levels.join(", ")) };
    format!("{}{levels}, {} workflow records", header.lines, header.records)
}

/// Where was looked, in words.
pub fn searched(story: &Story) -> String {
    super::Searched::words(&story.searched)
}

impl super::Searched {
    pub fn words(&self) -> String {
        let days = match &self.days {
            Some((first, last)) if first == last => format!("the day {first}"),
            Some((first, last)) => format!("days {first} to {last}"),
            None => "all days".to_owned(),
        };
        let places = self.places.join(", ");
        if self.source == "files" {
            let mib = self.bytes as f64 / f64::from(1 << 20);
            return format!("{} files ({mib:.1} MiB) of {places}", self.parts);
        }
        format!("{days} in {places} ({} shards)", self.parts)
    }
}

fn timeline(out: &mut String, story: &Story, style: Style) {
    let lanes: Vec<&str> = story.lanes.iter().take(LANES_MAX).map(|lane| lane.service.as_str()).collect();
    let services = story.entries.iter().map(|entry| harmless(&entry.service).chars().count());
    let name_width = services.max().unwrap_or(0).clamp(7, 24);
    let head = format!(
        "{:>12}  {:<lanes$}  {:<name_width$}  {:<5}  message",
        "+ms",
        "",
        "service",
        "level",
        lanes = lanes.len()
    );
    let _ = writeln!(out, "\n{}", style.paint(DIM, &head));
    for (place, entry) in story.entries.iter().enumerate() {
        let marks = marks(story, &lanes, entry);
        let is_first = story.first_error == Some(place);
        let _ = write!(out, "{}{:>10}  ", if is_first { "▶ " } else { "  " }, offset(story, entry));
        let _ = write!(out, "{marks}  {:<name_width$}  ", harmless(&entry.service));
        let used = 12 + 2 + lanes.len() + 2 + name_width + 2 + 5 + 2;
        let _ = writeln!(out, "{}  {}", level(entry, style), message(entry, style, used));
        if is_first {
            stack(out, entry, used, style);
        }
        if let Some(gap) = story.gaps.iter().find(|gap| gap.after == place) {
            let text = format!("{:>12}  ┊ {} silent", "", took(gap.duration_ms));
            let _ = writeln!(out, "{}", style.paint(DIM, &text));
        }
    }
}

fn offset(story: &Story, entry: &Entry) -> String {
    entry.at.map_or_else(|| "?".to_owned(), |at| format!("{:.3}", story.offset_ms(at)))
}

/// One column a service: its own line, or that it is between its first and last line.
fn marks(story: &Story, lanes: &[&str], entry: &Entry) -> String {
    lanes
        .iter()
        .enumerate()
        .map(|(place, service)| {
            let lane = &story.lanes[place];
            let is_open = entry.at.is_some() && lane.first <= entry.at && entry.at <= lane.last;
            match entry.kind {
                Kind::Line if entry.service == *service => '●',
                Kind::Context if entry.service == *service => '·',
                _ if is_open => '│',
                _ => ' ',
            }
        })
        .collect()
}

fn level(entry: &Entry, style: Style) -> String {
    match entry.kind {
        Kind::Record => style.level("◆"),
        Kind::Context => style.paint(DIM, &format!("{:<5}", five(&entry.level))),
        Kind::Line => style.level(&entry.level),
    }
}

fn five(level: &str) -> String {
    harmless(&level.chars().take(5).collect::<String>())
}

fn message(entry: &Entry, style: Style, used: usize) -> String {
    let mut text = harmless(&entry.message);
    if let Some(ms) = entry.duration_ms {
        let _ = write!(text, "  ({})", took(ms));
    }
    let text = style.cut(&text, used);
    if entry.kind == Kind::Context { style.paint(DIM, &text) } else { text }
}

fn stack(out: &mut String, entry: &Entry, indent: usize, style: Style) {
    if let Some(text) = entry.exception().filter(|text| *text != entry.message) {
        let _ = writeln!(out, "{:indent$}{}", "", style.paint(RED, &harmless(&text)));
    }
    for line in entry.document.text("exception.stacktrace").into_iter().flat_map(str::lines) {
        let _ = writeln!(out, "{:indent$}  {}", "", style.paint(DIM, &harmless(line)));
    }
}

fn spans(out: &mut String, story: &Story, style: Style) {
    if story.spans.is_empty() {
        return;
    }
    let names = story.spans.iter().take(SPANS_MAX).map(|span| harmless(&span.name).chars().count());
    let width = names.max().unwrap_or(0).clamp(4, 32);
    let _ = writeln!(out, "\n{}", style.paint(DIM, "  spans, as their lines show them"));
    for span in story.spans.iter().take(SPANS_MAX) {
        let name: String = harmless(&span.name).chars().take(width).collect();
        let bar = bar(story.offset_ms(span.first), span.duration_ms(), story.header.duration_ms);
        let bar = if span.errors > 0 { style.paint(RED, &bar) } else { bar };
        let (lines, took) = (span.lines, took(span.duration_ms()));
        let service = harmless(&span.service);
        let _ = writeln!(out, "  {name:<width$}  {bar}  {took:>9}  {lines} lines  {service}");
    }
    if story.spans.len() > SPANS_MAX {
        let _ = writeln!(out, "  and {} more (all with --json or --html)", story.spans.len() - SPANS_MAX);
    }
}

fn nodes(out: &mut String, story: &Story, style: Style) {
    if story.nodes.is_empty() {
        return;
    }
    let width = |texts: &mut dyn Iterator<Item = &String>| {
        texts.map(|text| harmless(text).chars().count()).max().unwrap_or(0).clamp(5, 32)
    };
    let title = width(&mut story.nodes.iter().map(|node| &node.title));
    let kind = width(&mut story.nodes.iter().map(|node| &node.node_type));
    let head = format!(
        "  {:<title$}  {:<kind$}  {:<9}  {:>10}  {:>9}  {:>7}  model",
        "node", "type", "status", "+ms", "took", "tokens"
    );
    let _ = writeln!(out, "\n{}", style.paint(DIM, &head));
    for node in &story.nodes {
        let at = node.started.map_or_else(|| "?".to_owned(), |at| format!("{:.3}", story.offset_ms(at)));
        let elapsed = node.elapsed_ms.map_or_else(|| "-".to_owned(), took);
        let tokens = node.total_tokens.map_or_else(|| "-".to_owned(), |tokens| tokens.to_string());
        let status = format!("{:<9}", harmless(&node.status));
        let is_failed = matches!(node.status.as_str(), "failed" | "exception");
        let status = if is_failed { style.paint(RED, &status) } else { status };
        let _ = writeln!(
            out,
            "  {:<title$}  {:<kind$}  {status}  {at:>10}  {elapsed:>9}  {tokens:>7}  {}",
            harmless(&node.title),
            harmless(&node.node_type),
            harmless(node.model.as_deref().unwrap_or("-")),
        );
        if let Some(error) = &node.error {
            let _ = writeln!(out, "    {}", style.paint(RED, &style.cut(&harmless(error), 4)));
        }
    }
}

/// A bar of fixed width over the whole story's time.
fn bar(start_ms: f64, duration_ms: f64, whole_ms: f64) -> String {
    let scale = if whole_ms > 0.0 { BAR as f64 / whole_ms } else { 0.0 };
    let from = ((start_ms.max(0.0) * scale) as usize).min(BAR - 1);
    let to = (((start_ms + duration_ms) * scale).ceil() as usize).clamp(from + 1, BAR);
    (0..BAR).map(|place| if (from..to).contains(&place) { '█' } else { '·' }).collect()
}

/// A duration as people say it.
pub fn took(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 120_000.0 => format!("{:.2} s", ms / 1_000.0),
        ms => format!("{:.1} min", ms / 60_000.0),
    }
}
