//! What an id on the command line may mean: its canonical trace id, its UUID form, the fields it could stand in, and
//! the days it may tell by itself. It searches nothing.

use super::source::Wanted;
use crate::error::{Error, Result};
use correlog_schema::trace_id::{SpanId, TraceId};

#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// As typed.
    pub query: String,
    pub trace: Option<TraceId>,
    pub span: Option<SpanId>,
    /// Every form in which a record's or a line's id may have been written.
    pub forms: Vec<String>,
    /// Milliseconds since 1970 that the id may carry, the likeliest first.
    pub hints_ms: Vec<i64>,
}

/// The fields of ids that are not trace ids, in the order in which a hit is named.
pub const RUN_FIELDS: [&str; 4] = ["workflow_run_id", "node_execution_id", "message_id", "external_trace_id"];
const ID_MAX: usize = 256;
const DAY_MS: i64 = 86_400_000;
/// How far back a time found in an id is believed. Wider, and ids minted at random would send the search astray.
const HINT_DAYS: i64 = 3_650;
/// X-Ray's 32 bits of seconds look plausible in most random ids, so they are believed for recent days only.
const XRAY_DAYS: i64 = 400;

impl Ask {
    /// `now_ms` bounds the hints only.
    pub fn read(text: &str, now_ms: i64) -> Result<Self> {
        let query = text.trim().to_owned();
        if query.is_empty() || query.len() > ID_MAX {
            let what = format!("an id has 1 to {ID_MAX} characters; this one has {}", query.len());
            return Err(Error::usage(what, "give a trace id, a workflow run id, a message id or a node id"));
        }
        let trace = TraceId::parse(&query);
        let mut forms = vec![query.clone(), query.to_ascii_lowercase()];
        if let Some(id) = trace.filter(|_| is_uuid_like(&query)) {
            forms.extend([dashed(id.as_str()), id.to_string()]);
        }
        let mut seen = Vec::new();
        forms.retain(|form| !seen.contains(form) && (seen.push(form.clone()), true).1);
        let hints_ms = trace.map(|id| hints(&id, now_ms)).unwrap_or_default();
        Ok(Self { trace, span: SpanId::parse(&query), forms, hints_ms, query })
    }

    /// Every reading at once: the index answers all in one request.
    pub fn wanted(&self) -> Wanted {
        let mut terms: Vec<(&'static str, Vec<String>)> = Vec::new();
        if let Some(trace) = &self.trace {
            terms.push(("trace_id", vec![trace.to_string()]));
        }
        if let Some(span) = &self.span {
            terms.push(("span_id", vec![span.to_string()]));
        }
        terms.extend(RUN_FIELDS.map(|field| (field, self.forms.clone())));
        Wanted { terms }
    }

    /// The fields it was looked for in.
    pub fn read_as(&self) -> Vec<String> {
        self.wanted().terms.iter().map(|(field, _)| (*field).to_owned()).collect()
    }

    /// The id as messages name it.
    pub fn shown(&self) -> String {
        crate::print::harmless(&self.query)
    }
}

/// 32 hex digits with or without a UUID's dashes: the only spellings a row id shares with a trace id.
fn is_uuid_like(text: &str) -> bool {
    matches!(text.len(), 32 | 36) && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// A UUID's way to write 32 hex digits.
pub fn dashed(hex: &str) -> String {
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn hints(id: &TraceId, now_ms: i64) -> Vec<i64> {
    let is_near = |ms: &i64, days: i64| (now_ms - days * DAY_MS..now_ms + 2 * DAY_MS).contains(ms);
    let time = id.time_hint_ms().filter(|ms| is_near(ms, HINT_DAYS));
    let xray = id.xray_hint_ms().filter(|ms| is_near(ms, XRAY_DAYS));
    time.into_iter().chain(xray).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;

    #[test]
    fn an_id_has_all_the_forms_it_may_have_been_written_in() {
        let check = |query: &str, forms: &[&str], fields: &[&str]| {
            let ask = Ask::read(query, NOW).expect("a usable id");
            assert_eq!(ask.forms, forms, "{query}");
            assert_eq!(ask.read_as()[..fields.len()], *fields, "{query}");
        };
        let (hex, uuid) = ("6f1c0c8e7c1e4c629d0d6f3a1e2b4c5d", "6f1c0c8e-7c1e-4c62-9d0d-6f3a1e2b4c5d");
        check(uuid, &[uuid, hex], &["trace_id", "workflow_run_id"]);
        check(hex, &[hex, uuid], &["trace_id", "workflow_run_id"]);
        check("Run-7", &["Run-7", "run-7"], &["workflow_run_id"]);
        check("00f067aa0ba902b7", &["00f067aa0ba902b7"], &["trace_id", "span_id", "workflow_run_id"]);
    }

    #[test]
    fn an_empty_and_an_endless_id_are_refused() {
        for id in ["", "  ", &"a".repeat(257)] {
            assert_eq!(Ask::read(id, NOW).expect_err("refused").exit_code(), crate::error::EXIT_USAGE);
        }
    }

    #[test]
    fn a_time_in_an_id_is_a_hint_only_when_it_is_near() {
        let check = |id: &str, expect: &[i64]| {
            assert_eq!(Ask::read(id, NOW).expect("a usable id").hints_ms, expect, "{id}");
        };
        check(&format!("{:012x}7000a3ce929d0e0e4736", NOW), &[NOW]);
        check("4bf92f3577b34da6a3ce929d0e0e4736", &[]);
        check(&format!("1-{:08x}-bd862e3fe1be46a994272793", NOW / 1000), &[NOW]);
        check("1-5759e988-bd862e3fe1be46a994272793", &[]);
    }
}
