//! Every command of docs/TROUBLESHOOTING.md, run as it stands there, over the documents of the demo service.

use correlog_tests::child::Running;
use correlog_tests::place::Place;
use correlog_tests::service::Services;
use correlog_tests::wait;
use rustix::process::Signal;
use serde_json::json;
use std::process::Command;

const GUIDE: &str = include_str!("../../docs/TROUBLESHOOTING.md");

/// The commands of the `sh` blocks with the exit codes they may end with (`# exit 0 or 2`; 0 where nothing is said; none
/// for one that goes on until it is interrupted).
fn commands() -> Vec<(String, Vec<i32>)> {
    let blocks = GUIDE.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let lines = blocks.flat_map(str::lines).filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            let (command, codes) = line.split_once('#').unwrap_or((line, "0"));
            let codes = codes.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            (command.trim().to_owned(), codes)
        })
        .collect()
}

/// Words as a shell would make them of what the guide uses: single quotes and two variables.
fn words(command: &str, trace: &str, run: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in command.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().expect("there is a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words.iter().map(|word| word.replace("$TRACE_ID", trace).replace("$RUN_ID", run)).collect()
}

/// It prints what there is, still runs then, and ends when it is told to. Not by SIGINT: whoever starts the tests in the
/// background of a shell has that ignored by all children.
fn goes_on(place: &Place, mut process: Command, command: &str) {
    let out = place.path("followed");
    process.stdout(std::fs::File::create(&out).expect("a file of the test can be written"));
    let mut running = Running::spawn(&mut process);
    wait::until(command, 60, || {
        assert!(running.is_running(), "{command}: ended by itself");
        std::fs::read_to_string(&out).ok().filter(|text| text.contains("ERROR"))
    });
    running.signal(Signal::TERM);
    wait::until("its end", 30, || (!running.is_running()).then_some(()));
}

#[test]
fn every_command_of_the_guide_does_what_the_guide_says() {
    let place = Place::new("guide");
    let services = Services::start(&place);
    services.run_workflow(&json!({"tenant_id": "acme"}));
    let failed = services.run_workflow(&json!({"tenant_id": "acme", "fail_at": "http-request"}));
    let trace = failed.header("x-trace-id").expect("the answer has the header").to_owned();
    let run = failed.json()["workflow_run_id"].as_str().expect("the answer names the run").to_owned();
    services.stop();
    place.ship_once().expect(0);
    let commands = commands();
    for named in ["status", "refused list", "refused replay", "verify", "search --follow", "doctor $TRACE_ID"]
    {
        let is_there = commands.iter().any(|(command, _)| command.starts_with(&format!("correlog {named}")));
        assert!(is_there, "correlog {named} is no command of the guide");
    }
    for (command, codes) in commands {
        let words = words(&command, &trace, &run);
        assert_eq!(words[0], "correlog", "{command}");
        let mut process = place.command();
        process.current_dir(place.dir.path()).args(&words[1..]);
        if codes.is_empty() {
            goes_on(&place, process, &command);
            continue;
        }
        let ended = correlog_tests::child::run(&mut process);
        let code = ended.code.expect("it ended by itself");
        assert!(codes.contains(&code), "{command}: exit {code}\n{}\n{}", ended.stdout, ended.stderr);
    }
    let page = std::fs::read_to_string(place.path("story.html")).expect("the page was written");
    assert!(page.contains(&trace));
}
