//! One request and its reply: from a submission to what came of it, within its deadline. Errors are told apart by
//! type; what cannot be told apart may have happened.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::time::Duration;

use bytes::Bytes;
use correlog_pipeline::limits::REPLY_MAX_BYTES;
use correlog_pipeline::ports::{Ask, Completion, Lost, NotSent, Outcome, Submission};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, Url};
use tokio::time::{Instant, timeout_at};

use super::client::NoAddress;
use super::{Shared, not_sent};

/// What is read of a reply: enough to judge each item, and the reason for the one thing taken from it (a catalogued
/// field's name). Everything else the server need not send.
const FILTER: &str =
    "took,errors,status,error.type,items.*._id,items.*.status,items.*.error.type,items.*.error.reason";

/// How long a failed connection may take to let go of a body.
const RELEASE_MAX_MILLIS: u32 = 100;

pub async fn carry(shared: &Shared, submission: Submission) -> Completion {
    let Submission { ticket, ask, index, body, deadline_ms } = submission;
    let deadline = Instant::now() + Duration::from_millis(deadline_ms);
    let plain = Bytes::from(body);
    let payload = if shared.gzip { shared.packer.gzip(plain.clone()).await } else { plain.clone() };
    let request = Request { shared, ask, index: &index, payload, deadline };
    let outcome = request.to_any_node().await;
    let payload = request.payload;
    if shared.gzip {
        shared.packer.done_with(payload);
    } else {
        drop(payload);
    }
    alone(&plain).await;
    Completion { ticket, body: plain.into(), outcome }
}

/// Waits until nobody else holds the body. Without compression the connection does for a moment after it failed, and a
/// body that is shared would be copied: four megabytes that stay with this thread's part of the heap.
async fn alone(plain: &Bytes) {
    for _ in 0..RELEASE_MAX_MILLIS {
        if plain.is_unique() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

struct Request<'a> {
    shared: &'a Shared,
    ask: Ask,
    index: &'a str,
    payload: Bytes,
    deadline: Instant,
}

impl Request<'_> {
    /// Only what certainly did not leave this host is tried with the next node.
    async fn to_any_node(&self) -> Outcome {
        let mut outcome = not_sent(NotSent::Refused);
        for node in self.shared.nodes.order() {
            outcome = self.to_node(self.shared.nodes.url(node)).await;
            match outcome {
                Outcome::Replied { status: 502..=504, .. } | Outcome::Unknown(_) | Outcome::NotSent(_) => {
                    self.shared.nodes.failed(node);
                }
                Outcome::Replied { .. } => self.shared.nodes.works(node),
            }
            let next = matches!(outcome, Outcome::NotSent(why) if why != NotSent::Credential);
            if !next || Instant::now() >= self.deadline {
                break;
            }
        }
        outcome
    }

    async fn to_node(&self, node: &Url) -> Outcome {
        let Ok(header) = self.shared.credential.header() else { return not_sent(NotSent::Credential) };
        let Ok(client) = self.shared.clients.get() else { return not_sent(NotSent::Credential) };
        let exchange = self.exchange(&client, node, header);
        timeout_at(self.deadline, exchange).await.unwrap_or(Outcome::Unknown(Lost::Timeout))
    }

    async fn exchange(
        &self,
        client: &Client,
        node: &Url,
        header: Option<reqwest::header::HeaderValue>,
    ) -> Outcome {
        let mut request = client
            .post(self.target(node))
            .header(
                CONTENT_TYPE,
                if self.ask == Ask::Write { "application/x-ndjson" } else { "application/json" },
            )
            .body(self.payload.clone());
        if self.shared.gzip {
            request = request.header(CONTENT_ENCODING, "gzip");
        }
        if let Some(header) = header {
            request = request.header(AUTHORIZATION, header);
        }
        match request.send().await {
            Ok(response) => whole(response).await,
            Err(error) => lost(&error),
        }
    }

    /// `<node>/<index>/_bulk`. The index is built from a prefix and a date; as a path segment it is escaped anyway.
    fn target(&self, node: &Url) -> Url {
        let mut url = node.clone();
        let verb = if self.ask == Ask::Write { "_bulk" } else { "_mget" };
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(self.index).push(verb);
        }
        match self.ask {
            Ask::Write => url.query_pairs_mut().append_pair("filter_path", FILTER),
            Ask::Audit => url.query_pairs_mut().append_pair("_source_includes", "log"),
        };
        url
    }
}

/// The reply, read to its declared end.
async fn whole(mut response: Response) -> Outcome {
    let status = response.status().as_u16();
    let retry_after_ms =
        response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
    let mut reply = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if reply.len() + chunk.len() > REPLY_MAX_BYTES => {
                return Outcome::Unknown(Lost::HugeReply);
            }
            Ok(Some(chunk)) => reply.extend_from_slice(&chunk),
            Ok(None) => return Outcome::Replied { status, retry_after_ms, reply },
            Err(_) => return Outcome::Unknown(Lost::CutReply),
        }
    }
}

/// Seconds, or a date; a date that is over asks for nothing.
fn retry_after(value: &str) -> Option<u64> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let date = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?;
    u64::try_from((date.to_utc() - chrono::Utc::now()).num_milliseconds()).ok()
}

fn lost(error: &reqwest::Error) -> Outcome {
    if error.is_connect() {
        return not_sent(why_not_connected(error));
    }
    if error.is_timeout() {
        return Outcome::Unknown(Lost::Timeout);
    }
    if error.is_body() || error.is_decode() {
        return Outcome::Unknown(Lost::CutReply);
    }
    Outcome::Unknown(if error.is_request() { Lost::Reset } else { Lost::Other })
}

fn why_not_connected(error: &reqwest::Error) -> NotSent {
    if error.is_timeout() {
        return NotSent::ConnectTimeout;
    }
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(at) = cause {
        if at.is::<NoAddress>() {
            return NotSent::NoAddress;
        }
        if at.is::<rustls::Error>() {
            return NotSent::Tls;
        }
        if let Some(io) = at.downcast_ref::<std::io::Error>() {
            if io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
                return NotSent::Tls;
            }
            match io.kind() {
                ErrorKind::ConnectionRefused => return NotSent::Refused,
                ErrorKind::TimedOut => return NotSent::ConnectTimeout,
                _ => {}
            }
        }
        cause = at.source();
    }
    NotSent::Refused
}
