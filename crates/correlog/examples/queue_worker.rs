//! A job queue: the worker continues the trace of whoever queued the job, across any transport that carries strings.
//!
//! `cargo run -p correlog --example queue_worker --features init`: both lines have one trace id.

use std::collections::HashMap;

use correlog::{propagation, settings::Settings};
use tokio::sync::mpsc;
use tracing::Instrument;

/// What travels through the queue; a real one would serialise it.
struct Job {
    headers: HashMap<String, String>,
    document: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _guard = correlog::init(Settings::from_env()?)?;
    let (queue, jobs) = mpsc::channel(8);
    let worker = tokio::spawn(work(jobs));
    for document in 1..=2 {
        submit(&queue, document).await;
    }
    drop(queue);
    worker.await?;
    Ok(())
}

#[tracing::instrument(skip(queue))]
async fn submit(queue: &mpsc::Sender<Job>, document: u32) {
    let mut headers = HashMap::new();
    propagation::inject(&mut headers);
    tracing::info!("queued");
    if queue.send(Job { headers, document }).await.is_err() {
        tracing::error!("the worker is gone");
    }
}

async fn work(mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.recv().await {
        // The span is made here and entered by `instrument`; in between it gets its parent. A function under
        // `#[instrument]` would have entered it already.
        let span = tracing::info_span!("job", document = job.document);
        propagation::continue_from(&span, &job.headers);
        index(job.document).instrument(span).await;
    }
}

async fn index(document: u32) {
    tracing::info!(words = document * 100, "indexed");
}
