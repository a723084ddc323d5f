//! A plain program without a runtime: one line for each step, all with one trace id.
//!
//! `cargo run -p correlog --example plain_program --features init`. `CORRELOG_FILE=run.jsonl` writes to a file.

use correlog::settings::Settings;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = Settings::from_env()?;
    settings.service.name = "nightly-report".to_owned();
    let guard = correlog::init(settings)?;
    report()?;
    // A program that wants to know whether the last lines are out asks; one that does not drops the guard.
    if !guard.shutdown(std::time::Duration::from_secs(5)) {
        return Err("the log is not complete".into());
    }
    Ok(())
}

#[tracing::instrument(err)]
fn report() -> Result<(), std::num::ParseIntError> {
    tracing::info!("report started");
    let rows: u32 = "1204".parse()?;
    tracing::info!(rows, "report finished");
    Ok(())
}
