//! `correlog setup` on a real node: plan, apply, drift by hand, overlapping templates, export and remove; the mapping
//! that golden lines of every kind meet; and `correlog retain`.

use correlog_schema::index::Family;
use correlog_schema::records::RecordKind;
use correlog_tests::place::Place;
use correlog_tests::{fake, node_url};
use serde_json::{Value, json};
use xtask::http;

/// A place of its own, not yet set up.
fn bare(name: &str) -> Place {
    Place::at(name, node_url())
}

fn put(url: &str, body: &Value) -> u16 {
    http::put(url, body).expect("the node answers").status
}

fn component(place: &Place, part: &str) -> String {
    format!("{}/_component_template/correlog-{}-logs@{part}", place.url, place.prefix)
}

/// A component template as the node keeps it.
fn stored(url: &str) -> Value {
    let answer = http::get(url).expect("the node answers").json();
    answer["component_templates"][0]["component_template"].clone()
}

#[test]
fn a_plan_is_pending_until_it_is_applied_and_changes_nothing_itself() {
    let place = bare("plan");
    let plan = place.correlog(&["setup", "plan"]).expect(2);
    assert!(plan.stdout.contains("12 to change, 0 as they should be"), "{}", plan.stdout);
    assert_eq!(http::get(&component(&place, "settings")).expect("the node answers").status, 404);
    let applied = place.correlog(&["setup", "apply"]).expect(0);
    assert!(applied.stdout.contains("found by its id, 3 documents"), "{}", applied.stdout);
    assert_eq!(place.count(), 0, "the smoke test takes its documents away");
    let meta = stored(&component(&place, "mappings"))["_meta"].clone();
    assert_eq!((&meta["managed_by"], &meta["version"]), (&json!("correlog"), &json!(1)), "{meta}");
    assert!(meta["hash"].as_str().is_some_and(|hash| hash.len() == 16), "{meta}");
    assert_eq!(stored(&component(&place, "custom")), json!({ "template": {} }), "made empty");
    for words in [["setup", "plan"], ["setup", "diff"]] {
        place.correlog(&words).expect(0);
    }
    let again: Value = serde_json::from_str(&place.correlog(&["setup", "apply", "--json"]).expect(0).stdout)
        .expect("--json is JSON");
    assert_eq!(again["pending"], 0);
    assert_eq!(again["smoke"]["found"], 3);
}

