//! Everything that must pass, in the order in which it fails fastest. It ends well only if all of it ran.

use crate::install::{self, For};
use crate::{bench, tidy};
use std::time::Instant;
use xtask::exec::{Result, cargo, run, say, target_dir};
use xtask::node::{Node, test_name};

#[derive(clap::Args)]
pub struct Args {
    /// Install missing Debian packages with apt, saying which
    #[arg(long)]
    install: bool,
    /// Seeds of the simulator; docs/SIMULATION.md tells what they showed last
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// Only the stages whose name contains this
    #[arg(long)]
    only: Option<String>,
}

type Stage = (&'static str, Box<dyn Fn() -> Result<()>>);

fn stages(args: &Args) -> Vec<Stage> {
    let seeds = args.seeds.to_string();
    let cargo_stage = |words: &'static [&'static str]| -> Box<dyn Fn() -> Result<()>> {
        Box::new(move || run(cargo().args(words)))
    };
    vec![
        ("fmt", cargo_stage(&["fmt", "--all", "--check"])),
        ("tidy", Box::new(tidy::run)),
        ("deny", cargo_stage(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"])),
        (
            "clippy",
            cargo_stage(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--",
                "--deny",
                "warnings",
            ]),
        ),
        ("build", cargo_stage(&["build", "--workspace", "--bins"])),
        (
            "unit",
            cargo_stage(&[
                "test",
                "--workspace",
                "--no-fail-fast",
                "--exclude",
                "correlog-tests",
                "--exclude",
                "layer-bench",
            ]),
        ),
        ("layer features", cargo_stage(&["test", "--package", "correlog", "--all-features"])),
        ("msrv", Box::new(msrv)),
        ("simulator", Box::new(move || run(cargo().args(bench::SIM).args(["--seeds", &seeds])))),
        ("canaries", Box::new(|| run(cargo().args(bench::SIM).arg("canary")))),
        ("black box", Box::new(black_box)),
    ]
}

/// The oldest Rust that the layer's manifest promises, in a target directory of its own so that the two toolchains do
/// not undo each other's work. Only the layer is for others to build with; the rest is built with our own toolchain.
fn msrv() -> Result<()> {
    for features in [&[][..], &["--all-features"]] {
        let words = ["check", "--package", "correlog"];
        run(install::old_cargo()
            .args(words)
            .args(features)
            .arg("--target-dir")
            .arg(target_dir().join("msrv")))?;
    }
    Ok(())
}

/// The tests share one node, which is ended here whatever came of them. Kills and outages have bounds of time, so they
/// are run by themselves, one after the other.
fn black_box() -> Result<()> {
    let part = |words: &[&str]| run(cargo().args(["test", "--package", "correlog-tests"]).args(words));
    let most = part(&["--", "--skip", "crashes::"]);
    let crashes = part(&["--test", "black_box", "--", "--test-threads", "1", "crashes::"]);
    most.and(crashes).and(Node::stop(&test_name()))
}

pub fn test(args: &Args) -> Result<()> {
    install::ensure(For::Test, args.install)?;
    let mut times = Vec::new();
    for (name, stage) in stages(args) {
        if args.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        say(&format!("== {name}"));
        let start = Instant::now();
        stage().map_err(|error| format!("stage {name} failed: {error}"))?;
        times.push(format!("{name} {} s", start.elapsed().as_secs()));
    }
    if args.only.is_some() {
        return Err(format!("only some stages ran: {}", times.join(", ")));
    }
    say(&format!("all stages passed: {}", times.join(", ")));
    Ok(())
}
