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

const MESSAGES: [&str; 6] = [
    "request accepted",
    "workflow node started",
    "knowledge retrieval returned 12 documents",
    "calling the model provider over HTTP",
    "workflow node finished",
    "response written",
];

/// One line without its newline, about as long as a real one.
pub fn line(out: &mut String, random: &mut Random, ms: i64, trace: &str, seq: usize) {
    let time = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    let time = time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let chance = random.next();
    let level = if chance.is_multiple_of(50) { "ERROR" } else { "INFO" };
    let service = if chance & 256 == 0 { "api" } else { "worker" };
    let message = MESSAGES[(chance >> 16) as usize % MESSAGES.len()];
    let (customer, duration) = ((chance >> 24) % 500, (chance >> 32) % 100_000);
    let _ = write!(
        out,
        "{{\"@timestamp\":\"{time}\",\"level\":\"{level}\",\"message\":\"{message}\",\"service\":{{\"name\":\"{service}\",\
         \"version\":\"1.4.0\"}},\"logger\":\"{service}::runner\",\"trace_id\":\"{trace}\",\"span_id\":\"{:016x}\",\
         \"trace_flags\":\"01\",\"span\":{{\"name\":\"run_workflow\"}},\"tenant_id\":\"tenant-{}\",\"duration_ms\":{}.{},\
         \"attributes\":{{\"customer\":\"c{customer}\",\"attempt\":{}}},\"log\":{{\"stream\":\"9c1185a5c5e9fc54612808977ee8f548\",\"seq\":{seq}}}}}",
        random.next(),
        customer % 20,
        duration / 10,
        duration % 10,
        chance & 3
    );
}
