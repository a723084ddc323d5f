//! OpenSearch as one index of ids: it takes `_bulk` and `_mget`, stalls, refuses, loses requests and replies, answers
//! items differently, and applies a request after it was given up. It knows nothing of lines and promises.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use correlog_pipeline::ports::{Ask, Completion, Lost, NotSent, Outcome, Submission};

use crate::options::ClusterFaults;
use crate::rng::Rng;

/// A document that was written, for the oracle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    pub index: String,
    pub id: String,
    pub source: Vec<u8>,
}

#[derive(Debug)]
pub struct Cluster {
    pub faults: ClusterFaults,
    rng: Rng,
    /// (index, id) to source.
    docs: BTreeMap<(String, String), Vec<u8>>,
    /// Of documents that have one.
    versions: BTreeMap<(String, String), u64>,
    under_way: Vec<UnderWay>,
    late: Vec<Late>,
    blocked_until: BTreeMap<String, u64>,
    /// Writes since the oracle looked last.
    pub applied: VecDeque<Applied>,
    pub counts: Counts,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub requests: u64,
    pub faults: u64,
}

#[derive(Debug)]
struct UnderWay {
    ready_ms: u64,
    completion: Completion,
}

/// A request that was answered as lost and waits somewhere on its way.
#[derive(Debug)]
struct Late {
    ready_ms: u64,
    index: Arc<str>,
    body: Vec<u8>,
}

/// As many as the real port carries at once.
const CARRIED_MAX: usize = 4;

