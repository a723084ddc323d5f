//! Links into OpenSearch Dashboards, and the link pattern that leads from Jaeger to them.
//!
//! Every string of the rison in a link is quoted: an id that starts with a digit, or is all digits, cannot be decoded
//! otherwise, and Dashboards then shows everything unfiltered.

use serde_json::{Value, json};

/// As far back as a link without a known time looks. Ids are looked up, not scanned for, so a wide window costs one
/// seek an index.
pub const LINK_FROM: &str = "now-10y";

/// The story of a trace; `base` is Dashboards' address, `trace_id` 32 lower-case hex digits.
#[must_use]
pub fn trace(base: &str, trace_id: &str) -> String {
    dashboard(base, &format!("trace_id:{trace_id}"))
}

/// The story of a workflow run by its id.
#[must_use]
pub fn run(base: &str, run_id: &str) -> String {
    dashboard(base, &format!("workflow_run_id:\"{}\"", run_id.replace(['"', '\\'], "")))
}

fn dashboard(base: &str, query: &str) -> String {
    format!(
        "{}/app/dashboards#/view/correlog-trace?_g=(time:(from:{LINK_FROM},to:now))\
         &_a=(query:(language:kuery,query:'{}'))",
        base.trim_end_matches('/'),
        quoted(query)
    )
}

/// The inside of a rison string, and then of a URL's fragment.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '!' => out.push_str("!!"),
            '\'' => out.push_str("!'"),
            '%' => out.push_str("%25"),
            '&' => out.push_str("%26"),
            '#' => out.push_str("%23"),
            '+' => out.push_str("%2B"),
            '"' => out.push_str("%22"),
            ' ' => out.push_str("%20"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// What a Jaeger UI configuration needs for a link from each trace to its log lines.
#[must_use]
pub fn jaeger(base: &str) -> Value {
    let url = dashboard(base, "trace_id:TRACE").replace("TRACE", "#{traceID}");
    json!({ "linkPatterns": [{ "type": "traces", "url": url, "text": "Log lines of this trace" }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_break_out_of_a_link_is_escaped() {
        let link = run("http://d/", "a'b!c&d#e%f+g\"h");
        assert!(link.ends_with("query:'workflow_run_id:%22a!'b!!c%26d%23e%25f%2Bgh%22'))"), "{link}");
        assert!(link.starts_with("http://d/app/dashboards#/view/correlog-trace?_g="));
    }
}
