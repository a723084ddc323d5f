//! The resource: who sends these spans and metrics, by OpenTelemetry's conventions. The same name, version,
//! instance and environment go on every log line.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

use crate::settings::Service;

/// The service with everything filled in that the process itself knows.
pub(super) fn complete(service: &Service) -> Service {
    let mut service = service.clone();
    if service.instance_id.is_empty() {
        service.instance_id = format!("{}-{}", host_name(), std::process::id());
    }
    service
}

/// Of a service that [`complete`] has filled in.
pub(super) fn resource(service: &Service) -> Resource {
    let named = [
        ("service.version", &service.version),
        ("service.instance.id", &service.instance_id),
        ("deployment.environment.name", &service.environment),
        ("vcs.ref.head.revision", &service.git_commit),
    ];
    let known = named.into_iter().filter(|(_, value)| !value.is_empty());
    let host = [
        KeyValue::new("host.name", host_name()),
        KeyValue::new("os.type", std::env::consts::OS),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ];
    // The user's own attributes come last, so that a host name given in the environment replaces ours.
    let further = service.attributes.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("telemetry.sdk.language", "rust"),
            KeyValue::new("telemetry.sdk.name", "opentelemetry"),
        ])
        .with_attributes(host)
        .with_attributes(further)
        .with_service_name(service.name.clone())
        .with_attributes(known.map(|(key, value)| KeyValue::new(key, value.clone())))
        .build()
}

fn host_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}
