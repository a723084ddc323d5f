//! `correlog config` as an operator meets it: every problem at once, values with their origin, fresh documentation.

use correlog_tests::child::run;
use correlog_tests::place::Place;
use correlog_tests::programs::program;
use std::process::Command;

#[test]
fn three_mistakes_are_three_problems_with_their_paths_and_exit_64() {
    let place = Place::at("config", "http://127.0.0.1:1");
    place.write("correlog.toml", "[opensearch]\nurl = \"nowhere\"\nbatch_bytes = 3\n[stat]\ndir = \"x\"\n");
    let ended = place.correlog(&["config", "check"]).expect(64);
    assert_eq!(ended.stdout, "");
    for part in [
        "has 3 problems",
        "opensearch.url is \"nowhere\"",
        "opensearch.batch_bytes is 3 B; it must lie between",
        "stat.dir is no known key: did you mean state.dir?",
        "hint: ",
    ] {
        assert!(ended.stderr.contains(part), "{part} is missing in:\n{}", ended.stderr);
    }
}

#[test]
fn c09_a_blank_or_garbled_configuration_ships_nothing_and_both_ship_and_check_say_so() {
    let place = Place::at("blank", "http://127.0.0.1:1");
    let url = "[opensearch]\nurl = \"http://127.0.0.1:1\"\n[state]\ndir = \"state\"\n";
    for (file, expect) in [
        (String::new(), "logs has no entry, so there is nothing to ship"),
        (String::new(), "state.dir is not set"),
        (url.to_owned(), "logs has no entry, so there is nothing to ship"),
        (format!("{url}[[logs]]\npaths = []\n"), "logs[0].paths is empty"),
        ("\0\0\0\0".to_owned(), "is not TOML"),
    ] {
        place.write("correlog.toml", &file);
        for words in [&["ship"][..], &["config", "check"]] {
            let ended = run(place.command().args(words).env("CORRELOG_HOST_ID", "h")).expect(64);
            assert!(ended.stderr.contains(expect), "{words:?}: {expect} is missing in:\n{}", ended.stderr);
        }
    }
}

#[test]
fn show_names_each_value_and_where_it_came_from() {
    let place = Place::at("show", "http://127.0.0.1:1");
    let ended =
        run(place.command().args(["config", "show"]).env("CORRELOG_STATE_DIR", "elsewhere")).expect(0);
    for line in [
        "opensearch.url = \"http://127.0.0.1:1\"  # file",
        "state.dir = \"elsewhere\"  # environment CORRELOG_STATE_DIR",
        "opensearch.concurrency_max = 4  # default",
        "logs[0].format = \"auto\"  # default",
    ] {
        assert!(ended.stdout.lines().any(|found| found == line), "{line} is missing in:\n{}", ended.stdout);
    }
}

#[test]
fn the_documented_configuration_is_the_programs_own() {
    let printed = run(Command::new(program("correlog")).args(["config", "docs"])).expect(0).stdout;
    let committed =
        std::fs::read_to_string(xtask::exec::root().join("docs/CONFIG.md")).expect("docs/CONFIG.md");
    assert!(printed == committed, "docs/CONFIG.md is stale: run `cargo xtask docs`");
}
