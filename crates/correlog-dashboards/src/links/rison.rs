//! Rison, the notation Dashboards keeps its state in, and its way into an address. Every string is quoted: a bare one
//! that starts with a digit or holds a colon leaves Discover blank and a dashboard unfiltered.

use serde_json::Value;
use std::fmt::Write;

/// A value as it may stand behind `_g=` or `_a=`.
pub fn in_url(value: &Value) -> String {
    percent(&encode(value))
}

pub fn encode(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value);
    out
}

fn put(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("!n"),
        Value::Bool(true) => out.push_str("!t"),
        Value::Bool(false) => out.push_str("!f"),
        // Rison has no plus sign in numbers.
        Value::Number(number) => out.push_str(&number.to_string().replace('+', "")),
        Value::String(text) => put_text(out, text),
        Value::Array(values) => {
            out.push_str("!(");
            for (place, value) in values.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { "," });
                put(out, value);
            }
            out.push(')');
        }
        Value::Object(map) => {
            out.push('(');
            for (place, (key, value)) in map.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { "," });
                if is_name(key) {
                    out.push_str(key)
                } else {
                    put_text(out, key)
                }
                out.push(':');
                put(out, value);
            }
            out.push(')');
        }
    }
}

fn put_text(out: &mut String, text: &str) {
    out.push('\'');
    for c in text.chars() {
        if matches!(c, '\'' | '!') {
            out.push('!');
        }
        out.push(c);
    }
    out.push('\'');
}

fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Percent-encodes everything an address could misread; rison's own punctuation stays readable.
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.~!'(),:*/@$".contains(&byte);
        if is_plain {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
