//! The configuration's behaviour as tables: what is accepted, and every problem at once with its path.

use super::keys::{KEYS, LOGS_KEYS};
use super::load::{Sources, load};
use super::value::{Given, check};
use super::{Config, Origin, Value};

fn problems(file: &str) -> Vec<String> {
    let sources = Sources { file: Some(file), ..Sources::default() };
    let (loaded, mut problems) = load(&sources);
    Config::check(&loaded, None, &mut problems);
    problems.iter().map(|p| format!("{} {}", p.path, p.what)).collect()
}

#[test]
fn the_smallest_configuration_is_right() {
    let file = "[opensearch]\nurl = \"http://127.0.0.1:9200\"\n[state]\ndir = \"state\"\n[[logs]]\npaths = [\"logs/*.jsonl\"]\n";
    assert_eq!(problems(file), Vec::<String>::new());
}

#[test]
fn three_mistakes_are_reported_at_once_with_their_paths() {
    let file = "[opensearch]\nurl = \"ftp://x\"\nbatch_bytes = \"1 B\"\n[[logs]]\npath = [\"a\"]\nformat = \"xml\"\n";
    let found = problems(file);
    assert_eq!(
        found,
        [
            "logs[0].format is \"xml\"; it must be one of auto, correlog, tracing, dify, ecs, otel, json, text",
            "logs[0].path is no known key: did you mean logs.paths?",
            "logs[0].paths is missing: name the files to follow",
            "opensearch.batch_bytes is 1 B; it must lie between 64 KiB and 64 MiB",
            "opensearch.url is \"ftp://x\"; it must begin with http:// or https:// and name a host",
        ]
    );
}

#[test]
fn what_no_single_value_can_tell_is_asked_too() {
    for (file, expect) in [
        (
            "[opensearch]\nusername = \"u\"\n",
            "opensearch.username and opensearch.password_file belong together: give both or neither",
        ),
        (
            "[opensearch]\nbatch_bytes = \"8 MiB\"\nin_flight_bytes = \"4 MiB\"\n",
            "opensearch.batch_bytes is 8 MiB; it must be at most in_flight_bytes, 4 MiB",
        ),
        ("[index]\nlogs = \"x\"\nworkflow = \"x\"\n", "index.logs and index.workflow must not overlap"),
        ("a = 1\n", "a is no known key"),
        ("= 1\n", "line 1 is not TOML: "),
    ] {
        let found = problems(file);
        assert!(found.len() == 1 && found[0].starts_with(expect), "{file}: {found:?}");
    }
}

#[test]
fn flag_wins_over_environment_over_file_over_default() {
    let mut sources = Sources {
        file: Some("[opensearch]\nurl = \"http://file\"\nconcurrency_max = 2\n"),
        ..Sources::default()
    };
    sources.environment.insert("CORRELOG_OPENSEARCH_URL".into(), "http://env".into());
    let (loaded, none) = load(&sources);
    assert_eq!(none, []);
    let url = &loaded.single["opensearch.url"];
    assert_eq!(
        *url,
        (Value::Text("http://env".into()), Origin::Environment("CORRELOG_OPENSEARCH_URL".into()))
    );
    assert_eq!(loaded.single["opensearch.concurrency_max"], (Value::Number(2), Origin::File));
    assert_eq!(loaded.single["index.logs"], (Value::Text("app-logs".into()), Origin::Default));
    sources.flags.push(("opensearch.url", "url", "http://flag".into()));
    let (loaded, _) = load(&sources);
    assert_eq!(loaded.single["opensearch.url"], (Value::Text("http://flag".into()), Origin::Flag("url")));
}

#[test]
fn every_default_is_a_value_of_its_kind_and_every_key_has_a_meaning() {
    for key in KEYS.iter().chain(LOGS_KEYS) {
        if let Some(text) = key.default {
            assert!(check(key.kind, &Given::Text(text.to_owned())).is_ok(), "{}", key.path);
        }
        assert!(key.doc.ends_with('.'), "{}: the meaning is a sentence", key.path);
    }
}
