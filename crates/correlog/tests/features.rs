//! What a user compiles: with no feature neither SDK nor exporter nor runtime, and each feature only what it names.
//! It asks cargo and builds nothing.

use std::collections::BTreeSet;
use std::process::Command;

/// The names of all crates that a service gets with these features of ours.
fn crates(features: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            "correlog",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--no-default-features",
        ])
        .args(["--features", features])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn check(features: &str, with: &[&str], without: &[&str]) {
    let crates = crates(features);
    for name in with {
        assert!(crates.contains(*name), "features {features:?} lack {name}");
    }
    for name in without {
        assert!(!crates.contains(*name), "features {features:?} bring {name}");
    }
}

#[test]
fn a_feature_brings_what_it_names_and_no_more() {
    let layer = ["tracing-subscriber", "tracing-opentelemetry", "opentelemetry", "tracing-appender"];
    let sdk = ["opentelemetry_sdk", "tracing-log"];
    let exporter = ["opentelemetry-otlp", "tonic", "reqwest", "tokio", "hyper", "prost"];
    let tls = ["rustls", "ring", "aws-lc-rs", "openssl"];
    let nothing = [&sdk[..], &exporter, &tls, &["http", "tower-layer", "axum", "serde", "regex"]].concat();
    check("", &layer, &nothing);
    check("init", &sdk, &[&exporter[..], &tls, &["axum"]].concat());
    check("otlp", &[&sdk[..], &exporter].concat(), &[&tls[..], &["axum"]].concat());
    check("otlp-tls", &["rustls"], &["axum", "openssl"]);
    check("http", &["http", "tower-layer", "tower-service"], &[&sdk[..], &exporter, &["axum"]].concat());
    check("axum", &["axum"], &["opentelemetry_sdk", "opentelemetry-otlp", "tonic", "reqwest"]);
    check("reqwest", &["reqwest-middleware"], &["opentelemetry_sdk", "opentelemetry-otlp", "tonic", "axum"]);
}
