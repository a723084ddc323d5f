//! `refused show`: where each refused document stands, and on demand its bytes.

use std::process::ExitCode;

use serde_json::json;

use super::Choice;
use super::store::Store;
use crate::args::Common;
use crate::error::Result;
use crate::print;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    choice: Choice,
    /// Show the lines themselves; they are the content of your logs
    #[arg(long)]
    content: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u64,
}

pub fn run(common: &Common, store: &Store, args: &Args) -> Result<ExitCode> {
    let mut shown = 0;
    let mut left_out = 0;
    store.visit(&args.choice, |entry| {
        if shown == args.limit {
            left_out += 1;
            return Ok(());
        }
        shown += 1;
        let content = args.content.then(|| String::from_utf8_lossy(&entry.line).into_owned());
        if common.json {
            let mut object = json!(entry);
            if let Some(content) = content {
                object["line"] = content.into();
            }
            return print::json(&object);
        }
        let name = if entry.id.is_empty() { "no document" } else { &entry.id };
        let field = entry.field.as_deref().map(|field| format!(" at {field}")).unwrap_or_default();
        let place = format!("lineage {} offset {}, {} bytes", entry.lineage, entry.start, entry.line.len());
        print::data(&format!("{}{field}: {} {name}, {place}\n", entry.reason, entry.index))?;
        match content {
            Some(content) => print::data(&format!("  {}\n", print::harmless(&content))),
            None => Ok(()),
        }
    })?;
    if shown == 0 && !common.json {
        print::data("nothing is refused\n")?;
    }
    if left_out > 0 {
        print::note(&format!("{left_out} more; --limit shows more, --content their bytes"));
    }
    Ok(ExitCode::SUCCESS)
}
