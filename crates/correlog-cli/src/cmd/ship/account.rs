//! The shipper's own account: one document every so often (`admin.report_every`) about this host, and one for each
//! cause of refusals and skips, with what happened since the last. It is told, not proven: what cannot be sent is told
//! the next time.

use crate::cluster::Cluster;
use crate::config::Config;
use crate::error::Result;
use correlog_pipeline::place::Skip;
use correlog_pipeline::ports::Now;
use correlog_pipeline::snapshot::Snapshot;
use correlog_schema::index::Place;
use opensearch::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// How long the end of the program waits for its last account to be taken.
const LAST_MAX: Duration = Duration::from_secs(2);

/// What was counted when the last documents were made.
#[derive(Clone, Debug, Default)]
struct Counted {
    read: u64,
    stored: u64,
    blank: u64,
    expired: u64,
    bytes: u64,
    refused: BTreeMap<String, u64>,
}

#[derive(Debug)]
pub struct Account {
    host: String,
    prefix: String,
    before: Counted,
    every_ms: u64,
    next_ms: u64,
    has_told: bool,
    outbox: SyncSender<Batch>,
    /// Closed once the sending thread has ended.
    ended: Receiver<()>,
}

/// An index, and the documents for it with their ids.
type Batch = (String, Vec<(String, Value)>);

impl Account {
    /// Sends on a thread with a connection of its own, so that a slow cluster never holds up the pump.
    pub fn start(config: &Config, host: &str) -> Result<Self> {
        let cluster = Cluster::connect(config)?;
        let (outbox, inbox) = sync_channel::<Batch>(1);
        let (ending, ended) = sync_channel(0);
        let send = move || {
            let _ending: SyncSender<()> = ending;
            for (index, documents) in inbox {
                // A refusal here would be one more document nobody can send: the next account tries anew.
                let _ = cluster.send_raw(
                    Method::Post,
                    "/_bulk",
                    "application/x-ndjson",
                    Some(body(&index, &documents)),
                );
            }
        };
        std::thread::Builder::new().name("account".to_owned()).spawn(send).map_err(|source| {
            crate::error::Error::io("no thread for the account can be started", "", source)
        })?;
        let (host, prefix, every_ms) = (host.to_owned(), config.index.logs.clone(), config.report_every.0);
        let before = Counted::default();
        Ok(Self { host, prefix, before, every_ms, next_ms: every_ms, has_told: false, outbox, ended })
    }

    /// When it is time: what happened since the last time.
    pub fn tell(&mut self, now: Now, snapshot: &Snapshot) {
        if now.mono_ms < self.next_ms {
            return;
        }
        self.next_ms = now.mono_ms + self.every_ms;
        self.send(now, snapshot);
    }

    /// What happened since the last account, or sums over a host's documents would lack the end of every run. A run
    /// that was over before its first account stays silent, as `--once` does.
    pub fn close(mut self, now: Now, snapshot: &Snapshot) {
        if !self.has_told {
            return;
        }
        self.send(now, snapshot);
        let Self { outbox, ended, .. } = self;
        drop(outbox);
        // Either it is sent, or the cluster is away, which must not hold up the end.
        let _ = ended.recv_timeout(LAST_MAX);
    }

    fn send(&mut self, now: Now, snapshot: &Snapshot) {
        let counted = count(snapshot, &self.before);
        let Some(time) = chrono::DateTime::from_timestamp_millis(now.wall_ms) else { return };
        let time = time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let documents = documents(&self.host, &time, &self.before, &counted, lag_ms(snapshot));
        let index = Place::of_ms(now.wall_ms).index_name(&self.prefix);
        if self.outbox.try_send((index, documents)).is_ok() {
            self.before = counted;
            self.has_told = true;
        }
    }
}

/// The reason of lines that begin as a record and are none: OpenSearch never saw them, so it gave no reason.
const NO_RECORD: &str = "no_record";

fn count(snapshot: &Snapshot, before: &Counted) -> Counted {
    let refused = snapshot.delivery.counts.refused_by.iter();
    let mut refused: BTreeMap<String, u64> =
        refused.map(|(fault, count)| (fault.name().to_owned(), *count)).collect();
    // The server's refusals are counted before their lines are settled, so for a moment this can be too few.
    let others = snapshot.lines.refused.saturating_sub(refused.values().sum());
    let others = others.max(before.refused.get(NO_RECORD).copied().unwrap_or(0));
    if others > 0 {
        refused.insert(NO_RECORD.to_owned(), others);
    }
    Counted {
        read: snapshot.lines.read,
        stored: snapshot.lines.stored,
        blank: snapshot.lines.skipped - snapshot.lines.expired,
        expired: snapshot.lines.expired,
        bytes: snapshot.bytes_read,
        refused,
    }
}

fn lag_ms(snapshot: &Snapshot) -> u64 {
    snapshot.files.iter().map(|file| file.lag_ms).max().unwrap_or(0)
}

/// Each with an id of its host, time and cause, so that one sent twice by the client stands once.
fn documents(host: &str, time: &str, before: &Counted, now: &Counted, lag_ms: u64) -> Vec<(String, Value)> {
    let document = |cause: &str, shipper: Value| {
        let source = json!({
            "@timestamp": time, "level": "INFO", "message": "shipper status", "service": {"name": "correlog"},
            "host": {"name": host}, "record": "shipper_status", "shipper": shipper,
        });
        (format!("shipper_status:{host}:{time}:{cause}"), source)
    };
    let mut documents = vec![document(
        "sums",
        json!({
            "lines_read": now.read - before.read, "lines_stored": now.stored - before.stored,
            "bytes_read": now.bytes - before.bytes, "lag_ms": lag_ms,
        }),
    )];
    for (skip, count) in
        [(Skip::Blank, now.blank - before.blank), (Skip::Expired, now.expired - before.expired)]
    {
        if count > 0 {
            documents.push(document(skip.name(), json!({"lines_skipped": count, "reason": skip.name()})));
        }
    }
    for (reason, count) in &now.refused {
        let more = count - before.refused.get(reason).copied().unwrap_or(0);
        if more > 0 {
            documents.push(document(reason, json!({"lines_refused": more, "reason": reason})));
        }
    }
    documents
}

fn body(index: &str, documents: &[(String, Value)]) -> Vec<u8> {
    let pair = |(id, source): &(String, Value)| {
        format!("{}\n{source}\n", json!({"index": {"_index": index, "_id": id}}))
    };
    documents.iter().map(pair).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Counted, body, documents};

    #[test]
    fn an_account_is_told_as_differences_with_one_document_a_cause() {
        let before = Counted { read: 10, stored: 8, blank: 1, bytes: 100, ..Counted::default() };
        let refused = [("mapping".to_owned(), 2)].into();
        let now = Counted { read: 30, stored: 25, blank: 2, expired: 2, bytes: 300, refused };
        let made = documents("h", "2026-11-21T10:00:00Z", &before, &now, 7);
        let ids: Vec<&str> = made.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(
            ids,
            ["sums", "blank", "expired", "mapping"]
                .map(|cause| format!("shipper_status:h:2026-11-21T10:00:00Z:{cause}"))
        );
        assert_eq!(
            made[0].1["shipper"],
            serde_json::json!({"lines_read": 20, "lines_stored": 17, "bytes_read": 200, "lag_ms": 7})
        );
        assert_eq!(made[3].1["shipper"]["lines_refused"], 2);
        let text = String::from_utf8(body("app-logs-2026.11.21", &made)).expect("UTF-8");
        assert_eq!(text.lines().count(), 8);
        assert!(text.ends_with('\n'));
    }
}
