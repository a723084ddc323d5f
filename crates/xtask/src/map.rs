//! The code map of docs/ARCHITECTURE.md, made of what the files say of themselves, in the order in which their crate
//! declares them. It judges no text; a file without a first line is tidy's finding.

use std::path::Path;
use xtask::exec::{Result, root};

const BEGIN: &str = "<!-- map: written by `cargo xtask docs` -->\n";
const END: &str = "<!-- end of map -->";

/// In reading order: the way of a line, then what proves it, then the tools.
const CRATES: &[&str] = &[
    "correlog",
    "correlog-schema",
    "correlog-pipeline",
    "correlog-cli",
    "correlog-dashboards",
    "correlog-sim",
    "lying-opensearch",
    "fuzz-targets",
    "demo-service",
    "layer-bench",
    "ship-bench",
    "lookup-bench",
    "xtask",
];

/// The document as it should be: its own words around the map of now.
pub fn architecture() -> Result<String> {
    let path = root().join("docs/ARCHITECTURE.md");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (before, rest) = text.split_once(BEGIN).ok_or("docs/ARCHITECTURE.md has no place for the map")?;
    let (_, after) = rest.split_once(END).ok_or("docs/ARCHITECTURE.md does not end its map")?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", map()?))
}

fn map() -> Result<String> {
    let mut known: Vec<String> = std::fs::read_dir(root().join("crates"))
        .map_err(|error| error.to_string())?
        .flatten()
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    known.sort_by_key(|name| {
        (CRATES.iter().position(|one| one == name).unwrap_or(CRATES.len()), name.clone())
    });
    let mut out = String::new();
    for name in known {
        let source = root().join("crates").join(&name).join("src");
        out.push_str(&format!(
            "\n### `crates/{name}`\n\n{}\n\n| where | what |\n|---|---|\n",
            about(&source)
        ));
        for (place, what) in entries(&name, &source) {
            out.push_str(&format!("| `{place}` | {what} |\n"));
        }
    }
    Ok(out)
}

fn about(source: &Path) -> String {
    ["lib.rs", "main.rs"]
        .iter()
        .map(|file| first_sentences(&source.join(file)))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// Files and folders of a crate, with what they say of themselves.
fn entries(name: &str, source: &Path) -> Vec<(String, String)> {
    let declared: Vec<String> = ["lib.rs", "main.rs"]
        .iter()
        .filter_map(|file| std::fs::read_to_string(source.join(file)).ok())
        .flat_map(|text| text.lines().filter_map(module).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut found = Vec::new();
    for one in declared.iter().filter(|one| *one != "tests") {
        let (file, folder) = (source.join(format!("{one}.rs")), source.join(one));
        if file.is_file() {
            found.push((format!("crates/{name}/src/{one}.rs"), first_sentences(&file)));
        }
        if folder.is_dir() {
            let own = folder.join("mod.rs");
            let what = if own.is_file() { first_sentences(&own) } else { format!("Parts of `{one}`.") };
            found.push((format!("crates/{name}/src/{one}/"), what));
        }
    }
    found
}

/// `pub mod x;` and its like.
fn module(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?;
    rest.strip_suffix(';')
}

/// The first paragraph of the file's own description, on one line.
fn first_sentences(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::module;

    #[test]
    fn modules_are_read_in_the_order_of_their_declaration() {
        for (line, expect) in [
            ("pub mod pump;", Some("pump")),
            ("mod tests;", Some("tests")),
            ("mod tests {", None),
            ("use mod x;", None),
        ] {
            assert_eq!(module(line), expect, "{line}");
        }
    }
}
