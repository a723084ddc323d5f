//! What a running shipper shows to machines: `/metrics`, `/health` and `/status`, all from the pump's one snapshot.
//!
//! It listens only where `admin.listen` says, changes nothing, and shows no event content and no secret.

mod health;
mod metrics;
mod status;
#[cfg(test)]
mod tests;

pub use health::{Problem, problems};
pub use status::{file as file_json, write as write_status};

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use correlog_pipeline::snapshot::Snapshot;

use crate::error::{Error, Result};

/// The door. Its thread ends with the process.
#[derive(Clone, Debug)]
pub struct Admin {
    shown: Shown,
    /// Where it listens; of use when port 0 was asked for.
    pub address: SocketAddr,
}

/// The last published moment; `None` before the first.
type Shown = Arc<Mutex<Option<Arc<Snapshot>>>>;

impl Admin {
    /// Listens at once, so that a taken address is an error at the start.
    pub fn start(address: SocketAddr) -> Result<Self> {
        let taken = |source| {
            let hint = "give another admin.listen, or stop what uses it";
            Error::io(format!("admin.listen {address} cannot be used"), hint, source)
        };
        let listener = std::net::TcpListener::bind(address).map_err(taken)?;
        listener.set_nonblocking(true).map_err(taken)?;
        let admin = Self { shown: Shown::default(), address: listener.local_addr().map_err(taken)? };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(taken)?;
        let router = Router::new()
            .route("/metrics", get(metrics_page))
            .route("/health", get(health_page))
            .route("/status", get(status_page))
            .with_state(admin.shown.clone());
        let serve = move || {
            runtime.block_on(async move {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                // It ends only with its listener, and a shipper without its door still ships.
                let _ = axum::serve(listener, router).await;
            });
        };
        std::thread::Builder::new().name("admin".to_owned()).spawn(serve).map_err(taken)?;
        Ok(admin)
    }

    /// Shows this moment from now on.
    pub fn publish(&self, snapshot: Snapshot) {
        *self.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::new(snapshot));
    }
}

fn moment(shown: &Shown) -> Option<Arc<Snapshot>> {
    shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
}

async fn metrics_page(State(shown): State<Shown>) -> Response {
    let text = moment(&shown).map(|snapshot| metrics::text(&snapshot)).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn health_page(State(shown): State<Shown>) -> Response {
    let Some(snapshot) = moment(&shown) else {
        return (StatusCode::SERVICE_UNAVAILABLE, axum::Json(serde_json::json!({"status": "starting"})))
            .into_response();
    };
    let problems = problems(&snapshot);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = if problems.is_empty() { "ok" } else { "degraded" };
    let said: Vec<_> = problems.iter().map(Problem::json).collect();
    (status, axum::Json(serde_json::json!({"status": word, "problems": said}))).into_response()
}

async fn status_page(State(shown): State<Shown>) -> Response {
    match moment(&shown) {
        Some(snapshot) => {
            let mut text = Vec::new();
            match write_status(&mut text, &snapshot, std::process::id()) {
                Ok(()) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, axum::Json(serde_json::Value::Null)).into_response(),
    }
}
