//! The environment variables: which there are, which wins, and how they become `Settings`. Every variable that is
//! set is checked, also one that another overrides, so that all mistakes come out in one go.

use std::{collections::BTreeMap, time::Duration};

use crate::writer::Rotation;

use super::{
    Exporter, LogTarget, Otlp, Problem, Processor, Protocol, Secret, Settings, SettingsError,
    parse::{self, Parsed},
};

/// The names of each setting, the one that wins first, and what they mean.
///
/// The rule behind the order: the platform's own name before OpenTelemetry's standard one, a signal's own before
/// the general one. An empty value counts as not set.
pub const NAMES: &[(&[&str], &str)] = &[
    (SDK_DISABLED, "`true` turns export off, whatever else is set"),
    (ENABLE, "export on or off [on if an endpoint or an exporter is named]"),
    (EXPORTER, "`otlp`, `console` or `none` [otlp]"),
    (METRICS_EXPORTER, "`otlp` or `none` [otlp]"),
    (PROTOCOL, "`http`, `http/protobuf` or `grpc` [http]"),
    (TRACES_ENDPOINT, "where spans go; over HTTP the whole URL [the base, with `/v1/traces`]"),
    (METRICS_ENDPOINT, "where metrics go; over HTTP the whole URL [the base, with `/v1/metrics`]"),
    (BASE_ENDPOINT, "base address of the receiver [http://localhost:4318, for gRPC :4317]"),
    (API_KEY, "sent as `Authorization: Bearer …`"),
    (HEADERS, "further headers, `key=value,…`; an `authorization` here replaces the API key"),
    (SAMPLING_RATE, "share of traces recorded, 0 to 1 [0.1]"),
    (SAMPLER, "`always_on`, `always_off`, `traceidratio`, or `parentbased_` before one of them"),
    (SAMPLER_ARG, "the ratio of OTEL_TRACES_SAMPLER [1]"),
    (SCHEDULE_DELAY, "milliseconds between two exports [5000; 200 where the environment is development]"),
    (QUEUE_SIZE, "spans that may wait for export [2048]"),
    (EXPORT_SIZE, "spans in one export [512]"),
    (EXPORT_TIMEOUT, "milliseconds one export may take [10000]"),
    (PROCESSOR, "`batch`, or `simple` to export inside each span's end [batch]"),
    (METRIC_INTERVAL, "milliseconds between two exports of metrics [60000]"),
    (METRIC_TIMEOUT, "milliseconds one export of metrics may take [30000]"),
    (PROPAGATORS, "`tracecontext`, `baggage`, `b3`, `b3multi`, `none` [tracecontext,baggage,b3]"),
    (SERVICE_NAME, "`service.name` [the program's file name]"),
    (SERVICE_VERSION, "`service.version`"),
    (INSTANCE_ID, "`service.instance.id` [host name and process id]"),
    (ENVIRONMENT, "`deployment.environment.name`"),
    (GIT_COMMIT, "`vcs.ref.head.revision`"),
    (ATTRIBUTES, "further resource attributes, `key=value,…`; the names above win"),
    (LOG_FILTER, "which lines are written: directives such as `info,my_crate=debug` [info]"),
    (LOG_LEVEL, "the same as one level, where no directives are given"),
    (LOG_FILE, "the file lines are written to, or `stdout`, `stderr` [stdout]"),
    (LOG_MODE, "`direct` or `buffered` [direct]"),
    (LOG_ROTATION, "`never`, `hourly` or `daily`: when a new file is begun [never]"),
    (LOG_MAX_BYTES, "begin a new file before one grows beyond this many bytes [no limit]"),
    (LOG_MAX_MEBIBYTES, "the same in mebibytes"),
    (LOG_KEEP, "files kept, the current one included [all]"),
    (SPAN_CLOSE, "one line when a span closes [false]"),
    (SPAN_LEVEL, "spans up to this level get ids, whatever the log filter says [info]"),
    (TIME_IDS, "trace ids begin with the time [true]"),
    (ERROR_EVENTS, "an ERROR event fails the current span and adds an exception event [true]"),
    (SHUTDOWN_TIMEOUT, "milliseconds the last flush may take [5000]"),
];

