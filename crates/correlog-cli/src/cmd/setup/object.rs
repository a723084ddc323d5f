//! What setup manages: one object is a kind, a name and a body. The mark that makes it ours is put on and taken off
//! here. Nothing is read from or written to a server.

use correlog_schema::template::sorted;
use correlog_schema::{MANAGED_BY, VERSION};
use serde_json::{Map, Value, json};

/// Where an object lives and how it is named there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Component,
    Template,
    /// Retention by the index-management plugin.
    Policy,
    Role,
    /// A day's index.
    Index,
    Monitor,
    /// In OpenSearch Dashboards; holds the saved object's type.
    Saved(String),
    /// A setting of OpenSearch Dashboards.
    Setting,
}

impl Kind {
    pub fn word(&self) -> &str {
        match self {
            Self::Component => "component template",
            Self::Template => "index template",
            Self::Policy => "retention policy",
            Self::Role => "role",
            Self::Index => "index",
            Self::Monitor => "monitor",
            Self::Saved(kind) => kind,
            Self::Setting => "Dashboards setting",
        }
    }

    pub const fn is_dashboards(&self) -> bool {
        matches!(self, Self::Saved(_) | Self::Setting)
    }
}

#[derive(Clone, Debug)]
pub struct Object {
    pub kind: Kind,
    pub name: String,
    /// Without the mark.
    pub body: Value,
    /// Made once and then the user's: never compared, never updated.
    pub create_only: bool,
}

/// What makes an object ours: who wrote it, in which version, and what it said then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub version: u64,
    /// 16 hex digits over the canonical body.
    pub hash: String,
}

/// Keys a server adds or owns at any depth; they are no difference.
const fn servers_keys(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Policy => {
            &["policy_id", "last_updated_time", "schema_version", "error_notification", "user", "isEnabled"]
        }
        Kind::Monitor => &[
            "ui_metadata",
            "last_update_time",
            "enabled_time",
            "schema_version",
            "user",
            // Whether it runs is the operator's choice, made in Dashboards as well as here.
            "enabled",
            "owner",
            "data_sources",
            "delete_query_index_in_every_run",
            "should_create_single_alert_for_findings",
            "id",
        ],
        Kind::Component | Kind::Template | Kind::Role | Kind::Index | Kind::Saved(_) | Kind::Setting => &[],
    }
}

/// Keys of the outermost object that are a server's or the mark's. Only there: a mapping has fields of such names.
const OUTER_KEYS: &[&str] = &["_meta", "version", "reserved", "hidden", "static"];

impl Object {
    pub fn new(kind: Kind, name: impl Into<String>, body: Value) -> Self {
        Self { kind, name: name.into(), body, create_only: false }
    }

    pub fn once(kind: Kind, name: impl Into<String>, body: Value) -> Self {
        Self { create_only: true, ..Self::new(kind, name, body) }
    }

    pub fn mark(&self) -> Mark {
        Mark { version: u64::from(VERSION), hash: hash(&self.kind, &self.body) }
    }

    /// The body as it is written, with the mark where its kind has room for one.
    pub fn marked(&self) -> Value {
        let mut body = self.body.clone();
        if self.create_only {
            return body;
        }
        let mark = self.mark();
        match &self.kind {
            Kind::Component | Kind::Template => {
                let meta = entry(&mut body, "_meta");
                meta.insert("managed_by".to_owned(), json!(MANAGED_BY));
                meta.insert("version".to_owned(), json!(mark.version));
                meta.insert("hash".to_owned(), json!(mark.hash));
            }
            Kind::Policy => append(body.pointer_mut("/policy/description"), &mark),
            Kind::Role => append(body.pointer_mut("/description"), &mark),
            Kind::Saved(_) => append(body.pointer_mut("/attributes/description"), &mark),
            Kind::Monitor => {
                let text = mark_text(&mark);
                entry(&mut body, "ui_metadata").insert(MANAGED_BY.to_owned(), json!(text));
            }
            Kind::Index | Kind::Setting => {}
        }
        body
    }
}

/// The mark on a body that a server gave; `None` means somebody else's, or a kind that has no room for one.
pub fn read_mark(kind: &Kind, body: &Value) -> Option<Mark> {
    match kind {
        Kind::Component | Kind::Template => {
            let meta = body.get("_meta")?;
            let is_ours = meta.get("managed_by").and_then(Value::as_str) == Some(MANAGED_BY);
            let version = meta.get("version").and_then(Value::as_u64)?;
            let hash = meta.get("hash").and_then(Value::as_str)?.to_owned();
            is_ours.then_some(Mark { version, hash })
        }
        Kind::Policy => parse_mark(body.pointer("/policy/description")?.as_str()?),
        Kind::Role => parse_mark(body.get("description")?.as_str()?),
        Kind::Saved(_) => parse_mark(body.pointer("/attributes/description")?.as_str()?),
        Kind::Monitor => parse_mark(body.get("ui_metadata")?.get(MANAGED_BY)?.as_str()?),
        Kind::Index | Kind::Setting => None,
    }
}

