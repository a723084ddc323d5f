//! `cargo xtask fuzz [--seconds N] [NAME]…`: each target under cargo-fuzz, coverage-guided, from the committed corpus.
//! The same functions on seeded input on stable Rust are among the tests.

use xtask::exec::{Result, root, run, target_dir};

/// The one target that needs the program, with its dependencies.
const CONFIG: &str = "config";

/// The folders of the corpus are the names of the targets.
fn targets() -> Result<Vec<String>> {
    let dir = root().join("crates/fuzz-targets/corpus");
    let listing = std::fs::read_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut names: Vec<String> =
        listing.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

#[derive(clap::Args)]
pub struct Args {
    /// For each target
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only these: config, encode, refused, reply, state
    names: Vec<String>,
}

pub fn fuzz(args: &Args) -> Result<()> {
    let known = targets()?;
    if let Some(odd) = args.names.iter().find(|name| !known.contains(name)) {
        return Err(format!("no fuzz target {odd}; there are {}", known.join(", ")));
    }
    let chosen = known.iter().filter(|name| args.names.is_empty() || args.names.contains(name));
    for name in chosen {
        one(name, args.seconds).map_err(|error| {
            format!("{error}; it needs `rustup toolchain install nightly` and `cargo install cargo-fuzz`")
        })?;
    }
    Ok(())
}

/// New inputs go to a folder of our own: what is worth keeping is committed by hand.
fn one(name: &str, seconds: u64) -> Result<()> {
    let found = target_dir().join("fuzz-corpus").join(name);
    std::fs::create_dir_all(&found).map_err(|error| format!("{}: {error}", found.display()))?;
    let mut command = std::process::Command::new("rustup");
    // A cargo that runs us has already chosen its toolchain for its children.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC").env_remove("CARGO").current_dir(root());
    command.args(["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir", "fuzz"]);
    if name == CONFIG {
        command.args(["--features", CONFIG]);
    }
    // Our code has no unsafe block, so nothing is there for a sanitizer to find.
    command.args(["--sanitizer", "none", name]).arg(&found);
    command.arg(root().join("crates/fuzz-targets/corpus").join(name));
    run(command.arg("--").arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1"))
}
