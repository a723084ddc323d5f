//! The alerts: Prometheus rules by the real promtool and amtool, and OpenSearch's monitors by running their searches
//! and their painless conditions on a real node, firing and not firing.

use correlog_dashboards::{Prefixes, monitors::monitors};
use correlog_tests::child::run;
use correlog_tests::place::Place;
use serde_json::{Value, json};
use std::process::Command;
use xtask::exec::root;
use xtask::http;

/// 2026-11-21T10:30:00Z; the windows end a minute before.
const NOW_MS: i64 = 1_795_257_000_000;

#[test]
fn prometheus_rules_hold_their_unit_tests_and_the_routing_is_valid() {
    let alerts = root().join("dashboards/alerts");
    for (program, words) in [
        ("promtool", ["check", "rules", "correlog.rules.yml"].as_slice()),
        ("promtool", &["test", "rules", "correlog.rules.test.yml"]),
        ("amtool", &["check-config", "alertmanager.yml"]),
    ] {
        let ended = run(Command::new(program).args(words).current_dir(&alerts)).expect(0);
        assert!(ended.stdout.contains("SUCCESS"), "{program}: {}", ended.stdout);
    }
    let tests = std::fs::read_to_string(alerts.join("correlog.rules.test.yml")).expect("committed");
    let rules = std::fs::read_to_string(alerts.join("correlog.rules.yml")).expect("committed");
    let names: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(names.len(), 6);
    for name in names {
        let cases = tests.split("eval_time").filter(|case| case.contains(&format!("alertname: {name}")));
        let (silent, firing): (Vec<&str>, Vec<&str>) =
            cases.partition(|case| case.contains("exp_alerts: []"));
        assert!(!silent.is_empty() && !firing.is_empty(), "{name} wants a case firing and one not firing");
    }
}

/// The table of the rules: name, threshold, how long, severity. A rate's window stands in the rate itself.
const RULES: [(&str, &str, &str, &str); 6] = [
    ("HighAPIErrorRate", "> 0.1", "for: 5m", "critical"),
    ("HighResponseTime", "> 5", "for: 10m", "warning"),
    ("HighCPUUsage", "> 0.8", "for: 15m", "warning"),
    ("HighMemoryUsage", "> 0.8", "for: 15m", "warning"),
    ("WorkflowFailureRate", "[30m]", "> 0.2", "critical"),
    ("CeleryQueueBacklog", "> 100", "for: 5m", "warning"),
];

#[test]
fn each_rule_says_what_the_table_says_and_is_routed_to_mail_or_to_mail_and_webhook() {
    let alerts = root().join("dashboards/alerts");
    let read = |name: &str| std::fs::read_to_string(alerts.join(name)).expect("committed");
    let (rules, routing) = (read("correlog.rules.yml"), read("alertmanager.yml"));
    let figures = rules.split("- alert: ").next().expect("the recording rules come first");
    for (name, threshold, time, severity) in RULES {
        let rule = rules.split("- alert: ").find(|rule| rule.starts_with(&format!("{name}\n")));
        let rule = rule.unwrap_or_else(|| panic!("there is no {name}"));
        for part in [threshold, time, &format!("severity: {severity}")] {
            let is_figure = part == "[30m]" && figures.contains(part);
            assert!(rule.contains(part) || is_figure, "{name}: {part} is not in {rule}");
        }
        let (receiver, channels) = match severity {
            "critical" => ("mail-and-webhook", ["email_configs", "webhook_configs"].as_slice()),
            _ => ("mail", ["email_configs"].as_slice()),
        };
        // What Alertmanager itself would do with it.
        let labels = [format!("alertname={name}"), format!("severity={severity}")];
        let verify = format!("--verify.receivers={receiver}");
        let words = ["config", "routes", "test", "--config.file=alertmanager.yml", &verify];
        run(Command::new("amtool").args(words).args(&labels).current_dir(&alerts)).expect(0);
        let defined = routing.split("- name: ").find(|one| one.starts_with(&format!("{receiver}\n")));
        let defined = defined.expect("the receiver is there");
        for channel in ["email_configs", "webhook_configs"] {
            assert_eq!(defined.contains(channel), channels.contains(&channel), "{receiver}: {channel}");
        }
    }
}

