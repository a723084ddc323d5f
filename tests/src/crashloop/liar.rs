//! The lying server as a process of its own: it keeps what it was given while shippers come and go.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use xtask::http;

use crate::programs::program;

#[derive(Debug)]
pub struct LyingServer {
    process: Child,
    pub url: String,
}

impl LyingServer {
    pub fn start() -> Self {
        let mut process = Command::new(program("lying-opensearch"))
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("lying-opensearch can be started");
        let mut url = String::new();
        let out = process.stdout.as_mut().expect("its output is piped");
        BufReader::new(out).read_line(&mut url).expect("it says its address");
        Self { process, url: url.trim().to_owned() }
    }

    /// One answer in so many is a lie from now on; 0: none.
    pub fn lie(&self, seed: u64, one_in: u64) {
        self.door(&format!("random?seed={seed}&one_in={one_in}"));
    }

    pub fn tell(&self, kind: &str, place: &str) {
        self.door(&format!("tell?kind={kind}&place={place}"));
    }

    /// Whose `Authorization` is not this gets 401; spaces as `%20`.
    pub fn only_with(&self, authorization: &str) {
        self.door(&format!("key?key={authorization}"));
    }

    /// Answers nothing until it is switched back.
    pub fn outage(&self, on: bool) {
        self.door(&format!("outage?on={}", u8::from(on)));
    }

    pub fn count(&self, of: &str) -> u64 {
        let counts = http::get(&format!("{}/_lying/counts", self.url)).expect("the liar answers").json();
        counts[of].as_u64().unwrap_or_else(|| panic!("no count of {of}: {counts}"))
    }

    /// Every document into a file, one JSON object a line.
    pub fn dump(&self, to: &Path) {
        self.door(&format!("dump?file={}", to.display()));
    }

    fn door(&self, what: &str) {
        let answer = http::get(&format!("{}/_lying/{what}", self.url)).expect("the liar answers");
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    }
}

impl Drop for LyingServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
