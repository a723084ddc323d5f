//! What a caller may ask for. Everything has a default, so that `{}` is a run.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::node::Node;

/// The longest a request may be slowed down.
const SLOW_MS_MAX: u64 = 60_000;
/// The furthest back a run may say that it began.
const AGO_S_MAX: u64 = 30 * 86_400;

/// The body of POST /workflows/run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    #[serde(default = "tenant")]
    pub tenant_id: String,
    #[serde(default = "app")]
    pub app_id: String,
    #[serde(default = "workflow")]
    pub workflow_id: String,
    #[serde(default = "user")]
    pub user: String,
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// The node that fails.
    pub fail_at: Option<Node>,
    #[serde(default)]
    pub fail_how: FailHow,
    /// The node that is slow, if `slow_ms` is given.
    #[serde(default = "slow_at")]
    pub slow_at: Node,
    #[serde(default)]
    pub slow_ms: u64,
    /// The workflow's version.
    #[serde(default = "version")]
    pub version: String,
    /// Where the request came from.
    #[serde(default = "origin")]
    pub origin: String,
    /// So many seconds ago the run's records say that it began: a run that panics then is a stuck one at once.
    #[serde(default)]
    pub ago_s: u64,
}

/// How a node fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailHow {
    /// The node ends with an error and the run with it.
    #[default]
    Error,
    /// The model's provider (or what else the node calls) answers 429.
    RateLimit,
    /// It does not answer in time.
    Timeout,
    /// The handler itself dies.
    Panic,
}

impl RunRequest {
    pub fn query(&self) -> &str {
        self.inputs.get("query").and_then(Value::as_str).unwrap_or("What is the meaning of this?")
    }

    /// What `node` takes beside its usual time.
    pub fn delay(&self, node: Node) -> Duration {
        let slow_ms = if node == self.slow_at { self.slow_ms.min(SLOW_MS_MAX) } else { 0 };
        Duration::from_millis(slow_ms)
    }

    /// How long ago it began, as its records say.
    pub fn ago(&self) -> Duration {
        Duration::from_secs(self.ago_s.min(AGO_S_MAX))
    }
}

// A tenant and an app that are always the same, so that a dashboard has something to group by.

fn tenant() -> String {
    "0d1f4c1e-5f0b-4f3e-9a51-7c3f6f1c2a10".to_owned()
}

fn app() -> String {
    "3a9d2b64-8c57-4e19-b0d2-51e8a47f9c31".to_owned()
}

fn workflow() -> String {
    "7e42c5d8-1b96-4a0f-8d3e-c90a6b25f74e".to_owned()
}

fn user() -> String {
    "anonymous".to_owned()
}

fn version() -> String {
    "2026-11-01 09:30:00.000000".to_owned()
}

fn origin() -> String {
    "service-api".to_owned()
}

fn slow_at() -> Node {
    Node::Llm
}
