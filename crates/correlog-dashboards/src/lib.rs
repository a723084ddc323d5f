//! OpenSearch Dashboards' saved objects and the alert monitors, made from the field catalogue so that no panel asks
//! for a field that is not there.
//!
//! Talks to no server: `correlog setup` imports what [`saved_objects`] returns, and `dashboards/correlog.ndjson` is
//! the same to import by hand.
#![forbid(unsafe_code)]

pub mod dql;
pub mod links;
pub mod lint;
pub mod monitors;
pub mod request;

mod api;
mod build;
mod overview;
mod shipper;
mod trace;
mod users;
mod workflows;

use serde_json::Value;

/// The configured index prefixes.
#[derive(Debug, Clone, Copy)]
pub struct Prefixes<'a> {
    pub logs: &'a str,
    pub workflow: &'a str,
}

impl Prefixes<'_> {
    pub const DEFAULT: Prefixes<'static> = Prefixes { logs: "app-logs", workflow: "workflow-logs" };

    fn logs_pattern(&self) -> String {
        format!("{}-*", self.logs)
    }

    fn workflow_pattern(&self) -> String {
        format!("{}-*", self.workflow)
    }

    /// One pattern over both families, so that one filter or id filters everything.
    fn both(&self) -> String {
        format!("{},{}", self.logs_pattern(), self.workflow_pattern())
    }
}

/// Every saved object, without any mark of setup's, in the order in which references are complete.
#[must_use]
pub fn saved_objects(prefixes: &Prefixes<'_>) -> Vec<Value> {
    let mut objects = vec![build::pattern::index_pattern(prefixes)];
    objects.extend(build::search::all());
    objects.push(build::panels::controls());
    for dashboard in
        [trace::dashboard(prefixes), overview::dashboard(prefixes), workflows::dashboard(prefixes)]
            .into_iter()
            .chain([users::dashboard(prefixes), api::dashboard(prefixes), shipper::dashboard()])
    {
        objects.extend(dashboard.objects());
    }
    objects
}

/// The generated files, as (path from the repository's root, content).
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let sorted = correlog_schema::template::sorted;
    let line = |object: &Value| format!("{}\n", sorted(object));
    let ndjson: String = saved_objects(&Prefixes::DEFAULT).iter().map(line).collect();
    let jaeger = links::jaeger("http://localhost:5601");
    let mut files = vec![
        ("dashboards/correlog.ndjson".to_owned(), ndjson),
        ("dashboards/jaeger-ui.json".to_owned(), format!("{:#}\n", sorted(&jaeger))),
    ];
    for monitor in monitors::monitors(&Prefixes::DEFAULT, None) {
        let name = monitor["name"].as_str().unwrap_or_default().trim_start_matches("[correlog] ");
        let path = format!("dashboards/alerts/opensearch/{name}.json");
        files.push((path, format!("{:#}\n", sorted(&monitor))));
    }
    files
}
