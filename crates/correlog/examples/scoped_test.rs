//! Tests that look at the log: a subscriber for this test alone, so that tests run side by side.
//!
//! `cargo test -p correlog --example scoped_test --features init`; `cargo run` does the same without a test runner.

use std::path::Path;

use correlog::{
    init,
    settings::{LogTarget, Settings},
};

fn charge(cents: u32) {
    tracing::info_span!("charge").in_scope(|| tracing::info!(cents, "charged"));
}

/// Runs `work` under a set-up of its own, and gives back its lines.
fn logged(file: &Path, work: impl FnOnce()) -> Result<String, Box<dyn std::error::Error>> {
    let mut settings = Settings::new("billing");
    settings.log.target = LogTarget::File(file.to_owned());
    // Not `init`: that installs a subscriber for the whole process, and a process has only one.
    let (dispatch, guard) = init::build(settings)?;
    tracing::dispatcher::with_default(&dispatch, work);
    guard.flush();
    Ok(std::fs::read_to_string(file)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let text = logged(&directory.path().join("test.jsonl"), || charge(1250))?;
    let line: serde_json::Value = serde_json::from_str(&text)?;
    assert_eq!(line["message"], "charged");
    assert_eq!(line["trace_id"].as_str().map(str::len), Some(32));
    Ok(())
}

#[test]
fn a_charge_is_logged_with_its_trace() {
    main().expect("the line is there");
}
