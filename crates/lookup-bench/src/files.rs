//! `correlog trace --files` against `grep -F` on the same files in the same run, warm: the best of several rounds by the
//! clock on the wall, and the processor time of all of them, which other processes disturb less.

use crate::lines::{LINES_A_TRACE, Random, line, trace_id};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use xtask::exec::Result;

const ROUNDS: usize = 15;
const FILES: usize = 4;
const START_MS: i64 = 1_795_000_000_000;

pub fn bench(program: &Path, mebibytes: usize) -> Result<Value> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (paths, id) = write(dir.path(), mebibytes << 20).map_err(|error| error.to_string())?;
    let glob = dir.path().join("*.jsonl").display().to_string();
    let mut best = [f64::MAX; 2];
    let mut cpu = [0.0; 2];
    for _ in 0..ROUNDS {
        let mut grep = Command::new("grep");
        grep.args(["-F", "--", &id]).args(&paths).env("LC_ALL", "C");
        let mut ours = Command::new(program);
        ours.args(["trace", &id, "--json", "--files", &glob]).current_dir(dir.path());
        for (place, command) in [&mut grep, &mut ours].into_iter().enumerate() {
            let before = children_cpu_ms();
            best[place] = best[place].min(timed(command)?);
            cpu[place] += (children_cpu_ms() - before) / ROUNDS as f64;
        }
    }
    let bytes: u64 = paths.iter().filter_map(|path| path.metadata().ok()).map(|meta| meta.len()).sum();
    Ok(
        json!({"mebibytes": bytes >> 20, "files": FILES, "rounds": ROUNDS, "grep_ms": best[0], "correlog_ms": best[1],
        "ratio": best[1] / best[0], "grep_cpu_ms": cpu[0], "correlog_cpu_ms": cpu[1], "cpu_ratio": cpu[1] / cpu[0]}),
    )
}

pub fn words(found: &Value) -> String {
    format!(
        "files: {} MiB in {} files: grep -F {:.0} ms, correlog trace --files {:.0} ms, ratio {:.2}; \
         processor time {:.0} and {:.0} ms, ratio {:.2}",
        found["mebibytes"],
        found["files"],
        number(&found["grep_ms"]),
        number(&found["correlog_ms"]),
        number(&found["ratio"]),
        number(&found["grep_cpu_ms"]),
        number(&found["correlog_cpu_ms"]),
        number(&found["cpu_ratio"])
    )
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

/// The files, and the id of a trace in the middle of one.
fn write(dir: &Path, bytes: usize) -> std::io::Result<(Vec<PathBuf>, String)> {
    let mut random = Random(1);
    let (mut paths, mut wanted) = (Vec::new(), String::new());
    for file in 0..FILES {
        let path = dir.join(format!("{file}.jsonl"));
        let mut out = std::io::BufWriter::new(std::fs::File::create(&path)?);
        let (mut written, mut ms, mut text) = (0, START_MS, String::new());
        while written < bytes / FILES {
            let id = trace_id(&mut random, ms, true);
            text.clear();
            for seq in 0..LINES_A_TRACE {
                line(&mut text, &mut random, ms, &id, seq);
                text.push('\n');
                ms += 3;
            }
            out.write_all(text.as_bytes())?;
            written += text.len();
            if file == FILES / 2 && written > bytes / FILES / 2 && wanted.is_empty() {
                wanted = id;
            }
        }
        out.flush()?;
        paths.push(path);
    }
    Ok((paths, wanted))
}

/// Processor time of the children that have ended, in milliseconds: fields 16 and 17 of the process's `stat`, in ticks of
/// which there are a hundred a second on every Linux of today.
fn children_cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name, in parentheses, may hold anything; the third field follows it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// Milliseconds of a whole process, its output taken through a pipe.
fn timed(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::null()).output().map_err(|error| error.to_string())?;
    let took = start.elapsed().as_secs_f64() * 1000.0;
    if output.stdout.is_empty() {
        return Err(format!("{} found nothing", command.get_program().to_string_lossy()));
    }
    Ok(took)
}
