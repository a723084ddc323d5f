//! Lines that break encoders, and what must hold for any bytes at all: no panic, one valid JSON line, no key twice, and
//! the same answer as serde_json to the question what is JSON.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::*;

/// Reads JSON and fails where an object has a key twice, as OpenSearch does.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        i64::try_from(number).map(|_| ()).map_err(|_| E::custom("an integer over 64 bits"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Strict)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name) {
                return Err(de::Error::custom("a key twice"));
            }
            members.next_value_seed(Strict)?;
        }
        Ok(())
    }
}

/// What holds of every line. Answers the document.
fn laws(encoder: &mut Encoder, bytes: &[u8]) -> Option<Value> {
    let mut out = b"before".to_vec();
    let encoded = encoder.encode(&line(bytes), &mut out);
    let document = out.strip_prefix(b"before").expect("what was there stays");
    let Ok(encoded) = encoded else {
        assert!(document.is_empty(), "a rejected line leaves nothing behind");
        return None;
    };
    let shown = || String::from_utf8_lossy(document).into_owned();
    assert!(!document.contains(&b'\n') && !document.contains(&b'\r'), "{}", shown());
    let mut reader = serde_json::Deserializer::from_slice(document);
    if let Err(error) = Strict.deserialize(&mut reader).and_then(|()| reader.end()) {
        panic!("{error}: {} of {}", shown(), String::from_utf8_lossy(bytes));
    }
    let value: Value = serde_json::from_slice(document).expect("valid JSON");
    assert!(leaves_are_short(&value["attributes"]), "{}", shown());
    let again = encoder.encode(&line(bytes), &mut Vec::new());
    assert_eq!(again, Ok(encoded), "the same line, the same id and index (P10)");
    Some(value)
}

fn leaves_are_short(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() <= crate::limits::LEAF_MAX_BYTES,
        Value::Array(items) => items.iter().all(leaves_are_short),
        Value::Object(members) => {
            members.iter().all(|(key, value)| key.len() <= 1024 && leaves_are_short(value))
        }
        _ => true,
    }
}

/// A small generator: the tests own their seeds.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    " ",
    "\t",
    "\u{1}",
    "null",
    "true",
    "false",
    "NaN",
    "-Infinity",
    "1",
    "-0",
    "1e5",
    "1e400",
    "12345678901234567890",
    "0.1",
    "01",
    "\"a\"",
    "\"a\":",
    "\"log\":",
    "\"log\":{",
    "\"stream\":",
    "\"seq\":7",
    "\"0123456789abcdef0123456789abcdef\"",
    "\"@timestamp\":\"2026-11-21T10:00:00Z\"",
    "\"time\":1700000000",
    "\"level\":\"info\"",
    "\"message\":\"hello\"",
    "\"attributes\":{",
    "\"fields\":{",
    "\"trace_id\":",
    "\"\\ud800\"",
    "\"\\u0061\":1",
    "\"é😀\"",
    "\"service\":",
    "{\"name\":\"x\"}",
    "\"duration_ms\":",
    "\"http\":{\"request\":{",
    "{\"record\":\"workflow_run\",\"id\":\"1\",",
    "\"run_created_at\":\"2026-11-21T10:00:00Z\"",
    "\"password\":\"x\"",
    "\"changed\":1",
    "\"error\":{\"message\":\"x\"}",
    "{\"log\":\"",
    "\\n\",\"stream\":\"stdout\",\"time\":\"",
    "stdout F ",
    "2026-11-21T10:00:00Z ",
    "ERROR ",
    "\u{feff}",
];

fn mixture(random: &mut Random) -> Vec<u8> {
    let mut text =
        String::from(random.pick(&["{", "{", "{", "", "{\"@timestamp\":\"2026-11-21T10:00:00Z\","]));
    for _ in 0..random.below(14) {
        text.push_str(random.pick(PIECES));
        if random.below(3) == 0 {
            text.push(',');
        }
    }
    text.push_str(random.pick(&[
        "}",
        "}}",
        "",
        ",\"log\":{\"stream\":\"0123456789abcdef0123456789abcdef\",\"seq\":1}}",
    ]));
    let mut bytes = text.into_bytes();
    if random.below(8) == 0 && !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] = random.below(256) as u8;
    }
    bytes.retain(|&byte| byte != b'\n');
    bytes
}

