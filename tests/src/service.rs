//! The demo service in both roles, writing into a place's `logs/`.

use crate::child::Running;
use crate::place::Place;
use crate::programs::program;
use crate::wait;
use serde_json::Value;
use std::process::Command;
use xtask::http::{self, Answer};

#[derive(Debug)]
pub struct Services {
    pub api: String,
    api_process: Running,
    worker_process: Running,
}

impl Services {
    pub fn start(place: &Place) -> Self {
        let (worker_process, worker) = start(place, "worker", &[]);
        let (api_process, api) = start(place, "api", &["--worker", &worker]);
        Self { api, api_process, worker_process }
    }

    /// One workflow run; the answer has the headers.
    pub fn run_workflow(&self, body: &Value) -> Answer {
        http::post(&format!("{}/workflows/run", self.api), body).expect("the api answers")
    }

    /// Ends both as their operator would, so that everything is flushed.
    pub fn stop(self) {
        assert_eq!(self.api_process.terminate(), Some(0), "the api's exit code");
        assert_eq!(self.worker_process.terminate(), Some(0), "the worker's exit code");
    }
}

fn start(place: &Place, role: &str, more: &[&str]) -> (Running, String) {
    let address = place.path(&format!("{role}.address"));
    let mut command = Command::new(program("demo-service"));
    command.arg(role).args(["--listen", "127.0.0.1:0", "--address-file"]).arg(&address).arg("--log");
    let running = Running::spawn(command.arg(place.path(&format!("logs/{role}.jsonl"))).args(more));
    let text = wait::until("the service's address", 30, || {
        std::fs::read_to_string(&address).ok().filter(|text| text.ends_with('\n'))
    });
    (running, format!("http://{}", text.trim()))
}
