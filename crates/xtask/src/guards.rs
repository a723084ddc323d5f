//! `cargo xtask guards`: takes each guard of the layer away in a copy of the sources; the test that names its hazard
//! must then fail. It changes nothing in the working tree and does not run the tests as they are.

mod table;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use table::{GUARDS, Guard};
use xtask::exec::{Result, cargo, output, root, run, say, target_dir};

pub fn guards() -> Result<()> {
    let copy = target_dir().join("guards");
    copy_sources(&copy)?;
    let mut unseen = Vec::new();
    for guard in GUARDS {
        if is_idle(guard, &copy)? {
            say(&format!("{}: {} passes without: {}", guard.hazard, guard.test, guard.what));
            unseen.push(guard.test);
        } else {
            say(&format!("{}: {} fails without: {}", guard.hazard, guard.test, guard.what));
        }
    }
    match unseen.len() {
        0 => {
            say(&format!("all {} guards are missed by a test when they are gone", GUARDS.len()));
            Ok(())
        }
        count => Err(format!("{count} guards can go without a test that fails: {}", unseen.join(", "))),
    }
}

/// The files that git knows, as they are in the working tree.
fn copy_sources(copy: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(copy);
    let files = output(Command::new("git").args(["ls-files", "-z"]).current_dir(root()))?;
    for file in files.split_terminator('\0') {
        let to = copy.join(file);
        let directory = to.parent().expect("a file lies in a directory");
        fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        // A file that was deleted and is still known to git is not a part of the sources.
        if root().join(file).is_file() {
            fs::copy(root().join(file), &to).map_err(|error| format!("{file}: {error}"))?;
        }
    }
    Ok(())
}

/// Whether the guard's test passes without it.
fn is_idle(guard: &Guard, copy: &Path) -> Result<bool> {
    let mut before = Vec::new();
    for (file, from, to) in guard.edits {
        let path = copy.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        if text.matches(from).count() != 1 {
            return Err(format!(
                "{}: `{from}` is not in {file} exactly once: mend guards/table.rs",
                guard.hazard
            ));
        }
        fs::write(&path, text.replace(from, to)).map_err(|error| format!("{file}: {error}"))?;
        before.push((path, text));
    }
    // It must still compile, or its failure would tell nothing.
    run(test_of(guard, copy).arg("--no-run"))?;
    let mut test = test_of(guard, copy);
    test.args(["--", "--exact", guard.test]).stdout(Stdio::null()).stderr(Stdio::null());
    let passed = test.status().map_err(|error| format!("cargo cannot be run: {error}"))?.success();
    // Backwards: a file with two edits was whole before the first.
    for (path, text) in before.into_iter().rev() {
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(passed)
}

fn test_of(guard: &Guard, copy: &Path) -> Command {
    let mut test = cargo();
    // Not ours: cargo tells packages apart by their place in the workspace, and would take the copy's for ours.
    test.current_dir(copy).env("CARGO_TARGET_DIR", target_dir().join("guards-target"));
    test.args(["test", "--quiet", "--package", "correlog", "--all-features", "--test", guard.binary]);
    test
}
