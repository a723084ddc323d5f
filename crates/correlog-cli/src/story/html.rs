//! The story as one page that needs nothing else: no network, no style attributes, one fixed script and one fixed
//! style sheet named by their hashes in the content policy. Whatever a log line says is text and stays text.

use super::document::time_text;
use super::entry::{Entry, Kind};
use super::header::Node;
use super::svg;
use super::text::took;
use super::{Searched, Story};
use crate::links::Link;
use crate::print::harmless;
use std::collections::BTreeSet;
use std::fmt::Write;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// SHA-256 of the two files as a content policy names them; a test compares them with the files.
const STYLE_HASH: &str = "sha256-UeJQBM6sJP9Vayzwa9s1OixFFo+zx7MUdgsny3k9QfE=";
const SCRIPT_HASH: &str = "sha256-eOzO3Kf+0YMw70gePEi1jQVEfJ9ig3kJJuNvJeIEdYU=";

pub fn page(story: &Story, links: &[Link]) -> String {
    let title = story.subject.trace_ids.first().unwrap_or(&story.subject.query);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{STYLE_HASH}'; \
         script-src '{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>trace {}</title>\n<style>{STYLE}</style></head><body>\n",
        escape(title)
    );
    header(&mut out, story, links);
    first_error(&mut out, story);
    let _ = write!(out, "<h2>Waterfall</h2>\n{}", svg::waterfall(story));
    nodes(&mut out, &story.nodes, story);
    filters(&mut out, story);
    lines(&mut out, story);
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body></html>\n");
    out
}

/// Text as HTML text or a quoted attribute, with terminal and direction tricks shown as what they are.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        for c in harmless(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
        out.push_str(end);
    }
    out
}

fn header(out: &mut String, story: &Story, links: &[Link]) {
    let header = &story.header;
    let class = if header.has_failed() { "bad" } else { "good" };
    let _ = writeln!(
        out,
        "<h1><span class=\"{class}\">{}</span> {} <span class=\"dim\">{}</span></h1>\n<dl>",
        escape(&header.outcome),
        escape(&header.services.join(" → ")),
        took(header.duration_ms)
    );
    let mut row = |name: &str, values: &[String]| {
        if !values.is_empty() {
            let _ = writeln!(out, "<dt>{name}</dt><dd><code>{}</code></dd>", escape(&values.join("  ")));
        }
    };
    row("trace", &story.subject.trace_ids);
    row("run", &story.subject.run_ids);
    row("started", &header.started.map(time_text).into_iter().collect::<Vec<_>>());
    row("tenant", &header.tenants);
    row("app", &header.apps);
    row("workflow", &header.workflows);
    row("environment", &header.environments);
    row("tokens", &header.total_tokens.map(|count| count.to_string()).into_iter().collect::<Vec<_>>());
    row("lines", &[format!("{}, {} workflow records", header.lines, header.records)]);
    row("searched", &[Searched::words(&story.searched)]);
    row("note", &story.subject.notes);
    let urls = links.iter().filter_map(|(name, url)| Some((name, url.as_str()?)));
    for (name, url) in urls.filter(|(_, url)| url.starts_with("http://") || url.starts_with("https://")) {
        let _ = writeln!(out, "<dt>link</dt><dd><a href=\"{}\">{}</a></dd>", escape(url), escape(name));
    }
    out.push_str("</dl>\n");
}

fn first_error(out: &mut String, story: &Story) {
    let Some(place) = story.first_error else { return };
    let entry = &story.entries[place];
    let _ = writeln!(
        out,
        "<h2 class=\"bad\">First error: {} at +{:.3} ms</h2><pre>{}</pre>",
        escape(&entry.service),
        entry.at.map_or(0.0, |at| story.offset_ms(at)),
        escape(&entry.message)
    );
    if let Some(text) = entry.exception() {
        let _ = writeln!(out, "<pre class=\"bad\">{}</pre>", escape(&text));
    }
    if let Some(stack) = entry.document.text("exception.stacktrace") {
        let _ = writeln!(out, "<details open><summary>stack</summary><pre>{}</pre></details>", escape(stack));
    }
}

