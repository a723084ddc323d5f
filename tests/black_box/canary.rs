//! Neither a secret nor a word of any event appears in anything the shipper says: stderr, status, metrics, health.

use correlog_tests::child::{Running, run};
use correlog_tests::place::Place;
use correlog_tests::wait;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use xtask::{http, node};

const SECRET: &str = "canary-secret-7f3a";
const EVENT: &str = "canary-event-91bc";

fn with_secret(place: &Place) -> Command {
    let file = place.write("password", SECRET);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))
        .expect("the password file is ours");
    let mut command = place.command();
    command.env("CORRELOG_OPENSEARCH_USERNAME", "shipper").env("CORRELOG_OPENSEARCH_PASSWORD_FILE", file);
    command.env("CORRELOG_LOG", "debug");
    command
}

/// Lines that go well, that are no JSON, that are no text, and that OpenSearch refuses in their first form.
fn lines() -> Vec<u8> {
    let mut lines = format!("{{\"ts\":\"2026-11-21T10:00:00Z\",\"message\":\"{EVENT}\"}}\nno JSON {EVENT}\n")
        .into_bytes();
    lines.extend(b"\xff\xfe ");
    lines.extend(format!("{EVENT}\n{{\"ts\":\"{EVENT}\",\"duration_ms\":\"{EVENT}\"}}\n").into_bytes());
    lines.extend(format!("{{\"record\":\"workflow_run\",\"id\":\"{EVENT}\"}}\n").into_bytes());
    lines.extend(format!("{{\"half\":\"{EVENT}").into_bytes());
    lines
}

#[test]
fn secrets_and_events_stay_out_of_everything_it_says() {
    let place = Place::new("canary");
    place.write("logs/a.log", lines());
    let port = node::free_port().expect("a port");
    let said = std::fs::File::create(place.path("stderr")).expect("a file for what is said");
    let listen = format!("127.0.0.1:{port}");
    let shipper =
        Running::spawn(with_secret(&place).arg("ship").env("CORRELOG_ADMIN_LISTEN", &listen).stderr(said));
    wait::until("the documents", 60, || (place.count() >= 4).then_some(()));
    let mut everything = String::new();
    for page in ["metrics", "status", "health"] {
        let answer = http::get(&format!("http://{listen}/{page}")).expect("the admin address answers");
        assert!(!answer.text.is_empty(), "{page} is empty");
        everything += &answer.text;
    }
    for words in [
        &["status"][..],
        &["status", "--json"],
        &["config", "show"],
        &["refused", "list"],
        &["refused", "show"],
        &["verify"],
        &["doctor"],
    ] {
        let ended = run(with_secret(&place).args(words));
        everything += &(ended.stdout + &ended.stderr);
    }
    assert_eq!(shipper.terminate(), Some(0));
    let nowhere = format!("http://127.0.0.1:{}", node::free_port().expect("a port"));
    let down = run(with_secret(&place).args(["ship", "--once", "--timeout", "2", "--url", &nowhere]));
    everything += &(down.stdout + &down.stderr);
    everything += &std::fs::read_to_string(place.path("stderr")).expect("what was said");
    assert!(everything.contains("a.log") && everything.contains("correlog"), "nothing was said at all");
    for canary in [SECRET, EVENT] {
        let around = everything.find(canary).map(|at| &everything[at.saturating_sub(80)..at + canary.len()]);
        assert_eq!(around, None, "{canary} was said");
    }
}