impl Cluster {
    pub fn new(seed: u64, faults: ClusterFaults) -> Self {
        Self {
            faults,
            rng: Rng::new(seed, 2),
            docs: BTreeMap::new(),
            versions: BTreeMap::new(),
            under_way: Vec::new(),
            late: Vec::new(),
            blocked_until: BTreeMap::new(),
            applied: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    pub fn heal(&mut self, faults: ClusterFaults) {
        self.faults = faults;
        self.blocked_until.clear();
    }

    /// The sender is gone; what it had sent may still arrive.
    pub fn sender_died(&mut self, now_ms: u64) {
        for gone in std::mem::take(&mut self.under_way) {
            // A body that was not answered yet has been applied or not already; only the answer is dropped.
            drop(gone);
        }
        self.arrive(now_ms);
    }

    fn draw(&mut self, permille: u32) -> bool {
        let hit = self.rng.chance(permille);
        self.counts.faults += u64::from(hit);
        hit
    }

    pub fn submit(&mut self, now_ms: u64, request: Submission) -> Result<(), Submission> {
        if self.under_way.len() >= CARRIED_MAX || self.draw(self.faults.no_room) {
            return Err(request);
        }
        self.counts.requests += 1;
        let mut delay = self.rng.below(20);
        let mut outcome = match request.ask {
            Ask::Write => self.write(now_ms, &request.index, &request.body),
            Ask::Audit => self.audit(&request.index, &request.body),
        };
        if self.draw(self.faults.stall) {
            delay += self.rng.below(2 * request.deadline_ms);
        }
        if delay >= request.deadline_ms {
            delay = request.deadline_ms;
            outcome = Outcome::Unknown(Lost::Timeout);
        }
        let completion = Completion { ticket: request.ticket, body: request.body, outcome };
        self.under_way.push(UnderWay { ready_ms: now_ms + delay, completion });
        Ok(())
    }

    pub fn poll(&mut self, now_ms: u64) -> Option<Completion> {
        self.arrive(now_ms);
        let ready = self.under_way.iter().position(|request| request.ready_ms <= now_ms)?;
        Some(self.under_way.remove(ready).completion)
    }

    /// When something will be heard, for a pump that waits.
    pub fn next_ms(&self) -> Option<u64> {
        self.under_way.iter().map(|request| request.ready_ms).min()
    }

    fn arrive(&mut self, now_ms: u64) {
        while let Some(at) = self.late.iter().position(|late| late.ready_ms <= now_ms) {
            let late = self.late.remove(at);
            self.apply(now_ms, &late.index, &late.body, usize::MAX);
        }
    }

    fn write(&mut self, now_ms: u64, index: &Arc<str>, body: &[u8]) -> Outcome {
        if self.draw(self.faults.not_sent) {
            let why = [NotSent::Refused, NotSent::NoAddress, NotSent::ConnectTimeout, NotSent::Tls];
            return Outcome::NotSent(why[self.rng.index(why.len())]);
        }
        if self.draw(self.faults.request_lost) {
            return self.lost();
        }
        if self.draw(self.faults.late) {
            let ready_ms = now_ms + self.rng.below(20_000);
            self.late.push(Late { ready_ms, index: index.clone(), body: body.to_vec() });
            return self.lost();
        }
        if body.len() > self.faults.body_max {
            return replied(413, String::new());
        }
        if self.draw(self.faults.status) {
            return self.status(now_ms, index, body);
        }
        if self.draw(self.faults.prefix_lost) {
            let count = self.rng.index(4);
            self.apply(now_ms, index, body, count);
            return self.lost();
        }
        let reply = self.apply(now_ms, index, body, usize::MAX);
        if self.draw(self.faults.reply_lost) {
            return self.lost();
        }
        if self.draw(self.faults.garbage) {
            return self.garbage(&reply);
        }
        replied(200, reply)
    }

    fn lost(&mut self) -> Outcome {
        let why = [Lost::Timeout, Lost::Reset, Lost::CutReply, Lost::HugeReply, Lost::Other];
        Outcome::Unknown(why[self.rng.index(why.len())])
    }

    fn status(&mut self, now_ms: u64, index: &Arc<str>, body: &[u8]) -> Outcome {
        let status = [429, 503, 500, 502, 504, 401, 403, 400, 404, 302][self.rng.index(10)];
        // Only these may hide a request that was carried out.
        if matches!(status, 500..=504) && self.rng.chance(500) {
            self.apply(now_ms, index, body, usize::MAX);
        }
        let body = match status {
            429 => error_body("rejected_execution_exception", 429),
            503 => error_body("cluster_manager_not_discovered_exception", 503),
            401 | 403 if self.rng.chance(500) => error_body("security_exception", status),
            _ => "<html>gateway</html>".to_owned(),
        };
        replied(status, body)
    }

    /// A 200 that is none.
    fn garbage(&mut self, reply: &str) -> Outcome {
        let bad = match self.rng.index(5) {
            0 => String::new(),
            1 => "<html>welcome</html>".to_owned(),
            2 => reply.get(..reply.len() / 2).unwrap_or_default().to_owned(),
            3 => reply.replacen("\"_id\":\"", "\"_id\":\"x", 1),
            _ => "{\"took\":1,\"errors\":false,\"items\":[]}".to_owned(),
        };
        replied(200, bad)
    }

    /// Carries out the first `count` items; answers the whole reply.
    fn apply(&mut self, now_ms: u64, index: &Arc<str>, body: &[u8], count: usize) -> String {
        let mut items = Vec::new();
        let mut lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        if self.draw(self.faults.block) {
            let until = now_ms + self.rng.below(60_000);
            self.blocked_until.insert(index.to_string(), until);
        }
        let blocked = self.blocked_until.get(&**index).is_some_and(|until| *until > now_ms);
        while let (Some(action), Some(source)) = (lines.next(), lines.next()) {
            if items.len() >= count {
                break;
            }
            let (verb, Target { id, version }) = action_of(action);
            let (status, error) = self.item(index, verb, (&id, version), source, blocked);
            items.push(item(verb, &id, status, error));
        }
        let errors = items.iter().any(|item| item.contains("\"error\""));
        format!("{{\"took\":1,\"errors\":{errors},\"items\":[{}]}}", items.join(","))
    }

    fn item(
        &mut self,
        index: &str,
        verb: &str,
        (id, version): (&str, Option<u64>),
        source: &[u8],
        blocked: bool,
    ) -> (u16, &'static str) {
        if blocked {
            return (403, "cluster_block_exception");
        }
        if self.draw(self.faults.item_busy) {
            return (429, "rejected_execution_exception");
        }
        if memchr::memmem::find(source, b"~p").is_some() {
            return (400, "mapper_parsing_exception");
        }
        let key = (index.to_owned(), id.to_owned());
        let known = !self.faults.keeps_no_ids && self.docs.contains_key(&key);
        let is_older = version.zip(self.versions.get(&key)).is_some_and(|(new, stored)| new < *stored);
        if known && (verb == "create" || is_older) {
            return (409, "version_conflict_engine_exception");
        }
        if let Some(version) = version {
            self.versions.insert(key.clone(), version);
        }
        self.applied.push_back(Applied { index: key.0.clone(), id: key.1.clone(), source: source.to_vec() });
        self.docs.insert(key, source.to_vec());
        (if known { 200 } else { 201 }, "")
    }

    fn audit(&mut self, index: &Arc<str>, body: &[u8]) -> Outcome {
        if self.draw(self.faults.reply_lost) {
            return self.lost();
        }
        let asked: serde_json::Value = serde_json::from_slice(body).expect("an audit is JSON");
        let ids = asked["ids"].as_array().expect("an audit asks for ids");
        let docs = ids.iter().map(|id| {
            let id = id.as_str().expect("an id is a string");
            let found = self.docs.get(&(index.to_string(), id.to_owned()));
            let log = found.and_then(|source| serde_json::from_slice::<serde_json::Value>(source).ok());
            let log = log.map(|mut source| source["log"].take());
            serde_json::json!({ "_index": **index, "_id": id, "found": found.is_some(), "_source": { "log": log } })
        });
        let docs: Vec<_> = docs.collect();
        replied(200, serde_json::json!({ "docs": docs }).to_string())
    }
}

fn replied(status: u16, reply: String) -> Outcome {
    Outcome::Replied { status, retry_after_ms: None, reply: reply.into_bytes() }
}

fn error_body(kind: &str, status: u16) -> String {
    format!("{{\"error\":{{\"root_cause\":[],\"type\":\"{kind}\",\"reason\":\"x\"}},\"status\":{status}}}")
}

fn item(verb: &str, id: &str, status: u16, error: &str) -> String {
    if error.is_empty() {
        return format!("{{\"{verb}\":{{\"_index\":\"i\",\"_id\":\"{id}\",\"status\":{status}}}}}");
    }
    let error = format!("{{\"type\":\"{error}\",\"reason\":\"x\"}}");
    format!("{{\"{verb}\":{{\"_index\":\"i\",\"_id\":\"{id}\",\"status\":{status},\"error\":{error}}}}}")
}

#[derive(serde::Deserialize)]
struct Action {
    create: Option<Target>,
    index: Option<Target>,
}

#[derive(serde::Deserialize)]
struct Target {
    #[serde(rename = "_id")]
    id: String,
    version: Option<u64>,
}

/// The verb of an action line and what it is about.
fn action_of(line: &[u8]) -> (&'static str, Target) {
    let action: Action = serde_json::from_slice(line).expect("an action line is JSON with an id");
    match (action.create, action.index) {
        (Some(found), None) => ("create", found),
        (None, Some(found)) => ("index", found),
        _ => panic!("an action line is create or index"),
    }
}