fn nodes(out: &mut String, nodes: &[Node], story: &Story) {
    if nodes.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Nodes</h2>\n<div class=\"scroll\"><table><tr><th>node</th><th>type</th><th>status</th>\
         <th class=\"num\">+ms</th><th class=\"num\">took</th><th class=\"num\">tokens</th><th>model</th><th>error</th></tr>\n",
    );
    for node in nodes {
        let class = if matches!(node.status.as_str(), "failed" | "exception") { "bad" } else { "good" };
        let start = node.started.map(|at| format!("{:.3}", story.offset_ms(at))).unwrap_or_default();
        let tokens = node.total_tokens.map(|count| count.to_string()).unwrap_or_default();
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{}</td><td class=\"num\">{start}</td>\
             <td class=\"num\">{}</td><td class=\"num\">{tokens}</td><td>{}</td><td class=\"text bad\">{}</td></tr>",
            escape(&node.title),
            escape(&node.node_type),
            escape(&node.status),
            node.elapsed_ms.map(took).unwrap_or_default(),
            escape(node.model.as_deref().unwrap_or_default()),
            escape(node.error.as_deref().unwrap_or_default()),
        );
    }
    out.push_str("</table></div>\n");
}

fn filters(out: &mut String, story: &Story) {
    let services: BTreeSet<&str> = story.entries.iter().map(|entry| entry.service.as_str()).collect();
    let levels: BTreeSet<&str> = story.entries.iter().map(shown_level).collect();
    out.push_str("<h2>Lines</h2>\n<div class=\"filters\">");
    for (kind, names) in [("service", services), ("level", levels)] {
        for name in names {
            let _ = write!(
                out,
                "<label><input type=\"checkbox\" checked data-kind=\"{kind}\" value=\"{0}\"> {0}</label>",
                escape(name)
            );
        }
    }
    out.push_str(
        "<input type=\"search\" id=\"words\" placeholder=\"words\" aria-label=\"words\">\
         <span class=\"dim\" id=\"shown\"></span></div>\n",
    );
}

/// Records have no level; the filter calls them by what they are.
fn shown_level(entry: &Entry) -> &str {
    match entry.kind {
        Kind::Record => "record",
        _ if entry.level.is_empty() => "-",
        _ => &entry.level,
    }
}

fn lines(out: &mut String, story: &Story) {
    out.push_str(
        "<div class=\"scroll\"><table><tr><th class=\"num\">+ms</th><th>service</th><th>level</th><th>message</th>\
         <th class=\"num\">took</th></tr>\n",
    );
    for (place, entry) in story.entries.iter().enumerate() {
        let mut class = escape(&entry.level);
        if story.first_error == Some(place) {
            class.push_str(" first");
        }
        if entry.kind == Kind::Context {
            class.push_str(" context");
        }
        let offset = entry.at.map(|at| format!("{:.3}", story.offset_ms(at)));
        let title = entry.at.map(time_text).unwrap_or_default();
        let _ = write!(
            out,
            "<tr class=\"{class}\" data-service=\"{service}\" data-level=\"{level}\"><td class=\"num\" title=\"{title}\">{}</td>\
             <td>{service}</td><td class=\"level\">{level}</td><td class=\"text\">{}",
            offset.as_deref().unwrap_or("?"),
            escape(&entry.message),
            service = escape(&entry.service),
            level = escape(shown_level(entry)),
        );
        detail(out, entry);
        let _ = writeln!(
            out,
            "</td><td class=\"num\">{}</td></tr>",
            entry.duration_ms.map(took).unwrap_or_default()
        );
    }
    out.push_str("</table></div>\n");
}

/// The whole document behind a fold, and an exception where there is one.
fn detail(out: &mut String, entry: &Entry) {
    if let Some(text) = entry.exception() {
        let _ = write!(out, "\n<span class=\"bad\">{}</span>", escape(&text));
    }
    let whole = serde_json::to_string_pretty(&entry.document.source).unwrap_or_default();
    let _ = write!(
        out,
        "<details><summary class=\"dim\">{}</summary><pre>{}</pre></details>",
        escape(&entry.document.index),
        escape(&whole)
    );
}

#[cfg(test)]
mod tests;
