//! The second form of a document that OpenSearch refused: validated time, level, service and ids as they were, all
//! the rest as one string. It reads no error text, so it needs no rule for each way in which a mapping can refuse.

use serde_json::{Map, Value, json};

use crate::limits::LEAF_MAX_BYTES;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form {
    pub source: Vec<u8>,
    /// `attributes._raw` is not the whole line.
    pub cut: bool,
}

/// Ids and names that are safe as they are when they are short strings.
const TEXTS: [&str; 11] = [
    "record",
    "tenant_id",
    "app_id",
    "workflow_id",
    "workflow_run_id",
    "node_id",
    "node_execution_id",
    "conversation_id",
    "message_id",
    "user_id",
    "external_trace_id",
];
/// The same, one and two levels down.
const NESTED: [&[&str]; 5] = [
    &["service", "name"],
    &["service", "version"],
    &["service", "instance", "id"],
    &["deployment", "environment", "name"],
    &["host", "name"],
];
const POSITION_NUMBERS: [&str; 4] = ["offset", "next", "skipped", "seq"];
const POSITION_TEXTS: [&str; 2] = ["lineage", "stream"];
const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
/// A keyword longer than this is no name.
const NAME_MAX_BYTES: usize = 512;

/// `None` when the first form cannot even be read here: then there is nothing to validate.
pub fn form(source: &[u8], line: &[u8]) -> Option<Form> {
    let first: Value = serde_json::from_slice(source).ok()?;
    let mut out = Map::new();
    let mut attributes = Map::new();
    for key in ["@timestamp", "created_at"] {
        match first.get(key).and_then(Value::as_str) {
            Some(time) if is_time(time) => drop(out.insert(key.into(), time.into())),
            Some(time) if key == "@timestamp" => {
                drop(attributes.insert("timestamp".into(), name(time).into()))
            }
            _ => {}
        }
    }
    if let Some(level) = first.get("level").and_then(Value::as_str).filter(|level| LEVELS.contains(level)) {
        out.insert("level".into(), level.into());
    }
    if let Some(number) =
        first.get("severity_number").and_then(Value::as_u64).filter(|n| (1..=24).contains(n))
    {
        out.insert("severity_number".into(), number.into());
    }
    for (key, digits) in [("trace_id", 32), ("span_id", 16), ("parent_span_id", 16), ("trace_flags", 2)] {
        let value = first.get(key).and_then(Value::as_str);
        if let Some(id) = value.filter(|id| id.len() == digits && id.bytes().all(is_hex)) {
            out.insert(key.into(), id.into());
        }
    }
    for key in TEXTS {
        if let Some(text) = first.get(key).and_then(Value::as_str) {
            out.insert(key.into(), name(text).into());
        }
    }
    NESTED.iter().for_each(|path| copy_text(&first, path, &mut out));
    copy_position(&first, &mut out);
    let text = String::from_utf8_lossy(line);
    let raw = head(&text, LEAF_MAX_BYTES);
    attributes.insert("_raw".into(), raw.into());
    out.insert("attributes".into(), Value::Object(attributes));
    Some(Form { cut: raw.len() < text.len(), source: Value::Object(out).to_string().into_bytes() })
}

fn copy_text(first: &Value, path: &[&str], out: &mut Map<String, Value>) {
    let value = path.iter().try_fold(first, |value, key| value.get(key));
    let Some(text) = value.and_then(Value::as_str) else { return };
    let (last, parents) = path.split_last().expect("a path has a last key");
    let mut into = out;
    for key in parents {
        let Some(next) = into.entry(*key).or_insert_with(|| json!({})).as_object_mut() else { return };
        into = next;
    }
    into.insert((*last).into(), name(text).into());
}

/// Where the line stands: `verify` reads it, so it survives whatever the rest was.
fn copy_position(first: &Value, out: &mut Map<String, Value>) {
    let Some(log) = first.get("log").and_then(Value::as_object) else { return };
    let mut position = Map::new();
    for key in POSITION_NUMBERS {
        if let Some(number) = log.get(key).and_then(Value::as_u64) {
            position.insert(key.into(), number.into());
        }
    }
    for key in POSITION_TEXTS {
        if let Some(text) = log.get(key).and_then(Value::as_str) {
            position.insert(key.into(), name(text).into());
        }
    }
    if let Some(path) = log.get("file").and_then(|file| file.get("path")).and_then(Value::as_str) {
        position.insert("file".into(), json!({ "path": name(path) }));
    }
    out.insert("log".into(), Value::Object(position));
}

