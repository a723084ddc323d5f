//! `correlog setup status`: what is there. It changes nothing and has no opinion about it.

use super::{Session, indices, report, wanted};
use crate::error::Result;
use crate::print;
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::ExitCode;

pub fn run(session: &Session<'_>) -> Result<ExitCode> {
    let (steps, left_out) = session.steps()?;
    let mut families = Vec::new();
    for family in wanted::families(session.config) {
        families.push((family.prefix, indices(session.store.cluster, family.prefix)?));
    }
    if session.common.json {
        let mut out = report::as_json(&steps, &[], &left_out);
        out["version"] = json!(session.can.version);
        out["plugins"] = json!(session.can.plugins);
        out["indices"] = families.iter().flat_map(|(_, rows)| rows).cloned().collect();
        return print::json(&out).map(|()| ExitCode::SUCCESS);
    }
    let url = &session.store.cluster.url;
    let mut out =
        format!("OpenSearch {} at {url}, {} plugins\n", session.can.version, session.can.plugins.len());
    for (prefix, rows) in &families {
        let sum = |key: &str| rows.iter().map(|row| number(&row[key])).sum::<u64>();
        let (days, documents, bytes) = (rows.len(), sum("docs.count"), sum("store.size"));
        let size = crate::config::show_bytes(bytes);
        let _ = writeln!(out, "{prefix}: {days} indices, {documents} documents, {size}");
    }
    steps.iter().for_each(|step| out.push_str(&report::line(step)));
    print::data(&out)?;
    report::notes(&[], &left_out);
    Ok(ExitCode::SUCCESS)
}

fn number(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}
