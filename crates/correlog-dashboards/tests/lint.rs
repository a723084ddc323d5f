//! The shipped saved objects pass the lint, the lint finds planted mistakes, and the committed file is fresh.
//! Nothing is run on a server here.

use correlog_dashboards::{Prefixes, lint::lint, saved_objects};
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn everything_shipped_is_clean() {
    let objects = saved_objects(&Prefixes::DEFAULT);
    let mistakes = lint(&objects);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    let dashboards = objects.iter().filter(|object| object["type"] == "dashboard").count();
    assert_eq!(dashboards, 6);
}

#[test]
fn no_object_is_shipped_that_no_dashboard_shows() {
    let objects = saved_objects(&Prefixes::DEFAULT);
    let shown: Vec<&Value> = objects
        .iter()
        .filter(|object| object["type"] == "dashboard")
        .flat_map(|object| object["references"].as_array().expect("has references"))
        .map(|reference| &reference["id"])
        .collect();
    for object in
        objects.iter().filter(|object| object["type"] == "visualization" || object["type"] == "search")
    {
        assert!(shown.contains(&&object["id"]), "{}", object["id"]);
    }
}

/// What operators ask, and the panels that answer it with the fields they must use. The first two are the dashboard of one
/// trace; free text is the query bar's.
const QUESTIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "everything about one run or trace",
        &[("correlog-s-lines", "trace_id"), ("correlog-s-nodes", "node_type")],
    ),
    (
        "which run, app and tenant",
        &[("correlog-s-runs", "workflow_run_id"), ("correlog-s-runs", "tenant_id")],
    ),
    (
        "failed runs by app, with the error",
        &[("correlog-w-err", "error.keyword"), ("correlog-w-fapp", "app_id")],
    ),
    (
        "time by app and version",
        &[("correlog-w-ver", "workflow_version"), ("correlog-w-fver", "workflow_version")],
    ),
    ("tokens and cost", &[("correlog-w-apps", "total_tokens"), ("correlog-w-model", "model_name")]),
    ("errors by node type", &[("correlog-w-fnode", "node_type")]),
    (
        "slowest nodes and providers",
        &[("correlog-w-slow", "elapsed_time"), ("correlog-u-provt", "model_provider")],
    ),
    ("stuck runs", &[("correlog-s-stuck", "running or paused")]),
    ("one end user", &[("correlog-u-users", "created_by"), ("correlog-u-fuser", "session_id")]),
    ("traffic by origin", &[("correlog-w-origin", "created_from"), ("correlog-w-trig", "triggered_from")]),
    ("new exceptions", &[("correlog-o-exc-new", "exception.type")]),
    (
        "the platform's or the builder's error",
        &[("correlog-u-src", "error_source"), ("correlog-u-srct", "error_source")],
    ),
    ("rate limits over time", &[("correlog-u-rl", "date_histogram"), ("correlog-u-rl", "429")]),
    ("timeouts by provider", &[("correlog-u-prov", "Timeout"), ("correlog-u-prov", "date_histogram")]),
    (
        "who produces the volume",
        &[("correlog-o-service", "service.name"), ("correlog-o-tenant", "tenant_id")],
    ),
    ("the share of lines without ids", &[("correlog-o-noid-share", "not trace_id:*")]),
    (
        "how far behind, and what was refused",
        &[("correlog-h-lag", "lag_ms"), ("correlog-h-reason", "reason")],
    ),
    (
        "the API",
        &[
            ("correlog-a-cls", "status_code"),
            ("correlog-a-routes", "http.route"),
            ("correlog-s-5xx", ">= 500"),
        ],
    ),
];

#[test]
fn every_question_has_its_panel() {
    let objects = saved_objects(&Prefixes::DEFAULT);
    for (question, panels) in QUESTIONS {
        for (id, part) in *panels {
            let panel = objects.iter().find(|object| object["id"] == *id);
            let panel = panel.unwrap_or_else(|| panic!("{question}: there is no {id}")).to_string();
            assert!(panel.contains(part), "{question}: {id} does not use {part}");
        }
    }
}

