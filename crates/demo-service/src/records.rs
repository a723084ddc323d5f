//! The workflow records: one app-log row a run, the run's row at its start and at its end, a node's row likewise. They
//! go to the same file as the log lines; which of two versions of a row is newer is decided by their time.

use std::time::SystemTime;

use correlog::{Handle, Record, RecordKind};
use opentelemetry::{Context, trace::TraceContextExt};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::run::{
    RunIds,
    node::{CURRENCY, Failure, MODEL_NAME, MODEL_PROVIDER, NODES, Node, Outcome, Usage},
};

/// How a run ended.
#[derive(Debug)]
pub struct RunEnd<'a> {
    pub status: &'static str,
    pub failure: Option<&'a Failure>,
    pub outputs: &'a Value,
    /// Seconds.
    pub elapsed_time: f64,
    pub usage: Usage,
    pub total_steps: usize,
}

/// Written once.
pub fn app_log(ids: &RunIds) -> Record<'static> {
    common(RecordKind::WorkflowAppLog, Uuid::new_v4(), ids).field("created_at", SystemTime::now())
}

/// A run as it begins.
pub fn run_started(ids: &RunIds, inputs: &Map<String, Value>) -> Record<'static> {
    common(RecordKind::WorkflowRun, ids.run_id, ids)
        .field("workflow_type", "workflow")
        .field("workflow_version", ids.version.clone())
        .field("triggered_from", "app-run")
        .field("status", "running")
        .field("inputs", text(inputs))
        .field("created_at", ids.created_at)
}

/// The same run when it has ended: the later value of a field replaces the earlier.
pub fn run_finished(started: Record<'static>, end: &RunEnd<'_>) -> Record<'static> {
    let finished = started
        .field("status", end.status)
        .field("outputs", text(end.outputs))
        .field("elapsed_time", end.elapsed_time)
        .field("total_steps", end.total_steps)
        .field("exceptions_count", 0)
        .field("finished_at", SystemTime::now());
    failed(used(finished, end.usage), end.failure)
}

/// A node as it begins.
pub fn node_started(
    ids: &RunIds,
    node: Node,
    index: usize,
    id: Uuid,
    inputs: &Map<String, Value>,
) -> Record<'static> {
    let is_model = node == Node::Llm;
    let predecessor = index.checked_sub(1).map(|before| NODES[before].id());
    common(RecordKind::NodeExecution, id, ids)
        .field("triggered_from", "workflow-run")
        .field("node_execution_id", id.to_string())
        .field("node_id", node.id())
        .field("node_index", index)
        .field("predecessor_node_id", predecessor)
        .field("node_type", node.kind())
        .field("title", node.title())
        .field("model_provider", is_model.then_some(MODEL_PROVIDER))
        .field("model_name", is_model.then_some(MODEL_NAME))
        .field("status", "running")
        .field("inputs", text(inputs))
        .field("created_at", SystemTime::now())
}

/// The same node when it has ended.
pub fn node_finished(
    started: Record<'static>,
    outcome: &Result<Outcome, Failure>,
    elapsed_time: f64,
) -> Record<'static> {
    let finished = started.field("elapsed_time", elapsed_time).field("finished_at", SystemTime::now());
    match outcome {
        Ok(outcome) => {
            let finished = finished.field("status", "succeeded").field("outputs", text(&outcome.outputs));
            if outcome.usage.total() == 0 { finished } else { used(finished, outcome.usage) }
        }
        Err(failure) => failed(finished.field("status", "failed"), Some(failure))
            .field("exception.type", failure.exception())
            .field("http.response.status_code", failure.status()),
    }
}

/// Writes it. A record that is not written must not stop the run; the log says so.
pub fn write(writer: &Handle, record: &Record<'_>) {
    if let Err(error) = writer.record(record) {
        tracing::error!("a record is not written: {error}");
    }
}

/// The current trace and span id, if there are any.
pub fn current_ids() -> Option<(String, String)> {
    Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        ids.is_valid().then(|| (ids.trace_id().to_string(), ids.span_id().to_string()))
    })
}

/// On every record: whose run it is, and in which trace.
fn common(kind: RecordKind, id: Uuid, ids: &RunIds) -> Record<'static> {
    let (trace_id, span_id) = current_ids().unzip();
    Record::new(kind, id.to_string(), ids.created_at)
        .field("trace_id", trace_id)
        .field("span_id", span_id)
        .field("tenant_id", ids.tenant_id.clone())
        .field("app_id", ids.app_id.clone())
        .field("workflow_id", ids.workflow_id.clone())
        .field("workflow_run_id", ids.run_id.to_string())
        .field("created_from", ids.origin.clone())
        .field("created_by_role", "end_user")
        .field("created_by", ids.user.clone())
        .field("session_id", ids.user.clone())
}

fn used(record: Record<'static>, usage: Usage) -> Record<'static> {
    record
        .field("prompt_tokens", usage.prompt_tokens)
        .field("completion_tokens", usage.completion_tokens)
        .field("total_tokens", usage.total())
        .field("total_price", usage.price())
        .field("currency", CURRENCY)
}

fn failed(record: Record<'static>, failure: Option<&Failure>) -> Record<'static> {
    record
        .field("error", failure.map(ToString::to_string))
        .field("error_source", failure.map(Failure::source_name))
}

/// As text, the way the platform stores it: searchable, and never a tree of a thousand fields.
fn text(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}
