//! The built program in both roles: runs that succeed, fail, dawdle and die, their lines and records in two files, and
//! an end that loses nothing. No OpenSearch; what becomes of the files is the shipper's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use correlog_schema::{fields, records::RecordKind};
use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Role {
    child: Child,
    url: String,
    log: PathBuf,
}

struct Demo {
    _dir: TempDir,
    api: Role,
    worker: Role,
    client: Client,
}

/// What `ready` gives once it gives something, within 30 seconds.
fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Role {
    fn start(dir: &Path, name: &str, more: &[&str]) -> Self {
        let (address, log) = (dir.join(format!("{name}.address")), dir.join(format!("logs/{name}.jsonl")));
        let child = Command::new(env!("CARGO_BIN_EXE_demo-service"))
            .args([name, "--listen", "127.0.0.1:0", "--address-file"])
            .arg(&address)
            .arg("--log")
            .arg(&log)
            .args(more)
            .env("OTEL_SAMPLING_RATE", "0")
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let text = until("the address", || std::fs::read_to_string(&address).ok());
        Self { child, url: format!("http://{}", text.trim()), log }
    }

    fn terminate(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a process id"), rustix::process::Signal::TERM)
            .expect("SIGTERM");
    }

    fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).expect("the log");
        text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Demo {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let worker = Role::start(dir.path(), "worker", &[]);
        let api = Role::start(dir.path(), "api", &["--worker", &worker.url]);
        Self { _dir: dir, api, worker, client: Client::new() }
    }

    fn run(&self, body: &Value) -> Response {
        let request = self.client.post(format!("{}/workflows/run", self.api.url));
        let request = request.header("content-type", "application/json").body(body.to_string());
        request.send().expect("the api answers")
    }

    /// Answer and trace id of a run that is answered with 200.
    fn answer(&self, body: &Value) -> (Value, String) {
        let response = self.run(body);
        assert_eq!(response.status(), 200, "{body}");
        let trace = response.headers()["x-trace-id"].to_str().expect("text").to_owned();
        assert_eq!(response.headers()["x-span-id"].len(), 16);
        (serde_json::from_slice(&response.bytes().expect("a body")).expect("JSON"), trace)
    }

    fn records(&self, trace: &str) -> Vec<Value> {
        let lines = self.api.lines().into_iter();
        lines.filter(|line| line.get("record").is_some() && line["trace_id"] == trace).collect()
    }
}

fn of_kind<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["record"] == kind).collect()
}

#[test]
fn a_run_is_one_trace_in_two_files_with_all_its_records() {
    let demo = Demo::start();
    let (answer, trace) =
        demo.answer(&json!({"tenant_id": "acme", "user": "u-1", "inputs": {"query": "why so late?"}}));
    assert_eq!((&answer["status"], &answer["trace_id"]), (&"succeeded".into(), &trace.clone().into()));
    assert_eq!(answer["total_steps"], 5);
    assert!(answer["outputs"]["answer"].as_str().is_some_and(|text| text.contains("why so late?")));
    for role in [&demo.api, &demo.worker] {
        let lines = role.lines().into_iter().filter(|line| line["trace_id"] == trace.as_str());
        let with_message = lines.filter(|line| line.get("message").is_some()).count();
        assert!(with_message >= 3, "{with_message} lines in {}", role.log.display());
    }
    let records = demo.records(&trace);
    assert_eq!(of_kind(&records, "workflow_app_log").len(), 1);
    let runs = of_kind(&records, "workflow_run");
    let states: Vec<_> = runs.iter().map(|run| run["status"].as_str().unwrap_or_default()).collect();
    assert_eq!(states, ["running", "succeeded"]);
    assert_eq!(runs[1]["total_tokens"], answer["total_tokens"]);
    let nodes = of_kind(&records, "node_execution");
    assert_eq!(nodes.len(), 10, "five nodes, each at its start and at its end");
    let ids: BTreeSet<_> = nodes.iter().map(|node| node["id"].to_string()).collect();
    assert_eq!(ids.len(), 5);
    let llm = nodes.iter().find(|node| node["node_type"] == "llm" && node["status"] == "succeeded");
    let llm = llm.expect("the model's node");
    assert_eq!(llm["total_tokens"], answer["total_tokens"]);
    assert!(llm["total_price"].as_f64().is_some_and(|price| price > 0.0));
    assert_eq!(llm["model_name"], "gpt-4o-mini");
    for record in &records {
        assert_eq!(record["workflow_run_id"], answer["workflow_run_id"]);
        assert_eq!(record["tenant_id"], "acme");
        assert_eq!(
            record["run_created_at"], records[0]["run_created_at"],
            "one day for all of a run's records"
        );
        assert_eq!(record["service"]["name"], "api");
    }
}

#[test]
fn records_have_only_catalogued_fields() {
    let demo = Demo::start();
    let (_, trace) =
        demo.answer(&json!({"inputs": {"query": "a \"quoted\" one"}, "fail_at": "http-request"}));
    for record in demo.records(&trace) {
        let kind = record["record"].as_str().and_then(RecordKind::parse).expect("a known kind");
        for (name, value) in record.as_object().expect("an object") {
            let known = value.is_object() || fields::field(name).is_some();
            assert!(known && name != "attributes", "{}: {name}", kind.as_str());
        }
    }
}