/// A body without what servers add and without the mark, every scalar as text, empty things left out: two bodies
/// that mean the same are equal.
pub fn canonical(kind: &Kind, body: &Value) -> Value {
    let body = match kind {
        Kind::Saved(_) => json!({ "attributes": body.get("attributes"), "references": references(body) }),
        _ => {
            let outer = body.as_object().cloned().unwrap_or_default();
            outer.into_iter().filter(|(key, _)| !OUTER_KEYS.contains(&key.as_str())).collect()
        }
    };
    sorted(&plain(&body, servers_keys(kind)).unwrap_or(Value::Null))
}

pub fn hash(kind: &Kind, body: &Value) -> String {
    let digest = blake3::hash(canonical(kind, body).to_string().as_bytes());
    digest.to_hex().as_str()[..16].to_owned()
}

fn plain(value: &Value, dropped: &[&str]) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) => Some(Value::String(value.to_string())),
        Value::String(text) => {
            let text = without_mark(text);
            (!text.is_empty()).then(|| Value::String(text.to_owned()))
        }
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().filter_map(|item| plain(item, dropped)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(map) => {
            let ours = map.iter().filter(|(key, _)| !dropped.contains(&key.as_str()));
            let map: Map<String, Value> =
                ours.filter_map(|(key, value)| Some((key.clone(), plain(value, dropped)?))).collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
    }
}

/// Servers keep references in their own order.
fn references(body: &Value) -> Value {
    let mut list = body.get("references").and_then(Value::as_array).cloned().unwrap_or_default();
    let key = |item: &Value| item.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    list.sort_by_key(key);
    Value::Array(list)
}

fn entry<'a>(body: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    if !body.get(key).is_some_and(Value::is_object) {
        body[key] = json!({});
    }
    body[key].as_object_mut().expect("made an object above")
}

fn append(place: Option<&mut Value>, mark: &Mark) {
    if let Some(Value::String(text)) = place {
        let space = if text.is_empty() { "" } else { " " };
        text.push_str(&format!("{space}{}", mark_text(mark)));
    }
}

fn mark_text(mark: &Mark) -> String {
    format!("[{MANAGED_BY} v{} {}]", mark.version, mark.hash)
}

fn parse_mark(text: &str) -> Option<Mark> {
    let inner = text.strip_suffix(']')?.rsplit_once('[')?.1;
    let mut words = inner.split(' ');
    let (Some(MANAGED_BY), Some(version), Some(hash), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    Some(Mark { version: version.strip_prefix('v')?.parse().ok()?, hash: hash.to_owned() })
}

fn without_mark(text: &str) -> &str {
    if parse_mark(text).is_none() {
        return text;
    }
    text.rsplit_once('[').map_or(text, |(before, _)| before.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_adds_is_no_difference() {
        let check = |kind: Kind, sent: Value, got: Value, same: bool| {
            assert_eq!(canonical(&kind, &sent) == canonical(&kind, &got), same, "{sent} {got}");
        };
        let numbers = json!({"template": {"settings": {"index": {"number_of_shards": 1}}}, "version": 1});
        let strings =
            json!({"template": {"settings": {"index": {"number_of_shards": "1"}}}, "_meta": {"a": 1}});
        check(Kind::Component, numbers.clone(), strings, true);
        check(Kind::Component, numbers, json!({"template": {}}), false);
        let role = json!({"description": "d", "cluster_permissions": ["a"]});
        let kept = json!({"description": "d", "cluster_permissions": ["a"], "reserved": false, "fls": [], "dls": null});
        check(Kind::Role, role, kept, true);
        let saved = json!({"attributes": {"title": "t"}, "references": [{"name": "b", "id": "2", "type": "x"},
            {"name": "a", "id": "1", "type": "x"}]});
        let moved = json!({"attributes": {"title": "t"}, "references": [{"name": "a", "id": "1", "type": "x"},
            {"name": "b", "id": "2", "type": "x"}], "updated_at": "now"});
        check(Kind::Saved("search".into()), saved.clone(), moved, true);
        let elsewhere =
            json!({"attributes": {"title": "t"}, "references": [{"name": "a", "id": "9", "type": "x"}]});
        check(Kind::Saved("search".into()), saved, elsewhere, false);
        let field = json!({"template": {"mappings": {"properties": {"id": {"type": "keyword"}}}}});
        let other = json!({"template": {"mappings": {"properties": {"id": {"type": "text"}}}}});
        check(Kind::Component, field, other, false);
    }

    #[test]
    fn every_kind_gives_its_mark_back_and_the_mark_changes_nothing() {
        for (kind, body) in [
            (Kind::Component, json!({"template": {}, "_meta": {"description": "d"}})),
            (Kind::Policy, json!({"policy": {"description": "d", "states": [1]}})),
            (Kind::Role, json!({"description": "d"})),
            (Kind::Saved("visualization".into()), json!({"attributes": {"description": "", "title": "t"}})),
            (Kind::Monitor, json!({"name": "n"})),
        ] {
            let object = Object::new(kind.clone(), "n", body);
            let written = object.marked();
            assert_eq!(read_mark(&kind, &written), Some(object.mark()), "{kind:?}");
            assert_eq!(hash(&kind, &written), object.mark().hash, "{kind:?}");
        }
        assert_eq!(read_mark(&Kind::Role, &json!({"description": "of [correlog v1]"})), None);
    }
}
