//! The programs under test, built once a run from the sources as they are. It runs none of them.

use std::path::PathBuf;
use std::sync::OnceLock;
use xtask::exec::{cargo, run, target_dir};

/// The service comes last: figures need none, and it would take minutes to optimise.
const PACKAGES: [&str; 3] = ["correlog-cli", "lying-opensearch", "demo-service"];

/// The path of a built program: `correlog`, `demo-service`, `lying-opensearch`; built as we are, for figures with
/// optimisation.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let optimised = !cfg!(debug_assertions);
    BUILT.get_or_init(|| {
        let packages = PACKAGES.iter().take(if optimised { 2 } else { 3 });
        let packages = packages.flat_map(|package| ["--package", package]);
        let profile = optimised.then_some("--release");
        run(cargo().args(["build", "--quiet", "--bins"]).args(profile).args(packages))
            .unwrap_or_else(|error| panic!("{error}"));
    });
    target_dir().join(if optimised { "release" } else { "debug" }).join(name)
}