#[test]
fn a_run_fails_where_the_request_says() {
    let demo = Demo::start();
    for (steps, node) in ["start", "knowledge-retrieval", "llm", "http-request", "end"].iter().enumerate() {
        let (answer, trace) = demo.answer(&json!({ "fail_at": node }));
        assert_eq!(
            (&answer["status"], &answer["total_steps"]),
            (&"failed".into(), &(steps + 1).into()),
            "{node}"
        );
        let records = demo.records(&trace);
        let failed: Vec<_> = records.iter().filter(|record| record["status"] == "failed").collect();
        assert_eq!(failed.len(), 2, "the node and the run");
        assert_eq!(failed[0]["node_type"], *node);
        assert!(
            failed.iter().all(|record| record["error"].is_string() && record["error_source"].is_string())
        );
        let errors = demo.api.lines().into_iter().filter(|line| line["trace_id"] == trace.as_str());
        assert!(errors.filter(|line| line["level"] == "ERROR").count() >= 2, "{node}");
    }
    let (_, trace) = demo.answer(&json!({"fail_at": "http-request"}));
    let at_worker =
        demo.worker.lines().into_iter().find(|line| line["level"] == "ERROR" && line["trace_id"] == *trace);
    assert!(at_worker.is_some(), "the worker's own error is in the same trace");
}

#[test]
fn a_provider_that_limits_or_is_silent_is_named_on_the_node_and_the_run() {
    let demo = Demo::start();
    for (how, exception, status) in
        [("rate-limit", "InvokeRateLimitError", json!(429)), ("timeout", "ReadTimeout", Value::Null)]
    {
        let (answer, trace) = demo.answer(&json!({"fail_at": "llm", "fail_how": how, "origin": "webhook"}));
        assert_eq!(answer["status"], "failed", "{how}");
        let records = demo.records(&trace);
        let failed: Vec<_> = records.iter().filter(|record| record["status"] == "failed").collect();
        assert!(failed.iter().all(|record| record["error_source"] == "provider"), "{failed:?}");
        assert!(failed.iter().all(|record| record["created_from"] == "webhook"), "{failed:?}");
        assert_eq!(failed[0]["exception"]["type"], exception);
        assert_eq!(failed[0]["http"]["response"]["status_code"], status);
    }
}

#[test]
fn a_panic_of_an_hour_ago_leaves_a_stuck_run() {
    let demo = Demo::start();
    let response = demo.run(&json!({"fail_at": "llm", "fail_how": "panic", "ago_s": 3600}));
    let trace = response.headers()["x-trace-id"].to_str().expect("text").to_owned();
    let records = demo.records(&trace);
    let runs = of_kind(&records, "workflow_run");
    assert_eq!(runs.iter().map(|run| &run["status"]).collect::<Vec<_>>(), ["running"]);
    assert!(runs[0]["created_at"].as_str() < runs[0]["@timestamp"].as_str());
    assert_eq!(runs[0]["run_created_at"], runs[0]["created_at"]);
}

#[test]
fn bad_requests_and_panics_have_their_ids_too() {
    let demo = Demo::start();
    let check = |response: Response, status: u16| {
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["x-trace-id"].len(), 32);
    };
    check(demo.run(&json!({"fail_at": "nowhere"})), 422);
    check(demo.run(&json!({"slow": 1})), 422);
    check(demo.run(&json!({"fail_at": "llm", "fail_how": "panic"})), 500);
    check(demo.client.get(format!("{}/nothing", demo.api.url)).send().expect("an answer"), 404);
    check(demo.client.get(format!("{}/health", demo.api.url)).send().expect("an answer"), 200);
}

#[test]
fn the_end_waits_for_the_request_that_is_running() {
    let mut demo = Demo::start();
    let (client, url) = (demo.client.clone(), format!("{}/workflows/run", demo.api.url));
    let body = json!({"slow_ms": 1500}).to_string();
    let running = std::thread::spawn(move || {
        let answer = client.post(url).header("content-type", "application/json").body(body).send();
        answer.expect("an answer").status().as_u16()
    });
    until("the run's first line", || {
        demo.api.lines().iter().any(|line| line["message"] == "workflow started").then_some(())
    });
    demo.api.terminate();
    assert_eq!(running.join().expect("no panic"), 200);
    assert_eq!(demo.api.child.wait().expect("its exit").code(), Some(0));
    let lines = demo.api.lines();
    let messages: Vec<_> = lines.iter().filter_map(|line| line["message"].as_str()).collect();
    let place = |message: &str| messages.iter().position(|have| *have == message).expect("the line is there");
    assert!(place("ending: no new requests") < place("workflow finished"), "{messages:?}");
    assert_eq!(messages.last(), Some(&"ended"));
}

#[test]
fn help_says_all_there_is() {
    let help = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_demo-service")).args(arguments).output().expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    };
    let all = help(&["api", "--help"]);
    for word in
        ["--listen", "--log", "--worker", "--address-file", "DEMO_LISTEN", "DEMO_LOG", "DEMO_WORKER_URL"]
    {
        assert!(all.contains(word), "{word} is not in\n{all}");
    }
    for word in ["fail_at", "fail_how", "slow_ms", "slow_at", "inputs", "X-Trace-Id", "SIGTERM"] {
        assert!(all.contains(word), "{word} is not in\n{all}");
    }
    assert!(help(&["--help"]).contains("ENABLE_OTEL"));
}