const SDK_DISABLED: &[&str] = &["OTEL_SDK_DISABLED"];
const ENABLE: &[&str] = &["ENABLE_OTEL"];
const EXPORTER: &[&str] = &["OTEL_EXPORTER_TYPE", "OTEL_TRACES_EXPORTER"];
const METRICS_EXPORTER: &[&str] = &["OTEL_METRICS_EXPORTER"];
const PROTOCOL: &[&str] = &["OTEL_EXPORTER_OTLP_PROTOCOL"];
const TRACES_ENDPOINT: &[&str] = &["OTLP_TRACE_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
const METRICS_ENDPOINT: &[&str] = &["OTLP_METRIC_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];
const BASE_ENDPOINT: &[&str] = &["OTLP_BASE_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const API_KEY: &[&str] = &["OTLP_API_KEY"];
const HEADERS: &[&str] = &["OTEL_EXPORTER_OTLP_HEADERS"];
const SAMPLING_RATE: &[&str] = &["OTEL_SAMPLING_RATE"];
const SAMPLER: &[&str] = &["OTEL_TRACES_SAMPLER"];
const SAMPLER_ARG: &[&str] = &["OTEL_TRACES_SAMPLER_ARG"];
const SCHEDULE_DELAY: &[&str] = &["OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "OTEL_BSP_SCHEDULE_DELAY"];
const QUEUE_SIZE: &[&str] = &["OTEL_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_QUEUE_SIZE"];
const EXPORT_SIZE: &[&str] = &["OTEL_MAX_EXPORT_BATCH_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"];
const EXPORT_TIMEOUT: &[&str] = &[
    "OTEL_BATCH_EXPORT_TIMEOUT",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
];
const PROCESSOR: &[&str] = &["CORRELOG_SPAN_PROCESSOR"];
const METRIC_INTERVAL: &[&str] = &["OTEL_METRIC_EXPORT_INTERVAL"];
const METRIC_TIMEOUT: &[&str] = &["OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"];
const PROPAGATORS: &[&str] = &["OTEL_PROPAGATORS"];
const SERVICE_NAME: &[&str] = &["APPLICATION_NAME", "OTEL_SERVICE_NAME"];
const SERVICE_VERSION: &[&str] = &["SERVICE_VERSION"];
const INSTANCE_ID: &[&str] = &["SERVICE_INSTANCE_ID"];
const ENVIRONMENT: &[&str] = &["DEPLOY_ENV"];
const GIT_COMMIT: &[&str] = &["COMMIT_SHA", "GIT_COMMIT"];
const ATTRIBUTES: &[&str] = &["OTEL_RESOURCE_ATTRIBUTES"];
const LOG_FILTER: &[&str] = &["CORRELOG_LOG", "RUST_LOG"];
const LOG_LEVEL: &[&str] = &["LOG_LEVEL"];
const LOG_FILE: &[&str] = &["CORRELOG_FILE", "LOG_FILE"];
const LOG_MODE: &[&str] = &["CORRELOG_LOG_MODE"];
const LOG_ROTATION: &[&str] = &["CORRELOG_LOG_ROTATION"];
const LOG_MAX_BYTES: &[&str] = &["CORRELOG_LOG_MAX_BYTES"];
const LOG_MAX_MEBIBYTES: &[&str] = &["LOG_FILE_MAX_SIZE"];
const LOG_KEEP: &[&str] = &["CORRELOG_LOG_KEEP", "LOG_FILE_BACKUP_COUNT"];
const SPAN_CLOSE: &[&str] = &["CORRELOG_SPAN_CLOSE"];
const SPAN_LEVEL: &[&str] = &["CORRELOG_SPAN_LEVEL"];
const TIME_IDS: &[&str] = &["CORRELOG_TIME_TRACE_IDS"];
const ERROR_EVENTS: &[&str] = &["CORRELOG_ERROR_EVENTS"];
const SHUTDOWN_TIMEOUT: &[&str] = &["CORRELOG_SHUTDOWN_TIMEOUT"];

/// # Errors
/// Every variable that cannot be used.
pub(super) fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
    let mut vars = Vars { get, problems: Vec::new() };
    let mut settings = Settings::default();
    service(&mut vars, &mut settings);
    log(&mut vars, &mut settings);
    trace(&mut vars, &mut settings);
    batch(&mut vars, &mut settings);
    settings.export = exporter(&mut vars, &mut settings.metrics.enabled);
    vars.set(&mut settings.metrics.interval, METRIC_INTERVAL, parse::millis);
    vars.set(&mut settings.metrics.timeout, METRIC_TIMEOUT, parse::millis);
    vars.set(&mut settings.shutdown_timeout, SHUTDOWN_TIMEOUT, parse::millis);
    if vars.problems.is_empty() { Ok(settings) } else { Err(SettingsError { problems: vars.problems }) }
}

fn service(vars: &mut Vars<'_>, settings: &mut Settings) {
    let service = &mut settings.service;
    let mut attributes: BTreeMap<String, String> =
        vars.first(ATTRIBUTES, parse::pairs).unwrap_or_default().into_iter().collect();
    let mut place = |field: &mut String, keys: &[&str]| {
        for key in keys {
            if let Some(value) = attributes.remove(*key) {
                *field = value;
            }
        }
    };
    place(&mut service.name, &["service.name"]);
    place(&mut service.version, &["service.version"]);
    place(&mut service.instance_id, &["service.instance.id"]);
    // The older name first, so that the current one wins.
    place(&mut service.environment, &["deployment.environment", "deployment.environment.name"]);
    place(&mut service.git_commit, &["vcs.ref.head.revision"]);
    service.attributes = attributes.into_iter().collect();
    vars.set(&mut service.name, SERVICE_NAME, parse::text);
    vars.set(&mut service.version, SERVICE_VERSION, parse::text);
    vars.set(&mut service.instance_id, INSTANCE_ID, parse::text);
    vars.set(&mut service.environment, ENVIRONMENT, parse::text);
    vars.set(&mut service.git_commit, GIT_COMMIT, parse::text);
}

fn log(vars: &mut Vars<'_>, settings: &mut Settings) {
    let log = &mut settings.log;
    vars.set(&mut log.filter, LOG_LEVEL, parse::level_filter);
    vars.set(&mut log.filter, LOG_FILTER, parse::filter);
    vars.set(&mut log.target, LOG_FILE, |value| {
        Ok(match value {
            "stdout" => LogTarget::Stdout,
            "stderr" => LogTarget::Stderr,
            path => LogTarget::File(path.into()),
        })
    });
    vars.set(&mut log.buffered, LOG_MODE, |value| match value {
        "direct" => Ok(false),
        "buffered" => Ok(true),
        _ => Err("direct or buffered".to_owned()),
    });
    vars.set(&mut log.rotation, LOG_ROTATION, |value| match value {
        "never" => Ok(Rotation::NEVER),
        "hourly" => Ok(Rotation::HOURLY),
        "daily" => Ok(Rotation::DAILY),
        _ => Err("never, hourly or daily".to_owned()),
    });
    let mebibytes = vars.first(LOG_MAX_MEBIBYTES, parse::mebibytes);
    log.max_file_bytes = vars.first(LOG_MAX_BYTES, parse::bytes).or(mebibytes);
    log.keep_files = vars.first(LOG_KEEP, parse::count);
    vars.set(&mut log.span_close, SPAN_CLOSE, parse::switch);
}

fn trace(vars: &mut Vars<'_>, settings: &mut Settings) {
    let trace = &mut settings.trace;
    let argument = vars.first(SAMPLER_ARG, parse::ratio).unwrap_or(1.0);
    let sampler = vars.first(SAMPLER, |value| {
        let (parent_based, root) = match value.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, value),
        };
        match root {
            "always_on" => Ok((parent_based, 1.0)),
            "always_off" => Ok((parent_based, 0.0)),
            "traceidratio" => Ok((parent_based, argument)),
            _ => Err("always_on, always_off or traceidratio, or parentbased_ before one of them".to_owned()),
        }
    });
    if let Some((parent_based, ratio)) = sampler {
        trace.parent_based = parent_based;
        trace.sampling_ratio = ratio;
    }
    vars.set(&mut trace.sampling_ratio, SAMPLING_RATE, parse::ratio);
    vars.set(&mut trace.propagators, PROPAGATORS, parse::propagators);
    vars.set(&mut trace.time_ids, TIME_IDS, parse::switch);
    vars.set(&mut trace.span_level, SPAN_LEVEL, parse::level);
    vars.set(&mut trace.error_events, ERROR_EVENTS, parse::switch);
}

fn batch(vars: &mut Vars<'_>, settings: &mut Settings) {
    let batch = &mut settings.batch;
    if matches!(settings.service.environment.to_lowercase().as_str(), "development" | "dev" | "local") {
        // A developer looks for the trace while the request is still warm.
        batch.schedule_delay = Duration::from_millis(200);
    }
    vars.set(&mut batch.schedule_delay, SCHEDULE_DELAY, parse::millis);
    vars.set(&mut batch.export_timeout, EXPORT_TIMEOUT, parse::millis);
    vars.set(&mut batch.queue_size, QUEUE_SIZE, parse::count);
    vars.set(&mut batch.export_size, EXPORT_SIZE, parse::count);
    vars.set(&mut batch.processor, PROCESSOR, |value| match value {
        "batch" => Ok(Processor::Batch),
        "simple" => Ok(Processor::Simple),
        _ => Err("batch or simple".to_owned()),
    });
    if batch.export_size > batch.queue_size {
        let expected = format!("at most the queue's size, {} (OTEL_MAX_QUEUE_SIZE)", batch.queue_size);
        vars.problem(EXPORT_SIZE[0], batch.export_size.to_string(), expected);
    }
}

fn exporter(vars: &mut Vars<'_>, metrics_enabled: &mut bool) -> Exporter {
    let kind = vars.first(EXPORTER, |value| match value {
        "otlp" | "console" | "none" => Ok(value.to_owned()),
        _ => Err("otlp, console or none".to_owned()),
    });
    vars.set(metrics_enabled, METRICS_EXPORTER, |value| match value {
        "otlp" => Ok(true),
        "none" => Ok(false),
        _ => Err("otlp or none".to_owned()),
    });
    let protocol = vars.first(PROTOCOL, parse::protocol).unwrap_or(Protocol::HttpProtobuf);
    let base = vars.first(BASE_ENDPOINT, parse::url);
    let traces = vars.first(TRACES_ENDPOINT, parse::url);
    let metrics = vars.first(METRICS_ENDPOINT, parse::url);
    let api_key = vars.first(API_KEY, parse::text);
    let headers = vars.first(HEADERS, parse::pairs).unwrap_or_default();

    let named = base.is_some() || traces.is_some() || metrics.is_some() || kind.is_some();
    let enabled = vars.first(ENABLE, parse::switch).unwrap_or(named);
    let disabled = vars.first(SDK_DISABLED, parse::switch).unwrap_or(false);
    if disabled || !enabled || kind.as_deref() == Some("none") {
        return Exporter::Off;
    }
    if kind.as_deref() == Some("console") {
        return Exporter::Console;
    }
    let mut otlp = Otlp::new(protocol, base.as_deref().unwrap_or(protocol.default_base()));
    otlp.traces_endpoint = traces.unwrap_or(otlp.traces_endpoint);
    otlp.metrics_endpoint = metrics.unwrap_or(otlp.metrics_endpoint);
    otlp.api_key = api_key.map(Secret::new);
    otlp.headers = headers.into_iter().map(|(key, value)| (key, Secret::new(value))).collect();
    Exporter::Otlp(otlp)
}

/// The environment, and what was wrong with it so far.
struct Vars<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

impl Vars<'_> {
    /// The value of the first name that is set. All of them are parsed, so that a shadowed mistake is found too.
    fn first<T>(&mut self, names: &[&'static str], parse: impl Fn(&str) -> Parsed<T>) -> Option<T> {
        let mut first = None;
        for name in names.iter().copied() {
            let Some(value) = (self.get)(name).filter(|value| !value.trim().is_empty()) else { continue };
            match parse(value.trim()) {
                Ok(parsed) => first = first.or(Some(parsed)),
                Err(expected) => {
                    let shown = if name.ends_with("HEADERS") { "***".to_owned() } else { value };
                    self.problem(name, shown, expected);
                }
            }
        }
        first
    }

    fn set<T>(&mut self, field: &mut T, names: &[&'static str], parse: impl Fn(&str) -> Parsed<T>) {
        if let Some(value) = self.first(names, parse) {
            *field = value;
        }
    }

    fn problem(&mut self, name: &'static str, value: String, expected: String) {
        self.problems.push(Problem { name, value, expected });
    }
}
