//! The API: status classes, error rate, slow routes, and the 5xx with their exceptions. One access line a request.

use serde_json::Value;

use crate::Prefixes;
use crate::build::LINES;
use crate::build::aggs::{count, filters, metric, percentiles, terms};
use crate::build::dashboard::{CHART, Dashboard, TABLE, TILE, saved_search};
use crate::build::panels::Panel;
use crate::build::ratio::Ratio;

const TEXT: &str = "One access line a request: the lines with `http.response.status_code`. What a failed \
    request threw is on other lines of its trace: click its trace id.";
const SERVER_ERROR: &str = "http.response.status_code >= 500";
const ERRORS: &str = "level:(ERROR or FATAL)";

pub fn dashboard(prefixes: &Prefixes<'_>) -> Dashboard {
    let index = prefixes.logs_pattern();
    let requests = format!("{LINES} and http.response.status_code:*");
    let share = |id, title| Ratio {
        id,
        title,
        index: &index,
        base: &requests,
        numerator: SERVER_ERROR,
        label: "5xx share",
    };
    let panel = |id, title| Panel { id, title, query: &requests };
    let errors = format!("{LINES} and {SERVER_ERROR}");
    let p95 = percentiles("duration_ms", "ms", &[95]);
    let failed = Panel { id: "correlog-a-5", title: "5xx", query: &errors };
    // The access line of a 5xx seldom knows its exception; the lines within the request do, and carry its route.
    let thrown = format!("{LINES} and {ERRORS} and exception.type:* and http.route:*");
    let exceptions =
        Panel { id: "correlog-a-exc", title: "Exceptions within requests, by route", query: &thrown };
    Dashboard::new("correlog-api", "API", "Status classes, error rate, slow routes, 5xx.", TEXT)
        .row(
            TILE,
            vec![
                (12, panel("correlog-a-req", "Requests").tile(&[count("requests")])),
                (12, failed.tile(&[count("5xx")])),
                (12, share("correlog-a-rate", "5xx share").number()),
                (12, panel("correlog-a-p95", "p95").tile(std::slice::from_ref(&p95))),
            ],
        )
        .row(
            CHART,
            vec![
                (24, status_classes(&panel("correlog-a-cls", "Requests by status class"))),
                (24, share("correlog-a-err", "5xx share over time").over_time(None)),
            ],
        )
        .row(
            TABLE,
            vec![
                (20, share("correlog-a-errr", "5xx share by route").top("http.route")),
                (28, {
                    let route = terms("http.route", "route", 6).by("1.95");
                    panel("correlog-a-p95t", "p95 by route").lines(p95, Some(route))
                }),
            ],
        )
        .row(
            TABLE,
            vec![
                (28, routes(&panel("correlog-a-routes", "Routes"))),
                (20, {
                    let buckets = [terms("http.route", "route", 10), terms("exception.type", "exception", 5)];
                    exceptions.table(
                        &[count("times"), metric("cardinality", "trace_id", "requests")],
                        &buckets,
                        8,
                        &[180, 200],
                    )
                }),
            ],
        )
        .row(16, vec![(48, saved_search("correlog-s-5xx"))])
}

fn status_classes(panel: &Panel<'_>) -> Value {
    let class = |from: u32| {
        let to = from + 100;
        format!("http.response.status_code >= {from} and http.response.status_code < {to}")
    };
    let queries = [class(200), class(300), class(400), class(500)];
    let split =
        filters(&[("2xx", &queries[0]), ("3xx", &queries[1]), ("4xx", &queries[2]), ("5xx", &queries[3])]);
    let colours = [("2xx", "#4CAF7A"), ("3xx", "#5B9BD5"), ("4xx", "#F2B134"), ("5xx", "#D13438")];
    panel.bars(count("requests"), split, &colours)
}

fn routes(panel: &Panel<'_>) -> Value {
    let metrics = [count("requests"), percentiles("duration_ms", "ms", &[50, 95, 99])];
    let buckets = [terms("http.request.method", "method", 10), terms("http.route", "route", 30)];
    panel.table(&metrics, &buckets, 10, &[85, 165, 90, 165, 165])
}