#[test]
fn status_tells_what_is_there() {
    let place = Place::new("state");
    let day = format!("{}/{}-logs-2020.01.31", place.url, place.prefix);
    for number in 0..3 {
        assert_eq!(put(&format!("{day}/_doc/{number}"), &json!({ "message": "x" })), 201);
    }
    assert_eq!(place.count(), 3);
    let text = place.correlog(&["setup", "status"]).expect(0).stdout;
    for part in ["OpenSearch 3.8.0 at", "3 documents", "0 documents"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let status = place.correlog(&["setup", "status", "--json"]).expect(0).json();
    assert_eq!((&status["version"], &status["pending"]), (&json!("3.8.0"), &json!(0)), "{status}");
    let indices = status["indices"].as_array().expect("indices");
    assert_eq!(indices.len(), 5, "today's and tomorrow's of both, and one more: {status}");
}

/// The filter of the reader's role as the security plugin applies it: the user's attribute put in, and the query run.
#[test]
fn the_readers_filter_shows_one_tenant_and_nothing_without_one() {
    let place = Place::new("dls");
    let day = format!("{}/{}-logs-2026.11.21", place.url, place.prefix);
    for (id, tenant) in [("a", Some("acme")), ("b", Some("acme-1")), ("c", Some("globex")), ("d", None)] {
        assert_eq!(put(&format!("{day}/_doc/{id}"), &json!({ "message": "x", "tenant_id": tenant })), 201);
    }
    assert_eq!(place.count(), 4);
    let role = std::fs::read_to_string(
        xtask::exec::root().join("index-templates/roles/correlog_reader_by_tenant.json"),
    );
    let role: Value = serde_json::from_str(&role.expect("committed")).expect("JSON");
    let filter = role["index_permissions"][0]["dls"].as_str().expect("a filter");
    let filter: Value =
        serde_json::from_str(&filter.replace("${attr.internal.tenant_id}", "acme")).expect("a query");
    let answer =
        http::post(&format!("{day}/_search"), &json!({ "query": filter })).expect("the node answers");
    let hits = answer.json()["hits"]["hits"].clone();
    let seen: Vec<&Value> = hits.as_array().expect("hits").iter().map(|hit| &hit["_id"]).collect();
    assert_eq!(seen, ["a"], "{}", answer.text);
}

#[test]
fn what_was_changed_by_hand_or_is_somebody_elses_is_shown_and_kept_without_force() {
    let place = bare("drift");
    place.correlog(&["setup", "apply"]).expect(0);
    let url = component(&place, "settings");
    let mut body = stored(&url);
    body["template"]["settings"]["index"]["refresh_interval"] = json!("9s");
    assert_eq!(put(&url, &body), 200);
    let custom = json!({ "template": { "settings": { "index.refresh_interval": "1s" } } });
    assert_eq!(put(&component(&place, "custom"), &custom), 200);

    let diff = place.correlog(&["setup", "diff"]).expect(2);
    for part in ["changed by hand", "template.settings.index.refresh_interval", "- 9s", "+ 5s"] {
        assert!(diff.stdout.contains(part), "{part}: {}", diff.stdout);
    }
    let refused = place.correlog(&["setup", "apply"]).expect(1);
    assert!(refused.stderr.contains("nothing was changed"), "{}", refused.stderr);
    place.correlog(&["setup", "apply", "--force"]).expect(0);
    place.correlog(&["setup", "plan"]).expect(0);
    let kept = http::get(&component(&place, "custom")).expect("the node answers").text;
    assert!(kept.contains("\"1s\""), "the user's component is never touched: {kept}");

    let foreign = json!({ "template": { "settings": { "index.codec": "default" } } });
    assert_eq!(put(&url, &foreign), 200);
    let diff = place.correlog(&["setup", "diff"]).expect(2);
    assert!(diff.stdout.contains("not ours"), "{}", diff.stdout);
    place.correlog(&["setup", "apply"]).expect(1);
}

/// Another version of ours, untouched since, is updated unasked; days that are open get its new fields, and where a field
/// cannot change in place that is said.
#[test]
fn an_older_object_of_ours_is_updated_and_reaches_the_open_days() {
    let place = bare("older");
    place.correlog(&["setup", "apply"]).expect(0);
    // What another version might have made: the marked mapping of the other family, and days made while it was there.
    let workflow = component(&place, "mappings").replace("-logs@", "-workflow@");
    assert_eq!(put(&workflow, &stored(&component(&place, "mappings"))), 200);
    let settings = component(&place, "settings");
    assert_eq!(put(&settings.replace("-logs@", "-workflow@"), &stored(&settings)), 200);
    let day = |days: i64| {
        let day = chrono::Utc::now() + chrono::TimeDelta::days(days);
        format!("{}/{}-workflow-{}", place.url, place.prefix, day.format("%Y.%m.%d"))
    };
    let text_id = json!({ "mappings": { "properties": { "node_type": { "type": "text" } } } });
    for (url, body) in [(day(0), json!({})), (day(1), text_id)] {
        http::request("DELETE", &url, &[], None).expect("the node answers");
        assert_eq!(put(&url, &body), 200);
    }
    let has = |url: &str, field: &str| {
        let answer = http::get(&format!("{url}/_mapping/field/{field}")).expect("the node answers").text;
        answer.contains(&format!("\"full_name\":\"{field}\""))
    };
    assert!(!has(&day(0), "outputs"));
    let applied = place.correlog(&["setup", "apply"]).expect(0);
    assert!(applied.stdout.contains("workflow@mappings: update"), "{}", applied.stdout);
    assert!(has(&day(0), "outputs"), "the open day has the new field");
    let note = "keeps its mapping (illegal_argument_exception); the new one starts with the next day";
    assert!(applied.stderr.contains(note), "{}", applied.stderr);
    let note = format!("days up to {} keep their settings", day(1).rsplit('/').next().expect("a name"));
    assert!(applied.stderr.contains(&note), "{}", applied.stderr);
    place.correlog(&["setup", "plan"]).expect(0);
}

#[test]
fn a_template_that_would_win_is_named_and_refused() {
    let place = bare("overlap");
    let (url, prefix) = (&place.url, &place.prefix);
    let other = format!("{url}/_index_template/{prefix}-other");
    let lower = json!({ "index_patterns": [format!("{prefix}-*")], "priority": 499 });
    assert_eq!(put(&other, &lower), 200);
    let plan = place.correlog(&["setup", "plan"]).expect(2);
    assert!(plan.stderr.contains("ours has the higher priority"), "{}", plan.stderr);
    place.correlog(&["setup", "apply"]).expect(0);
    let higher = json!({ "index_patterns": [format!("{prefix}-l*")], "priority": 501 });
    assert_eq!(put(&other, &higher), 200);
    let refused = place.correlog(&["setup", "apply"]).expect(1);
    assert!(refused.stderr.contains(&format!("{prefix}-other")), "{}", refused.stderr);
    http::request("DELETE", &other, &[], None).expect("the node answers");
}

#[test]
fn what_a_cluster_cannot_do_is_left_out_with_its_reason_and_strict_makes_it_an_error() {
    let place = bare("strict");
    let plan = place.correlog(&["setup", "plan"]).expect(2);
    for plugin in ["opensearch-index-management", "opensearch-security", "opensearch-alerting"] {
        assert!(plan.stderr.contains(plugin), "{plugin}: {}", plan.stderr);
    }
    let refused = place.correlog(&["setup", "apply", "--strict"]).expect(1);
    assert!(refused.stderr.contains("--strict"), "{}", refused.stderr);
    assert_eq!(
        http::get(&component(&place, "settings")).expect("the node answers").status,
        404,
        "all or nothing"
    );
}

#[test]
fn remove_takes_what_is_ours_and_data_only_when_told() {
    let place = bare("remove");
    place.correlog(&["setup", "apply"]).expect(0);
    let used = json!({ "template": { "settings": { "index.refresh_interval": "1s" } } });
    assert_eq!(put(&component(&place, "custom"), &used), 200);
    // Somebody else's of one of our names is no more ours to take than to change.
    let foreign = component(&place, "settings").replace("-logs@", "-workflow@");
    assert_eq!(put(&foreign, &used), 200);
    let today = format!("{}/{}-logs-*/_count", place.url, place.prefix);
    let shown = place.correlog(&["setup", "remove", "--dry-run"]).expect(0);
    assert!(shown.stdout.contains("6 would be removed, 2 kept"), "{}", shown.stdout);
    place.correlog(&["setup", "remove"]).expect(0);
    for (part, status) in [("settings", 404), ("mappings", 404), ("custom", 200)] {
        assert_eq!(http::get(&component(&place, part)).expect("the node answers").status, status, "{part}");
    }
    let shards = |answer: &Value| answer["_shards"]["total"].as_u64();
    let counted = http::get(&today).expect("the node answers").json();
    assert_eq!(shards(&counted), Some(2), "the days are still there");
    place.correlog(&["setup", "remove", "--data"]).expect(0);
    assert_eq!(shards(&http::get(&today).expect("the node answers").json()), Some(0));
}

#[test]
fn golden_lines_of_every_kind_meet_the_committed_mapping() {
    let place = Place::new("golden");
    for kind in RecordKind::ALL {
        let family = if kind.family() == Family::Logs { "logs" } else { "workflow" };
        let url = format!("{}/{}-{family}-2026.11.21/_doc/{}", place.url, place.prefix, kind.as_str());
        let line: Value = serde_json::from_str(kind.golden_line()).expect("golden lines are JSON");
        assert_eq!(put(&url, &line), 201, "{}", kind.as_str());
    }
    assert_eq!(place.count(), RecordKind::ALL.len() as u64);
    for family in Family::ALL {
        let (prefix, name) = match family {
            Family::Logs => ("logs", "app-logs"),
            Family::Workflow => ("workflow", "workflow-logs"),
        };
        let index = format!("{}-{prefix}-2026.11.21", place.prefix);
        let answer = http::get(&format!("{}/{index}/_mapping", place.url)).expect("the node answers").json();
        let path = xtask::exec::root().join(format!("index-templates/{name}.mappings.json"));
        let committed: Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("committed")).expect("JSON");
        assert_eq!(answer[&index]["mappings"], committed["template"]["mappings"], "{name}");
    }
}

