//! Log lines as a service of the demo's kind writes them, from a seed. No line depends on the clock or on chance.

use std::fmt::Write;

/// A small generator; the figures need spread, not quality.
#[derive(Clone, Copy, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Lines of one trace.
pub const LINES_A_TRACE: usize = 10;

/// A trace id made at `ms`: one that bears its time, or one at random.
pub fn trace_id(random: &mut Random, ms: i64, bears_time: bool) -> String {
    let (high, low) = (random.next(), random.next());
    if bears_time {
        format!("{ms:012x}7{:03x}{low:016x}", high & 0xfff)
    } else {
        format!("{high:016x}{low:016x}")
    }
}

/// What a service says, with what differs from line to line; `{}` is a number.
const MESSAGES: [&str; 8] = [
    "POST /workflows/run accepted, {} bytes",
    "node started",
    "knowledge retrieval returned {} documents",
    "calling https://models.example/v1/chat/completions, attempt {}",
    "node finished",
    "cache miss for prompt {}, asking the model",
    "model answered with {} tokens",
    "response written, {} bytes",
];
const NODES: [&str; 5] = ["start", "knowledge-retrieval", "llm", "http-request", "end"];
/// Nodes write two lines each, in a span of their own.
const LINES_A_NODE: usize = 2;

/// One line without its newline: the fields and about the length of those that the demo's services write.
pub fn line(out: &mut String, random: &mut Random, ms: i64, trace: &str, seq: usize) {
    // All of a run's lines name the same run, app, tenant and user; a node's lines the same span.
    let mut run = Random(u64::from_str_radix(&trace[16..], 16).unwrap_or(0));
    let (run_id, whose) = (uuid(&mut run), run.next());
    let node = seq / LINES_A_NODE;
    let mut node_random = Random(run.next() ^ node as u64);
    let (span, node_id) = (node_random.next(), uuid(&mut node_random));
    let service = if node % 3 == 2 { "worker" } else { "api" };
    let chance = random.next();
    let level = if chance.is_multiple_of(50) { "ERROR" } else { "INFO" };
    let message = MESSAGES[(chance >> 16) as usize % MESSAGES.len()];
    let message = message.replace("{}", &((chance >> 20) % 20_000).to_string());
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let time = time + chrono::TimeDelta::nanoseconds((chance >> 8) as i64 % 1_000_000);
    let time = time.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
    let _ = write!(
        out,
        "{{\"@timestamp\":\"{time}\",\"level\":\"{level}\",\"message\":\"{message}\",\"service\":{{\"name\":\"{service}\",\
         \"version\":\"1.4.0\",\"instance\":{{\"id\":\"{service}-29221\"}}}},\"deployment\":{{\"environment\":{{\"name\":\"prod\"}}}},\
         \"logger\":\"{service}::runner\",\"trace_id\":\"{trace}\",\"span_id\":\"{span:016x}\",\"trace_flags\":\"01\",\
         \"span\":{{\"name\":\"run_node\"}},\"app_id\":\"{}\",\"code\":{{\"file\":{{\"path\":\"src/run/mod.rs\"}},\
         \"line\":{{\"number\":{}}}}},\"duration_ms\":{},\"http\":{{\"request\":{{\"method\":\"POST\"}},\
         \"route\":\"/workflows/run\"}},\"node_execution_id\":\"{node_id}\",\"node_id\":\"173200000000{node}\",\
         \"node_type\":\"{}\",\"tenant_id\":\"tenant-{}\",\"url\":{{\"path\":\"/workflows/run\"}},\"user_id\":\"user-{}\",\
         \"workflow_id\":\"{}\",\"workflow_run_id\":\"{run_id}\",\"attributes\":{{\"total_tokens\":{},\"attempt\":{}}},\
         \"log\":{{\"stream\":\"9c1185a5c5e9fc54612808977ee8f548\",\"seq\":{}}}}}",
        uuid(&mut Random(whose % 60)),
        60 + (chance >> 16) % 8 * 14,
        (chance >> 30) as f64 / 1e6,
        NODES[node % NODES.len()],
        whose % 20,
        whose % 500,
        uuid(&mut Random(whose % 60 + 1000)),
        (chance >> 40) % 900,
        chance & 3,
        ms % 10_000_000 + seq as i64,
    );
}

fn uuid(random: &mut Random) -> String {
    let (high, low) = (random.next(), random.next());
    let (start, middle, version) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
    format!(
        "{start:08x}-{middle:04x}-4{version:03x}-8{:03x}-{:012x}",
        (low >> 48) & 0xfff,
        low & 0xffff_ffff_ffff
    )
}
