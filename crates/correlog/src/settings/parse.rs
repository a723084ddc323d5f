//! From a variable's text to its value, each function with the sentence that says what is allowed. It does not
//! know which variable it reads.

use std::{str::FromStr, time::Duration};

use super::{Propagator, Protocol};

/// A value, or what would have been allowed.
pub(super) type Parsed<T> = Result<T, String>;

pub(super) fn text(value: &str) -> Parsed<String> {
    Ok(value.to_owned())
}

pub(super) fn switch(value: &str) -> Parsed<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

pub(super) fn ratio(value: &str) -> Parsed<f64> {
    let expected = || "a number from 0 to 1".to_owned();
    let number = f64::from_str(value).map_err(|_| expected())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err(expected()) }
}

/// Milliseconds, never zero: a schedule of nothing would spin.
pub(super) fn millis(value: &str) -> Parsed<Duration> {
    match u64::from_str(value) {
        Ok(millis @ 1..=86_400_000) => Ok(Duration::from_millis(millis)),
        _ => Err("milliseconds, a whole number from 1 to 86400000".to_owned()),
    }
}

pub(super) fn count(value: &str) -> Parsed<usize> {
    match usize::from_str(value) {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("a whole number from 1 to 1000000".to_owned()),
    }
}

pub(super) fn bytes(value: &str) -> Parsed<u64> {
    match u64::from_str(value) {
        Ok(bytes) if bytes >= 4096 => Ok(bytes),
        _ => Err("bytes, a whole number of at least 4096".to_owned()),
    }
}

pub(super) fn mebibytes(value: &str) -> Parsed<u64> {
    match u64::from_str(value) {
        Ok(mebibytes @ 1..=1_048_576) => Ok(mebibytes << 20),
        _ => Err("mebibytes, a whole number from 1 to 1048576".to_owned()),
    }
}

pub(super) fn protocol(value: &str) -> Parsed<Protocol> {
    match value.to_ascii_lowercase().as_str() {
        "grpc" => Ok(Protocol::Grpc),
        "http" | "http/protobuf" => Ok(Protocol::HttpProtobuf),
        _ => Err("http, http/protobuf or grpc (http/json is not built in)".to_owned()),
    }
}

/// An address of the form `scheme://host…`. The rest is the exporter's to judge.
pub(super) fn url(value: &str) -> Parsed<String> {
    let rest = value.strip_prefix("http://").or_else(|| value.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with(['/', ':']) && !rest.contains(' ') => {
            Ok(value.to_owned())
        }
        _ => Err("an address that begins with http:// or https://".to_owned()),
    }
}

/// A level in tracing's names, or in those of the platform's own `LOG_LEVEL`.
pub(super) fn level_filter(value: &str) -> Parsed<String> {
    let level = match value.to_ascii_uppercase().as_str() {
        "TRACE" | "NOTSET" => "trace",
        "DEBUG" => "debug",
        "INFO" => "info",
        "WARN" | "WARNING" => "warn",
        "ERROR" | "CRITICAL" | "FATAL" => "error",
        "OFF" => "off",
        _ => return Err("a level: TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL or OFF".to_owned()),
    };
    Ok(level.to_owned())
}

pub(super) fn level(value: &str) -> Parsed<tracing::Level> {
    tracing::Level::from_str(value).map_err(|_| "a level: trace, debug, info, warn or error".to_owned())
}

pub(super) fn filter(value: &str) -> Parsed<String> {
    match tracing_subscriber::EnvFilter::try_new(value) {
        Ok(_) => Ok(value.to_owned()),
        Err(error) => Err(format!("filter directives such as info,my_crate=debug ({error})")),
    }
}

/// `key=value,key=value`, values percent-encoded, as OpenTelemetry has it for attributes and headers.
pub(super) fn pairs(value: &str) -> Parsed<Vec<(String, String)>> {
    let expected = || "key=value pairs with commas between them".to_owned();
    value
        .split(',')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').ok_or_else(expected)?;
            let key = key.trim();
            let value = percent_decoded(value.trim()).ok_or_else(expected)?;
            if key.is_empty() { Err(expected()) } else { Ok((key.to_owned(), value)) }
        })
        .collect()
}

pub(super) fn propagators(value: &str) -> Parsed<Vec<Propagator>> {
    let mut wanted = Vec::new();
    for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let propagator = match name {
            "tracecontext" => Propagator::TraceContext,
            "baggage" => Propagator::Baggage,
            "b3" => Propagator::B3,
            "b3multi" => Propagator::B3Multi,
            "none" => continue,
            _ => return Err("a list of tracecontext, baggage, b3, b3multi, none".to_owned()),
        };
        if !wanted.contains(&propagator) {
            wanted.push(propagator);
        }
    }
    Ok(wanted)
}

/// `None` for a broken escape or bytes that are not UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}
