//! Lines made by seed, about 350 bytes long: the same seed, the same bytes. They look like what services write.

use std::fmt::Write as _;

/// What a corpus consists of.
#[derive(Clone, Copy, Debug)]
pub enum Mix {
    Native,
    Tracing,
    Dify,
    Text,
}

const WORDS: [&str; 24] = [
    "workflow", "finished", "node", "started", "request", "to", "the", "model", "took", "longer", "than",
    "usual", "retrying", "with", "another", "provider", "cache", "miss", "for", "document", "segment",
    "user", "asked", "über",
];

#[derive(Debug)]
pub struct Corpus {
    state: u64,
    mix: Mix,
    /// Milliseconds since 1970 of the next line.
    now: u64,
    seq: u64,
}

impl Corpus {
    pub fn new(seed: u64, mix: Mix) -> Self {
        Self { state: seed.wrapping_mul(2).wrapping_add(1), mix, now: 1_795_255_200_000, seq: 0 }
    }

    fn random(&mut self) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.state >> 24
    }

    fn words(&mut self, count: u64) -> String {
        let mut text = String::new();
        for at in 0..count {
            if at > 0 {
                text.push(' ');
            }
            text.push_str(WORDS[(self.random() % 24) as usize]);
        }
        text
    }

    /// Appends one line with its newline.
    pub fn line(&mut self, out: &mut String) {
        self.now += self.random() % 3;
        let (a, b, c) = (self.random(), self.random(), self.random());
        let words = 1 + self.random() % 6;
        let message = self.words(words);
        let level = ["INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"][(a % 6) as usize];
        let seconds = self.now / 1000 % 3600;
        let stamp = format!("2026-11-21T10:{:02}:{:02}.{:03}", seconds / 60, seconds % 60, self.now % 1000);
        let trace = format!("{:016x}{:016x}", self.now << 16, (a << 24) ^ b);
        let span = (c << 24) ^ a | 1;
        // Not every line has the same fields.
        let some = match self.seq % 2 {
            0 => format!(",\"tenant_id\":\"t-{}\",\"duration_ms\":{}.{}", a % 50, b % 1000, c % 10),
            _ => String::new(),
        };
        let written = match self.mix {
            Mix::Native => write!(
                out,
                r#"{{"@timestamp":"{stamp}123456Z","level":"{level}","message":"{message}","service":{{"name":"api"}},"logger":"api::runner","trace_id":"{trace}","span_id":"{span:016x}","trace_flags":"01"{some},"attributes":{{"retries":{}}},"log":{{"stream":"9c1185a5c5e9fc54612808977ee8f548","seq":{}}}}}"#,
                a % 4,
                self.seq
            ),
            Mix::Tracing => write!(
                out,
                r#"{{"timestamp":"{stamp}Z","level":"{level}","fields":{{"message":"{message}","retries":{},"tenant_id":"t-{}"}},"target":"api::runner","trace_id":"{trace}","span":{{"name":"run_workflow","workflow":"w-{}"}},"spans":[{{"name":"request"}},{{"name":"run_workflow"}}],"filename":"src/runner.rs","line_number":{}}}"#,
                a % 4,
                b % 50,
                c % 100,
                a % 900
            ),
            Mix::Dify => write!(
                out,
                r#"{{"ts":"{stamp}Z","severity":"{level}","service":"langgenius/dify","caller":"node.py:{}","message":"{message}","trace_id":"{trace}","span_id":"{span:016x}","identity":{{"tenant_id":"972a8469-1641-4f82-8b9d-2434e465e150","user_id":"u-{}","user_type":"service-api"}}}}"#,
                a % 900,
                b % 1000
            ),
            Mix::Text => write!(
                out,
                "{} {level} [main] [txt.py:{}] {trace} - {message}",
                stamp.replace('T', " "),
                a % 900
            ),
        };
        let _ = written;
        out.push('\n');
        self.seq += 1;
    }
}
