//! Reads JSON text once, from left to right: where each value ends, and whether it can be copied as it stands.
//!
//! It builds no tree and decodes nothing. It is lenient where a document can be repaired (raw control characters in
//! strings, `NaN` and `Infinity` as Python writes them, lone surrogates): such values are flagged, and `fix` rewrites
//! them. Everything else that is not JSON is a `Syntax` error. The input must be valid UTF-8; the caller has checked.

use super::redact;
use crate::limits::LEAF_MAX_BYTES;

/// The text is not JSON; at this byte it became impossible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Syntax(pub usize);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    String,
    Number,
    Bool,
    Null,
    Object,
    Array,
}

/// What is special about a value; 0 for nearly all.
pub mod flag {
    /// A string has a backslash in it: its text is not its bytes.
    pub const ESCAPED: u8 = 1;
    /// A surrogate without its other half: OpenSearch would take it, and fail at the next snapshot.
    pub const SURROGATE: u8 = 2;
    /// A raw control character in a string.
    pub const CONTROL: u8 = 4;
    /// A number that may not fit 64 bits, or no number at all (`NaN`).
    pub const NUMBER: u8 = 8;
    /// Nested deeper than `DEPTH_MAX`.
    pub const DEEP: u8 = 16;
    /// An object that may have a key twice, or has too many keys to tell here.
    pub const DUPLICATE: u8 = 32;
    /// A leaf or a key over its limit.
    pub const LONG: u8 = 64;
    /// A backslash hides an ordinary character (`\u0041`, `\/`), which only redaction minds.
    pub const HIDDEN: u8 = 128;
    /// A value with one of these must not be copied as it stands.
    pub const FIX: u8 = SURROGATE | CONTROL | NUMBER | DEEP | DUPLICATE | LONG;
}

/// A value in the line. For a string, the range is what is between the quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Value {
    pub start: u32,
    pub end: u32,
    pub kind: Kind,
    pub flags: u8,
}

impl Value {
    pub fn of<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start as usize..self.end as usize]
    }

    /// Appends the value as JSON text. A string gets new quotes: it may be a part of a longer one.
    pub fn copy(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        if self.kind != Kind::String {
            return out.extend_from_slice(self.of(bytes));
        }
        out.push(b'"');
        out.extend_from_slice(self.of(bytes));
        out.push(b'"');
    }
}

/// Deeper values become text. With keys of at most `KEY_MAX_BYTES` a path stays below Lucene's 32,766 bytes a term.
pub const DEPTH_MAX: usize = 32;
pub const KEY_MAX_BYTES: usize = 512;
/// Objects with more keys are left to `fix`, which sorts; here every key is compared with those before it.
const KEYS_COMPARED_MAX: usize = 64;

/// The scratch of the scan of nested values.
#[derive(Debug, Default)]
pub struct Scanner {
    /// For each open container: where its keys begin in `keys`, or `ARRAY`.
    frames: Vec<u32>,
    keys: Vec<u64>,
    /// A key that may hold a secret was met since this was last cleared.
    pub secret_key: bool,
}

const ARRAY: u32 = u32::MAX;

impl Scanner {
    /// The value that begins at `at`, which is no white space.
    pub fn value(&mut self, bytes: &[u8], at: usize) -> Result<Value, Syntax> {
        match bytes.get(at) {
            Some(b'{' | b'[') => self.container(bytes, at),
            Some(_) => scalar(bytes, at),
            None => Err(Syntax(at)),
        }
    }

    fn container(&mut self, bytes: &[u8], start: usize) -> Result<Value, Syntax> {
        self.frames.clear();
        self.keys.clear();
        let kind = if bytes[start] == b'{' { Kind::Object } else { Kind::Array };
        let (mut at, mut flags) = (start, 0);
        loop {
            // Here `at` is at the first byte of a value.
            at = match bytes.get(at) {
                Some(open @ (b'{' | b'[')) => {
                    let inside = space(bytes, at + 1);
                    self.open(*open, &mut flags);
                    if bytes.get(inside) != Some(&closing(*open)) {
                        at = self.key_if_object(bytes, inside, &mut flags)?;
                        continue;
                    }
                    inside
                }
                _ => {
                    let leaf = scalar(bytes, at)?;
                    flags |= leaf.flags;
                    space(bytes, leaf.end as usize + usize::from(leaf.kind == Kind::String))
                }
            };
            // And here behind a value, or at the bracket that closes an empty container.
            match self.close_or_comma(bytes, at, &mut flags)? {
                Step::Value(next) => at = next,
                Step::Done(end) => return Ok(Value { start: start as u32, end: end as u32, kind, flags }),
            }
        }
    }

