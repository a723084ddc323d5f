//! Settings from variables: names, precedence, defaults, and every mistake at once. No test touches the process's
//! own environment.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use super::*;

fn read(vars: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::from_vars(|name| {
        let found = vars.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn good(vars: &[(&str, &str)]) -> Settings {
    read(vars).expect("these settings are good")
}

fn otlp(vars: &[(&str, &str)]) -> Otlp {
    match good(vars).export {
        Exporter::Otlp(otlp) => otlp,
        other => panic!("expected export over OTLP, got {other:?}"),
    }
}

#[test]
fn nothing_set_gives_the_documented_defaults() {
    let settings = good(&[]);
    assert_eq!(settings.export, Exporter::Off);
    assert_eq!(settings.trace.sampling_ratio, 0.1);
    assert!(settings.trace.parent_based && settings.trace.time_ids && settings.trace.error_events);
    assert_eq!(settings.batch.schedule_delay, Duration::from_millis(5000));
    assert_eq!((settings.batch.queue_size, settings.batch.export_size), (2048, 512));
    assert_eq!(settings.batch.export_timeout, Duration::from_secs(10));
    assert_eq!(settings.metrics.interval, Duration::from_secs(60));
    assert_eq!(settings.metrics.timeout, Duration::from_secs(30));
    assert_eq!(settings, Settings::default());
}

#[test]
fn the_platforms_names_do_what_they_say() {
    let settings = good(&[
        ("ENABLE_OTEL", "true"),
        ("OTLP_BASE_ENDPOINT", "http://collector:4318/"),
        ("OTLP_METRIC_ENDPOINT", "http://metrics:9/v1/metrics"),
        ("OTLP_API_KEY", "s3cret"),
        ("OTEL_EXPORTER_TYPE", "otlp"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http"),
        ("OTEL_SAMPLING_RATE", "0.25"),
        ("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "1000"),
        ("OTEL_MAX_QUEUE_SIZE", "100"),
        ("OTEL_MAX_EXPORT_BATCH_SIZE", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "7000"),
        ("OTEL_BATCH_EXPORT_TIMEOUT", "2000"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "3000"),
        ("APPLICATION_NAME", "api"),
        ("DEPLOY_ENV", "prod"),
        ("COMMIT_SHA", "abc123"),
    ]);
    let Exporter::Otlp(otlp) = &settings.export else { panic!("{:?}", settings.export) };
    assert_eq!(otlp.protocol, Protocol::HttpProtobuf);
    assert_eq!(otlp.traces_endpoint, "http://collector:4318/v1/traces");
    assert_eq!(otlp.metrics_endpoint, "http://metrics:9/v1/metrics");
    assert_eq!(otlp.api_key.as_ref().map(Secret::expose), Some("s3cret"));
    assert_eq!(settings.trace.sampling_ratio, 0.25);
    assert_eq!(settings.batch.schedule_delay, Duration::from_secs(1));
    assert_eq!((settings.batch.queue_size, settings.batch.export_size), (100, 50));
    assert_eq!(settings.batch.export_timeout, Duration::from_secs(2));
    assert_eq!(settings.metrics.interval, Duration::from_secs(7));
    assert_eq!(settings.metrics.timeout, Duration::from_secs(3));
    let service = &settings.service;
    assert_eq!((&*service.name, &*service.environment, &*service.git_commit), ("api", "prod", "abc123"));
    assert!(!format!("{settings:?}").contains("s3cret"), "a secret is never printed");
}

#[test]
fn a_developer_sees_spans_after_200_ms_unless_told_otherwise() {
    let delay = |vars: &[(&str, &str)]| good(vars).batch.schedule_delay.as_millis();
    assert_eq!(delay(&[("DEPLOY_ENV", "development")]), 200);
    assert_eq!(delay(&[("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=dev")]), 200);
    assert_eq!(delay(&[("DEPLOY_ENV", "dev"), ("OTEL_BSP_SCHEDULE_DELAY", "900")]), 900);
    assert_eq!(delay(&[("DEPLOY_ENV", "prod")]), 5000);
}

#[test]
fn the_platforms_name_wins_and_then_the_signals_own() {
    let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://standard:1");
    let signal = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://signal:2/in");
    let own_base = ("OTLP_BASE_ENDPOINT", "http://own:3");
    let own_signal = ("OTLP_TRACE_ENDPOINT", "http://own-signal:4/in");
    let traces = |vars: &[(&str, &str)]| otlp(vars).traces_endpoint;
    assert_eq!(traces(&[base]), "http://standard:1/v1/traces");
    assert_eq!(traces(&[base, own_base]), "http://own:3/v1/traces");
    assert_eq!(traces(&[base, own_base, signal]), "http://signal:2/in");
    assert_eq!(traces(&[base, own_base, signal, own_signal]), "http://own-signal:4/in");
    let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    assert_eq!(traces(&[base, grpc]), "http://standard:1");
    assert_eq!(traces(&[("ENABLE_OTEL", "1"), grpc]), "http://localhost:4317");
    let service = good(&[
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=low,service.version=1.2,team=red%20ones"),
        ("OTEL_SERVICE_NAME", "middle"),
        ("APPLICATION_NAME", "high"),
    ])
    .service;
    assert_eq!((&*service.name, &*service.version), ("high", "1.2"));
    assert_eq!(service.attributes, [("team".to_owned(), "red ones".to_owned())]);
}

#[test]
fn export_is_on_when_asked_for_or_when_a_place_is_named() {
    let is_on = |vars: &[(&str, &str)]| good(vars).export != Exporter::Off;
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
    assert!(is_on(&[("ENABLE_OTEL", "true")]));
    assert!(is_on(&[endpoint]));
    assert!(is_on(&[("OTEL_EXPORTER_TYPE", "console")]));
    assert!(!is_on(&[endpoint, ("ENABLE_OTEL", "false")]));
    assert!(!is_on(&[("ENABLE_OTEL", "true"), ("OTEL_SDK_DISABLED", "true")]));
    assert!(!is_on(&[("ENABLE_OTEL", "true"), ("OTEL_TRACES_EXPORTER", "none")]));
    assert!(!is_on(&[("ENABLE_OTEL", ""), ("OTLP_BASE_ENDPOINT", "  ")]), "empty is not set");
}

#[test]
fn the_standard_samplers_are_understood() {
    let sampler = |name, argument| {
        let trace = good(&[("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", argument)]).trace;
        (trace.parent_based, trace.sampling_ratio)
    };
    assert_eq!(sampler("always_on", ""), (false, 1.0));
    assert_eq!(sampler("always_off", ""), (false, 0.0));
    assert_eq!(sampler("traceidratio", "0.5"), (false, 0.5));
    assert_eq!(sampler("parentbased_always_on", ""), (true, 1.0));
    assert_eq!(sampler("parentbased_traceidratio", "0.5"), (true, 0.5));
    assert_eq!(sampler("parentbased_traceidratio", ""), (true, 1.0));
}

#[test]
fn the_log_goes_where_it_is_told() {
    let log =
        good(&[("LOG_LEVEL", "WARNING"), ("LOG_FILE", "/logs/api.jsonl"), ("LOG_FILE_MAX_SIZE", "20")]).log;
    assert_eq!((&*log.filter, log.max_file_bytes), ("warn", Some(20 << 20)));
    assert_eq!(log.target, LogTarget::File("/logs/api.jsonl".into()));
    assert_eq!(good(&[("LOG_LEVEL", "ERROR"), ("RUST_LOG", "info,hyper=off")]).log.filter, "info,hyper=off");
    assert_eq!(good(&[("CORRELOG_FILE", "stderr")]).log.target, LogTarget::Stderr);
    assert!(good(&[("CORRELOG_LOG_MODE", "buffered")]).log.buffered);
}

#[test]
fn every_bad_value_is_reported_at_once_with_its_name() {
    let bad = [
        ("ENABLE_OTEL", "perhaps"),
        ("OTEL_SDK_DISABLED", "2"),
        ("OTEL_EXPORTER_TYPE", "zipkin"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTLP_BASE_ENDPOINT", "collector:4318"),
        ("OTLP_TRACE_ENDPOINT", "http://"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret-without-equals"),
        ("OTEL_SAMPLING_RATE", "1.5"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "NaN"),
        ("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "5s"),
        ("OTEL_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1"),
        ("OTEL_BATCH_EXPORT_TIMEOUT", "1e3"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "soon"),
        ("OTEL_PROPAGATORS", "tracecontext,jaeger"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz"),
        ("RUST_LOG", "api=loud"),
        ("LOG_LEVEL", "chatty"),
        ("CORRELOG_LOG_MODE", "fast"),
        ("CORRELOG_SPAN_LEVEL", "high"),
        ("CORRELOG_SPAN_PROCESSOR", "async"),
    ];
    let error = read(&bad).expect_err("all of these are wrong");
    let found: BTreeSet<_> = error.problems.iter().map(|problem| problem.name).collect();
    let wanted: BTreeSet<_> = bad.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, wanted);
    let text = error.to_string();
    assert_eq!(text.lines().count(), bad.len());
    assert!(text.contains("OTEL_SAMPLING_RATE=\"1.5\": expected a number from 0 to 1"), "{text}");
    assert!(!text.contains("secret-without-equals"), "a header's value is never printed");
}

#[test]
fn a_batch_larger_than_its_queue_is_a_mistake() {
    let error = read(&[("OTEL_MAX_QUEUE_SIZE", "100")]).expect_err("512 do not fit into 100");
    assert_eq!(error.problems[0].name, "OTEL_MAX_EXPORT_BATCH_SIZE");
    assert!(error.to_string().contains("at most the queue's size, 100"), "{error}");
}

#[test]
fn the_table_of_names_is_what_is_read() {
    let asked = RefCell::new(BTreeSet::new());
    let settings = Settings::from_vars(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    assert!(settings.is_ok());
    let listed: BTreeSet<_> =
        NAMES.iter().flat_map(|(names, _)| *names).map(|name| (*name).to_owned()).collect();
    assert_eq!(asked.into_inner(), listed);
}

#[test]
fn the_readme_has_the_table_of_names() {
    let readme = include_str!("../../README.md");
    for (names, what) in NAMES {
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let row = format!("| {names} | {what} |");
        assert!(readme.contains(&row), "README.md lacks the row\n{row}");
    }
}
