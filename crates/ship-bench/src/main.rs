//! `ship-bench encode`, `ship` and `memory`: how many bytes of log a CPU-second takes, in the encoder alone and in the
//! whole `correlog ship` with a sink that only counts, and how much memory the worst takes. It prints what it measured.
#![forbid(unsafe_code)]

mod encode;
mod prototype;
mod pump;

use std::alloc::System;
use std::io::Write as _;
use std::process::ExitCode;

use ship_bench::memory::{self, Case};
use ship_bench::ship::{self, Shipped};
use ship_bench::shipper::beside_us;
use ship_bench::sink::Health;
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

impl Row {
    /// Megabytes of log a CPU-second.
    fn rate(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.cpu_seconds
    }
}

const USAGE: &str = "usage: ship-bench encode|ship|memory [--mib N] [--seed S] [--case 0..9] [--json]";
/// What the shipper promises to stay within, whatever it meets.
const MEMORY_MAX_MIB: f64 = 64.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--").collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let seed = value("--seed").unwrap_or(1);
    let json = arguments.iter().any(|argument| argument == "--json");
    let done = match arguments.first().map(String::as_str) {
        Some("encode") => {
            print(&encode::measure(seed, value("--mib").unwrap_or(64) << 20), json);
            Ok(())
        }
        Some("ship") => {
            measure_ship(seed, value("--mib").unwrap_or(512) << 20).map(|rows| print(&rows, json))
        }
        Some("memory") => press(value("--case").map(|case| case as usize), json),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "ship-bench: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Rounds of every subject in turn; the fastest counts: the others were interrupted more.
const ROUNDS: usize = 3;

/// The yardstick, the pump alone in this process, whose allocations can be counted, and the program itself without and
/// with compression.
fn measure_ship(seed: u64, bytes: u64) -> Result<Vec<Row>, String> {
    let binary = beside_us()?;
    let mut best: Vec<Row> = Vec::new();
    for round in 0..ROUNDS {
        let rows = [
            prototype::measure(seed, bytes)?,
            pump::measure(seed, bytes)?,
            shipped("ship", ship::run(&binary, seed, bytes, "none")?),
            shipped("ship, gzip", ship::run(&binary, seed, bytes, "gzip")?),
        ];
        if round == 0 {
            best.extend(rows);
            continue;
        }
        for (best, row) in best.iter_mut().zip(rows) {
            if row.cpu_seconds < best.cpu_seconds {
                *best = row;
            }
        }
    }
    Ok(best)
}

fn shipped(name: &'static str, shipped: Shipped) -> Row {
    Row {
        name,
        lines: shipped.lines,
        bytes: shipped.bytes,
        cpu_seconds: shipped.ended.cpu_seconds,
        wall_seconds: shipped.ended.wall_seconds,
        allocs_per_line: None,
        memory_peak_mib: Some(shipped.ended.peak_mib),
    }
}

/// Every case at its full size, one after the other, or one of them; an error when one takes more memory than is promised.
fn press(only: Option<usize>, json: bool) -> Result<(), String> {
    let binary = beside_us()?;
    let mut cases: Vec<Case> = Vec::new();
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "{:>9} {:>8} {:>8} {:>10} {:>10}  case",
        "peak MiB", "CPU s", "wall s", "documents", "held MiB"
    );
    let all: [&dyn Fn() -> Result<Case, String>; 10] = [
        &|| memory::long_line(&binary, 1 << 30),
        &|| memory::hole(&binary, 10 << 30),
        &|| memory::bomb(&binary, 1 << 30),
        &|| memory::many_files(&binary, 10_000, 256),
        &|| memory::idle(&binary, 10_000, 30),
        &|| memory::flood(&binary, 512 << 20, "none"),
        &|| memory::flood(&binary, 512 << 20, "gzip"),
        &|| memory::dead_cluster(&binary, Health::Gone, 60, 5_000_000, ""),
        &|| memory::dead_cluster(&binary, Health::Silent, 60, 5_000_000, ""),
        &|| memory::dead_cluster(&binary, Health::Silent, 60, 5_000_000, "compression = \"gzip\""),
    ];
    for (_, one) in all.iter().enumerate().filter(|(number, _)| only.is_none_or(|only| only == *number)) {
        let case = one()?;
        let held = case.held_bytes.map_or("-".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1048576.0));
        let _ = writeln!(
            out,
            "{:>9.1} {:>8.2} {:>8.2} {:>10} {:>10}  {}",
            case.peak_mib, case.cpu_seconds, case.wall_seconds, case.documents, held, case.name
        );
        cases.push(case);
    }
    if json {
        let each = |case: &Case| serde_json::json!({"name": case.name, "memory_peak_mib": case.peak_mib});
        let _ =
            writeln!(out, "{}", serde_json::json!({"subjects": cases.iter().map(each).collect::<Vec<_>>()}));
    }
    match cases.iter().find(|case| case.peak_mib > MEMORY_MAX_MIB) {
        Some(case) => Err(format!("{}: {:.1} MiB, promised are {MEMORY_MAX_MIB}", case.name, case.peak_mib)),
        None => Ok(()),
    }
}

/// The ratio is that to the first subject, which says how fast the machine is in this hour.
fn print(rows: &[Row], json: bool) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "{:<10} {:>10} {:>8} {:>12} {:>7} {:>10} {:>8} {:>12} {:>9}",
        "subject", "lines", "MB", "MB/CPU-s", "ratio", "ns/line", "wall s", "allocs/line", "peak MiB"
    );
    let first = rows.first().map_or(1.0, Row::rate);
    for row in rows {
        let shown = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
        let _ = writeln!(
            out,
            "{:<10} {:>10} {:>8.1} {:>12.0} {:>7.2} {:>10.0} {:>8.2} {:>12} {:>9}",
            row.name,
            row.lines,
            row.bytes as f64 / 1e6,
            row.rate(),
            row.rate() / first,
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
        "mb_per_cpu_second": row.rate(),
        "allocs_per_line": row.allocs_per_line,
        "memory_peak_mib": row.memory_peak_mib,
    })
}
