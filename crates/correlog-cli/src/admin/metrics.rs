//! The metrics in Prometheus' text form. `Metric` is the one list of their names: what is not in it is not shown, and
//! dashboards and alerts use no other names.

use std::fmt::Write as _;

use correlog_pipeline::snapshot::Snapshot;

use super::health;

/// One metric family.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
    read: fn(&Snapshot) -> Values,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Counter,
    Gauge,
}

/// The samples of a family.
enum Values {
    One(f64),
    /// By one label: its name, then its values.
    By(&'static str, Vec<(String, f64)>),
}

const fn counter(name: &'static str, help: &'static str, read: fn(&Snapshot) -> Values) -> Metric {
    Metric { name, kind: Kind::Counter, help, read }
}

const fn gauge(name: &'static str, help: &'static str, read: fn(&Snapshot) -> Values) -> Metric {
    Metric { name, kind: Kind::Gauge, help, read }
}

fn one(value: u64) -> Values {
    Values::One(value as f64)
}

/// The catalogue. The first five sum up: read = stored + refused + skipped + in flight, at every scrape (P8).
pub const METRICS: &[Metric] = &[
    counter("correlog_lines_read_total", "Lines read since the start.", |s| one(s.lines.read)),
    counter("correlog_lines_stored_total", "Lines whose document is stored.", |s| one(s.lines.stored)),
    counter("correlog_lines_refused_total", "Lines in the refused file.", |s| one(s.lines.refused)),
    counter("correlog_lines_skipped_total", "Lines skipped for a counted reason.", |s| one(s.lines.skipped)),
    gauge("correlog_lines_in_flight", "Lines read and not settled yet.", |s| one(s.lines.in_flight)),
    counter("correlog_bytes_read_total", "Bytes read from log files, decompressed.", |s| one(s.bytes_read)),
    gauge("correlog_bytes_behind", "Bytes known and not settled, over all files.", |s| {
        one(s.files.iter().map(|file| file.bytes_behind()).sum())
    }),
    gauge(
        "correlog_lag_seconds",
        "Age of the oldest file's last line read, where there is more to settle.",
        |s| Values::One(s.files.iter().map(|file| file.lag_ms).max().unwrap_or(0) as f64 / 1000.0),
    ),
    gauge("correlog_files", "Files by state.", |s| Values::By("state", files(s))),
    gauge("correlog_open_files", "Open file handles.", |s| one(s.open_files as u64)),
    counter("correlog_list_faults_total", "Directories or files that could not be looked at.", |s| {
        one(s.list_faults)
    }),
    gauge("correlog_held_bytes", "Bytes of request bodies that are not settled.", |s| {
        one(s.delivery.held_bytes as u64)
    }),
    gauge("correlog_parked_bytes", "Of them, held back because their index takes nothing.", |s| {
        let parked = s.delivery.parked.iter();
        Values::By("index", parked.map(|lane| (lane.index.to_string(), lane.bytes as f64)).collect())
    }),
    gauge("correlog_trouble", "1 for what keeps requests from being answered now.", |s| {
        let trouble = s.delivery.trouble.map(|trouble| (health::trouble_name(trouble).to_owned(), 1.0));
        Values::By("kind", trouble.into_iter().collect())
    }),
    counter("correlog_requests_total", "Bulk requests sent.", |s| one(s.delivery.counts.requests)),
    counter("correlog_requests_busy_total", "Of them, answered with busy.", |s| {
        one(s.delivery.counts.requests_busy)
    }),
    counter("correlog_requests_unreachable_total", "Requests that did not leave this host.", |s| {
        one(s.delivery.counts.requests_unreachable)
    }),
    counter("correlog_requests_unknown_total", "Requests whose fate is unknown; they are sent again.", |s| {
        one(s.delivery.counts.requests_unknown)
    }),
    counter("correlog_replies_bad_total", "Replies that did not fit what was sent.", |s| {
        one(s.delivery.counts.replies_bad)
    }),
    counter("correlog_requests_halved_total", "Requests cut in two to find what is wrong in them.", |s| {
        one(s.delivery.counts.requests_halved)
    }),
    counter("correlog_sent_bytes_total", "Bytes of request bodies before compression.", |s| {
        one(s.delivery.counts.bytes_sent)
    }),
    gauge(
        "correlog_requests_under_way",
        "Requests under way.",
        |s| one(s.delivery.requests_under_way as u64),
    ),
    gauge("correlog_request_window", "Requests that may be under way at once.", |s| {
        one(s.delivery.window as u64)
    }),
    gauge("correlog_batch_bytes", "The size at which a body is closed.", |s| {
        one(s.delivery.batch_bytes as u64)
    }),
    counter("correlog_documents_retried_total", "Documents sent again alone.", |s| {
        one(s.delivery.counts.documents_retried)
    }),
    counter("correlog_conflicts_explained_total", "Conflicts that a resend or a restart explains.", |s| {
        one(s.delivery.counts.conflicts_explained)
    }),
    counter("correlog_conflicts_audited_total", "Conflicts that only an audit could explain.", |s| {
        one(s.delivery.counts.conflicts_audited)
    }),
    counter("correlog_superseded_total", "Records of which a newer version was stored already.", |s| {
        one(s.delivery.counts.superseded)
    }),
    counter("correlog_second_form_total", "Documents stored in their second form.", |s| {
        one(s.delivery.counts.second_form)
    }),
    counter("correlog_documents_refused_total", "Documents that OpenSearch refused, by reason.", |s| {
        let by = s.delivery.counts.refused_by.iter();
        Values::By("reason", by.map(|(fault, count)| (fault.name().to_owned(), *count as f64)).collect())
    }),
    gauge("correlog_refused_file_bytes", "Size of the refused files.", |s| {
        one(s.delivery.refused_file_bytes)
    }),
    gauge("correlog_checkpoint_age_seconds", "Time since the state was last saved.", |s| {
        Values::One(s.saved_ago_ms.unwrap_or(0) as f64 / 1000.0)
    }),
    gauge("correlog_checkpoint_failing", "1 when the last save of the state failed.", |s| {
        one(u64::from(s.save_fault.is_some()))
    }),
];

fn files(snapshot: &Snapshot) -> Vec<(String, f64)> {
    let mut counts = std::collections::BTreeMap::new();
    for file in &snapshot.files {
        *counts.entry(super::status::state_name(&file.state).to_owned()).or_insert(0.0) += 1.0;
    }
    counts.into_iter().collect()
}

/// All families of one moment.
pub fn text(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    for metric in METRICS {
        let kind = if metric.kind == Kind::Counter { "counter" } else { "gauge" };
        let _ = writeln!(out, "# HELP {} {}\n# TYPE {} {kind}", metric.name, metric.help, metric.name);
        match (metric.read)(snapshot) {
            Values::One(value) => drop(writeln!(out, "{} {value}", metric.name)),
            Values::By(label, values) => {
                for (of, value) in values {
                    let _ = writeln!(out, "{}{{{label}=\"{}\"}} {value}", metric.name, escaped(&of));
                }
            }
        }
    }
    out
}

/// Label values are names of ours; what would end one is escaped anyway.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
