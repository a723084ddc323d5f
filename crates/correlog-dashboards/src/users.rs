//! Who is affected and who is to blame: end users, the platform's or the builder's error, and model providers' rate
//! limits and timeouts over time.

use serde_json::Value;

use crate::Prefixes;
use crate::build::aggs::{count, filters, metric, percentiles, terms};
use crate::build::dashboard::{CHART, Dashboard, TABLE};
use crate::build::panels::Panel;
use crate::build::ratio::Ratio;
use crate::build::{FAILED, NODES, RUNS};

const TEXT: &str = "Whom to page: `error_source` says `platform` (us), `workflow` (its builder) or `provider` (the \
    model's). A rate limit is an answer 429, or an exception or error that says so.";

const RATE_LIMITED: &str = "(http.response.status_code:429 or exception.type:*RateLimit* or \
    error:(\"rate limit\" or \"too many requests\" or 429))";
const TIMED_OUT: &str = "(http.response.status_code:(408 or 504) or exception.type:*Timeout* or error:(timeout or \"timed out\"))";
const NOT_GOOD: &str = "status:(failed or exception or retry)";

const SOURCE_COLOURS: &[(&str, &str)] =
    &[("platform", "#D13438"), ("provider", "#9B7FD1"), ("workflow", "#F2B134")];

pub fn dashboard(prefixes: &Prefixes<'_>) -> Dashboard {
    let index = prefixes.workflow_pattern();
    let description = "End users, whose error it was, and the providers' rate limits.";
    let by_user = Ratio {
        id: "correlog-u-fuser",
        title: "Failure rate by end user",
        index: &index,
        base: RUNS,
        numerator: FAILED,
        label: "failure rate",
    };
    Dashboard::new("correlog-users", "Users and providers", description, TEXT)
        .row(CHART, vec![(24, sources_over_time()), (24, sources())])
        .row(CHART, vec![(24, provider_failures()), (24, rate_limits())])
        .row(TABLE, vec![(48, providers())])
        .row(TABLE, vec![(32, users()), (16, by_user.top("session_id"))])
}

fn panel<'a>(id: &'a str, title: &'a str, query: &'a str) -> Panel<'a> {
    Panel { id, title, query }
}

fn sources_over_time() -> Value {
    let query = format!("{RUNS} and {FAILED}");
    let split = terms("error_source", "source", 5);
    panel("correlog-u-src", "Failed runs by whose error it was", &query).bars(
        count("runs"),
        split,
        SOURCE_COLOURS,
    )
}

fn sources() -> Value {
    let query = format!("{NODES} and {NOT_GOOD}");
    let metrics = [count("nodes"), metric("cardinality", "workflow_run_id", "runs")];
    let buckets = [
        terms("error_source", "source", 5),
        terms("node_type", "node type", 10),
        terms("error.keyword", "error", 3),
    ];
    panel("correlog-u-srct", "Failed nodes: source, node type, error", &query).table(
        &metrics,
        &buckets,
        8,
        &[85, 110, 300, 60],
    )
}

fn provider_failures() -> Value {
    let query = format!("{NODES} and model_provider:* and {NOT_GOOD}");
    let other = format!("not {RATE_LIMITED} and not {TIMED_OUT}");
    let kinds = filters(&[("rate limited", RATE_LIMITED), ("timed out", TIMED_OUT), ("other", &other)]);
    let colours = [("other", "#8A8F98"), ("rate limited", "#9B7FD1"), ("timed out", "#F2B134")];
    panel("correlog-u-prov", "Failed model calls by kind", &query).bars(count("calls"), kinds, &colours)
}

fn rate_limits() -> Value {
    let query = format!("{NODES} and model_provider:* and {RATE_LIMITED}");
    let split = terms("model_provider", "provider", 8);
    panel("correlog-u-rl", "Rate limits by provider", &query).bars(count("calls"), split, &[])
}

fn providers() -> Value {
    let query = format!("{NODES} and model_provider:*");
    let metrics =
        [count("calls"), percentiles("elapsed_time", "s", &[50, 95]), metric("max", "@timestamp", "last")];
    let buckets = [
        terms("model_provider", "provider", 10),
        terms("model_name", "model", 10),
        terms("status", "status", 5),
    ];
    panel("correlog-u-provt", "Model calls by provider, model and status", &query).table(
        &metrics,
        &buckets,
        8,
        &[130, 180, 110, 70, 165, 165],
    )
}

fn users() -> Value {
    let metrics = [
        count("runs"),
        metric("sum", "total_tokens", "tokens"),
        metric("sum", "total_price", "cost"),
        metric("max", "@timestamp", "last run"),
    ];
    let buckets =
        [terms("created_by_role", "role", 2), terms("created_by", "user", 20), terms("status", "status", 5)];
    panel("correlog-u-users", "End users and accounts: runs, tokens, cost", RUNS).table(
        &metrics,
        &buckets,
        8,
        &[80, 240, 90, 60, 80, 80],
    )
}