const KEYS: &[&str] = &[
    "@timestamp",
    "timestamp",
    "time",
    "level",
    "severity",
    "message",
    "msg",
    "trace_id",
    "traceId",
    "span_id",
    "log",
    "stream",
    "seq",
    "service",
    "name",
    "http",
    "request",
    "method",
    "attributes",
    "fields",
    "span",
    "a",
    "a.b",
    "b",
    "\\u0061",
    "",
    "caller",
    "context",
    "identity",
    "tenant_id",
    "exception",
    "error",
    "stack_trace",
    "record",
    "_id",
    "duration_ms",
    "http.route",
    "changed",
    "token",
    "Body",
    "resource",
    "log.stream",
    "timestamp_from",
];
const VALUES: &[&str] = &[
    "1",
    "\"x\"",
    "null",
    "true",
    "-1.5e3",
    "1e999",
    "18446744073709551615",
    "\"\\ud83d\"",
    "\"2026-11-21T10:00:00Z\"",
    "\"1969-01-01T00:00:00Z\"",
    "\"info\"",
    "[]",
    "{}",
    "[{\"x\":1,\"x\":2}]",
    "\"0123456789abcdef0123456789abcdef\"",
    "\"a.py:3\"",
    "\"\"",
    "NaN",
    "\"\\/\"",
];

/// A JSON object of well-formed pieces, so that most of the lines get past the scan.
fn object(random: &mut Random, depth: usize) -> String {
    let members: Vec<String> = (0..random.below(7))
        .map(|_| {
            let key = random.pick(KEYS);
            let nested = depth < 4 && random.below(3) == 0;
            let value = if nested { object(random, depth + 1) } else { random.pick(VALUES).to_owned() };
            format!("\"{key}\":{value}")
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn any_bytes_become_one_valid_document_or_are_rejected() {
    let mut random = Random(1);
    let redaction = Redaction::new(&["a".into()], &["he+llo".into()], true).unwrap();
    let settings = Settings { redaction, service: Some("s".into()), ..Settings::default() };
    let mut encoders = [encoder(), Encoder::new(settings)];
    for round in 0..30_000 {
        let bytes = match round % 3 {
            0 => mixture(&mut random),
            1 => object(&mut random, 0).into_bytes(),
            _ => {
                (0..random.below(40)).map(|_| random.below(256) as u8).filter(|&byte| byte != b'\n').collect()
            }
        };
        laws(&mut encoders[round % 2], &bytes);
    }
}

#[test]
fn b10_json_is_what_serde_json_calls_json() {
    let mut random = Random(2);
    let mut encoder = encoder();
    let (mut yes, mut no) = (0, 0);
    for round in 0..20_000 {
        let bytes = if round % 2 == 0 { mixture(&mut random) } else { object(&mut random, 0).into_bytes() };
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        // What the encoder repairs and serde_json refuses: Python's tokens, raw control characters, numbers over 64 bits,
        // lone surrogates, and a byte order mark in the middle. Docker's envelope is unwrapped first.
        let repaired = ["NaN", "Infinity", "1e999", "1e400", "\\ud8", "\u{feff}", "{\"log\":\""];
        if repaired.iter().any(|piece| text.contains(piece))
            || text.bytes().any(|byte| byte < 0x20 && byte != b'\t')
        {
            continue;
        }
        if text.contains('\t') || text.starts_with("{\"record\"") {
            continue;
        }
        let json = serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
        let mut out = Vec::new();
        let Ok(encoded) = encoder.encode(&line(&bytes), &mut out) else { continue };
        assert_eq!(!encoded.notes.has(Notes::NOT_JSON), json, "{text}");
        if json { yes += 1 } else { no += 1 }
    }
    assert!(yes > 1000 && no > 1000, "{yes} {no}");
}
