//! A directory, a configuration and an index prefix of one test's own, and the documents under that prefix.

use crate::child::{Ended, Running, run};
use crate::programs::program;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use xtask::http;

#[derive(Debug)]
pub struct Place {
    pub dir: tempfile::TempDir,
    /// Letters and digits; the indices are `<prefix>-logs-…` and `<prefix>-workflow-…`.
    pub prefix: String,
    /// The cluster of this place.
    pub url: String,
}

/// One stored document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub index: String,
    pub id: String,
    pub source: Value,
}

impl Place {
    /// A place on the shared node with our templates applied for its prefix.
    pub fn new(name: &str) -> Self {
        let place = Self::at(name, crate::node_url());
        place.correlog(&["setup", "apply"]).expect(0);
        place
    }

    /// A place whose cluster is somewhere else; nothing is set up there.
    pub fn at(name: &str, url: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(dir.path().join("logs")).expect("a directory for logs");
        let place =
            Self { dir, prefix: format!("t{}{number}{name}", std::process::id()), url: url.to_owned() };
        place.configure("");
        place
    }

    /// Writes `correlog.toml`; `more` is added to it (whole sections).
    pub fn configure(&self, more: &str) {
        let text = format!(
            "[opensearch]\nurl = \"{}\"\n[index]\nlogs = \"{1}-logs\"\nworkflow = \"{1}-workflow\"\n[state]\ndir = \"state\"\n\
             [host]\nid = \"test-host\"\n[[logs]]\npaths = [\"logs/*.jsonl\", \"logs/*.log\"]\n{more}",
            self.url, self.prefix
        );
        std::fs::write(self.path("correlog.toml"), text).expect("the configuration can be written");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file of the test can be written");
        path
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(program("correlog"));
        command
            .arg("--config")
            .arg(self.path("correlog.toml"))
            .env_remove("CORRELOG_OPENSEARCH_URL")
            .env_remove("CORRELOG_NODE_DIR");
        command
    }

    /// Runs one command to its end.
    pub fn correlog(&self, words: &[&str]) -> Ended {
        run(self.command().args(words))
    }

    pub fn ship_once(&self) -> Ended {
        self.correlog(&["ship", "--once"])
    }

    /// `correlog ship` in the background.
    pub fn ship(&self) -> Running {
        Running::spawn(self.command().arg("ship"))
    }

    /// Every document under the prefix, by id within index.
    pub fn documents(&self) -> Vec<Document> {
        self.documents_of("*")
    }

    /// Every document of the indices `<prefix>-<pattern>`.
    pub fn documents_of(&self, pattern: &str) -> Vec<Document> {
        let target = format!("{}/{}-{pattern}", self.url, self.prefix);
        http::post(&format!("{target}/_refresh"), &Value::Null).expect("the node answers");
        let mut found = Vec::new();
        let mut after = Value::Null;
        loop {
            let mut body = json!({"size": 5000, "sort": [{"_id": "asc"}], "query": {"match_all": {}}});
            if !after.is_null() {
                body["search_after"] = after.clone();
            }
            let answer =
                http::post(&format!("{target}/_search?ignore_unavailable=true&allow_no_indices=true"), &body);
            let page = answer.expect("the node answers").json();
            let hits = page["hits"]["hits"].as_array().cloned().unwrap_or_else(|| panic!("no hits: {page}"));
            let Some(last) = hits.last() else { break };
            after = last["sort"].clone();
            found.extend(hits.iter().map(document));
        }
        found.sort_by(|a, b| (&a.index, &a.id).cmp(&(&b.index, &b.id)));
        found
    }

    /// How many documents the cluster counts under the prefix.
    pub fn count(&self) -> u64 {
        self.count_of("*:*")
    }

    /// Of them, those that come from a line of a file: not the shipper's own account of each minute.
    pub fn count_lines(&self) -> u64 {
        self.count_of("_exists_:log.lineage")
    }

    fn count_of(&self, query: &str) -> u64 {
        let target = format!("{}/{}-*", self.url, self.prefix);
        let _ = http::post(&format!("{target}/_refresh"), &Value::Null);
        let answer = http::get(&format!("{target}/_count?ignore_unavailable=true&q={query}"));
        answer.ok().and_then(|answer| answer.json()["count"].as_u64()).unwrap_or(0)
    }
}

fn document(hit: &Value) -> Document {
    let text = |key: &str| hit[key].as_str().unwrap_or_default().to_owned();
    Document { index: text("_index"), id: text("_id"), source: hit["_source"].clone() }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = http::request("DELETE", &format!("{}/{}-*", self.url, self.prefix), &[], None);
    }
}

/// The lines of a file that end with a newline.
pub fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(str::to_owned).collect()
}
