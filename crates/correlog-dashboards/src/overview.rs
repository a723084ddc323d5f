//! The first dashboard to open: volume, errors, exceptions and the traces worth opening.

use serde_json::Value;

use crate::Prefixes;
use crate::build::aggs::{count, metric, terms};
use crate::build::dashboard::{CHART, Dashboard, TABLE, TILE, saved_search};
use crate::build::panels::Panel;
use crate::build::ratio::Ratio;
use crate::build::{LEVEL_COLOURS, LINES};

const TEXT: &str =
    "What the services log. Click a trace id to open its story. Counts are of stored lines, not sampled.";
const ERRORS: &str = "level:(ERROR or FATAL)";

pub fn dashboard(prefixes: &Prefixes<'_>) -> Dashboard {
    let index = prefixes.logs_pattern();
    let share =
        |id, title| Ratio { id, title, index: &index, base: LINES, numerator: ERRORS, label: "error share" };
    let bare = Ratio {
        id: "correlog-o-noid-share",
        title: "Share of lines without a trace id, by service",
        index: &index,
        base: LINES,
        numerator: "not trace_id:*",
        label: "without trace id",
    };
    let by_tenant = panel("correlog-o-tenant", "Volume by tenant", LINES);
    let by_level = panel("correlog-o-level", "Volume by level", LINES);
    let by_service = panel("correlog-o-service", "Volume by service", LINES);
    Dashboard::new("correlog-overview", "Overview", "Volume, errors and the traces worth opening.", TEXT)
        .row(TILE, tiles(&share("correlog-o-errnow", "Error share")))
        .row(
            CHART,
            vec![
                (24, by_level.bars(count("lines"), terms("level", "level", 6), LEVEL_COLOURS)),
                (24, by_service.bars(count("lines"), terms("service.name", "service", 10), &[])),
            ],
        )
        .row(
            CHART,
            vec![
                (24, share("correlog-o-errshare", "Error share by service").over_time(Some("service.name"))),
                (24, frequent_exceptions()),
            ],
        )
        .row(TABLE, vec![(24, slowest()), (24, failing())])
        .row(TABLE, vec![(48, newest_exceptions())])
        .row(
            CHART,
            vec![
                (16, by_tenant.bars(count("lines"), terms("tenant_id", "tenant", 10), &[])),
                (14, bare.top("service.name")),
                (18, without_ids()),
            ],
        )
        .row(CHART, vec![(48, saved_search("correlog-s-no-id"))])
}

fn panel<'a>(id: &'a str, title: &'a str, query: &'a str) -> Panel<'a> {
    Panel { id, title, query }
}

fn tiles(share: &Ratio<'_>) -> Vec<(u32, Value)> {
    let errors = format!("{LINES} and {ERRORS}");
    let without = format!("{LINES} and not trace_id:*");
    let traces = metric("cardinality", "trace_id", "traces");
    vec![
        (10, panel("correlog-o-lines", "Lines", LINES).tile(&[count("lines")])),
        (10, panel("correlog-o-errors", "Error lines", &errors).tile(&[count("error lines")])),
        (8, share.number()),
        (10, panel("correlog-o-traces", "Traces", LINES).tile(&[traces])),
        (10, panel("correlog-o-noid", "Without trace id", &without).tile(&[count("lines without trace id")])),
    ]
}

fn frequent_exceptions() -> Value {
    let metrics = [count("times"), metric("cardinality", "trace_id", "traces")];
    let buckets = [terms("exception.type", "exception", 20), terms("service.name", "service", 5)];
    panel("correlog-o-exc-top", "Most frequent exceptions", LINES).table(
        &metrics,
        &buckets,
        8,
        &[300, 120, 100],
    )
}

fn slowest() -> Value {
    let query = format!("{LINES} and duration_ms:*");
    let metrics = [metric("max", "duration_ms", "longest ms"), count("lines")];
    let buckets = [terms("trace_id", "trace", 20)];
    panel("correlog-o-slow", "Slowest traces", &query).table(&metrics, &buckets, 8, &[310])
}

fn failing() -> Value {
    let query = format!("{LINES} and {ERRORS}");
    let metrics = [count("error lines"), metric("max", "@timestamp", "last error")];
    let buckets = [terms("trace_id", "trace", 20)];
    panel("correlog-o-fail", "Most failing traces", &query).table(&metrics, &buckets, 8, &[310])
}

/// Ordered by when a type was first seen within the time range: what is new since yesterday stands on top.
fn newest_exceptions() -> Value {
    let first = metric("min", "@timestamp", "first seen");
    let metrics = [first, metric("max", "@timestamp", "last seen"), count("times")];
    let buckets = [terms("exception.type", "exception", 20)];
    panel("correlog-o-exc-new", "Newest exception types", LINES).table(
        &metrics,
        &buckets,
        8,
        &[420, 260, 260],
    )
}

fn without_ids() -> Value {
    let query = format!("{LINES} and not trace_id:*");
    let buckets = [terms("service.name", "service", 20), terms("logger", "logger", 3)];
    panel("correlog-o-noid-svc", "Who writes lines without a trace id", &query).table(
        &[count("lines")],
        &buckets,
        8,
        &[150, 180],
    )
}
