//! The shippers' own account: rates, refusals, skips and lag, from their status documents.

use serde_json::Value;

use crate::build::aggs::{count, metric, terms};
use crate::build::dashboard::{Dashboard, TILE};
use crate::build::panels::Panel;

const TEXT: &str = "The shippers' own account: lines read = stored + refused + skipped + in flight. A host whose last \
    report is old has stopped: `correlog status` there says why.";
const STATUS: &str = "record:shipper_status";

pub fn dashboard() -> Dashboard {
    let sum = |field, label| metric("sum", field, label);
    let tile = |id, title, metric| panel(id, title).tile(&[metric]);
    let lag = metric("max", "shipper.lag_ms", "largest lag, ms");
    Dashboard::new("correlog-shipper", "Shipper", "Freshness, rates, refusals and lag of the shippers.", TEXT)
        .row(
            TILE,
            vec![
                (10, tile("correlog-h-read", "Lines read", sum("shipper.lines_read", "lines read"))),
                (10, tile("correlog-h-stored", "Lines stored", sum("shipper.lines_stored", "lines stored"))),
                (
                    9,
                    tile(
                        "correlog-h-refused",
                        "Lines refused",
                        sum("shipper.lines_refused", "lines refused"),
                    ),
                ),
                (
                    9,
                    tile(
                        "correlog-h-skipped",
                        "Lines skipped",
                        sum("shipper.lines_skipped", "lines skipped"),
                    ),
                ),
                (10, tile("correlog-h-lagmax", "Largest lag", lag)),
            ],
        )
        .row(
            14,
            vec![
                (24, {
                    let lines = sum("shipper.lines_stored", "lines");
                    panel("correlog-h-rate", "Lines stored by host").bars(
                        lines,
                        terms("host.name", "host", 10),
                        &[],
                    )
                }),
                (24, {
                    let lag = metric("max", "shipper.lag_ms", "lag, ms");
                    panel("correlog-h-lag", "Lag by host").lines(lag, Some(terms("host.name", "host", 10)))
                }),
            ],
        )
        .row(14, vec![(22, reasons()), (26, hosts())])
}

fn panel<'a>(id: &'a str, title: &'a str) -> Panel<'a> {
    Panel { id, title, query: STATUS }
}

fn reasons() -> Value {
    let metrics = [
        metric("sum", "shipper.lines_refused", "refused"),
        metric("sum", "shipper.lines_skipped", "skipped"),
        metric("max", "@timestamp", "last"),
    ];
    let buckets = [terms("shipper.reason", "reason", 20)];
    panel("correlog-h-reason", "Refused and skipped by reason").table(
        &metrics,
        &buckets,
        10,
        &[210, 105, 105],
    )
}

fn hosts() -> Value {
    let metrics = [
        metric("sum", "shipper.lines_read", "read"),
        metric("sum", "shipper.lines_stored", "stored"),
        metric("sum", "shipper.lines_refused", "refused"),
        metric("max", "shipper.lag_ms", "largest lag, ms"),
        metric("max", "@timestamp", "last report"),
        count("reports"),
    ];
    let buckets = [terms("host.name", "host", 50)];
    panel("correlog-h-hosts", "Hosts").table(&metrics, &buckets, 10, &[100, 90, 90, 90, 105, 170])
}