#[test]
fn error_rate_and_response_time_fire_on_the_real_node_and_only_then() {
    // Requests, of these failed, duration in ms; error rate fires, response time fires.
    for (name, requests, failed, duration_ms, expect) in [
        ("errors", 40, 8, 100.0, ["true", "false"]),
        ("slow", 40, 4, 6000.0, ["false", "true"]),
        ("few", 19, 19, 6000.0, ["false", "false"]),
        ("none", 0, 0, 0.0, ["false", "false"]),
    ] {
        let place = Place::new(name);
        let lines = (0..requests).map(|number| {
            let status = if number < failed { 503 } else { 200 };
            json!({ "@timestamp": NOW_MS - 120_000, "http": { "response": { "status_code": status } },
                "duration_ms": duration_ms })
        });
        // Too late and too early for the windows: never counted.
        let outside = [NOW_MS - 30_000, NOW_MS - 900_000].map(|time| {
            json!({ "@timestamp": time, "http": { "response": { "status_code": 500 } }, "duration_ms": 9e9 })
        });
        index(&place, "logs", lines.chain(outside));
        for (monitor, expect) in all(&place).iter().zip(expect) {
            let reply = search(&place, &monitor["inputs"][0]["search"]);
            let script = &monitor["triggers"][0]["query_level_trigger"]["condition"]["script"];
            let fired = painless(&place, text(&script["source"]), &json!({ "results": [reply] }));
            assert_eq!(fired, expect, "{name}: {}", monitor["name"]);
        }
    }
}

#[test]
fn workflow_failures_fire_for_the_tenant_whose_runs_fail() {
    let place = Place::new("tenants");
    let mut runs = Vec::new();
    for (tenant, good, failed) in [("broken", 15, 6), ("well", 90, 10), ("small", 1, 10), ("running", 0, 0)] {
        let statuses = std::iter::repeat_n("succeeded", good).chain(std::iter::repeat_n("failed", failed));
        // Runs that have not ended say nothing yet.
        let open = std::iter::repeat_n("running", 30);
        runs.extend(statuses.chain(open).map(|status| {
            json!({ "@timestamp": NOW_MS - 600_000, "record": "workflow_run", "tenant_id": tenant, "status": status })
        }));
    }
    // Its nodes are not runs.
    let node = json!({ "@timestamp": NOW_MS - 600_000, "record": "node_execution", "tenant_id": "well", "status": "failed" });
    runs.extend(std::iter::repeat_n(node, 100));
    index(&place, "workflow", runs.into_iter());
    let monitor = &all(&place)[2];
    let mut input = monitor["inputs"][0]["search"].clone();
    let condition = &monitor["triggers"][0]["bucket_level_trigger"]["condition"];
    let parent = text(&condition["parent_bucket_path"]).to_owned();
    // The plugin evaluates the condition as a bucket selector beneath the parent.
    let selector = json!({ "buckets_path": condition["buckets_path"], "script": condition["script"] });
    input["query"]["aggregations"][&parent]["aggregations"]["alert"] = json!({ "bucket_selector": selector });
    let reply = search(&place, &input);
    let buckets = reply["aggregations"][&parent]["buckets"].as_array().cloned().unwrap_or_default();
    let tenants: Vec<&str> = buckets.iter().map(|bucket| text(&bucket["key"]["tenant_id"])).collect();
    assert_eq!(tenants, ["broken"], "{reply}");
}

#[test]
fn monitors_are_made_switched_off_and_tell_only_the_channel_they_are_given() {
    let silent = monitors(&Prefixes::DEFAULT, None);
    let telling = monitors(&Prefixes::DEFAULT, Some("our-channel"));
    for (silent, telling) in silent.iter().zip(&telling) {
        assert_eq!(silent["enabled"], false);
        assert!(!silent.to_string().contains("destination_id"));
        assert!(telling.to_string().contains("\"destination_id\":\"our-channel\""));
    }
}

fn all(place: &Place) -> Vec<Value> {
    let (logs, workflow) = (format!("{}-logs", place.prefix), format!("{}-workflow", place.prefix));
    monitors(&Prefixes { logs: &logs, workflow: &workflow }, None)
}

fn index(place: &Place, family: &str, documents: impl Iterator<Item = Value>) {
    let action = json!({ "create": { "_index": format!("{}-{family}-2026.11.21", place.prefix) } });
    let body: String = documents.map(|document| format!("{action}\n{document}\n")).collect();
    if body.is_empty() {
        return;
    }
    let headers = [("content-type", "application/x-ndjson")];
    let url = format!("{}/_bulk?refresh=true", place.url);
    let answer = http::request("POST", &url, &headers, Some(&body)).expect("the node answers");
    assert_eq!(answer.json()["errors"], false, "{}", answer.text);
}

/// The monitor's search with the plugin's variable put in.
fn search(place: &Place, input: &Value) -> Value {
    let body = input["query"].to_string().replace("{{period_end}}", &NOW_MS.to_string());
    let body: Value = serde_json::from_str(&body).expect("still JSON");
    let answer = http::post(&format!("{}/{}/_search", place.url, text(&input["indices"][0])), &body);
    let answer = answer.expect("the node answers");
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The result of a query-level condition, which sees everything as `ctx`.
fn painless(place: &Place, source: &str, ctx: &Value) -> String {
    let script = json!({ "lang": "painless", "source": format!("def ctx = params.ctx; {source}"), "params": { "ctx": ctx } });
    let body = json!({ "script": script });
    let answer =
        http::post(&format!("{}/_scripts/painless/_execute", place.url), &body).expect("the node answers");
    assert_eq!(answer.status, 200, "{}", answer.text);
    text(&answer.json()["result"]).to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
