//! Workflow runs: outcomes, time, tokens, cost, nodes and what is stuck. Runs are counted from run records, nodes and
//! models from node records, so that nothing is counted twice.

use serde_json::Value;

use crate::Prefixes;
use crate::build::aggs::{count, metric, percentiles, terms};
use crate::build::dashboard::{CHART, Dashboard, TABLE, TILE, saved_search};
use crate::build::panels::Panel;
use crate::build::ratio::Ratio;
use crate::build::{FAILED, NODES, RUNS, STATUS_COLOURS};

const TEXT: &str = "Runs are counted from `record:workflow_run`, nodes and models from `record:node_execution`, so \
    nothing is counted twice. A run stands at the time of its last change.";

pub fn dashboard(prefixes: &Prefixes<'_>) -> Dashboard {
    let index = prefixes.workflow_pattern();
    let rate = |id, title, base, numerator| Ratio {
        id,
        title,
        index: &index,
        base,
        numerator,
        label: "failure rate",
    };
    let nodes = "status:(failed or exception or retry)";
    let description = "Outcomes, failure rates, time, tokens and cost of workflow runs; stuck runs.";
    Dashboard::new("correlog-workflows", "Workflow runs", description, TEXT)
        .row(TILE, tiles(&rate("correlog-w-rate", "Failure rate", RUNS, FAILED)))
        .row(CHART, vec![(24, outcomes()), (24, elapsed())])
        .row(
            CHART,
            vec![
                (16, rate("correlog-w-fapp", "Failure rate by app", RUNS, FAILED).top("app_id")),
                (16, rate("correlog-w-ften", "Failure rate by tenant", RUNS, FAILED).top("tenant_id")),
                (16, rate("correlog-w-fnode", "Failure rate by node type", NODES, nodes).top("node_type")),
            ],
        )
        .row(TABLE, vec![(30, apps()), (18, models())])
        .row(
            TABLE,
            vec![
                (28, versions()),
                (20, {
                    let title = "Failure rate by workflow version";
                    rate("correlog-w-fver", title, RUNS, FAILED).top("workflow_version")
                }),
            ],
        )
        .row(TABLE, vec![(28, errors()), (20, slow_nodes())])
        .row(CHART, vec![(24, origin()), (24, trigger())])
        .row(CHART, vec![(48, saved_search("correlog-s-stuck"))])
}

fn panel<'a>(id: &'a str, title: &'a str, query: &'a str) -> Panel<'a> {
    Panel { id, title, query }
}

fn tiles(rate: &Ratio<'_>) -> Vec<(u32, Value)> {
    let failed = format!("{RUNS} and {FAILED}");
    let stuck = format!("{RUNS} and status:(running or paused) and created_at < \"now-15m\"");
    let cost = metric("sum", "total_price", "cost");
    vec![
        (10, panel("correlog-w-runs", "Runs", RUNS).tile(&[count("runs")])),
        (10, panel("correlog-w-failed", "Failed runs", &failed).tile(&[count("failed or partly")])),
        (8, rate.number()),
        (10, panel("correlog-w-stuckn", "Stuck", &stuck).tile(&[count("stuck runs")])),
        (10, panel("correlog-w-cost", "Cost", RUNS).tile(&[cost])),
    ]
}

fn outcomes() -> Value {
    let status = terms("status", "status", 8);
    panel("correlog-w-out", "Outcomes over time", RUNS).bars(count("runs"), status, STATUS_COLOURS)
}

fn elapsed() -> Value {
    let ended = format!("{RUNS} and elapsed_time:*");
    panel("correlog-w-pct", "Elapsed time p50, p95, p99", &ended)
        .lines(percentiles("elapsed_time", "s", &[50, 95, 99]), None)
}

fn apps() -> Value {
    let metrics = [
        count("runs"),
        percentiles("elapsed_time", "s", &[50, 95, 99]),
        metric("sum", "total_tokens", "tokens"),
        metric("sum", "total_price", "cost"),
    ];
    let buckets = [terms("tenant_id", "tenant", 20), terms("app_id", "app", 20)];
    panel("correlog-w-apps", "Apps: time, tokens, cost", RUNS).table(
        &metrics,
        &buckets,
        8,
        &[80, 125, 70, 165, 165, 165, 85],
    )
}

fn models() -> Value {
    let query = format!("{NODES} and model_name:*");
    let metrics = [
        metric("sum", "total_price", "cost"),
        metric("sum", "total_tokens", "tokens"),
        count("calls"),
        percentiles("elapsed_time", "s", &[95]),
    ];
    let buckets = [terms("model_provider", "provider", 10), terms("model_name", "model", 20)];
    panel("correlog-w-model", "Models: tokens, cost", &query).table(
        &metrics,
        &buckets,
        8,
        &[98, 130, 65, 80, 68],
    )
}

/// Did the last publish make it slower? The newest version of each app stands beside the one before it.
fn versions() -> Value {
    let metrics = [
        count("runs"),
        percentiles("elapsed_time", "s", &[50, 95, 99]),
        metric("max", "created_at", "last run"),
    ];
    let buckets = [terms("app_id", "app", 20), terms("workflow_version", "version", 5).by("3")];
    panel("correlog-w-ver", "Time by app and workflow version", RUNS).table(
        &metrics,
        &buckets,
        8,
        &[110, 190, 60, 165, 165, 165],
    )
}

fn errors() -> Value {
    let metrics = [count("runs"), metric("max", "@timestamp", "last")];
    let buckets = [terms("error.keyword", "error", 20), terms("app_id", "app", 3)];
    panel("correlog-w-err", "Most frequent errors", RUNS).table(&metrics, &buckets, 8, &[420, 130, 60])
}

fn slow_nodes() -> Value {
    let metrics =
        [percentiles("elapsed_time", "s", &[50, 95]), count("runs"), metric("max", "elapsed_time", "max s")];
    let buckets = [terms("node_type", "node type", 20).by("3")];
    panel("correlog-w-slow", "Slowest node types", NODES).table(&metrics, &buckets, 8, &[150, 165, 165, 65])
}

/// Webhooks, schedules and plugins all say `service-api` here; what started them is in the panel beside.
fn origin() -> Value {
    let split = terms("created_from", "from", 8);
    panel("correlog-w-origin", "Traffic by origin", RUNS).bars(count("runs"), split, &[])
}

fn trigger() -> Value {
    let split = terms("triggered_from", "trigger", 8);
    panel("correlog-w-trig", "Traffic by trigger", RUNS).bars(count("runs"), split, &[])
}
