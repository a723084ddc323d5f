//! The programs under test, built once a run from the sources as they are. It runs none of them.

use std::path::PathBuf;
use std::sync::OnceLock;
use xtask::exec::{cargo, run, target_dir};

const PACKAGES: &[&str] = &["correlog-cli", "demo-service", "lying-opensearch"];

/// The path of a built program: `correlog`, `demo-service`, `lying-opensearch`; built as we are, for figures with
/// optimisation.
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    let optimised = !cfg!(debug_assertions);
    BUILT.get_or_init(|| {
        let packages = PACKAGES.iter().flat_map(|package| ["--package", package]);
        let profile = optimised.then_some("--release");
        run(cargo().args(["build", "--quiet", "--bins"]).args(profile).args(packages))
            .unwrap_or_else(|error| panic!("{error}"));
    });
    target_dir().join(if optimised { "release" } else { "debug" }).join(name)
}
