//! The proof that setup worked: a small trace of two services with its run is indexed where real ones go, found by
//! its bare id, and taken away again. It touches no document but its own three.

use super::Session;
use crate::error::{Error, Result};
use correlog_dashboards::links;
use correlog_schema::index::Place;
use opensearch::http::Method;
use serde_json::{Value, json};

/// Fixed, so that what an interrupted run left behind is replaced and taken away by the next.
const IDS: [&str; 3] = ["correlog-smoke-api", "correlog-smoke-worker", "workflow_run:correlog-smoke"];

#[derive(Debug)]
pub struct Outcome {
    trace_id: String,
    found: u64,
    link: Option<String>,
}

impl Outcome {
    pub fn as_json(&self) -> Value {
        json!({ "trace_id": self.trace_id, "found": self.found, "link": self.link })
    }

    pub fn text(&self) -> String {
        let found =
            format!("smoke test: trace {} found by its id, {} documents\n", self.trace_id, self.found);
        let link = self.link.as_ref().map(|link| format!("dashboards: {link}\n"));
        found + &link.unwrap_or_default()
    }
}

pub fn run(session: &Session<'_>) -> Result<Outcome> {
    let now = chrono::Utc::now();
    let trace_id = format!("{:012x}7{:019x}", now.timestamp_millis(), now.timestamp_subsec_nanos());
    let documents = documents(session, &now.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true), &trace_id);
    let indexed = index(session, &documents);
    let found = indexed.and_then(|()| search(session, &documents, &trace_id));
    // Taken away whatever came before; a failure of the proof matters more than one of the clean-up.
    let removed = remove(session, &documents);
    let found = found?;
    removed?;
    if found != IDS.len() as u64 {
        let what =
            format!("the synthetic trace {trace_id} was indexed, but its id found {found} of 3 documents");
        return Err(Error::stopped(
            what,
            "run `correlog setup diff`: another template may map trace_id as text",
        ));
    }
    let link = session.store.dashboards.as_ref().map(|dashboards| links::trace(&dashboards.url, &trace_id));
    Ok(Outcome { trace_id, found, link })
}

struct Document {
    index: String,
    id: &'static str,
    body: Value,
}

fn documents(session: &Session<'_>, time: &str, trace_id: &str) -> [Document; 3] {
    let today = Place::Day(super::today());
    let (logs, workflow) = (&session.config.index.logs, &session.config.index.workflow);
    let line = |service: &str, message: &str| {
        json!({
            "@timestamp": time, "level": "INFO", "message": message, "trace_id": trace_id,
            "service": { "name": service }, "workflow_run_id": "correlog-smoke",
        })
    };
    let run = json!({
        "record": "workflow_run", "id": "correlog-smoke", "run_created_at": time, "@timestamp": time,
        "trace_id": trace_id, "workflow_run_id": "correlog-smoke", "status": "succeeded",
        "created_at": time, "finished_at": time, "elapsed_time": 0.0,
    });
    [
        Document {
            index: today.index_name(logs),
            id: IDS[0],
            body: line("correlog-smoke-api", "setup: called"),
        },
        Document {
            index: today.index_name(logs),
            id: IDS[1],
            body: line("correlog-smoke-worker", "setup: done"),
        },
        Document { index: today.index_name(workflow), id: IDS[2], body: run },
    ]
}

fn index(session: &Session<'_>, documents: &[Document]) -> Result<()> {
    for document in documents {
        let path = format!("/{}/_doc/{}?refresh=true", document.index, document.id);
        let reply = session.store.cluster.send(Method::Put, &path, Some(&document.body))?;
        if !reply.ok() {
            let what =
                format!("{} takes no document: {} {}", document.index, reply.status, reply.error_type());
            return Err(Error::stopped(what, "is the index read-only, or the disk full?"));
        }
    }
    Ok(())
}

/// The bare id, without a field name: what people paste into the search bar.
fn search(session: &Session<'_>, documents: &[Document], trace_id: &str) -> Result<u64> {
    let (logs, workflow) = (&documents[0].index, &documents[2].index);
    let body = json!({ "query": { "query_string": { "query": trace_id } }, "track_total_hits": true });
    let reply =
        session.store.cluster.send(Method::Post, &format!("/{logs},{workflow}/_search"), Some(&body))?;
    if !reply.ok() {
        let what = format!("the search for the synthetic trace failed: {}", reply.error_type());
        return Err(Error::stopped(what, "setup needs a user who may search"));
    }
    Ok(reply.body.pointer("/hits/total/value").and_then(Value::as_u64).unwrap_or(0))
}

fn remove(session: &Session<'_>, documents: &[Document]) -> Result<()> {
    for document in documents {
        let path = format!("/{}/_doc/{}?refresh=true", document.index, document.id);
        let reply = session.store.cluster.send(Method::Delete, &path, None)?;
        if !reply.ok() && reply.status != 404 {
            let what = format!("{} of {} could not be taken away again", document.id, document.index);
            return Err(Error::stopped(what, "delete it by hand; it is correlog's own test document"));
        }
    }
    Ok(())
}
