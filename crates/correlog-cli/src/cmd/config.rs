//! `correlog config check|show`: what is wrong with the configuration, and what it comes to. It changes nothing.

use crate::args::Common;
use crate::config::{self, Loaded, Section, Value};
use crate::error::{EXIT_USAGE, Error, Result};
use crate::print;
use clap::Subcommand;
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum What {
    /// Check the configuration and print every problem at once
    Check,
    /// Print the effective values and where each came from
    Show,
    /// Print docs/CONFIG.md
    #[command(hide = true)]
    Docs,
}

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    match args.what {
        What::Docs => print::data(&config::markdown())?,
        What::Check => return check(common),
        What::Show => {
            let (_, loaded) = config::read(common)?;
            if common.json { print::json(&show_json(&loaded))? } else { print::data(&show(&loaded))? }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(common: &Common) -> Result<ExitCode> {
    let fit = config::read(common).and_then(|(config, _)| match config.unfit_to_ship() {
        unfit if unfit.is_empty() => Ok(config),
        unfit => Err(Error::Config(unfit)),
    });
    match fit {
        Ok(config) => {
            let file =
                config.file.as_deref().map_or_else(|| "no file".into(), |path| path.display().to_string());
            if common.json {
                print::json(&json!({"file": file, "problems": []}))?;
            } else {
                print::data(&format!("{file}: no problems, {} log entries\n", config.logs.len()))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(Error::Config(problems)) if common.json => {
            let list: Vec<Json> =
                problems.iter().map(|p| json!({"path": p.path, "problem": p.what})).collect();
            print::json(&json!({"problems": list}))?;
            Ok(ExitCode::from(EXIT_USAGE))
        }
        Err(error) => Err(error),
    }
}

fn show(loaded: &Loaded) -> String {
    let mut out = String::new();
    let mut rows = |prefix: &str, section: &Section| {
        for (key, (value, origin)) in section {
            let name = key.replacen("logs.", prefix, 1);
            let _ = writeln!(out, "{name} = {}  # {origin}", as_json(value));
        }
    };
    rows("logs.", &loaded.single);
    for (number, entry) in loaded.logs.iter().enumerate() {
        rows(&format!("logs[{number}]."), entry);
    }
    out
}

fn show_json(loaded: &Loaded) -> Json {
    let section = |section: &Section| -> Json {
        let row = |(value, origin): &(Value, config::Origin)| json!({"value": as_json(value), "from": origin.to_string()});
        section
            .iter()
            .map(|(key, entry)| ((*key).to_owned(), row(entry)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    json!({"values": section(&loaded.single), "logs": loaded.logs.iter().map(section).collect::<Vec<_>>()})
}

fn as_json(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Texts(items) => json!(items),
        Value::Flag(on) => json!(on),
        Value::Number(number) => json!(number),
    }
}
