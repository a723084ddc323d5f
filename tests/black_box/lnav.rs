//! The lnav format by the real lnav: our lines are recognised, with time, level, service and the trace id as the
//! operation they belong to.

use correlog_schema::records::RecordKind;
use correlog_tests::child::run;
use correlog_tests::place::Place;
use serde_json::{Value, json};
use std::process::Command;

#[test]
fn lnav_groups_our_lines_by_trace() {
    let place = Place::at("lnav", "http://127.0.0.1:1");
    let formats = place.path("config/formats/correlog");
    std::fs::create_dir_all(&formats).expect("a directory for the format");
    let ours = xtask::exec::root().join("dashboards/lnav/correlog.json");
    std::fs::copy(ours, formats.join("correlog.json")).expect("the format is committed");
    let golden = RecordKind::Log.golden_line();
    let mut quiet: Value = serde_json::from_str(golden).expect("golden lines are JSON");
    for key in ["trace_id", "span_id", "trace_flags", "exception"] {
        quiet.as_object_mut().expect("an object").remove(key);
    }
    // A native line starts with its time, which is not the order of this map.
    let quiet = quiet.to_string().replace("\"ERROR\"", "\"INFO\"");
    let lines = place.write("lines.jsonl", format!("{golden}\n{quiet}\n"));
    let query = ";SELECT log_level, log_opid, \"service/name\" AS service, log_body FROM correlog_log";
    let mut command = Command::new("lnav");
    command
        .args(["-n", "-I"])
        .arg(place.path("config"))
        .args(["-c", query, "-c", ":write-json-to -"])
        .arg(lines);
    let ended = run(command.env("HOME", place.dir.path())).expect(0);
    let rows: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    let expect = |level: &str, trace: Value| json!({ "log_level": level, "log_opid": trace, "service": "api", "log_body": "model call failed" });
    let trace = json!("01a1fd13f15a7b34a3ce929d0e0e4736");
    assert_eq!(rows, json!([expect("error", trace), expect("info", Value::Null)]));
}
