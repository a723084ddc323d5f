//! The rules that a machine keeps: size caps, first lines, no loose ends, no paths of a machine, fresh documents.
//! Style that clippy and rustfmt know is theirs.

use crate::docs;
use std::process::Command;
use xtask::exec::{Result, output, root, say};

const FILE_MAX_LINES: usize = 400;
const FUNCTION_MAX_LINES: usize = 70;

pub fn run() -> Result<()> {
    let listed =
        output(Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).current_dir(root()))?;
    let mut findings = Vec::new();
    for path in listed.lines().filter(|path| root().join(path).is_file()) {
        let Ok(text) = std::fs::read_to_string(root().join(path)) else { continue };
        any_file(path, &text, &mut findings);
        if path.ends_with(".rs") {
            rust_file(path, &text, &mut findings);
        }
    }
    findings.extend(named_places());
    findings.extend(invariants(&listed));
    findings.extend(docs::stale()?.into_iter().map(|path| format!("{path}: stale, run `cargo xtask docs`")));
    if findings.is_empty() {
        say("tidy: nothing to find");
        return Ok(());
    }
    Err(format!("tidy found {}:\n{}", findings.len(), findings.join("\n")))
}

fn any_file(path: &str, text: &str, findings: &mut Vec<String>) {
    // Written in two halves, so that this file does not find itself.
    for machine in [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/fa", "rm/")] {
        if text.contains(machine) && !path.ends_with(".lock") {
            findings.push(format!("{path}: has the path {machine}… of one machine"));
        }
    }
}

fn rust_file(path: &str, text: &str, findings: &mut Vec<String>) {
    if !text.starts_with("//!") {
        findings
            .push(format!("{path}: the first line must be `//!`: what it is for, and what it does not do"));
    }
    let lines = text.lines().count();
    if lines > FILE_MAX_LINES {
        findings.push(format!("{path}: {lines} lines, at most {FILE_MAX_LINES}"));
    }
    for (name, lines) in long_functions(text) {
        findings.push(format!("{path}: fn {name} has {lines} lines, at most {FUNCTION_MAX_LINES}"));
    }
    let loose = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
    ];
    for (number, line) in text.lines().enumerate() {
        for word in loose.iter().filter(|word| line.contains(*word)) {
            findings.push(format!("{path}:{}: {word} is a loose end", number + 1));
        }
    }
}

/// Functions as rustfmt lays them out: from the line with `fn` to the closing brace at the same indent.
fn long_functions(text: &str) -> Vec<(String, usize)> {
    let mut long = Vec::new();
    let mut open: Vec<(usize, String, usize)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        if line.trim_end() == format!("{}}}", " ".repeat(indent)) {
            while let Some((at, name, start)) = open.pop_if(|(at, _, _)| *at >= indent) {
                if at == indent && number - start + 1 > FUNCTION_MAX_LINES {
                    long.push((name, number - start + 1));
                }
            }
        }
        if let Some(name) = function_name(words)
            && !words.ends_with('}')
            && !words.ends_with(';')
        {
            open.push((indent, name.to_owned(), number));
        }
    }
    long
}

fn function_name(words: &str) -> Option<&str> {
    let front = words.split("fn ").next()?;
    let modifiers = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern"];
    if !front.split_whitespace().all(|word| modifiers.contains(&word)) {
        return None;
    }
    let rest = words[front.len()..].strip_prefix("fn ")?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// What ARCHITECTURE.md names is there. That its map is complete is seen by its being generated.
fn named_places() -> Vec<String> {
    let path = "docs/ARCHITECTURE.md";
    let Ok(text) = std::fs::read_to_string(root().join(path)) else {
        return vec![format!("{path}: is missing")];
    };
    let named = text.split('`').skip(1).step_by(2).filter(|word| word.starts_with("crates/"));
    named
        .filter(|place| !root().join(place).exists())
        .map(|place| format!("{path}: names `{place}`, which is not there"))
        .collect()
}

/// An invariant that the code cites must be named by a test.
fn invariants(listed: &str) -> Vec<String> {
    let (mut cited, mut tested) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for file in listed.lines().filter(|file| file.ends_with(".rs") && !file.starts_with("crates/xtask/")) {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        let test_file = file.contains("/tests") || file.starts_with("tests/") || file.contains("-sim/");
        for number in 1..=10 {
            let name = format!("P{number}");
            let names = |part: &str| part.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
            let (code, tests) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
            if !test_file && names(code) {
                cited.insert(number);
            }
            if names(tests) || (test_file && names(&text)) {
                tested.insert(number);
            }
        }
    }
    cited
        .difference(&tested)
        .map(|number| format!("P{number} is cited in code and named by no test"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{function_name, long_functions};

    #[test]
    fn a_function_is_measured_from_its_first_to_its_last_line() {
        let body = "    let x = 1;\n".repeat(69);
        let fits = format!("fn small() {{\n{}}}\n", "    let x = 1;\n".repeat(68));
        assert_eq!(long_functions(&fits), []);
        assert_eq!(long_functions(&format!("pub fn big() {{\n{body}}}\n")), [("big".to_owned(), 71)]);
        assert_eq!(long_functions("fn a() {}\nfn b();\n"), []);
    }

    #[test]
    fn names_of_functions_are_found_and_other_words_are_not() {
        for (line, expect) in [
            ("pub const fn one(a: u8) -> u8 {", Some("one")),
            ("let f = Box::new(fn x", None),
            ("async fn two<T>() {", Some("two")),
            ("// a fn in words", None),
        ] {
            assert_eq!(function_name(line), expect, "{line}");
        }
    }
}
