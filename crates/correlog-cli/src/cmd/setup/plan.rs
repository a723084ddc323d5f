//! What would be done to each object, decided from what is wanted and what is there. It asks nothing of a server.

use super::object::{self, Kind, Object};
use serde_json::Value;

/// What stands on the server, as the kind's own body.
#[derive(Clone, Debug)]
pub struct Found {
    pub body: Value,
    /// What an update must name: sequence number and term, or the server's own id.
    pub token: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Absent,
    /// Says the same, whoever wrote it.
    Same,
    /// Ours, untouched since, and another version or setting of it.
    Older,
    /// Ours, written by a newer correlog.
    Newer,
    /// Ours, and then changed by hand.
    Changed,
    /// Somebody else's of the same name.
    Foreign,
}

/// One line of the plan.
#[derive(Clone, Debug)]
pub struct Step {
    pub object: Object,
    pub found: Option<Found>,
    pub state: State,
    /// One difference a line: path, what is there, what would be.
    pub diff: Vec<Difference>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub path: String,
    pub there: Option<String>,
    pub wanted: Option<String>,
}

impl Step {
    pub fn new(object: Object, found: Option<Found>) -> Self {
        let (state, diff) = match &found {
            None => (State::Absent, Vec::new()),
            Some(found) => compare(&object, &found.body),
        };
        Self { object, found, state, diff }
    }

    /// Whether `apply` does something to it.
    pub const fn is_pending(&self) -> bool {
        !matches!(self.state, State::Same)
    }

    /// Whether `apply` refuses without `--force`.
    pub const fn is_refused(&self) -> bool {
        matches!(self.state, State::Changed | State::Foreign | State::Newer)
    }

    pub const fn word(&self) -> &'static str {
        match self.state {
            State::Absent => "create",
            State::Same => "keep",
            State::Older => "update",
            State::Newer => "newer than this correlog",
            State::Changed => "changed by hand",
            State::Foreign => "not ours",
        }
    }
}

fn compare(object: &Object, there: &Value) -> (State, Vec<Difference>) {
    if object.create_only {
        return (State::Same, Vec::new());
    }
    let wanted_form = object::canonical(&object.kind, &object.body);
    let there_form = object::canonical(&object.kind, there);
    if wanted_form == there_form {
        return if is_to_be_enabled(object, there) { enable() } else { (State::Same, Vec::new()) };
    }
    let mut diff = Vec::new();
    differences(&there_form, &wanted_form, String::new(), &mut diff);
    let mark = object::read_mark(&object.kind, there);
    let state = match mark {
        None if is_rewritten_by_dashboards(&object.kind) || object.kind == Kind::Setting => State::Older,
        None => State::Foreign,
        Some(mark) if mark.version > object.mark().version => State::Newer,
        Some(mark) if mark.hash == object::hash(&object.kind, there) => State::Older,
        Some(_) => State::Changed,
    };
    (state, diff)
}

/// Whether a monitor runs is the operator's choice; setup only ever switches one on, and only when told to.
fn is_to_be_enabled(object: &Object, there: &Value) -> bool {
    object.kind == Kind::Monitor && object.body["enabled"] == true && there["enabled"] == false
}

fn enable() -> (State, Vec<Difference>) {
    let side = |on: bool| Some(on.to_string());
    (State::Older, vec![Difference { path: "enabled".to_owned(), there: side(false), wanted: side(true) }])
}

/// Dashboards saves the index pattern by itself, with the opener's address in every formatter; that is repaired
/// without asking, and there is no room for a mark in it.
fn is_rewritten_by_dashboards(kind: &Kind) -> bool {
    matches!(kind, Kind::Saved(kind) if kind == "index-pattern")
}

fn differences(there: &Value, wanted: &Value, path: String, out: &mut Vec<Difference>) {
    match (there, wanted) {
        (Value::Object(left), Value::Object(right)) => {
            let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let (left, right) = (left.get(key), right.get(key));
                differences(left.unwrap_or(&Value::Null), right.unwrap_or(&Value::Null), path, out);
            }
        }
        _ if there == wanted => {}
        _ => out.push(Difference { path, there: shown(there), wanted: shown(wanted) }),
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn component(shards: &str) -> Object {
        let settings = json!({"template": {"settings": {"index": {"number_of_shards": shards}}}});
        Object::new(Kind::Component, "c", settings)
    }

    fn state(object: &Object, there: Value) -> State {
        Step::new(object.clone(), Some(Found { body: there, token: None })).state
    }

    #[test]
    fn each_state_is_told_from_the_others() {
        let (old, new) = (component("1"), component("2"));
        assert_eq!(Step::new(new.clone(), None).state, State::Absent);
        assert_eq!(state(&new, new.marked()), State::Same);
        assert_eq!(state(&new, new.body.clone()), State::Same, "imported by hand from the files");
        assert_eq!(state(&new, old.marked()), State::Older);
        assert_eq!(state(&new, old.body.clone()), State::Foreign);
        let mut touched = old.marked();
        touched["template"]["settings"]["index"]["codec"] = json!("default");
        assert_eq!(state(&new, touched), State::Changed);
        let mut newer = old.marked();
        newer["_meta"]["version"] = json!(99);
        assert_eq!(state(&new, newer), State::Newer);
        let custom = Object::once(Kind::Component, "c@custom", json!({"template": {}}));
        assert_eq!(state(&custom, json!({"template": {"mappings": {}}})), State::Same, "the user's");
    }

    #[test]
    fn a_monitor_is_only_ever_switched_on() {
        let monitor = |on: bool| Object::new(Kind::Monitor, "m", json!({"name": "m", "enabled": on}));
        assert_eq!(state(&monitor(false), monitor(true).marked()), State::Same);
        assert_eq!(state(&monitor(true), monitor(true).marked()), State::Same);
        assert_eq!(state(&monitor(true), monitor(false).marked()), State::Older);
    }

    #[test]
    fn a_difference_names_its_path_and_both_sides() {
        let found = Found { body: component("1").body, token: None };
        let step = Step::new(component("2"), Some(found));
        let expect = Difference {
            path: "template.settings.index.number_of_shards".to_owned(),
            there: Some("1".to_owned()),
            wanted: Some("2".to_owned()),
        };
        assert_eq!(step.diff, [expect]);
        assert!(step.is_refused());
    }
}
