//! Every panel of every dashboard run on a real node over what the demo's services wrote and the shipper shipped, its
//! own status documents among it, each returning data; and `setup` importing them into what answers as OpenSearch Dashboards does.

use correlog_dashboards::{Prefixes, request, saved_objects};
use correlog_tests::fake;
use correlog_tests::place::{Document, Place, lines};
use correlog_tests::service::Services;
use correlog_tests::wait;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use xtask::{http, traffic};

#[test]
fn every_panel_finds_data_in_documents_of_the_demo() {
    let place = Place::new("panels");
    shipped_demo(&place);
    let (logs, workflow) = (format!("{}-logs", place.prefix), format!("{}-workflow", place.prefix));
    let objects = saved_objects(&Prefixes { logs: &logs, workflow: &workflow });
    let requests = request::all(&objects);
    assert!(requests.len() > 60, "only {} requests", requests.len());
    let mut empty = Vec::new();
    for request in &requests {
        let url = format!("{}/{}/_search", place.url, request.index);
        let answer = http::post(&url, &request.body).expect("the node answers");
        let reply = answer.json();
        let failed = reply["_shards"]["failed"].as_u64();
        assert!(answer.status == 200 && failed == Some(0), "{}: {}", request.panel, answer.text);
        let hits = reply["hits"]["total"]["value"].as_u64().unwrap_or(0);
        let aggs = reply.get("aggregations");
        if hits == 0 || aggs.is_some_and(|aggs| !has_data(aggs)) {
            empty.push(format!("{}: {}", request.panel, answer.text));
        }
    }
    assert!(empty.is_empty(), "{}", empty.join("\n"));
}

/// The demo's services, its callers and a running shipper, until everything is stored and the shipper has told of it.
/// A record that is none and a blank line are there to be refused and skipped.
fn shipped_demo(place: &Place) {
    place.configure("environment = \"demo\"\n[admin]\nreport_every = \"1s\"\n");
    let services = Services::start(place);
    place.write("logs/broken.jsonl", "{\"record\":\"workflow_run\",\"id\"\n\nplain words\n");
    let shipper = place.ship();
    traffic::variety(&services.api).expect("the api answers");
    traffic::runs(&services.api, 10).expect("the api answers");
    services.stop();
    let files = ["api", "worker", "broken"].map(|name| place.path(&format!("logs/{name}.jsonl")));
    let written: usize = files.iter().map(|file| lines(file).len()).sum();
    wait::until("every line settled", 120, || {
        let status = place.correlog(&["status", "--json"]).json();
        let settled = ["stored", "refused", "skipped"].map(|key| status["lines"][key].as_u64().unwrap_or(0));
        (settled.iter().sum::<u64>() == written as u64).then_some(())
    });
    wait::until("a first account", 60, || (!accounts(place).is_empty()).then_some(()));
    assert_eq!(shipper.terminate(), Some(0));
    let sum = |key: &str| -> u64 {
        accounts(place).iter().filter_map(|account| account.source["shipper"][key].as_u64()).sum()
    };
    let sums = ["lines_read", "lines_refused", "lines_skipped"].map(sum);
    assert_eq!(sums, [written as u64, 1, 1], "what the shipper says of itself");
    assert_eq!(sum("lines_stored"), written as u64 - 2);
    // Stored is not searchable yet: an index is refreshed every five seconds.
    let refreshed = http::post(&format!("{}/{}-*/_refresh", place.url, place.prefix), &json!({}));
    assert_eq!(refreshed.expect("the node answers").status, 200);
}

fn accounts(place: &Place) -> Vec<Document> {
    let mut found = place.documents_of("logs-*");
    found.retain(|document| document.source["record"] == "shipper_status");
    found
}

/// Every aggregation has a bucket or a value, and every named filter counts something.
fn has_data(aggs: &Value) -> bool {
    aggs.as_object().into_iter().flatten().all(|(_, agg)| {
        match (&agg["buckets"], agg.get("value"), &agg["values"]) {
            (Value::Array(buckets), _, _) => !buckets.is_empty() && buckets.iter().any(bucket_has_data),
            (Value::Object(filters), _, _) => filters.values().all(|filter| filter["doc_count"] != 0),
            (_, Some(value), _) => !value.is_null(),
            (_, _, Value::Object(values)) => values.values().any(|value| !value.is_null()),
            _ => agg["doc_count"].as_u64().is_some_and(|count| count > 0),
        }
    })
}

