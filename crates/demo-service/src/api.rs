//! The api's role: runs workflows on request.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    response::Redirect,
    routing::{get, post},
};
use correlog::{Handle, http::TraceMiddleware};
use reqwest_middleware::ClientBuilder;

use crate::{
    run::{self, RunAnswer, node::World, request::RunRequest},
    worker,
};

#[derive(Debug)]
struct Api {
    world: World,
    writer: Handle,
}

/// # Errors
/// The HTTP client cannot be made.
pub fn router(worker: &str, writer: Handle) -> Result<Router, String> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(70))
        .build()
        .map_err(|error| format!("no HTTP client: {error}"))?;
    let client = ClientBuilder::new(client).with(TraceMiddleware::new()).build();
    let world = World { client, worker: worker.trim_end_matches('/').to_owned() };
    let api = Api { world, writer };
    Ok(Router::new()
        .route("/workflows/run", post(run_workflow))
        .route("/health", get(worker::health))
        .route("/", get(|| async { Redirect::to("/health") }))
        .with_state(Arc::new(api)))
}

async fn run_workflow(State(api): State<Arc<Api>>, Json(request): Json<RunRequest>) -> Json<RunAnswer> {
    Json(run::run(request, &api.world, &api.writer).await)
}
