//! The encoder alone, over lines in memory, in one thread.

use correlog_pipeline::encode::{Ahead, Encoder, Line, Redaction, Settings, Shape};
use correlog_pipeline::limits::READ_BLOCK_BYTES;
use correlog_pipeline::span::{Lineage, Span, TailId};
use stats_alloc::Region;

use crate::Row;
use ship_bench::corpus::{Corpus, Mix};

const SUBJECTS: [(&str, Mix); 4] =
    [("native", Mix::Native), ("tracing", Mix::Tracing), ("dify", Mix::Dify), ("text", Mix::Text)];

/// Passes over the same lines; the fastest counts: the others were interrupted more.
const PASSES: usize = 5;

pub fn measure(seed: u64, bytes: u64) -> Vec<Row> {
    SUBJECTS.iter().map(|&(name, mix)| subject(seed, bytes, name, mix)).collect()
}

fn subject(seed: u64, bytes: u64, name: &'static str, mix: Mix) -> Row {
    let mut corpus = Corpus::new(seed, mix);
    let mut text = String::new();
    while (text.len() as u64) < bytes {
        corpus.line(&mut text);
    }
    let redaction = Redaction::new(&[], &[], true).unwrap_or_default();
    let settings =
        Settings { redaction, host_id: "host".into(), host_name: "host".into(), ..Settings::default() };
    let (mut encoder, mut ahead) = (Encoder::new(settings), Ahead::default());
    let mut out = Vec::with_capacity(5 << 20);
    let lines = pass(&mut encoder, &mut ahead, &text, &mut out);
    let region = Region::new(crate::ALLOCATOR);
    let _ = pass(&mut encoder, &mut ahead, &text, &mut out);
    let change = region.change();
    let allocations = (change.allocations + change.reallocations) as f64 / lines as f64;
    let best =
        (0..PASSES).map(|_| timed(&mut encoder, &mut ahead, &text, &mut out)).fold(f64::INFINITY, f64::min);
    Row {
        name,
        lines,
        bytes: text.len() as u64,
        cpu_seconds: best,
        wall_seconds: best,
        allocs_per_line: Some(allocations),
        memory_peak_mib: None,
    }
}

fn timed(encoder: &mut Encoder, ahead: &mut Ahead, text: &str, out: &mut Vec<u8>) -> f64 {
    let start = thread_seconds();
    let _ = pass(encoder, ahead, text, out);
    thread_seconds() - start
}

/// What this thread has used of a processor; on a shared machine a clock on the wall measures the neighbours.
pub fn thread_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// Block by block, as the pump does.
fn pass(encoder: &mut Encoder, ahead: &mut Ahead, text: &str, out: &mut Vec<u8>) -> u64 {
    let (mut offset, mut lines) = (0, 0);
    out.clear();
    while offset < text.len() {
        let rest = &text.as_bytes()[offset..];
        let block = &rest[..rest.len().min(READ_BLOCK_BYTES)];
        encoder.look_ahead(ahead, block, offset as u64);
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', block) {
            let span =
                Span { tail: TailId(0), start: (offset + from) as u64, next: (offset + end + 1) as u64 };
            let line = Line {
                bytes: &block[from..end],
                span,
                lineage: Lineage([7; 16]),
                skipped: 0,
                path: "logs/api.jsonl",
                shape: Shape::Whole,
                earlier: None,
            };
            lines += u64::from(encoder.encode_known(&line, ahead.of(&line), out).is_ok());
            if out.len() > 4 << 20 {
                out.clear();
            }
            from = end + 1;
        }
        offset += from;
    }
    lines
}