    fn open(&mut self, open: u8, flags: &mut u8) {
        let object = open == b'{';
        self.frames.push(if object { self.keys.len() as u32 } else { ARRAY });
        if self.frames.len() > DEPTH_MAX {
            *flags |= flag::DEEP;
        }
    }

    fn close_or_comma(&mut self, bytes: &[u8], mut at: usize, flags: &mut u8) -> Result<Step, Syntax> {
        while let Some(&frame) = self.frames.last() {
            let close = if frame == ARRAY { b']' } else { b'}' };
            match bytes.get(at) {
                Some(b',') => {
                    let next = space(bytes, at + 1);
                    return Ok(Step::Value(self.key_if_object(bytes, next, flags)?));
                }
                Some(&byte) if byte == close => {
                    self.frames.pop();
                    if frame != ARRAY {
                        self.keys.truncate(frame as usize);
                    }
                    if self.frames.is_empty() {
                        return Ok(Step::Done(at + 1));
                    }
                    at = space(bytes, at + 1);
                }
                _ => return Err(Syntax(at)),
            }
        }
        Err(Syntax(at))
    }

    /// In an object: reads the key and the colon. Answers where the value begins.
    fn key_if_object(&mut self, bytes: &[u8], at: usize, flags: &mut u8) -> Result<usize, Syntax> {
        let Some(&frame) = self.frames.last() else { return Err(Syntax(at)) };
        if frame == ARRAY {
            return Ok(at);
        }
        let key = key(bytes, at)?;
        let own = &self.keys[frame as usize..];
        if own.len() >= KEYS_COMPARED_MAX || key.value.flags & flag::ESCAPED != 0 || own.contains(&key.hash) {
            *flags |= flag::DUPLICATE;
        } else {
            self.keys.push(key.hash);
        }
        *flags |= key.value.flags;
        self.secret_key |= redact::may_be_secret(key.value.of(bytes));
        Ok(key.next)
    }
}

enum Step {
    Value(usize),
    Done(usize),
}

fn closing(open: u8) -> u8 {
    if open == b'{' { b'}' } else { b']' }
}

/// A key with its colon read.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub value: Value,
    pub hash: u64,
    /// Where the member's value begins.
    pub next: usize,
}

/// The key that begins at `at` with its quote.
pub fn key(bytes: &[u8], at: usize) -> Result<Key, Syntax> {
    if bytes.get(at) != Some(&b'"') {
        return Err(Syntax(at));
    }
    let mut value = string(bytes, at + 1)?;
    let text = value.of(bytes);
    if text.len() > KEY_MAX_BYTES {
        value.flags |= flag::LONG;
    }
    let hash = hash(text);
    let colon = space(bytes, value.end as usize + 1);
    if bytes.get(colon) != Some(&b':') {
        return Err(Syntax(colon));
    }
    Ok(Key { value, hash, next: space(bytes, colon + 1) })
}

