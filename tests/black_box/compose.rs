//! docker-compose.yml without an engine: valid by the real `docker-compose`'s schema, on loopback only, pinned, and
//! without a password. That its images build and run is not shown here.

use correlog_tests::child::run;
use serde_json::Value;
use std::process::Command;
use xtask::exec::root;

/// The file as docker-compose understands it, which validates it against the compose schema on the way.
fn compose() -> Value {
    let ended =
        run(Command::new("docker-compose").args(["-f", "docker-compose.yml", "config"]).current_dir(root()))
            .expect(0);
    yaml(&ended.stdout)
}

/// The part of YAML that `docker-compose config` prints, through Python's parser, which docker-compose brings along.
fn yaml(text: &str) -> Value {
    let script = "import sys, yaml, json; json.dump(yaml.safe_load(sys.argv[1]), sys.stdout)";
    run(Command::new("/usr/bin/python3").args(["-c", script, text])).expect(0).json()
}

#[test]
fn the_file_is_valid_and_has_every_part() {
    let file = compose();
    let services: Vec<&str> =
        file["services"].as_object().expect("services").keys().map(String::as_str).collect();
    assert_eq!(services, ["dashboards", "demo-api", "demo-worker", "opensearch", "setup", "shipper"]);
    for (name, service) in file["services"].as_object().expect("services") {
        let once = service["restart"] == "no";
        assert!(once || service["healthcheck"]["test"].is_array(), "{name} has no health check");
    }
}

#[test]
fn images_are_pinned_and_ports_are_on_loopback() {
    let file = compose();
    for (name, service) in file["services"].as_object().expect("services") {
        if let Some(image) = service["image"].as_str() {
            let tag = image.rsplit_once(':').map(|(_, tag)| tag).unwrap_or_default();
            assert!(
                tag.starts_with("3.") && tag.split('.').count() == 3,
                "{name}: {image} is not pinned to a 3.x"
            );
        }
        for port in service["ports"].as_array().into_iter().flatten() {
            assert!(
                port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:")),
                "{name} publishes {port}"
            );
        }
    }
}

#[test]
fn security_is_off_in_so_many_words_and_no_password_is_in_the_file() {
    let text = std::fs::read_to_string(root().join("docker-compose.yml")).expect("docker-compose.yml");
    assert!(text.contains("security plugin is off"));
    assert!(!text.to_lowercase().contains("password"), "a password is in docker-compose.yml");
    assert_eq!(compose()["services"]["opensearch"]["environment"]["DISABLE_SECURITY_PLUGIN"], "true");
}

#[test]
fn the_shipper_reads_the_volume_the_services_write() {
    let file = compose();
    for name in ["demo-api", "demo-worker", "shipper"] {
        let volumes = file["services"][name]["volumes"].to_string();
        assert!(volumes.contains("demo-logs:/var/log/demo"), "{name}: {volumes}");
    }
    let config = root().join("docs/examples/compose.toml");
    let program = correlog_tests::programs::program("correlog");
    run(Command::new(program).arg("--config").arg(config).args(["config", "check"])).expect(0);
}
