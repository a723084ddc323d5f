//! The waterfall as SVG: a lane of dots per service, a bar per span, a bar per node, over one time axis. No style
//! attributes and no scripts, so that the page's content policy can forbid both.

use super::Story;
use super::entry::Kind;
use super::html::escape;
use super::text::took;
use std::fmt::Write;

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 220.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 28.0;
const ROW: f64 = 20.0;
const TICKS: u32 = 6;
/// More would make a picture nobody reads; the tables below have all.
const LANES_MAX: usize = 40;
const DOTS_MAX: usize = 5_000;
const BARS_MAX: usize = 150;

/// Maps the story's time to the picture's columns.
struct Scale {
    whole_ms: f64,
}

impl Scale {
    fn x(&self, ms: f64) -> f64 {
        let share = if self.whole_ms > 0.0 { (ms / self.whole_ms).clamp(0.0, 1.0) } else { 0.0 };
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }
}

pub fn waterfall(story: &Story) -> String {
    let scale = Scale { whole_ms: story.header.duration_ms };
    let mut rows = String::new();
    let mut y = TOP;
    lanes(&mut rows, story, &scale, &mut y);
    for span in story.spans.iter().take(BARS_MAX) {
        let start = story.offset_ms(span.first);
        let class = if span.errors > 0 { "bar failed" } else { "bar" };
        let name = if span.name.is_empty() { &span.span_id } else { &span.name };
        bar(&mut rows, &scale, &mut y, name, &span.service, class, (start, span.duration_ms()));
    }
    for node in story.nodes.iter().take(BARS_MAX) {
        let Some(at) = node.started else { continue };
        let class = if matches!(node.status.as_str(), "failed" | "exception") { "failed" } else { "node" };
        let took = (story.offset_ms(at), node.elapsed_ms.unwrap_or(0.0));
        bar(&mut rows, &scale, &mut y, &node.title, &format!("node {}", node.node_type), class, took);
    }
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"waterfall\">\n",
        height = y + 10.0
    );
    axis(&mut out, &scale, y);
    out.push_str(&rows);
    out.push_str("</svg>\n");
    out
}

fn axis(out: &mut String, scale: &Scale, bottom: f64) {
    for tick in 0..=TICKS {
        let ms = scale.whole_ms * f64::from(tick) / f64::from(TICKS);
        let x = scale.x(ms);
        let _ =
            writeln!(out, "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"20\" y2=\"{bottom:.1}\"/>");
        let _ = writeln!(
            out,
            "<text class=\"dim\" x=\"{x:.1}\" y=\"14\" text-anchor=\"middle\">{}</text>",
            took(ms)
        );
        if scale.whole_ms <= 0.0 {
            break;
        }
    }
}

fn lanes(out: &mut String, story: &Story, scale: &Scale, y: &mut f64) {
    let top = *y;
    for lane in story.lanes.iter().take(LANES_MAX) {
        let middle = *y + ROW / 2.0;
        label(out, middle, &lane.service, "");
        if let (Some(first), Some(last)) = (lane.first, lane.last) {
            let (x1, x2) = (scale.x(story.offset_ms(first)), scale.x(story.offset_ms(last)));
            let _ = writeln!(
                out,
                "<line class=\"lane\" x1=\"{x1:.1}\" x2=\"{x2:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>"
            );
        }
        *y += ROW;
    }
    for gap in &story.gaps {
        let Some(at) = story.entries[gap.after].at else { continue };
        let from = story.offset_ms(at);
        let (x1, x2) = (scale.x(from), scale.x(from + gap.duration_ms));
        let _ = writeln!(
            out,
            "<rect class=\"gap\" x=\"{x1:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"2\"><title>{} silent</title></rect>",
            x2 - x1,
            took(gap.duration_ms)
        );
    }
    dots(out, story, scale, top);
}

fn dots(out: &mut String, story: &Story, scale: &Scale, top: f64) {
    let lines = story.entries.iter().filter(|entry| entry.kind == Kind::Line);
    for entry in lines.take(DOTS_MAX) {
        let lane = story.lanes.iter().take(LANES_MAX).position(|lane| lane.service == entry.service);
        let (Some(lane), Some(at)) = (lane, entry.at) else { continue };
        let y = top + ROW * (lane as f64 + 0.5);
        let _ = writeln!(
            out,
            "<circle class=\"dot {}\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{} {}</title></circle>",
            escape(&entry.level),
            scale.x(story.offset_ms(at)),
            escape(&entry.level),
            escape(&short(&entry.message, 200)),
        );
    }
}

fn bar(
    out: &mut String,
    scale: &Scale,
    y: &mut f64,
    name: &str,
    detail: &str,
    class: &str,
    took_ms: (f64, f64),
) {
    let (start, duration) = took_ms;
    let (x1, x2) = (scale.x(start), scale.x(start + duration));
    label(out, *y + ROW / 2.0, name, detail);
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x1:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"><title>{} {}: {}</title></rect>",
        *y + 4.0,
        (x2 - x1).max(2.0),
        ROW - 8.0,
        escape(name),
        escape(detail),
        took(duration),
    );
    let _ = writeln!(
        out,
        "<text class=\"dim\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        (x2 + 5.0).max(x1 + 7.0),
        *y + ROW / 2.0 + 4.0,
        took(duration)
    );
    *y += ROW;
}

fn label(out: &mut String, middle: f64, name: &str, detail: &str) {
    let y = middle + 4.0;
    let _ = writeln!(
        out,
        "<text x=\"8\" y=\"{y:.1}\">{} <tspan class=\"dim\">{}</tspan></text>",
        escape(&short(name, 24)),
        escape(&short(detail, 14))
    );
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
