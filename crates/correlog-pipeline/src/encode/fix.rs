//! Rewrites values that must not be copied as they stand, and only those: it may allocate, the other way may not.
//!
//! Lone surrogates become U+FFFD, control characters are escaped, of a key twice the last one counts, leaves are cut at
//! their limit with an ellipsis, what is nested too deep becomes its text, and what is no 64-bit number a string.
//! What is to be redacted passes through here too, as its inside has to be looked at.

use std::collections::BTreeMap;

use super::redact::Redaction;
use super::scan::{self, DEPTH_MAX, KEY_MAX_BYTES, Kind, Scanner, Value, flag, space};
use super::{Notes, write};

const ELLIPSIS: &str = "…";

/// How values are rewritten.
#[derive(Debug)]
pub struct Fix<'a> {
    pub bytes: &'a [u8],
    /// Longer leaves are cut.
    pub leaf_max: usize,
    pub redaction: Option<&'a Redaction>,
    pub notes: &'a mut Notes,
}

impl Fix<'_> {
    /// Writes the value of `key` as JSON.
    pub fn value(&mut self, out: &mut Vec<u8>, key: &[u8], value: Value) {
        self.nested(out, key, value, 0);
    }

    fn nested(&mut self, out: &mut Vec<u8>, key: &[u8], value: Value, depth: usize) {
        if let Some(mark) = self.redaction.and_then(|redaction| redaction.of_key(key, value.kind)) {
            self.notes.add(Notes::REDACTED);
            return write::string(out, mark);
        }
        if value.flags & flag::FIX == 0 && self.redaction.is_none() {
            return value.copy(out, self.bytes);
        }
        match value.kind {
            Kind::String => self.string(out, value),
            Kind::Number => self.number(out, value),
            Kind::Object | Kind::Array if depth >= DEPTH_MAX => self.too_deep(out, value),
            Kind::Object => self.object(out, value, depth),
            Kind::Array => self.array(out, key, value, depth),
            Kind::Bool | Kind::Null => value.copy(out, self.bytes),
        }
    }

    fn array(&mut self, out: &mut Vec<u8>, key: &[u8], value: Value, depth: usize) {
        let mut scanner = Scanner::default();
        let mut at = space(self.bytes, value.start as usize + 1);
        out.push(b'[');
        while self.bytes.get(at).is_some_and(|&byte| byte != b']') {
            let Ok(item) = scanner.value(self.bytes, at) else { break };
            self.nested(out, key, item, depth + 1);
            at = self.behind(item);
            if self.bytes.get(at) == Some(&b',') {
                out.push(b',');
                at = space(self.bytes, at + 1);
            }
        }
        out.push(b']');
    }

    fn object(&mut self, out: &mut Vec<u8>, value: Value, depth: usize) {
        let members = self.members(value);
        let last: BTreeMap<&[u8], usize> =
            members.iter().enumerate().map(|(at, (name, _))| (&**name, at)).collect();
        if last.len() < members.len() {
            self.notes.add(Notes::DUPLICATE_KEY);
        }
        out.push(b'{');
        let mut first = true;
        for (place, (name, item)) in members.iter().enumerate() {
            if last.get(&**name) != Some(&place) {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            out.push(b'"');
            out.extend_from_slice(name);
            out.extend_from_slice(b"\":");
            self.nested(out, name, *item, depth + 1);
        }
        out.push(b'}');
    }

    /// The members of an object, each name in its one spelling.
    fn members(&mut self, value: Value) -> Vec<(Vec<u8>, Value)> {
        let mut scanner = Scanner::default();
        let mut members = Vec::new();
        let mut at = space(self.bytes, value.start as usize + 1);
        while self.bytes.get(at) == Some(&b'"') {
            let Ok(key) = scan::key(self.bytes, at) else { break };
            let Ok(item) = scanner.value(self.bytes, key.next) else { break };
            let mut name = Vec::new();
            self::key(&mut name, key.value.of(self.bytes), self.notes);
            members.push((name, item));
            at = self.behind(item);
            if self.bytes.get(at) == Some(&b',') {
                at = space(self.bytes, at + 1);
            }
        }
        members
    }

    fn behind(&self, value: Value) -> usize {
        space(self.bytes, value.end as usize + usize::from(value.kind == Kind::String))
    }

    fn string(&mut self, out: &mut Vec<u8>, value: Value) {
        let text = decode(value.of(self.bytes), self.notes);
        let text = match self.redaction {
            Some(redaction) => redaction.text(&text, self.notes),
            None => std::borrow::Cow::Borrowed(&*text),
        };
        self.leaf(out, &text);
    }

    fn leaf(&mut self, out: &mut Vec<u8>, text: &str) {
        if text.len() <= self.leaf_max {
            return write::string(out, text);
        }
        self.notes.add(Notes::CUT);
        out.push(b'"');
        write::escaped(out, write::cut(text, self.leaf_max - ELLIPSIS.len()));
        out.extend_from_slice(ELLIPSIS.as_bytes());
        out.push(b'"');
    }

    fn too_deep(&mut self, out: &mut Vec<u8>, value: Value) {
        self.notes.add(Notes::TOO_DEEP);
        let text = String::from_utf8_lossy(value.of(self.bytes));
        let text = match self.redaction {
            Some(redaction) => redaction.text(&text, self.notes),
            None => std::borrow::Cow::Borrowed(&*text),
        };
        self.leaf(out, &text);
    }

    /// Integers of 64 bits and finite numbers stay as they are, digit for digit.
    fn number(&mut self, out: &mut Vec<u8>, value: Value) {
        let text = std::str::from_utf8(value.of(self.bytes)).unwrap_or("0");
        let whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let stays = if whole {
            text.parse::<i64>().is_ok()
        } else {
            !text.ends_with(['N', 'y']) && text.parse::<f64>().is_ok_and(f64::is_finite)
        };
        if stays {
            return out.extend_from_slice(text.as_bytes());
        }
        self.notes.add(Notes::NUMBER);
        write::string(out, write::cut(text, 256));
    }
}

