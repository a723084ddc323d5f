//! A world for delivery's tests: a disk in memory and a store that keeps documents by id and answers as told.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::ports::{Ask, Bulk, Completion, Disk, DiskFault, DiskFile, Lost, Outcome, Submission};
use crate::refused::{self, Entry};

pub struct Stored {
    pub source: Value,
    pub writes: u32,
}

type Each = Box<dyn Fn(&str, &str) -> Option<(u16, &'static str)>>;
type Whole = Box<dyn Fn(&str) -> Option<(u16, &'static str)>>;
type Step = Box<dyn FnOnce(&mut TestWorld, &Submission) -> Outcome>;

pub struct TestWorld {
    pub stored: BTreeMap<String, Stored>,
    /// An error for one document, by id and source.
    pub each: Each,
    /// A refusal of a whole body.
    pub whole: Whole,
    pub hangs: Box<dyn Fn(&str) -> bool>,
    /// Answers that come before all others, one a request.
    steps: VecDeque<Step>,
    done: VecDeque<Completion>,
    pub files: BTreeMap<String, Vec<u8>>,
    handles: Vec<String>,
    /// The disk takes no more bytes than this.
    pub disk_room: usize,
    pub renewed: u32,
    pub requests: Vec<(Ask, usize)>,
}

impl Default for TestWorld {
    fn default() -> Self {
        Self {
            stored: BTreeMap::new(),
            each: Box::new(|_, _| None),
            whole: Box::new(|_| None),
            hangs: Box::new(|_| false),
            steps: VecDeque::new(),
            done: VecDeque::new(),
            files: BTreeMap::new(),
            handles: Vec::new(),
            disk_room: usize::MAX,
            renewed: 0,
            requests: Vec::new(),
        }
    }
}

/// The reply that an honest server gives.
pub fn reply_of(world: &mut TestWorld, submission: &Submission) -> String {
    world.apply(submission)
}

impl TestWorld {
    pub fn script(&mut self, step: impl FnOnce(&mut TestWorld, &Submission) -> Outcome + 'static) {
        self.steps.push_back(Box::new(step));
    }

    pub fn refused(&self) -> Vec<Entry> {
        self.files.values().flat_map(|bytes| refused::read(bytes).entries).collect()
    }

    /// Writes the documents and answers the reply.
    pub fn apply(&mut self, submission: &Submission) -> String {
        let body = String::from_utf8(submission.body.clone()).expect("bodies are text here");
        let lines: Vec<&str> = body.lines().collect();
        let items: Vec<Value> = lines.chunks(2).map(|pair| self.item(pair[0], pair[1])).collect();
        let items: Vec<String> = items.iter().map(item_text).collect();
        format!("{{\"took\":1,\"errors\":false,\"items\":[{}]}}", items.join(","))
    }

    fn item(&mut self, action: &str, source: &str) -> Value {
        let action: Value = serde_json::from_str(action).expect("an action line is JSON");
        let (verb, what) = action.as_object().expect("an object").iter().next().expect("one operation");
        let id = what["_id"].as_str().expect("an id").to_owned();
        let error = |status: u16, kind: &str| json!({"verb": verb, "_id": id, "status": status, "error": {"type": kind}});
        if let Some((status, kind)) = (self.each)(&id, source) {
            return error(status, kind);
        }
        if verb == "create" && self.stored.contains_key(&id) {
            return error(409, "version_conflict_engine_exception");
        }
        let source = serde_json::from_str(source).expect("a source is JSON");
        let stored = self.stored.entry(id.clone()).or_insert(Stored { source: Value::Null, writes: 0 });
        stored.source = source;
        stored.writes += 1;
        json!({"verb": verb, "_id": id, "status": if stored.writes == 1 { 201 } else { 200 }})
    }

    fn answer(&mut self, submission: &Submission) -> Outcome {
        if let Some(step) = self.steps.pop_front() {
            return step(self, submission);
        }
        let body = String::from_utf8(submission.body.clone()).expect("bodies are text here");
        if submission.ask == Ask::Audit {
            let reply = self.found(&body).into_bytes();
            return Outcome::Replied { status: 200, retry_after_ms: None, reply };
        }
        if (self.hangs)(&body) {
            return Outcome::Unknown(Lost::Timeout);
        }
        if let Some((status, reply)) = (self.whole)(&body) {
            return Outcome::Replied { status, retry_after_ms: None, reply: reply.as_bytes().to_vec() };
        }
        let reply = self.apply(submission).into_bytes();
        Outcome::Replied { status: 200, retry_after_ms: None, reply }
    }

    fn found(&self, body: &str) -> String {
        let asked: Value = serde_json::from_str(body).expect("an audit is JSON");
        let one = |id: &Value| match self.stored.get(id.as_str().expect("an id")) {
            Some(stored) => json!({"_id": id, "found": true, "_source": {"log": stored.source["log"]}}),
            None => json!({"_id": id, "found": false}),
        };
        let docs: Vec<Value> = asked["ids"].as_array().expect("ids").iter().map(one).collect();
        json!({ "docs": docs }).to_string()
    }
}

fn item_text(item: &Value) -> String {
    let (verb, id, status) = (item["verb"].as_str().unwrap_or_default(), &item["_id"], &item["status"]);
    match item.get("error") {
        Some(error) => format!("{{\"{verb}\":{{\"_id\":{id},\"status\":{status},\"error\":{error}}}}}"),
        None => format!("{{\"{verb}\":{{\"_id\":{id},\"status\":{status}}}}}"),
    }
}

impl Bulk for TestWorld {
    fn submit(&mut self, submission: Submission) -> Result<(), Submission> {
        self.requests.push((submission.ask, submission.body.len()));
        let outcome = self.answer(&submission);
        self.done.push_back(Completion { ticket: submission.ticket, body: submission.body, outcome });
        Ok(())
    }

    fn poll(&mut self) -> Option<Completion> {
        self.done.pop_front()
    }

    fn renew_credential(&mut self) {
        self.renewed += 1;
    }
}

impl Disk for TestWorld {
    fn names(&mut self) -> Result<Vec<String>, DiskFault> {
        Ok(self.files.keys().cloned().collect())
    }

    fn read_all(&mut self, name: &str, _max: u64) -> Result<Vec<u8>, DiskFault> {
        self.files.get(name).cloned().ok_or(DiskFault::Gone)
    }

    fn create(&mut self, name: &str) -> Result<DiskFile, DiskFault> {
        self.files.insert(name.to_owned(), Vec::new());
        self.handles.push(name.to_owned());
        Ok(DiskFile(self.handles.len() as u32 - 1))
    }

    fn append(&mut self, name: &str) -> Result<(DiskFile, u64), DiskFault> {
        let len = self.files.entry(name.to_owned()).or_default().len() as u64;
        self.handles.push(name.to_owned());
        Ok((DiskFile(self.handles.len() as u32 - 1), len))
    }

    fn write_all(&mut self, file: DiskFile, bytes: &[u8]) -> Result<(), DiskFault> {
        let used: usize = self.files.values().map(Vec::len).sum();
        if used + bytes.len() > self.disk_room {
            return Err(DiskFault::Full);
        }
        let name = &self.handles[file.0 as usize];
        self.files.get_mut(name).ok_or(DiskFault::Gone)?.extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&mut self, _file: DiskFile, _len: u64) -> Result<(), DiskFault> {
        Ok(())
    }

    fn sync(&mut self, _file: DiskFile) -> Result<(), DiskFault> {
        Ok(())
    }

    fn close(&mut self, _file: DiskFile) {}

    fn rename(&mut self, _from: &str, _to: &str) -> Result<(), DiskFault> {
        Ok(())
    }

    fn remove(&mut self, _name: &str) -> Result<(), DiskFault> {
        Ok(())
    }

    fn sync_dir(&mut self) -> Result<(), DiskFault> {
        Ok(())
    }
}