fn name(text: &str) -> &str {
    head(text, NAME_MAX_BYTES)
}

/// The longest beginning of at most `max` bytes that ends at a character.
fn head(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

const fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// `2026-11-21T10:00:00[.fraction]Z`, each part in its range: the one shape that the date fields take in any form.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = b"dddd-dd-ddTdd:dd:dd";
    if bytes.len() < shape.len() + 1 || !text.ends_with('Z') || !text.is_ascii() {
        return false;
    }
    let fits = shape.iter().zip(bytes).all(|(want, got)| match want {
        b'd' => got.is_ascii_digit(),
        _ => want == got,
    });
    let fraction = &bytes[shape.len()..bytes.len() - 1];
    let fraction_fits = match fraction.split_first() {
        None => true,
        Some((b'.', digits)) => (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    };
    fits && fraction_fits && in_ranges(text)
}

fn in_ranges(text: &str) -> bool {
    let part = |from: usize, to: usize| text[from..to].parse::<u32>().unwrap_or(u32::MAX);
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (2000..2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days).contains(&day)
        && part(11, 13) < 24
        && part(14, 16) < 60
        && part(17, 19) < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, line: &str, expect: &str, cut: bool) {
        let form = form(source.as_bytes(), line.as_bytes()).expect("the source is JSON");
        let value: Value = serde_json::from_slice(&form.source).expect("and so is its second form");
        assert_eq!(
            value,
            serde_json::from_str::<Value>(expect).expect("the expectation is JSON"),
            "{source}"
        );
        assert_eq!(form.cut, cut);
    }

    #[test]
    fn only_what_was_validated_stays_a_field() {
        let id = "0123456789abcdef0123456789abcdef";
        for (source, expect) in [
            (
                format!(r#"{{"@timestamp":"2026-11-21T10:00:00.5Z","level":"INFO","trace_id":"{id}","x":[1]}}"#),
                format!(
                    r#"{{"@timestamp":"2026-11-21T10:00:00.5Z","level":"INFO","trace_id":"{id}","attributes":{{"_raw":"L"}}}}"#
                ),
            ),
            (
                r#"{"@timestamp":"2026-11-21T10:00:60Z","level":"LOUD","trace_id":"zz","severity_number":99}"#.to_owned(),
                r#"{"attributes":{"_raw":"L","timestamp":"2026-11-21T10:00:60Z"}}"#.to_owned(),
            ),
            (
                r#"{"service":{"name":"api","instance":{"id":7}},"log":{"offset":3,"seq":"x","lineage":"l","junk":1}}"#
                    .to_owned(),
                r#"{"service":{"name":"api"},"log":{"offset":3,"lineage":"l"},"attributes":{"_raw":"L"}}"#.to_owned(),
            ),
        ] {
            check(&source, "L", &expect, false);
        }
        assert_eq!(form(b"{\"a\":", b"L"), None);
    }

    #[test]
    fn a_long_line_is_cut_at_a_character_and_says_so() {
        let line = "ü".repeat(LEAF_MAX_BYTES);
        let expect = format!(r#"{{"attributes":{{"_raw":"{}"}}}}"#, "ü".repeat(LEAF_MAX_BYTES / 2));
        check("{}", &line, &expect, true);
    }

    #[test]
    fn times_are_checked_to_the_day() {
        for (text, expect) in [
            ("2026-02-28T23:59:59Z", true),
            ("2024-02-29T00:00:00.123456789Z", true),
            ("2026-02-29T00:00:00Z", false),
            ("2026-13-01T00:00:00Z", false),
            ("1999-01-01T00:00:00Z", false),
            ("2026-11-21T24:00:00Z", false),
            ("2026-11-21T10:00:00.Z", false),
            ("2026-11-21T10:00:00", false),
            ("2026-11-21 10:00:00Z", false),
            ("", false),
            ("üüüüüüüüüüZ", false),
        ] {
            assert_eq!(is_time(text), expect, "{text}");
        }
    }
}
