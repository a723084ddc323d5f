//! `ship-bench encode` and `ship-bench ship`: how many bytes of log a CPU-second takes, in the encoder alone and in the
//! whole `correlog ship` with a sink that only counts. It judges nothing; it prints what it measured.
#![forbid(unsafe_code)]

mod corpus;
mod encode;
mod ship;
mod sink;

use std::alloc::System;
use std::io::Write as _;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One measured thing, as it is printed.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub lines: u64,
    pub bytes: u64,
    pub cpu_seconds: f64,
    pub wall_seconds: f64,
    /// Not counted where the work is done by another process.
    pub allocs_per_line: Option<f64>,
    pub memory_peak_mib: Option<f64>,
}

const USAGE: &str = "usage: ship-bench encode|ship [--mib N] [--seed S] [--json]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--").collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let seed = value("--seed").unwrap_or(1);
    let rows = match arguments.first().map(String::as_str) {
        Some("encode") => Ok(encode::measure(seed, value("--mib").unwrap_or(64) << 20)),
        Some("ship") => ship::measure(seed, value("--mib").unwrap_or(512) << 20),
        _ => Err(USAGE.to_owned()),
    };
    match rows {
        Ok(rows) => print(&rows, arguments.iter().any(|argument| argument == "--json")),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "ship-bench: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn print(rows: &[Row], json: bool) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "{:<10} {:>10} {:>8} {:>12} {:>10} {:>8} {:>12} {:>9}",
        "subject", "lines", "MB", "MB/CPU-s", "ns/line", "wall s", "allocs/line", "peak MiB"
    );
    for row in rows {
        let shown = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
        let _ = writeln!(
            out,
            "{:<10} {:>10} {:>8.1} {:>12.0} {:>10.0} {:>8.2} {:>12} {:>9}",
            row.name,
            row.lines,
            row.bytes as f64 / 1e6,
            row.bytes as f64 / 1e6 / row.cpu_seconds,
            row.cpu_seconds * 1e9 / row.lines as f64,
            row.wall_seconds,
            shown(row.allocs_per_line),
            row.memory_peak_mib.map_or("-".to_owned(), |peak| format!("{peak:.1}")),
        );
    }
    if json {
        let subjects: Vec<_> = rows.iter().map(as_json).collect();
        let _ = writeln!(out, "{}", serde_json::json!({ "subjects": subjects }));
    }
}

fn as_json(row: &Row) -> serde_json::Value {
    serde_json::json!({
        "name": row.name,
        "lines": row.lines,
        "bytes": row.bytes,
        "cpu_seconds": row.cpu_seconds,
        "wall_seconds": row.wall_seconds,
        "mb_per_cpu_second": row.bytes as f64 / 1e6 / row.cpu_seconds,
        "allocs_per_line": row.allocs_per_line,
        "memory_peak_mib": row.memory_peak_mib,
    })
}
