//! JSON text: strings escaped and cut, numbers, and formatted values without an intermediate `String`.
//!
//! Does not build objects and does not parse: the line has a fixed shape, so a tree of values would only cost.

use std::fmt::{self, Debug, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a cut text ends in.
pub(crate) const CUT_MARK: &str = "…[cut]";

/// Appends `text` as a JSON string, at most `limit` bytes of it.
#[inline]
pub(crate) fn string(out: &mut Vec<u8>, text: &str, limit: usize) {
    out.push(b'"');
    if text.len() <= limit {
        escape(out, text);
    } else {
        escape(out, &text[..text.floor_char_boundary_at(limit)]);
        out.extend_from_slice(CUT_MARK.as_bytes());
    }
    out.push(b'"');
}

/// Appends what `value` formats itself to as a JSON string, at most `limit` bytes of it.
///
/// A formatter that panics is the service's bug, but not a reason to end its thread: the text then says so.
pub(crate) fn formatted(out: &mut Vec<u8>, value: &dyn Debug, limit: usize) {
    out.push(b'"');
    let start = out.len();
    let mut writer = Escaping { out, left: limit, is_cut: false };
    let outcome = catch_unwind(AssertUnwindSafe(|| write!(writer, "{value:?}")));
    let is_cut = writer.is_cut;
    if outcome.is_err() {
        out.truncate(start);
        out.extend_from_slice(b"[formatting this value panicked]");
    } else if is_cut {
        out.extend_from_slice(CUT_MARK.as_bytes());
    }
    out.push(b'"');
}

/// Appends a float as JSON; `false`, and nothing written, for NaN and infinities, which JSON has no name for.
#[inline]
pub(crate) fn float(out: &mut Vec<u8>, value: f64) -> bool {
    if !value.is_finite() {
        return false;
    }
    if !thousandths(out, value) {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    }
    true
}

/// Appends a number that has at most three decimal places, as durations and percentages have; `false`, and nothing
/// written, for any other.
///
/// At most 15 digits name one double only, so where they give back `value` they are also its shortest text: what the
/// general algorithm finds, at a third of its cost.
#[inline]
fn thousandths(out: &mut Vec<u8>, value: f64) -> bool {
    let scaled = value * 1e3;
    if !(1.0..1e12).contains(&scaled) {
        return false;
    }
    let count = (scaled + 0.5) as u64;
    if count as f64 / 1e3 != value {
        return false;
    }
    integer(out, count / 1000);
    let [hundreds, tens, ones] =
        [count / 100 % 10, count / 10 % 10, count % 10].map(|digit| b'0' + digit as u8);
    match (tens, ones) {
        (b'0', b'0') => out.extend_from_slice(&[b'.', hundreds]),
        (_, b'0') => out.extend_from_slice(&[b'.', hundreds, tens]),
        _ => out.extend_from_slice(&[b'.', hundreds, tens, ones]),
    }
    true
}

/// Appends an integer.
#[inline]
pub(crate) fn integer<I: itoa::Integer>(out: &mut Vec<u8>, value: I) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends bytes as a JSON string of lower-case hex digits, at most `limit` digits.
pub(crate) fn hex_string(out: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    out.push(b'"');
    let kept = bytes.len().min(limit / 2);
    hex(out, &bytes[..kept]);
    if kept < bytes.len() {
        out.extend_from_slice(CUT_MARK.as_bytes());
    }
    out.push(b'"');
}

/// Appends bytes as lower-case hex digits.
#[inline]
pub(crate) fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend_from_slice(&HEX_PAIRS[usize::from(*byte)]);
    }
}

/// Appends `text` with JSON's escapes and no quotes around it.
///
/// Looks at eight bytes at a time: nearly all text needs no escape. Everything above 0x7f is copied as it is, U+2028
/// included, which JSON allows and which does not end a line for a shipper.
#[inline]
pub(crate) fn escape(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        escape_some(out, text.as_bytes());
    }
}

/// Whether nothing is to be escaped. The last look overlaps the one before it, so that no byte is looked at alone.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<8>() {
        let mut eights = bytes.chunks_exact(8);
        return eights.all(|eight| !needs_escape(word(eight))) && !needs_escape(u64::from_le_bytes(*last));
    }
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let both = u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
            !needs_escape(both)
        }
        _ => bytes.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\'),
    }
}

#[inline]
fn word(eight: &[u8]) -> u64 {
    u64::from_le_bytes(eight.try_into().expect("eight bytes are eight bytes"))
}

fn escape_some(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        if let Some(eight) = bytes.get(at..at + 8) {
            if !needs_escape(word(eight)) {
                at += 8;
                continue;
            }
        }
        let end = bytes.len().min(at + 8);
        while at < end {
            let byte = bytes[at];
            if byte < 0x20 || byte == b'"' || byte == b'\\' {
                out.extend_from_slice(&bytes[copied..at]);
                escape_byte(out, byte);
                copied = at + 1;
            }
            at += 1;
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Whether one of the eight bytes is a control character, a quote or a backslash. The usual borrow trick: a byte's
/// high bit is set when the byte was below what is subtracted.
#[inline]
fn needs_escape(word: u64) -> bool {
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    (below_space | is_quote | is_backslash) & HIGHS != 0
}

#[cold]
fn escape_byte(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&HEX_PAIRS[usize::from(byte)]);
        }
    }
}

/// The text of a JSON string that this module wrote.
pub(crate) fn unquote(quoted: &[u8]) -> String {
    let text = String::from_utf8_lossy(quoted);
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(next) = rest.next() {
        if next != '\\' {
            out.push(next);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let digits: String = rest.by_ref().take(4).collect();
                out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// Lower-cases a quoted UUID in place and leaves every other text alone.
pub(crate) fn lower_uuid(quoted: &mut [u8]) {
    let [b'"', uuid @ .., b'"'] = quoted else { return };
    let is_uuid = uuid.len() == 36
        && uuid.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid {
        uuid.make_ascii_lowercase();
    }
}

pub(crate) static HEX_PAIRS: [[u8; 2]; 256] = hex_pairs();

const fn hex_pairs() -> [[u8; 2]; 256] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
}

/// Takes formatted text and writes it escaped; stops the formatter once the limit is reached, because a `Debug` of a
/// large structure is costly to run to its end for nothing.
struct Escaping<'a> {
    out: &'a mut Vec<u8>,
    left: usize,
    is_cut: bool,
}

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.left {
            self.left -= text.len();
            escape(self.out, text);
            return Ok(());
        }
        escape(self.out, &text[..text.floor_char_boundary_at(self.left)]);
        self.left = 0;
        self.is_cut = true;
        Err(fmt::Error)
    }
}

trait CharBoundary {
    /// The largest character boundary that is not after `at`; the standard library's is newer than our oldest Rust.
    fn floor_char_boundary_at(&self, at: usize) -> usize;
}

impl CharBoundary for str {
    fn floor_char_boundary_at(&self, at: usize) -> usize {
        let mut at = at.min(self.len());
        while !self.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

#[cfg(test)]
mod tests;
