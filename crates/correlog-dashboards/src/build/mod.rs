//! The parts dashboards are put together from. No panel's content is decided here.

pub mod aggs;
pub mod dashboard;
pub mod panels;
pub mod pattern;
pub mod ratio;
pub mod search;
pub mod vega;

/// Id of the one index pattern.
pub const PATTERN_ID: &str = "correlog-all";

/// Log lines. The shipper does not spend bytes on saying `record` on each of them.
pub const LINES: &str = "(record:log or not record:*)";

pub const RUNS: &str = "record:workflow_run";

pub const NODES: &str = "record:node_execution";

/// A run that did not do all it should.
pub const FAILED: &str = "status:(failed or partial-succeeded)";

pub const LEVEL_COLOURS: &[(&str, &str)] = &[
    ("DEBUG", "#B4B9C1"),
    ("ERROR", "#D13438"),
    ("FATAL", "#7B1E1E"),
    ("INFO", "#5B9BD5"),
    ("TRACE", "#DDE1E6"),
    ("WARN", "#F2B134"),
];

pub const STATUS_COLOURS: &[(&str, &str)] = &[
    ("failed", "#D13438"),
    ("partial-succeeded", "#F2B134"),
    ("paused", "#9B7FD1"),
    ("running", "#5B9BD5"),
    ("stopped", "#8A8F98"),
    ("succeeded", "#4CAF7A"),
];
