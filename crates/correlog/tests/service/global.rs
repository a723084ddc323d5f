//! `init` itself, which can succeed once in a process: this is the only test that calls it.

use std::collections::HashMap;

use correlog::{
    init::InitError,
    propagation,
    settings::{LogTarget, Settings},
};
use serde_json::Value;

use crate::child;

const NAME: &str = "global::init_sets_up_everything_once";

/// In a process of its own, whose standard output is the service's alone (hazard H of `docs/decisions/layer-ids.md`).
#[test]
fn init_sets_up_everything_once() {
    if child::is(NAME) {
        set_up_everything();
        return;
    }
    let child = child::output(NAME);
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}{}", String::from_utf8_lossy(&child.stderr));
    assert!(said.contains("1 passed") && !said.contains("evaluating"), "{said}");
}

fn set_up_everything() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("logs/global.jsonl");
    let mut settings = Settings::new("global");
    settings.log.target = LogTarget::File(path.clone());
    settings.log.filter = "off,global_test=info,elsewhere=info".to_owned();
    let guard = correlog::init(settings.clone()).expect("the first");

    let mut carrier = HashMap::new();
    // Another thread and no scope: the subscriber is the process's.
    std::thread::spawn(move || {
        tracing::info_span!("outer").in_scope(|| {
            tracing::info!(target: "global_test", "from tracing");
            log::info!(target: "elsewhere", "from log");
            log::debug!(target: "elsewhere", "too quiet");
            propagation::inject(&mut carrier);
        });
        assert!(carrier.contains_key("traceparent"), "{carrier:?}");
    })
    .join()
    .expect("no panic");

    let again = correlog::init(settings).expect_err("the second");
    assert!(matches!(again, InitError::AlreadySet(_)), "{again}");
    guard.flush();
    let text = std::fs::read_to_string(&path).expect("the log; its directory was made");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let messages: Vec<_> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    assert_eq!(messages, ["from tracing", "from log"]);
    assert_eq!(lines[0]["trace_id"], lines[1]["trace_id"]);
    assert_eq!(lines[1]["logger"], "elsewhere", "the log crate's own target");
    let file = lines[1]["code"]["file"]["path"].as_str().expect("its own file");
    assert!(file.ends_with("global.rs"), "{file}");
    let trace = lines[0]["trace_id"].as_str().expect("ids, with export off");
    let milliseconds = u64::from_str_radix(&trace[..12], 16).expect("hexadecimal");
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    assert!((now as u64).abs_diff(milliseconds) < 600_000, "the id bears the time: {milliseconds}");
}