#[test]
fn retain_deletes_whole_days_by_name_and_nothing_else() {
    let place = Place::new("retain");
    let index = |name: &str| format!("{}/{}-{name}", place.url, place.prefix);
    let names =
        ["logs-2020.01.31", "workflow-2020.01.31", "logs-undated", "logs-odd", "logs-2020.01.31-copy"];
    for name in names {
        assert_eq!(put(&index(name), &json!({})), 200, "{name}");
    }
    let shown = place.correlog(&["retain", "--days", "30", "--dry-run"]).expect(0);
    assert!(shown.stdout.contains("2 indices would be deleted"), "{}", shown.stdout);
    place.correlog(&["retain", "--days", "30"]).expect(0);
    for (name, status) in names.into_iter().zip([404, 404, 200, 200, 200]) {
        assert_eq!(http::get(&index(name)).expect("the node answers").status, status, "{name}");
    }
    place.correlog(&["retain", "--days", "0"]).expect(64);
}

#[test]
fn a_cluster_that_is_not_ours_to_use_is_refused_with_a_sentence() {
    let elasticsearch =
        r#"{"version":{"number":"8.15.0","build_flavor":"default"},"tagline":"You Know, for Search"}"#;
    let old = r#"{"version":{"number":"2.11.1","distribution":"opensearch"}}"#;
    for (answer, sentence) in
        [(elasticsearch, "is not OpenSearch"), (old, "is OpenSearch 2.11.1; correlog needs 2.12")]
    {
        let url = fake::serve(move |_| (200, answer.to_owned()));
        let place = Place::at("refused", &url);
        for command in ["plan", "apply", "remove"] {
            let ended = place.correlog(&["setup", command]).expect(1);
            assert!(ended.stderr.contains(sentence), "{command}: {}", ended.stderr);
        }
    }
}

