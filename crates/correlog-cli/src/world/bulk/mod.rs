//! The `Bulk` port over HTTP: takes requests, carries each to one node, gives back what came of it. It judges no
//! reply and retries nothing that may have left this host; only what certainly did not is offered to another node.
//!
//! It does not use the `opensearch` crate's transport: docs/decisions/bulk-client.md says why.

mod client;
mod exchange;
#[cfg(test)]
mod matrix;
mod nodes;
mod pack;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use correlog_pipeline::ports::{Bulk, Completion, NotSent, Outcome, Submission};

use self::client::Clients;
use self::nodes::Nodes;
use crate::config::OpenSearch;
use crate::credential::Credential;
use crate::error::{Error, Result};

/// The port. Dropping it abandons what is under way; its fate is then unknown, which a restart handles.
#[derive(Debug)]
pub struct HttpBulk {
    runtime: Option<tokio::runtime::Runtime>,
    shared: Arc<Shared>,
    sender: Sender<Completion>,
    completions: Receiver<Completion>,
    /// Taken from the channel while waiting, not polled yet.
    waiting: VecDeque<Completion>,
    under_way: usize,
    under_way_max: usize,
}

/// What every request needs.
#[derive(Debug)]
struct Shared {
    nodes: Nodes,
    clients: Clients,
    credential: Credential,
    gzip: bool,
    packer: pack::Packer,
}

/// How often an operator who switched checks off is reminded.
const REMIND_EVERY: Duration = Duration::from_secs(60);

impl HttpBulk {
    /// Reads the certificates and the credential once, so that a wrong path is an error at the start.
    pub fn new(settings: &OpenSearch) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(pack::THREADS_MAX)
            .thread_name("bulk")
            .enable_all()
            .build()
            .map_err(|source| Error::io("no threads for sending can be started", "", source))?;
        let shared = Arc::new(Shared {
            nodes: Nodes::new(&settings.urls)?,
            clients: Clients::new(settings)?,
            credential: Credential::new(settings)?,
            gzip: settings.gzip,
            packer: pack::Packer::default(),
        });
        if settings.dangerously_accept_any_certificate {
            runtime.spawn(remind(crate::print::note));
        }
        let (sender, completions) = channel();
        let under_way_max = usize::try_from(settings.concurrency_max).unwrap_or(usize::MAX);
        let (waiting, runtime) = (VecDeque::new(), Some(runtime));
        Ok(Self { runtime, shared, sender, completions, waiting, under_way: 0, under_way_max })
    }

    /// Waits until a completion is there or the time is over.
    pub fn wait(&mut self, at_most: Duration) {
        if self.waiting.is_empty()
            && let Ok(completion) = self.completions.recv_timeout(at_most)
        {
            self.waiting.push_back(completion);
        }
    }
}

impl Bulk for HttpBulk {
    fn submit(&mut self, submission: Submission) -> std::result::Result<(), Submission> {
        let Some(runtime) = &self.runtime else { return Err(submission) };
        if self.under_way >= self.under_way_max {
            return Err(submission);
        }
        self.under_way += 1;
        let (shared, sender) = (self.shared.clone(), self.sender.clone());
        runtime.spawn(async move {
            let completion = exchange::carry(&shared, submission).await;
            // Nobody listens any more only when the port is gone.
            let _ = sender.send(completion);
        });
        Ok(())
    }

    fn poll(&mut self) -> Option<Completion> {
        let completion = self.waiting.pop_front().or_else(|| self.completions.try_recv().ok())?;
        self.under_way -= 1;
        Some(completion)
    }

    fn renew_credential(&mut self) {
        self.shared.credential.forget();
        self.shared.clients.forget();
    }
}

impl Drop for HttpBulk {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn remind(say: impl Fn(&str)) {
    let mut every = tokio::time::interval(REMIND_EVERY);
    loop {
        every.tick().await;
        say(
            "opensearch.dangerously_accept_any_certificate is on: whoever answers gets the logs and the password",
        );
    }
}

const fn not_sent(why: NotSent) -> Outcome {
    Outcome::NotSent(why)
}
