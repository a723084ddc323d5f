//! Links into OpenSearch Dashboards: of the terminal's stories, of the index pattern's formatters, of Jaeger. One form
//! of each, the one that was seen to work in a real Dashboards.

pub mod rison;

use serde_json::{Value, json};

/// As far back as a link without a known time looks. Ids are looked up, not scanned for, so a wide window costs one
/// seek an index; a narrow one would open a story older than it empty.
pub const LINK_FROM: &str = "now-10y";

/// The one placeholder of a formatter's link.
const VALUE: &str = "{{value}}";

/// A link's time range.
#[derive(Debug, Clone, Copy)]
pub enum Times<'a> {
    /// As far back as links look.
    Any,
    /// RFC 3339.
    Between(&'a str, &'a str),
}

/// The story of a trace; `base` is Dashboards' address, `trace_id` 32 lower-case hex digits.
#[must_use]
pub fn trace(base: &str, trace_id: &str) -> String {
    story(base, &format!("trace_id:{trace_id}"), Times::Any)
}

/// The dashboard of one story for what `query` finds, in Dashboards' query language.
#[must_use]
pub fn story(base: &str, query: &str, times: Times<'_>) -> String {
    let query = rison::in_url(&json!(query));
    format!("{}/app/{}", base.trim_end_matches('/'), dashboard(&query, times))
}

/// What a URL formatter wants: relative, so that it works behind a base path; `query` has `{{value}}` in it.
#[must_use]
pub fn formatter(query: &str) -> String {
    debug_assert!(query.contains(VALUE), "{query}");
    format!("../app/{}", dashboard(&rison::encode(&json!(query)), Times::Any))
}

/// Discover with these columns. The older form: every version rewrites it to its own.
#[must_use]
pub fn discover(base: &str, query: &str, times: Times<'_>, columns: &[&str]) -> String {
    let app = json!({
        "columns": columns,
        "index": crate::build::PATTERN_ID,
        "interval": "auto",
        "query": {"language": "kuery", "query": query},
        "sort": [["@timestamp", "asc"]],
    });
    format!("{}/app/discover#/?_g={}&_a={}", base.trim_end_matches('/'), global(times), rison::in_url(&app))
}

/// What a Jaeger UI configuration needs for a link from each trace to its log lines.
#[must_use]
pub fn jaeger(base: &str) -> Value {
    let url = trace(base, "TRACE").replace("TRACE", "#{traceID}");
    json!({ "linkPatterns": [{ "type": "traces", "url": url, "text": "Log lines of this trace" }] })
}

fn dashboard(query: &str, times: Times<'_>) -> String {
    format!("dashboards#/view/correlog-trace?_g={}&_a=(query:(language:kuery,query:{query}))", global(times))
}

/// Relative times may stand bare; a bare ISO time would leave the dashboard unfiltered.
fn global(times: Times<'_>) -> String {
    match times {
        Times::Any => format!("(time:(from:{LINK_FROM},to:now))"),
        Times::Between(from, to) => rison::in_url(&json!({ "time": { "from": from, "to": to } })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times<'_> = Times::Between("2026-11-21T07:48:00.000Z", "2026-11-21T07:49:00.000Z");

    #[test]
    fn links_have_the_forms_that_were_seen_to_work() {
        let check = |link: String, expect: &str| assert_eq!(link, expect);
        check(
            story("http://d:5601/", "trace_id:\"01a1\"", TIMES),
            "http://d:5601/app/dashboards#/view/correlog-trace?_g=(time:(from:'2026-11-21T07:48:00.000Z',\
             to:'2026-11-21T07:49:00.000Z'))&_a=(query:(language:kuery,query:'trace_id:%2201a1%22'))",
        );
        check(
            formatter("workflow_run_id:\"{{value}}\""),
            "../app/dashboards#/view/correlog-trace?_g=(time:(from:now-10y,to:now))\
             &_a=(query:(language:kuery,query:'workflow_run_id:\"{{value}}\"'))",
        );
        check(
            discover("http://d:5601", "x", Times::Any, &["service.name", "level"]),
            "http://d:5601/app/discover#/?_g=(time:(from:now-10y,to:now))&_a=(columns:!('service.name',\
             'level'),index:'correlog-all',interval:'auto',query:(language:'kuery',query:'x'),\
             sort:!(!('@timestamp','asc')))",
        );
    }

    #[test]
    fn what_could_break_out_of_a_link_is_escaped() {
        let link = story("http://d/", "workflow_run_id:\"a'b!c&d#e%f+g\"", Times::Any);
        assert!(link.ends_with("query:'workflow_run_id:%22a!'b!!c%26d%23e%25f%2Bg%22'))"), "{link}");
        assert!(link.starts_with("http://d/app/dashboards#/view/correlog-trace?_g="));
    }
}
