//! The story's head (who, when, how long, how it ended, for whom) and the table of workflow nodes. It takes what the
//! documents say and computes nothing that a record already states.

use super::document::Document;
use super::entry::{self, Entry, Kind};
use super::millis;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// In the order in which they first spoke.
    pub services: Vec<String>,
    /// Nanoseconds since 1970, the earliest and the latest thing known.
    pub started: Option<i64>,
    pub finished: Option<i64>,
    pub duration_ms: f64,
    /// The run's status; without a record `error` or `ok` by the lines' levels.
    pub outcome: String,
    /// `workflow_run`, `workflow_app_log` or `levels`.
    pub outcome_from: &'static str,
    pub tenants: Vec<String>,
    pub apps: Vec<String>,
    pub workflows: Vec<String>,
    pub environments: Vec<String>,
    /// Of the run records; nodes are not added to them, so nothing counts twice.
    pub total_tokens: Option<i64>,
    pub lines: usize,
    /// Workflow records, nodes included.
    pub records: usize,
    /// Lines by level.
    pub levels: BTreeMap<String, usize>,
}

/// One execution of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub id: String,
    pub node_id: String,
    pub title: String,
    pub node_type: String,
    pub status: String,
    pub started: Option<i64>,
    pub elapsed_ms: Option<f64>,
    pub total_tokens: Option<i64>,
    pub model: Option<String>,
    pub error: Option<String>,
    pub run_id: Option<String>,
}

impl Header {
    pub fn of(entries: &[Entry], nodes: &[Node]) -> Self {
        let own = || entries.iter().filter(|entry| entry.kind != Kind::Context);
        let lines = || own().filter(|entry| entry.kind == Kind::Line);
        let all = |field: &str| distinct(own().filter_map(|entry| entry.document.owned(field)));
        let mut header = Self {
            services: distinct(lines().map(|entry| entry.service.clone())),
            tenants: all("tenant_id"),
            apps: all("app_id"),
            workflows: all("workflow_id"),
            environments: all("deployment.environment.name"),
            lines: lines().count(),
            records: own().filter(|entry| entry.kind == Kind::Record).count() + nodes.len(),
            ..Self::default()
        };
        if header.services.is_empty() {
            header.services = distinct(own().map(|entry| entry.service.clone()));
        }
        for entry in lines().filter(|entry| !entry.level.is_empty()) {
            *header.levels.entry(entry.level.clone()).or_default() += 1;
        }
        header.take_times(own(), nodes);
        header.take_outcome(&own().collect::<Vec<_>>());
        header
    }

    fn take_times<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>, nodes: &[Node]) {
        let mut times: Vec<i64> = Vec::new();
        for entry in entries {
            times.extend(entry.at);
            if entry.kind == Kind::Record {
                times.extend(entry.document.nanos("finished_at"));
            }
        }
        for node in nodes {
            times.extend(node.started);
        }
        self.started = times.iter().min().copied();
        self.finished = times.iter().max().copied();
        self.duration_ms = self.started.zip(self.finished).map_or(0.0, |(from, to)| millis(to - from));
    }

    fn take_outcome(&mut self, entries: &[&Entry]) {
        let runs = || entries.iter().filter(|entry| entry.document.record() == "workflow_run");
        let tokens: Vec<i64> = runs().filter_map(|entry| entry.document.whole("total_tokens")).collect();
        self.total_tokens = (!tokens.is_empty()).then(|| tokens.iter().sum());
        for record in ["workflow_run", "workflow_app_log"] {
            let of_kind = entries.iter().filter(|entry| entry.document.record() == record);
            let statuses = distinct(of_kind.filter_map(|entry| entry.document.owned("status")));
            if !statuses.is_empty() {
                self.outcome = statuses.join(", ");
                self.outcome_from = record;
                return;
            }
        }
        let failed = entries.iter().any(|entry| entry.is_error());
        self.outcome = if failed { "error" } else { "ok" }.to_owned();
        self.outcome_from = "levels";
    }

    pub fn has_failed(&self) -> bool {
        !matches!(self.outcome.as_str(), "ok" | "succeeded" | "running" | "paused")
    }
}

/// The node table, in the order in which the nodes began.
pub fn nodes(documents: &[Document]) -> Vec<Node> {
    let mut nodes: Vec<(Option<i64>, Node)> = documents.iter().map(node).collect();
    nodes.sort_by(|(left, a), (right, b)| {
        (a.started.is_none(), a.started, left).cmp(&(b.started.is_none(), b.started, right))
    });
    nodes.into_iter().map(|(_, node)| node).collect()
}

/// With its number in the run, which decides among nodes of one instant.
fn node(document: &Document) -> (Option<i64>, Node) {
    let text = |field: &str| document.owned(field).unwrap_or_default();
    let model = match (document.text("model_provider"), document.text("model_name")) {
        (Some(provider), Some(name)) => Some(format!("{provider}/{name}")),
        (one, other) => one.or(other).map(str::to_owned),
    };
    let node = Node {
        id: document.owned("node_execution_id").unwrap_or_else(|| document.id.clone()),
        node_id: text("node_id"),
        title: document.owned("title").unwrap_or_else(|| text("node_id")),
        node_type: text("node_type"),
        status: text("status"),
        started: entry::began(document),
        elapsed_ms: entry::elapsed_ms(document),
        total_tokens: document.whole("total_tokens"),
        model,
        error: document.owned("error"),
        run_id: document.owned("workflow_run_id"),
    };
    (document.whole("node_index"), node)
}

/// In order of first appearance.
fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}