fn bucket_has_data(bucket: &Value) -> bool {
    let inner: serde_json::Map<String, Value> = bucket
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.is_object())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    has_data(&Value::Object(inner))
}

/// What Dashboards would ask the cluster for when it has no list of its own, beside the list that is shipped: then nobody's
/// browser writes the pattern anew.
#[test]
fn the_shipped_list_of_fields_is_the_nodes_own() {
    let place = Place::new("caps");
    let (logs, workflow) = (format!("{}-logs", place.prefix), format!("{}-workflow", place.prefix));
    let objects = saved_objects(&Prefixes { logs: &logs, workflow: &workflow });
    let shipped: Vec<Value> =
        serde_json::from_str(text(&objects[0]["attributes"]["fields"])).expect("a list");
    let answer = http::get(&format!("{}/{logs}-*,{workflow}-*/_field_caps?fields=*", place.url));
    let answer = answer.expect("the node answers").json();
    let mut nodes = answer["fields"].as_object().cloned().expect("fields");
    let known = ["_id", "_index", "_source"];
    nodes.retain(|name, kinds| {
        kinds.get("object").is_none() && (!name.starts_with('_') || known.contains(&name.as_str()))
    });
    let names: Vec<&str> = shipped.iter().map(|field| text(&field["name"])).collect();
    assert_eq!(names, nodes.keys().map(String::as_str).collect::<Vec<_>>());
    for field in &shipped {
        let name = text(&field["name"]);
        let (kind, found) = nodes[name].as_object().and_then(|kinds| kinds.iter().next()).expect("one type");
        assert_eq!(field["esTypes"], json!([kind]), "{name}");
        assert_eq!(field["aggregatable"], found["aggregatable"], "{name}");
        // A number that has only its column is searched by that, although the node does not call it searchable.
        let by_column = found["aggregatable"] == true && ["float", "long"].contains(&kind.as_str());
        assert!(field["searchable"] == found["searchable"] || by_column, "{name}: {found}");
    }
}

/// Saved objects and settings by path, as Dashboards keeps them.
type Kept = Arc<Mutex<BTreeMap<String, Value>>>;

fn fake_dashboards(kept: &Kept) -> String {
    let kept = Arc::clone(kept);
    fake::serve(move |request| {
        let mut kept = kept.lock().expect("no test panics while it holds this");
        let missing = (404, json!({ "statusCode": 404, "message": "Not Found" }).to_string());
        if request.method != "GET" && request.header("osd-xsrf").is_none() {
            return (400, json!({ "message": "Request must contain a osd-xsrf header." }).to_string());
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/api/saved_objects/_import?overwrite=true") => {
                if !request.body.contains(".ndjson\"") {
                    return (400, json!({ "message": "Invalid file extension" }).to_string());
                }
                let objects: Vec<Value> =
                    request.body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
                if let Some(missing) = missing_reference(&kept, &objects) {
                    let errors = json!([{ "error": { "type": "missing_references" }, "id": missing }]);
                    return (
                        200,
                        json!({ "success": false, "successCount": 0, "errors": errors }).to_string(),
                    );
                }
                for mut object in objects.iter().cloned() {
                    object["updated_at"] = json!("now");
                    let path =
                        format!("/api/saved_objects/{}/{}", text(&object["type"]), text(&object["id"]));
                    kept.insert(path, object);
                }
                (200, json!({ "success": true, "successCount": objects.len() }).to_string())
            }
            ("GET", "/api/opensearch-dashboards/settings") => {
                let settings = kept.get("settings").cloned().unwrap_or(json!({}));
                (200, json!({ "settings": settings }).to_string())
            }
            ("POST", "/api/opensearch-dashboards/settings") => {
                let body: Value = serde_json::from_str(&request.body).expect("JSON");
                for (name, value) in body["changes"].as_object().expect("changes") {
                    let settings = kept.entry("settings".to_owned()).or_insert(json!({}));
                    settings[name] = json!({ "userValue": value });
                }
                (200, json!({ "settings": {} }).to_string())
            }
            ("GET", path) => kept.get(path).map_or(missing, |object| (200, object.to_string())),
            ("DELETE", path) => kept.remove(path).map_or(missing, |_| (200, "{}".to_owned())),
            _ => missing,
        }
    })
}