#[test]
fn planted_mistakes_are_found() {
    let check = |expect: &str, plant: &dyn Fn(&mut Vec<Value>)| {
        let mut objects = saved_objects(&Prefixes::DEFAULT);
        plant(&mut objects);
        let mistakes = lint(&objects);
        assert!(mistakes.iter().any(|mistake| mistake.contains(expect)), "{expect}: {mistakes:?}");
    };
    let replace = |from: &'static str, to: &'static str| {
        move |objects: &mut Vec<Value>| {
            let text = Value::Array(objects.clone()).to_string();
            assert!(text.contains(from), "{from} is not there to be replaced");
            let changed: Value = serde_json::from_str(&text.replace(from, to)).expect("still JSON");
            *objects = changed.as_array().expect("still a list").clone();
        }
    };
    check("not catalogued", &replace("http.route", "http.path"));
    check("cannot use message", &replace(r#"\"field\":\"exception.type\""#, r#"\"field\":\"message\""#));
    check("wants", &replace("not trace_id:*", "not (trace_id:*"));
    check("a range cannot use attributes", &replace("duration_ms:*", "attributes >= 5"));
    check("which is not there", &|objects| objects.retain(|object| object["id"] != "correlog-all"));
    check("parsedUrl", &replace("labelTemplate", "parsedUrl"));
    check("base path", &replace("../app/dashboards", "/app/dashboards"));
    check("two objects have one id", &|objects| objects.push(objects[1].clone()));
    check("migrationVersion", &|objects| objects[2]["migrationVersion"] = json!({}));
    check("no filters", &replace("correlog-controls", "correlog-o-lines"));
    check("header", &replace("correlog-overview-head", "correlog-o-lines"));
    check("whatever time range", &replace("now-24h", ""));
    check("opens empty", &replace("now-10y", "now-30d"));
    check("no field to choose", &replace(r#"\"fieldName\":\"app_id\""#, r#"\"fieldName\":\"trace_id\""#));
    check("without fractions", &replace(r#"\"patternFallback\":\""#, r#"\"fallback\":\""#));
    check("stop at ten values", &replace(r#"\"dynamicOptions\":false"#, r#"\"dynamicOptions\":true"#));
    check("Vega and not of one trace", &replace("correlog-t-timeline", "correlog-o-timeline"));
    check("must_not clauses", &replace("%dashboard_context-must_not_clause%", "nothing"));
    check("time range as", &replace("%timefilter%", "now-1h"));
    check("top values of each bar", &|objects| {
        let bars = objects.iter_mut().find(|object| object["id"] == "correlog-o-level").expect("is there");
        let state = bars["attributes"]["visState"].as_str().expect("a text");
        let mut state: Value = serde_json::from_str(state).expect("JSON");
        state["aggs"].as_array_mut().expect("a list").reverse();
        bars["attributes"]["visState"] = json!(state.to_string());
    });
    check(
        "trace_id is no link",
        &replace(r#"\"trace_id\":{\"id\":\"url\""#, r#"\"trace_id\":{\"id\":\"string\""#),
    );
    check("both say", &replace("record:workflow_run", "workflow_run_id:*"));
    check("to choose from", &replace(r#"\"fieldName\":\"level\""#, r#"\"fieldName\":\"tenant_id\""#));
    check("overlaps", &replace(r#"\"y\":9"#, r#"\"y\":5"#));
}

/// What the guide sends people to is there: files, dashboards by their titles, panels by theirs; each of its steps names a
/// dashboard, but for the last, which leaves the house.
#[test]
fn the_guide_names_what_there_is() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let guide = std::fs::read_to_string(docs.join("TROUBLESHOOTING.md")).expect("committed");
    let targets = guide.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    for target in targets {
        assert!(docs.join(target).exists(), "the guide points at {target}, which is not there");
    }
    let objects = saved_objects(&Prefixes::DEFAULT);
    let titles: Vec<&str> =
        objects.iter().filter_map(|object| object["attributes"]["title"].as_str()).collect();
    // Without its commands, which have marks of their own.
    let prose: String = guide.split("```").step_by(2).collect();
    let prose = prose.split('`').step_by(2).collect::<String>().replace('\n', " ");
    let steps: Vec<&str> = prose.split("## ").skip(1).collect();
    assert_eq!(steps.len(), 9);
    for step in &steps[..8] {
        let marked = |mark: char| step.split(mark).skip(1).step_by(2);
        assert!(marked('*').count() > 0, "no dashboard in {step}");
        for name in marked('*') {
            let title = format!("[correlog] {name}");
            assert!(titles.contains(&title.as_str()), "there is no dashboard {name}");
        }
        for name in marked('"') {
            assert!(titles.contains(&name), "there is no panel {name}");
        }
    }
}

#[test]
fn the_committed_file_is_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (path, content) in correlog_dashboards::files() {
        let committed = std::fs::read_to_string(root.join(&path)).expect("committed");
        assert!(committed == content, "run `cargo xtask docs`: {path} is stale");
    }
}
