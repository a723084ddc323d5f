//! The worker's role: one endpoint, which the http-request node calls.

use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tracing::Instrument;

/// What the worker is asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lookup {
    pub query: String,
    #[serde(default)]
    pub fail: bool,
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Looked {
    pub found: usize,
}

pub fn router() -> Router {
    Router::new().route("/lookup", post(lookup)).route("/health", get(health))
}

pub async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

async fn lookup(Json(lookup): Json<Lookup>) -> Result<Json<Looked>, StatusCode> {
    tracing::info!(words = lookup.query.split_whitespace().count(), "lookup started");
    // In a task of its own, as a worker would do it. The span goes along, and with it the ids.
    let searched = tokio::spawn(search(lookup).instrument(tracing::info_span!("search"))).await;
    searched.unwrap_or_else(|error| {
        tracing::error!("the search died: {error}");
        Err(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

async fn search(lookup: Lookup) -> Result<Json<Looked>, StatusCode> {
    if lookup.fail {
        tracing::error!(shard = 3, "the search index is not there");
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let found = lookup.query.split_whitespace().filter(|word| word.len() > 3).count();
    tracing::info!(found, "lookup finished");
    Ok(Json(Looked { found }))
}