/// What some object points at and neither stands there nor comes with it.
fn missing_reference(kept: &BTreeMap<String, Value>, objects: &[Value]) -> Option<String> {
    let references = objects.iter().filter_map(|object| object["references"].as_array()).flatten();
    let path = |one: &Value| format!("/api/saved_objects/{}/{}", text(&one["type"]), text(&one["id"]));
    let coming: Vec<String> = objects.iter().map(path).collect();
    references.map(path).find(|wanted| !coming.contains(wanted) && !kept.contains_key(wanted))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn setup_imports_compares_and_takes_away_saved_objects() {
    let kept = Kept::default();
    let url = fake_dashboards(&kept);
    let place = Place::new("import");
    let all = ["--dashboards-url", &url, "--trace-analytics"];
    let setup = |words: &[&str]| place.correlog(&[&["setup"], words, &all].concat());
    let unasked = place.correlog(&["setup", "plan", "--dashboards-url", &url]).expect(2).stdout;
    assert!(unasked.contains("correlog-trace") && !unasked.contains("Dashboards setting"), "{unasked}");
    let applied = setup(&["apply"]).expect(0).stdout;
    assert!(applied.contains("Dashboards setting"), "{applied}");
    assert!(
        applied.contains(&format!("dashboards: {url}/app/dashboards#/view/correlog-trace?_g=")),
        "{applied}"
    );
    setup(&["plan"]).expect(0);
    let settings = kept.lock().expect("not poisoned")["settings"].clone();
    let value = |name: &str| text(&settings[format!("observability:{name}")]["userValue"]).to_owned();
    let logs = format!("{}-logs-*", place.prefix);
    assert!(value("traceAnalyticsCorrelatedLogsIndices").contains(&logs), "{settings}");
    let names: Value =
        serde_json::from_str(&value("traceAnalyticsCorrelatedLogsFieldMappings")).expect("JSON");
    let ours = [
        ("serviceName", "service.name"),
        ("spanId", "span_id"),
        ("timestamp", "@timestamp"),
        ("traceId", "trace_id"),
    ];
    for (theirs, ours) in ours {
        assert_eq!(names[theirs], ours, "{theirs}");
    }

    let path = "/api/saved_objects/visualization/correlog-o-lines";
    let change = |pointer: &str, value: Value| {
        let mut kept = kept.lock().expect("not poisoned");
        *kept.get_mut(path).and_then(|object| object.pointer_mut(pointer)).expect("imported") = value;
    };
    change("/attributes/title", json!("My lines"));
    let diff = setup(&["diff"]).expect(2).stdout;
    assert!(diff.contains("correlog-o-lines: changed by hand") && diff.contains("- My lines"), "{diff}");
    setup(&["apply"]).expect(1);
    assert_eq!(
        kept.lock().expect("not poisoned")[path]["attributes"]["title"],
        "My lines",
        "not replaced silently"
    );
    setup(&["apply", "--force"]).expect(0);
    assert_eq!(kept.lock().expect("not poisoned")[path]["attributes"]["title"], "Lines");

    // What Dashboards itself does to the pattern on a save: repaired without asking.
    let pattern = "/api/saved_objects/index-pattern/correlog-all";
    kept.lock().expect("not poisoned").get_mut(pattern).expect("imported")["attributes"]["fieldFormatMap"] =
        json!("{\"trace_id\":{\"params\":{\"parsedUrl\":{}}}}");
    setup(&["apply"]).expect(0);
    let repaired = kept.lock().expect("not poisoned")[pattern].to_string();
    assert!(!repaired.contains("parsedUrl"), "{repaired}");

    setup(&["remove"]).expect(0);
    let left: Vec<String> = kept.lock().expect("not poisoned").keys().cloned().collect();
    assert_eq!(left, ["settings"]);
}