#[test]
fn an_export_holds_everything_and_its_script_sets_up_a_cluster() {
    let place = bare("export");
    let dir = place.path("out");
    let dir_text = dir.to_string_lossy().into_owned();
    place.correlog(&["setup", "export", "--output", &dir_text, "--retain-days", "30"]).expect(0);
    for file in ["policies/correlog.json", "roles/correlog_shipper.json", "dashboards/correlog.ndjson"] {
        assert!(dir.join(file).is_file(), "{file}");
    }
    let policy = std::fs::read_to_string(dir.join("policies/correlog.json")).expect("written");
    assert!(policy.contains("\"min_index_age\": \"30d\""), "{policy}");
    let lines = place.correlog(&["setup", "export", "--format", "ndjson"]).expect(0).stdout;
    assert!(
        lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && lines.lines().count() > 60
    );

    let script = place.correlog(&["setup", "export", "--format", "curl"]).expect(0).stdout;
    // The node has no plugins: the script is run up to the first object that needs one.
    let basics = script.split("send PUT '/_plugins").next().expect("has a start");
    let path = place.write("setup.sh", basics);
    let run = correlog_tests::child::run(std::process::Command::new("sh").arg(path)).expect(0);
    assert!(run.stdout.contains("\"acknowledged\":true"), "{}", run.stdout);
    let plan = place.correlog(&["setup", "plan"]).expect(2);
    assert!(plan.stdout.contains("4 to change, 8 as they should be"), "only the days: {}", plan.stdout);
}
