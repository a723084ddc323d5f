//! The shipper's side: how far behind it says it is, what it refused and skipped, and whether the refused file here holds
//! the id that is asked for.

use super::Patient;
use crate::cmd::trace::ask::Ask;
use crate::error::Result;
use crate::scan::{block, needles::Needles};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Three missing status documents are no accident; so many must be missing, and at least this time.
const SILENT_REPORTS: u64 = 3;
const SILENT_MIN_MS: u64 = 60_000;
/// Without status documents: older than this, and nobody ships.
const STALE_MS: i64 = 24 * 3_600_000;
const LAG_MAX_MS: f64 = 60_000.0;

pub fn status(patient: &mut Patient<'_>) -> Result<()> {
    let body = json!({
        "size": 0,
        "query": {"bool": {"filter": [
            {"term": {"record": "shipper_status"}}, {"range": {"@timestamp": {"gte": "now-24h"}}},
        ]}},
        "aggs": {"by": {"terms": {"field": "host.name", "missing": "-", "size": 50}, "aggs": {
            "newest": {"top_hits": {"size": 1, "sort": [{"@timestamp": "desc"}], "_source": ["@timestamp", "shipper.lag_ms"]}},
            "refused": {"sum": {"field": "shipper.lines_refused"}},
            "skipped": {"sum": {"field": "shipper.lines_skipped"}},
        }}},
    });
    let Some(found) = patient.search(&body)? else { return Ok(()) };
    let buckets = found.pointer("/aggregations/by/buckets").and_then(Value::as_array).cloned();
    let buckets = buckets.unwrap_or_default();
    if buckets.is_empty() {
        return newest_line(patient);
    }
    for bucket in &buckets {
        host(patient, bucket);
    }
    Ok(())
}

/// Without status documents (`ship --once`, or a shipper that never ran) the lines themselves are all there is to tell.
fn newest_line(patient: &mut Patient<'_>) -> Result<()> {
    let body = json!({"size": 1, "_source": ["@timestamp"], "sort": [{"@timestamp": {"order": "desc", "unmapped_type": "date_nanos"}}]});
    let Some(found) = patient.search(&body)? else { return Ok(()) };
    let at = found.pointer("/hits/hits/0/_source/@timestamp").and_then(Value::as_str);
    let Some(at) = at.and_then(crate::story::document::nanos_of) else { return Ok(()) };
    let age_ms = patient.now_ms - at / 1_000_000;
    let what = format!("no shipper reports here; the newest line is {} minutes old", age_ms / 60_000);
    if age_ms > STALE_MS {
        patient.ill(
            "shipper",
            what,
            "correlog status on the host that writes the logs; correlog ship when it does not run",
        );
    } else {
        patient.well("shipper", what);
    }
    Ok(())
}

fn host(patient: &mut Patient<'_>, bucket: &Value) {
    let host = bucket.get("key").and_then(Value::as_str).unwrap_or("-").to_owned();
    let newest = bucket.pointer("/newest/hits/hits/0/_source").cloned().unwrap_or_default();
    let at = newest.get("@timestamp").and_then(Value::as_str).and_then(crate::story::document::nanos_of);
    let silent_ms = at.map_or(i64::MAX, |at| patient.now_ms - at / 1_000_000);
    let lag_ms = newest.pointer("/shipper/lag_ms").and_then(Value::as_f64).unwrap_or(0.0);
    let sum = |pointer: &str| bucket.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0) as u64;
    let (refused, skipped) = (sum("/refused/value"), sum("/skipped/value"));
    let silent_max = (SILENT_REPORTS * patient.config.report_every.0).max(SILENT_MIN_MS);
    if silent_ms > i64::try_from(silent_max).unwrap_or(i64::MAX) {
        let what = format!("the shipper on {host} is silent since {} minutes", silent_ms / 60_000);
        patient.ill("shipper", what, "correlog status there; correlog ship when it does not run");
    } else if lag_ms > LAG_MAX_MS {
        let what = format!("the shipper on {host} is {:.0} s behind", lag_ms / 1000.0);
        patient.ill(
            "shipper",
            what,
            "correlog status there says which file and why; wait, or search with --files",
        );
    } else {
        patient.well("shipper", format!("the shipper on {host} is {:.0} s behind", lag_ms / 1000.0));
    }
    if refused > 0 {
        let what = format!("{refused} lines of {host} were refused within 24 hours ({skipped} skipped)");
        patient.ill(
            "refused",
            what,
            "correlog refused list there; correlog refused replay after the cause is mended",
        );
    }
}

/// The refused file of this machine, where the configuration names a state directory.
pub fn refused(patient: &mut Patient<'_>, ask: Option<&Ask>) {
    let (Some(state), Some(ask)) = (&patient.config.state_dir, ask) else { return };
    let needles = Needles::of(ask.forms.iter().map(String::as_str));
    let mut count = 0;
    for path in refused_files(state) {
        let Ok(mut file) = std::fs::File::open(&path) else { continue };
        let mut seen = |_: (u64, &[u8])| count += 1;
        let _ = block::search(&mut file, 0, u64::MAX, false, (&mut Vec::new(), &needles), &mut seen);
    }
    if count > 0 {
        let what = format!("{count} refused lines in {} hold this id", state.display());
        patient.ill(
            "refused",
            what,
            "correlog refused show, then correlog refused replay after the cause is mended",
        );
    }
}

fn refused_files(state: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(state).into_iter().flatten().flatten();
    let is_refused = |path: &PathBuf| {
        path.is_file() && path.file_name().is_some_and(|name| name.to_string_lossy().contains("refused"))
    };
    entries.map(|entry| entry.path()).filter(is_refused).collect()
}
