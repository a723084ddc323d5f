//! What setup sends to the plugins a development node lacks (index management, security, alerting), by shape: a
//! server of the test's own that adds to each object what the real ones add. It proves no plugin's behaviour.

use correlog_tests::fake::{self, Request};
use correlog_tests::place::Place;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

type Kept = Arc<Mutex<BTreeMap<String, Value>>>;

fn cluster(kept: &Kept) -> String {
    let kept = Arc::clone(kept);
    fake::serve(move |request| {
        let mut kept = kept.lock().expect("no test panics while it holds this");
        let (status, body) = answer(&mut kept, request);
        (status, body.to_string())
    })
}

fn answer(kept: &mut BTreeMap<String, Value>, request: &Request) -> (u16, Value) {
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    let body: Value = serde_json::from_str(&request.body).unwrap_or(Value::Null);
    match (request.method.as_str(), path.as_str()) {
        ("GET", "/") => (200, json!({ "version": { "number": "3.8.0", "distribution": "opensearch" } })),
        ("GET", "/_cat/plugins") => {
            let names = ["index-management", "security", "alerting", "custom-codecs"];
            (200, names.iter().map(|name| json!({ "component": format!("opensearch-{name}") })).collect())
        }
        ("POST", path) if path.contains("_simulate_index") => (200, json!({ "overlapping": [] })),
        ("POST", "/_plugins/_alerting/monitors/_search") => (200, monitors(kept, &body)),
        ("POST", "/_plugins/_alerting/monitors") => {
            kept.insert(format!("/_plugins/_alerting/monitors/{}", id(&body["name"])), body);
            (201, json!({}))
        }
        ("POST", path) if path.ends_with("_search") => (200, json!({ "hits": { "total": { "value": 3 } } })),
        ("POST", _) => {
            kept.insert(format!("POST {path}"), body);
            (200, json!({}))
        }
        ("PUT", _) => {
            kept.insert(path, body);
            (200, json!({}))
        }
        ("DELETE", _) => (if kept.remove(&path).is_some() { 200 } else { 404 }, json!({})),
        _ => kept.get(&path).map_or((404, json!({})), |body| (200, read(&path, body))),
    }
}

/// Each object as its own API gives it back, with what the plugin adds.
fn read(path: &str, body: &Value) -> Value {
    let name = path.rsplit('/').next().unwrap_or_default();
    if path.starts_with("/_component_template") {
        return json!({ "component_templates": [{ "name": name, "component_template": body }] });
    }
    if path.starts_with("/_index_template") {
        return json!({ "index_templates": [{ "name": name, "index_template": body }] });
    }
    if path.starts_with("/_plugins/_security") {
        let mut role = body.clone();
        for (key, value) in [("reserved", json!(false)), ("hidden", json!(false)), ("static", json!(false))] {
            role[key] = value;
        }
        role["index_permissions"][0]["masked_fields"] = json!([]);
        role["index_permissions"][0]["fls"] = json!([]);
        return json!({ name: role });
    }
    if path.starts_with("/_plugins/_ism") {
        let mut policy = body["policy"].clone();
        policy["policy_id"] = json!(name);
        policy["last_updated_time"] = json!(1_795_257_000_000_i64);
        policy["schema_version"] = json!(21);
        policy["error_notification"] = Value::Null;
        policy["ism_template"][0]["last_updated_time"] = json!(1_795_257_000_000_i64);
        return json!({ "_id": name, "_seq_no": 7, "_primary_term": 1, "policy": policy });
    }
    json!({ name: body })
}

/// The plugin makes ids of letters; the name's last word will do.
fn id(name: &Value) -> String {
    name.as_str().unwrap_or_default().rsplit(' ').next().unwrap_or_default().to_owned()
}

fn monitors(kept: &BTreeMap<String, Value>, query: &Value) -> Value {
    let id = id(&query["query"]["term"]["monitor.name.keyword"]);
    let found = kept.get(&format!("/_plugins/_alerting/monitors/{id}"));
    let hits: Vec<Value> = found
        .map(|monitor| {
            let mut monitor = monitor.clone();
            monitor["last_update_time"] = json!(1_795_257_000_000_i64);
            monitor["user"] = json!({ "name": "admin", "roles": ["all_access"] });
            for (_, trigger) in monitor["triggers"][0].as_object_mut().expect("one trigger") {
                trigger["id"] = json!("x1");
            }
            json!({ "_id": id, "_source": { "monitor": monitor } })
        })
        .into_iter()
        .collect();
    json!({ "hits": { "hits": hits } })
}

#[test]
fn plugins_get_their_objects_once_and_what_they_add_is_no_change() {
    let kept = Kept::default();
    let place = Place::at("plugins", &cluster(&kept));
    let applied = place.correlog(&["setup", "apply", "--retain-days", "30"]).expect(0).stdout;
    for part in
        ["retention policy correlog: create", "role correlog_shipper: create", "monitor [correlog] HighAPI"]
    {
        assert!(applied.contains(part), "{part}: {applied}");
    }
    place.correlog(&["setup", "plan", "--retain-days", "30"]).expect(0);
    let get = |path: &str| kept.lock().expect("not poisoned")[path].clone();
    let settings = get(&format!("/_component_template/correlog-{}-logs@settings", place.prefix));
    assert_eq!(
        settings["template"]["settings"]["index"]["codec"], "zstd_no_dict",
        "the codec plugin is there"
    );
    let monitor = get("/_plugins/_alerting/monitors/WorkflowFailureRate");
    assert_eq!(monitor["enabled"], false);
    // The policy's own template acts only on new indices: days that are there already are attached.
    let attached = |verb: &str, family: &str| {
        let path = format!("POST /_plugins/_ism/{verb}/{}-{family}-2*", place.prefix);
        kept.lock().expect("not poisoned").get(&path).map(|body| body["policy_id"].clone())
    };
    for family in ["logs", "workflow"] {
        assert_eq!(attached("add", family), Some(json!("correlog")), "{family}");
        assert_eq!(attached("change_policy", family), None, "{family}");
    }

    // Asked to: switched on, and not off again by an apply that says nothing of it.
    place.correlog(&["setup", "apply", "--retain-days", "30", "--enable-alerts"]).expect(0);
    let switched = || get("/_plugins/_alerting/monitors/WorkflowFailureRate")["enabled"].clone();
    assert_eq!(switched(), true);
    place.correlog(&["setup", "apply", "--retain-days", "14"]).expect(0);
    assert_eq!(switched(), true);
    let policy = get("/_plugins/_ism/policies/correlog").to_string();
    assert!(policy.contains("\"14d\""), "our own older policy is updated: {policy}");
    assert_eq!(
        attached("change_policy", "logs"),
        Some(json!("correlog")),
        "days keep the policy they were given"
    );

    // Somebody gives the shipper's role more than it needs: shown, and not undone silently.
    let role = "/_plugins/_security/api/roles/correlog_shipper";
    kept.lock().expect("not poisoned").get_mut(role).expect("made")["cluster_permissions"] = json!(["*"]);
    let refused = place.correlog(&["setup", "apply", "--retain-days", "14"]).expect(1);
    assert!(refused.stdout.contains("role correlog_shipper: changed by hand"), "{}", refused.stdout);
    place.correlog(&["setup", "remove", "--force"]).expect(0);
    let left: Vec<String> = kept.lock().expect("not poisoned").keys().cloned().collect();
    assert!(left.iter().all(|path| !path.starts_with("/_")), "{left:?}");
}
