//! The status as people read it: what is wrong first, then the files, the furthest behind first.

use crate::config::show_bytes;
use crate::print::harmless;
use serde_json::Value;
use std::fmt::Write;

pub fn text(status: &Value) -> String {
    let mut out = String::new();
    let running = if status["running"] == Value::Bool(true) { "running" } else { "not running" };
    let healthy = if status["healthy"] == Value::Bool(true) { "healthy" } else { "not healthy" };
    let _ = writeln!(out, "shipper: {running}, {healthy}");
    for problem in status["problems"].as_array().into_iter().flatten() {
        let word = |key: &str| harmless(problem[key].as_str().unwrap_or_default());
        let _ = writeln!(out, "problem: {}\n   hint: {}", word("what"), word("hint"));
    }
    if let Some(lines) = status["lines"].as_object() {
        let shown: Vec<String> =
            lines.iter().map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
        let _ = writeln!(out, "lines of this run: {}", shown.join(", "));
    }
    if let Some(refused) = status["delivery"]["refused_by"].as_object().filter(|refused| !refused.is_empty())
    {
        let shown: Vec<String> = refused.iter().map(|(why, count)| format!("{count} {why}")).collect();
        let _ = writeln!(out, "refused in this run: {}; `correlog refused list` has them", shown.join(", "));
    }
    let mut files: Vec<&Value> = status["files"].as_array().into_iter().flatten().collect();
    files.sort_by_key(|file| {
        (std::cmp::Reverse(number(file, "behind")), file["path"].as_str().map(str::to_owned))
    });
    if !files.is_empty() {
        let _ = writeln!(
            out,
            "{:>12} {:>10} {:>9} {:>12} {:>10}  file",
            "behind", "lag", "refused", "skipped", "state"
        );
    }
    for file in files {
        let skips: Vec<(&String, u64)> = file["skipped"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(why, bytes)| (why, bytes.as_u64().unwrap_or(0)))
            .collect();
        let skipped: u64 = skips.iter().map(|(_, bytes)| bytes).sum();
        let _ = writeln!(
            out,
            "{:>12} {:>10} {:>9} {:>12} {:>10}  {}",
            short(number(file, "behind")),
            lag(number(file, "lag_ms")),
            number(file, "refused"),
            short(skipped),
            file["state"].as_str().unwrap_or_default(),
            harmless(file["path"].as_str().unwrap_or_default()),
        );
        if skipped > 0 {
            let why: Vec<String> =
                skips.iter().map(|(why, bytes)| format!("{} {why}", short(*bytes))).collect();
            let _ = writeln!(out, "{:>12} skipped: {}", "", why.join(", "));
        }
        if let Some(hole) = file["hole"].as_str() {
            let _ = writeln!(out, "{:>12} {}", "", harmless(hole));
        }
    }
    out
}

fn number(file: &Value, key: &str) -> u64 {
    file[key].as_u64().unwrap_or(0)
}

/// Two digits are enough to know how bad it is.
fn short(bytes: u64) -> String {
    match bytes {
        0..10_240 => show_bytes(bytes),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        10_485_760..10_737_418_240 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

fn lag(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{ms} ms"),
        10_000..600_000 => format!("{} s", ms / 1_000),
        600_000..36_000_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde_json::json;

    #[test]
    fn what_is_wrong_comes_first_and_the_file_furthest_behind_before_the_others() {
        let status = json!({
            "running": true, "healthy": false,
            "problems": [{"what": "nothing listens", "hint": "is it running?"}],
            "lines": {"read": 3, "in_flight": 1},
            "files": [
                {"path": "a.log", "behind": 5, "lag_ms": 20_000, "state": "following"},
                {"path": "b\u{1b}.log", "behind": 20_971_520, "state": "paused", "skipped": {"nul": 4, "blank": 1}},
            ],
        });
        let lines: Vec<String> = text(&status).lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "shipper: running, not healthy");
        assert_eq!(lines[1], "problem: nothing listens");
        assert!(
            lines[5].contains("20 MiB") && lines[5].contains("5 B") && lines[5].ends_with("b\\u{1b}.log"),
            "{lines:?}"
        );
        assert_eq!(lines[6].trim_start(), "skipped: 1 B blank, 4 B nul");
        assert!(lines[7].contains("20 s") && lines[7].ends_with("a.log"), "{lines:?}");
    }
}
