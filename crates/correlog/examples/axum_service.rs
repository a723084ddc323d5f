//! An axum service: every response has `X-Trace-Id`, every line of the request has the same id.
//!
//! `cargo run -p correlog --example axum_service --features axum,init`, then `curl -i 127.0.0.1:3000/hello/you`.
//! It exports nothing; with the feature `otlp` and `OTLP_BASE_ENDPOINT` set it would.

use axum::{Router, extract::Path, routing::get};
use correlog::{http::ServerLayer, settings::Settings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Kept until the end of `main`: it flushes what is left when it is dropped.
    let _guard = correlog::init(Settings::from_env()?)?;
    // The layer comes last, after every route, and so around all of them.
    let router = Router::new().route("/hello/{name}", get(hello)).layer(ServerLayer::axum());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, router).with_graceful_shutdown(end()).await?;
    Ok(())
}

async fn hello(Path(name): Path<String>) -> String {
    tracing::info!(user_id = name, "greeting");
    format!("hello {name}\n")
}

async fn end() {
    // Ctrl-C. An error means that no signal can come, so there is nothing to wait for.
    let _ = tokio::signal::ctrl_c().await;
}
