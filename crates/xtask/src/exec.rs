//! Running other programs: said on stderr, failed loudly. It retries nothing and hides no output.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// What went wrong, as a sentence that names the fix where there is one.
pub type Result<T> = std::result::Result<T, String>;

/// Says a step on stderr.
pub fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "xtask: {text}");
}

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("crates/xtask lies two levels below the root").to_owned()
}

/// Runs a program with its output shown; an exit code other than 0 is an error.
pub fn run(command: &mut Command) -> Result<()> {
    say(&shown(command));
    let status = command.status().map_err(|error| missing(command, &error))?;
    passed(command, status)
}

/// Runs a program and takes its standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| missing(command, &error))?;
    passed(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn passed(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

fn missing(command: &Command, error: &std::io::Error) -> String {
    format!("{} cannot be run: {error}", command.get_program().to_string_lossy())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Cargo as it runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Where a program is found, on the path or where Debian puts administrators' programs.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(extra).map(|dir| dir.join(program)).find(|full| full.is_file())
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
