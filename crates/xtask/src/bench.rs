//! Which program each benchmark is. The measuring itself is in those programs.

use xtask::exec::{Result, cargo, run};

pub const SIM: &[&str] = &[
    "run",
    "--quiet",
    "--profile",
    "sim",
    "--package",
    "correlog-sim",
    "--features",
    "planted-mistakes",
    "--",
];
/// Unoptimised, as the tests run it: its assertions are the point.
pub const CRASHLOOP: &[&str] =
    &["run", "--quiet", "--package", "correlog-tests", "--bin", "proofs", "--", "crashes"];
pub const PROOF: &[&str] =
    &["run", "--quiet", "--release", "--package", "correlog-tests", "--bin", "proofs", "--"];

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum What {
    Layer,
    Ship,
    Encode,
    Memory,
    Lookup,
}

pub fn bench(what: What, rest: &[String]) -> Result<()> {
    let program: &[&str] = match what {
        What::Layer => &["layer-bench"],
        What::Ship => &["ship-bench", "--", "ship"],
        What::Encode => &["ship-bench", "--", "encode"],
        What::Memory => &["ship-bench", "--", "memory"],
        What::Lookup => &["lookup-bench"],
    };
    let (package, own) = program.split_first().expect("every benchmark names its package");
    if matches!(what, What::Ship | What::Memory | What::Lookup) {
        run_cargo(&["build", "--quiet", "--release", "--package", "correlog-cli"], &[])?;
    }
    let separator: &[&str] = if own.is_empty() { &["--"] } else { own };
    run_cargo(&[&["run", "--quiet", "--release", "--package", package], separator].concat(), rest)
}

fn run_cargo(words: &[&str], rest: &[String]) -> Result<()> {
    run(cargo().args(words).args(rest))
}