/// A key in the one spelling that JSON needs: equal keys become equal bytes.
pub fn key(out: &mut Vec<u8>, raw: &[u8], notes: &mut Notes) {
    let text = decode(raw, notes);
    let short = write::cut(&text, KEY_MAX_BYTES);
    if short.len() < text.len() {
        notes.add(Notes::CUT);
    }
    write::escaped(out, short);
}

/// The text that the inside of a JSON string means.
pub fn decode(raw: &[u8], notes: &mut Notes) -> String {
    let mut text = String::with_capacity(raw.len());
    decode_into(&mut text, raw, notes);
    text
}

/// Appends the text that the inside of a JSON string means.
pub fn decode_into(text: &mut String, raw: &[u8], notes: &mut Notes) {
    let mut at = 0;
    while at < raw.len() {
        let plain = memchr::memchr(b'\\', &raw[at..]).unwrap_or(raw.len() - at);
        let piece = String::from_utf8_lossy(&raw[at..at + plain]);
        if piece.bytes().any(|byte| byte < 0x20) {
            notes.add(Notes::CONTROL);
        }
        text.push_str(&piece);
        at += plain;
        if at < raw.len() {
            let (character, len) = escape(raw, at);
            if character == '\u{FFFD}' && scan::unit(raw, at).is_some_and(|unit| unit != 0xFFFD) {
                notes.add(Notes::SURROGATE);
            }
            text.push(character);
            at += len;
        }
    }
}

/// The character that the escape at `at` stands for, and how many bytes it takes.
fn escape(raw: &[u8], at: usize) -> (char, usize) {
    let simple = match raw.get(at + 1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => {
            let Some(high) = scan::unit(raw, at) else { return ('\u{FFFD}', 2) };
            if let (0xD800..0xDC00, Some(low @ 0xDC00..0xE000)) = (high, scan::unit(raw, at + 6)) {
                let code = 0x10000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
                return (char::from_u32(code).unwrap_or('\u{FFFD}'), 12);
            }
            return (char::from_u32(u32::from(high)).unwrap_or('\u{FFFD}'), 6);
        }
        Some(&byte) => byte as char,
        None => return ('\\', 1),
    };
    (simple, 2)
}