/// A quick hash of a name. Equal names have equal hashes; for the reverse the bytes are compared.
pub fn hash(name: &[u8]) -> u64 {
    let (head, tail) = match name {
        [.., _, _, _, _, _, _, _, _] => (word(&name[..8]), word(&name[name.len() - 8..])),
        _ => {
            let mut bytes = [0; 8];
            bytes[..name.len()].copy_from_slice(name);
            (u64::from_le_bytes(bytes), 0)
        }
    };
    let mixed = (head ^ tail.rotate_left(23) ^ name.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

fn word(eight: &[u8]) -> u64 {
    eight.first_chunk::<8>().map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

/// The first byte at or after `at` that is no white space.
#[inline]
pub fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(at) {
        at += 1;
    }
    at
}

fn scalar(bytes: &[u8], at: usize) -> Result<Value, Syntax> {
    let rest = &bytes[at.min(bytes.len())..];
    let (len, kind, flags) = match rest.first() {
        Some(b'"') => {
            let mut value = string(bytes, at + 1)?;
            if value.end - value.start > LEAF_MAX_BYTES as u32 {
                value.flags |= flag::LONG;
            }
            return Ok(value);
        }
        Some(b't') if rest.starts_with(b"true") => (4, Kind::Bool, 0),
        Some(b'f') if rest.starts_with(b"false") => (5, Kind::Bool, 0),
        Some(b'n') if rest.starts_with(b"null") => (4, Kind::Null, 0),
        Some(b'N') if rest.starts_with(b"NaN") => (3, Kind::Number, flag::NUMBER),
        Some(b'I') if rest.starts_with(b"Infinity") => (8, Kind::Number, flag::NUMBER),
        Some(b'-') if rest.starts_with(b"-Infinity") => (9, Kind::Number, flag::NUMBER),
        Some(b'-' | b'0'..=b'9') => {
            let (len, flags) = number(rest).ok_or(Syntax(at))?;
            (len, Kind::Number, flags)
        }
        _ => return Err(Syntax(at)),
    };
    Ok(Value { start: at as u32, end: (at + len) as u32, kind, flags })
}

/// The length of the number that `text` begins with, and whether it may not fit.
fn number(text: &[u8]) -> Option<(usize, u8)> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let minus = usize::from(text.first() == Some(&b'-'));
    let whole = digits(minus);
    if whole == 0 || (whole > 1 && text[minus] == b'0') {
        return None;
    }
    let mut at = minus + whole;
    let mut flags = if whole > 18 { flag::NUMBER } else { 0 };
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return None;
        }
        if exponent > 2 {
            flags |= flag::NUMBER;
        }
        at += 1 + sign + exponent;
    }
    Some((at, flags))
}

/// The string whose first character is at `start`, behind the quote.
#[inline]
pub fn string(bytes: &[u8], start: usize) -> Result<Value, Syntax> {
    let (mut at, mut flags) = (start, 0);
    loop {
        at = special(bytes, at);
        match bytes.get(at) {
            Some(b'"') => {
                return Ok(Value { start: start as u32, end: at as u32, kind: Kind::String, flags });
            }
            Some(b'\\') => at = escape(bytes, at, &mut flags)?,
            Some(_) => {
                flags |= flag::CONTROL;
                at += 1;
            }
            None => return Err(Syntax(at)),
        }
    }
}

/// The flags of a part of a string, or `None` where the part does not end between two characters.
pub fn inside(text: &[u8]) -> Option<u8> {
    let mut flags = if text.len() > LEAF_MAX_BYTES { flag::LONG } else { 0 };
    let mut at = 0;
    loop {
        at = special(text, at);
        match text.get(at) {
            None => return (at == text.len()).then_some(flags),
            Some(b'"') => return None,
            Some(b'\\') => at = escape(text, at, &mut flags).ok()?,
            Some(_) => {
                flags |= flag::CONTROL;
                at += 1;
            }
        }
    }
}

/// The first quote, backslash or control character at or after `at`, eight bytes a step.
#[inline]
fn special(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        let below_space = word.wrapping_sub(ONES * 0x20) & !word;
        let hit =
            ((quote.wrapping_sub(ONES) & !quote) | (slash.wrapping_sub(ONES) & !slash) | below_space) & HIGH;
        if hit != 0 {
            return at + (hit.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)) {
        at += 1;
    }
    at
}

/// Steps over the escape at `at`.
fn escape(bytes: &[u8], at: usize, flags: &mut u8) -> Result<usize, Syntax> {
    *flags |= flag::ESCAPED;
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'/') => {
            *flags |= flag::HIDDEN;
            Ok(at + 2)
        }
        Some(b'u') => {
            let unit = unit(bytes, at).ok_or(Syntax(at))?;
            match unit {
                0xD800..0xDC00 => match self::unit(bytes, at + 6) {
                    Some(0xDC00..0xE000) => return Ok(at + 12),
                    _ => *flags |= flag::SURROGATE,
                },
                0xDC00..0xE000 => *flags |= flag::SURROGATE,
                0x20.. => *flags |= flag::HIDDEN,
                _ => {}
            }
            Ok(at + 6)
        }
        _ => Err(Syntax(at)),
    }
}

/// The UTF-16 unit of the `\uXXXX` at `at`.
pub fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0u16, |unit, &digit| Some(unit << 4 | (digit as char).to_digit(16)? as u16))
}

/// Every byte is looked at, so that the loop becomes a few wide instructions.
pub fn is_lower_hex(text: &[u8]) -> bool {
    text.iter().fold(true, |sound, byte| sound & matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
