//! docs/CONFIG.md from the catalogue of keys, so that the document cannot differ from the program.

use super::keys::{KEYS, Key, Kind, LOGS_KEYS};
use super::{load, show_bytes, show_millis, value};
use std::fmt::Write;

pub fn markdown() -> String {
    let mut out = String::from(
        "# Configuration\n\nGenerated from the program (`cargo xtask docs`); a test fails when it differs.\n\n\
         A value is taken from a flag, else the environment, else the file, else its default; `correlog config show`\n\
         prints each and where it came from. Sizes are written `\"4 MiB\"` (B, kB, KiB, MB, MiB, GB, GiB), durations\n\
         `\"30s\"` (ms, s, m, h, d). Paths are relative to the configuration file.\n",
    );
    section(&mut out, "## Sections", KEYS, true);
    section(&mut out, "## Each `[[logs]]` entry", LOGS_KEYS, false);
    out.push_str("\n`CORRELOG_LOG` sets how much the program says on stderr (`error`, `warn`, `info`, `debug`); `CORRELOG_CONFIG` names the file.\n");
    out
}

fn section(out: &mut String, title: &str, keys: &[Key], variables: bool) {
    let _ = write!(
        out,
        "\n{title}\n\n| key | value | default | meaning |{}\n|---|---|---|---|{}\n",
        if variables { " environment |" } else { "" },
        if variables { "---|" } else { "" }
    );
    for key in keys {
        let default = key.default.map_or_else(|| "–".to_owned(), |text| format!("`{text}`"));
        let _ = write!(
            out,
            "| `{}` | {} | {default} | {} |",
            key.path,
            kind(key.kind),
            key.doc.replace('|', "\\|")
        );
        if variables {
            let _ = write!(out, " `{}` |", load::variable(key));
        }
        out.push('\n');
    }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Bytes { min, max } => format!("size, {} to {}", show_bytes(min), show_bytes(max)),
        Kind::Millis { min, max } => format!("duration, {} to {}", show_millis(min), show_millis(max)),
        Kind::Count { min, max } => format!("number, {min} to {max}"),
        Kind::Choice(choices) => {
            choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(" ")
        }
        other => value::expected(other).to_owned(),
    }
}
