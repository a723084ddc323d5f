//! The dashboard of one trace or one run. Its panels follow the query bar; it has no time axis of its own.

use crate::Prefixes;
use crate::build::aggs::{count, metric, terms};
use crate::build::dashboard::{CHART, Dashboard, TILE, saved_search};
use crate::build::panels::Panel;
use crate::build::{LEVEL_COLOURS, LINES, vega};
use crate::links::LINK_FROM;

pub fn dashboard(prefixes: &Prefixes<'_>) -> Dashboard {
    let errors = format!("{LINES} and level:(ERROR or FATAL)");
    let text = format!(
        "Paste a trace id, or a workflow run id in \"quotes\", into the query bar. Nothing found? \
         [Look through all time](#/view/correlog-trace?_g=(time:(from:{LINK_FROM},to:now))). \
         A run may have several trace ids: click its run id to see them all."
    );
    let tile = |id, title, query| Panel { id, title, query };
    let exceptions = tile("correlog-t-exc", "Exceptions", "exception.type:*");
    let by_service = tile("correlog-t-svc", "Lines by service and level", LINES);
    // People paste ids of days ago; a link brings its own time range.
    Dashboard::new("correlog-trace", "One trace", "Lines, runs and nodes of one trace or run.", &text)
        .since("now-7d")
        .row(
            TILE,
            vec![
                (8, tile("correlog-t-lines", "Lines", LINES).tile(&[count("lines")])),
                (8, tile("correlog-t-errors", "Error lines", &errors).tile(&[count("error lines")])),
                (8, {
                    let services = metric("cardinality", "service.name", "services");
                    tile("correlog-t-services", "Services", LINES).tile(&[services])
                }),
                (
                    8,
                    tile("correlog-t-traces", "Traces", "").tile(&[metric(
                        "cardinality",
                        "trace_id",
                        "traces",
                    )]),
                ),
                (16, {
                    let first = metric("min", "@timestamp", "first line");
                    let last = metric("max", "@timestamp", "last line");
                    tile("correlog-t-span", "First and last line", LINES).tile(&[first, last])
                }),
            ],
        )
        .row(8, vec![(48, saved_search("correlog-s-runs"))])
        .row(
            CHART,
            vec![
                (30, {
                    let title = "Timeline of the first 2,000 lines and nodes";
                    vega::timeline("correlog-t-timeline", title, &prefixes.both())
                }),
                (18, {
                    let title = "Lines by service (first 2,000 lines)";
                    vega::lines_by_service("correlog-t-hist", title, &prefixes.logs_pattern())
                }),
            ],
        )
        .row(24, vec![(48, saved_search("correlog-s-lines"))])
        .row(
            10,
            vec![
                (30, {
                    let metrics = [count("times"), metric("min", "@timestamp", "first seen")];
                    let buckets =
                        [terms("exception.type", "exception", 20), terms("service.name", "service", 5)];
                    exceptions.table(&metrics, &buckets, 5, &[240, 120, 70])
                }),
                (18, {
                    let rows = terms("service.name", "service", 10);
                    by_service.across(count("lines"), rows, terms("level", "level", 6), LEVEL_COLOURS)
                }),
            ],
        )
        .row(CHART, vec![(48, saved_search("correlog-s-nodes"))])
}
