//! One workflow run: its nodes in order, each with its own span, lines and records. It knows nothing of HTTP but the
//! worker it calls.

pub mod node;
pub mod request;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use correlog::Handle;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tracing::Instrument;
use uuid::Uuid;

use crate::records::{self, RunEnd};
use node::{Failure, NODES, Node, Outcome, Usage, World};
use request::RunRequest;

/// Who ran what: the ids on every line and record of a run.
#[derive(Debug, Clone)]
pub struct RunIds {
    pub run_id: Uuid,
    pub tenant_id: String,
    pub app_id: String,
    pub workflow_id: String,
    pub user: String,
    pub version: String,
    pub origin: String,
    /// When it began: it decides the day of all its records.
    pub created_at: SystemTime,
}

/// What the caller is told.
#[derive(Debug, Serialize)]
pub struct RunAnswer {
    pub workflow_run_id: Uuid,
    pub workflow_id: String,
    pub trace_id: Option<String>,
    pub status: &'static str,
    pub outputs: Value,
    pub error: Option<String>,
    /// Seconds.
    pub elapsed_time: f64,
    pub total_tokens: u64,
    pub total_steps: usize,
    pub created_at: u64,
    pub finished_at: u64,
}

/// Runs the workflow to its end, failed or not, within a span that carries the run's ids.
pub async fn run(request: RunRequest, world: &World, writer: &Handle) -> RunAnswer {
    let ids = RunIds {
        run_id: Uuid::new_v4(),
        tenant_id: request.tenant_id.clone(),
        app_id: request.app_id.clone(),
        workflow_id: request.workflow_id.clone(),
        user: request.user.clone(),
        version: request.version.clone(),
        origin: request.origin.clone(),
        created_at: SystemTime::now() - request.ago(),
    };
    let span = tracing::info_span!(
        "run_workflow",
        tenant_id = ids.tenant_id,
        app_id = ids.app_id,
        workflow_id = ids.workflow_id,
        workflow_run_id = %ids.run_id,
        user_id = ids.user,
    );
    steps(&request, &ids, world, writer).instrument(span).await
}

/// The state a run gathers from node to node.
#[derive(Debug, Default)]
struct Progress {
    outputs: Map<String, Value>,
    usage: Usage,
    steps: usize,
    error: Option<Failure>,
}

async fn steps(request: &RunRequest, ids: &RunIds, world: &World, writer: &Handle) -> RunAnswer {
    let started = Instant::now();
    tracing::info!(inputs = request.inputs.len(), "workflow started");
    let record = records::run_started(ids, &request.inputs);
    records::write(writer, &record);
    records::write(writer, &records::app_log(ids));

    let mut progress = Progress::default();
    for (index, node) in NODES.iter().enumerate() {
        step(index, *node, request, ids, &mut progress, world, writer).await;
        if progress.error.is_some() {
            break;
        }
    }

    let elapsed_time = started.elapsed().as_secs_f64();
    let status = if progress.error.is_some() { "failed" } else { "succeeded" };
    let error = progress.error.as_ref().map(Failure::to_string);
    let outputs = json!({ "answer": progress.outputs.get("answer") });
    let end = RunEnd {
        status,
        failure: progress.error.as_ref(),
        outputs: &outputs,
        elapsed_time,
        usage: progress.usage,
        total_steps: progress.steps,
    };
    records::write(writer, &records::run_finished(record, &end));
    let duration_ms = elapsed_time * 1000.0;
    match &error {
        None => {
            tracing::info!(duration_ms, total_tokens = progress.usage.total(), status, "workflow finished")
        }
        Some(error) => tracing::error!(duration_ms, status, "workflow failed: {error}"),
    }
    RunAnswer {
        workflow_run_id: ids.run_id,
        workflow_id: ids.workflow_id.clone(),
        trace_id: records::current_ids().map(|(trace_id, _)| trace_id),
        status,
        outputs,
        error,
        elapsed_time,
        total_tokens: progress.usage.total(),
        total_steps: progress.steps,
        created_at: unix_seconds(ids.created_at),
        finished_at: unix_seconds(SystemTime::now()),
    }
}

async fn step(
    index: usize,
    node: Node,
    request: &RunRequest,
    ids: &RunIds,
    progress: &mut Progress,
    world: &World,
    writer: &Handle,
) {
    let execution_id = Uuid::new_v4();
    let span = tracing::info_span!(
        "run_node",
        otel.name = node.title(),
        node_id = node.id(),
        node_execution_id = %execution_id,
        node_type = node.kind(),
    );
    async {
        let started = Instant::now();
        let record = records::node_started(ids, node, index, execution_id, &request.inputs);
        records::write(writer, &record);
        tracing::debug!("node started");
        let outcome = node.run(request, world).await;
        let elapsed_time = started.elapsed().as_secs_f64();
        records::write(writer, &records::node_finished(record, &outcome, elapsed_time));
        progress.steps += 1;
        take(outcome, elapsed_time * 1000.0, progress);
    }
    .instrument(span)
    .await;
}

fn take(outcome: Result<Outcome, Failure>, duration_ms: f64, progress: &mut Progress) {
    match outcome {
        Ok(outcome) => {
            tracing::info!(duration_ms, total_tokens = outcome.usage.total(), "node finished");
            progress.usage += outcome.usage;
            progress.outputs.extend(outcome.outputs);
        }
        Err(failure) => {
            tracing::error!(duration_ms, error = &failure as &dyn std::error::Error, "node failed");
            progress.error = Some(failure);
        }
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
