//! Reads, writes and deletes one object at a time, each kind through its own API. It decides nothing.

use super::dashboards::Dashboards;
use super::object::{Kind, Object};
use super::plan::Found;
use crate::cluster::{Cluster, Reply};
use crate::error::{Error, Result};
use opensearch::http::Method;
use serde_json::{Value, json};

/// The servers setup talks to.
#[derive(Debug)]
pub struct Store<'a> {
    pub cluster: &'a Cluster,
    pub dashboards: Option<Dashboards>,
}

impl Store<'_> {
    pub fn read(&self, object: &Object) -> Result<Option<Found>> {
        if object.kind.is_dashboards() {
            return self.dashboards()?.read(object);
        }
        if object.kind == Kind::Monitor {
            return self.read_monitor(&object.name);
        }
        let reply = self.cluster.get(&path(object))?;
        if reply.status == 404 {
            return Ok(None);
        }
        check(&reply, "read", object)?;
        let body = reply.body;
        let token = json!({ "seq": body.get("_seq_no"), "term": body.get("_primary_term") });
        let body = match object.kind {
            Kind::Component => body.pointer("/component_templates/0/component_template").cloned(),
            Kind::Template => body.pointer("/index_templates/0/index_template").cloned(),
            Kind::Policy => body.get("policy").map(|policy| json!({ "policy": policy })),
            Kind::Role | Kind::Index => body.get(&object.name).cloned(),
            _ => None,
        };
        Ok(body.map(|body| Found { body, token: Some(token) }))
    }

    pub fn write(&self, object: &Object, found: Option<&Found>) -> Result<()> {
        if object.kind.is_dashboards() {
            return self.dashboards()?.write(object);
        }
        let mut body = object.marked();
        let token = found.and_then(|found| found.token.as_ref());
        let (method, path) = match (&object.kind, token) {
            (Kind::Policy, Some(token)) => {
                let (seq, term) = (&token["seq"], &token["term"]);
                (Method::Put, format!("{}?if_seq_no={seq}&if_primary_term={term}", path(object)))
            }
            (Kind::Monitor, Some(id)) => {
                // One that runs is never switched off.
                let runs = found.is_some_and(|found| found.body["enabled"] == true);
                body["enabled"] = json!(runs || body["enabled"] == true);
                (Method::Put, format!("/_plugins/_alerting/monitors/{}", id.as_str().unwrap_or_default()))
            }
            (Kind::Monitor, None) => (Method::Post, "/_plugins/_alerting/monitors".to_owned()),
            _ => (Method::Put, path(object)),
        };
        let body = (object.kind != Kind::Index).then_some(&body);
        let reply = self.cluster.send(method, &path, body)?;
        let is_there =
            object.kind == Kind::Index && reply.error_type() == "resource_already_exists_exception";
        if is_there { Ok(()) } else { check(&reply, "written", object) }
    }

    pub fn delete(&self, object: &Object, found: &Found) -> Result<()> {
        if object.kind.is_dashboards() {
            return self.dashboards()?.delete(object);
        }
        let id = found.token.as_ref().and_then(Value::as_str).unwrap_or_default();
        let path = match object.kind {
            Kind::Monitor => format!("/_plugins/_alerting/monitors/{id}"),
            _ => path(object),
        };
        let reply = self.cluster.send(Method::Delete, &path, None)?;
        if reply.status == 404 { Ok(()) } else { check(&reply, "deleted", object) }
    }

    /// Monitors have ids of the server's making, so ours are known by their names.
    fn read_monitor(&self, name: &str) -> Result<Option<Found>> {
        let query = json!({ "size": 1, "query": { "term": { "monitor.name.keyword": name } } });
        let reply = self.cluster.send(Method::Post, "/_plugins/_alerting/monitors/_search", Some(&query))?;
        if reply.status == 404 {
            return Ok(None);
        }
        let hit = reply.body.pointer("/hits/hits/0");
        Ok(hit.map(|hit| {
            let source = &hit["_source"];
            let body = source.get("monitor").unwrap_or(source).clone();
            Found { body, token: Some(hit["_id"].clone()) }
        }))
    }

    fn dashboards(&self) -> Result<&Dashboards> {
        let hint = "give its address with --dashboards-url or dashboards.url";
        self.dashboards.as_ref().ok_or_else(|| Error::usage("no address of OpenSearch Dashboards", hint))
    }
}

pub fn path(object: &Object) -> String {
    let name = &object.name;
    match &object.kind {
        Kind::Component => format!("/_component_template/{name}"),
        Kind::Template => format!("/_index_template/{name}"),
        Kind::Policy => format!("/_plugins/_ism/policies/{name}"),
        Kind::Role => format!("/_plugins/_security/api/roles/{name}"),
        Kind::Index => format!("/{name}"),
        Kind::Monitor => "/_plugins/_alerting/monitors".to_owned(),
        Kind::Saved(kind) => format!("/api/saved_objects/{kind}/{name}"),
        Kind::Setting => "/api/opensearch-dashboards/settings".to_owned(),
    }
}

fn check(reply: &Reply, done: &str, object: &Object) -> Result<()> {
    if reply.ok() {
        return Ok(());
    }
    let (kind, name) = (object.kind.word(), &object.name);
    let reason =
        crate::print::harmless(reply.body.pointer("/error/reason").and_then(Value::as_str).unwrap_or(""));
    let what = format!(
        "the {kind} {name} could not be {done}: status {}, {}: {reason}",
        reply.status,
        reply.error_type()
    );
    let hint = match reply.status {
        401 | 403 => {
            "use a user with the rights for it, or `correlog setup export` for somebody who has them"
        }
        _ => "`correlog setup plan` shows what else is pending; nothing after this object was done",
    };
    Err(Error::stopped(what, hint))
}
