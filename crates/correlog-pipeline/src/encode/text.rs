//! What a line that is no JSON tells at its beginning: a time, a level, a trace id. The text itself stays whole.
//!
//! It knows the prefixes in common use (ISO dates, nginx's and Apache's dates, upper-case or bracketed levels) and does
//! not try to take the text apart further: a wrong guess is worse than none.

use super::fields::Slot;
use super::level::Level;
use super::members::{Members, canonical_id};
use super::scan::Kind;
use super::time::{self, Moment};

/// How many words at the beginning are looked at.
const WORDS: usize = 9;
/// Behind the time, a level stands among the first so many words.
const LEVEL_WORDS: usize = 5;

/// Puts level and trace id into their places; answers the time.
pub fn look(bytes: &[u8], members: &mut Members) -> Option<Moment> {
    let start = bytes.iter().take_while(|byte| matches!(byte, b'[' | b' ' | b'\t')).count();
    let (moment, behind) = match time::calendar(&bytes[start..]) {
        Some((moment, len)) => (Some(moment), start + len),
        None => (access_time(bytes), start),
    };
    let mut at = behind;
    for word in 0..WORDS {
        let Some((from, to)) = next_word(bytes, at) else { break };
        at = to;
        let text = &bytes[from..to];
        let inner = trim(text);
        let (from, to) = (from + inner.0, from + inner.1);
        let text_inner = &bytes[from..to];
        if canonical_id(text_inner, 32) {
            members.derive(Slot::TraceId, bytes, from, to, Kind::String);
        }
        let marked = text_inner.len() < text.len() || text_inner.iter().all(u8::is_ascii_uppercase);
        if word < LEVEL_WORDS && marked && Level::from_word(text_inner).is_some() {
            members.derive(Slot::Level, bytes, from, to, Kind::String);
        }
    }
    moment
}

fn next_word(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let from = at + bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
    let len = bytes[from..].iter().take(128).position(u8::is_ascii_whitespace);
    Some((from, from + len.unwrap_or((bytes.len() - from).min(128))))
}

/// The word without brackets and punctuation around it.
fn trim(word: &[u8]) -> (usize, usize) {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric();
    let from = word.iter().position(inner).unwrap_or(word.len());
    let to = word.iter().rposition(inner).map_or(from, |at| at + 1);
    (from, to)
}

/// `[21/Nov/2026:10:00:00 +0000]` within the first hundred bytes, as web servers write it.
fn access_time(bytes: &[u8]) -> Option<Moment> {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let head = &bytes[..bytes.len().min(128)];
    let at = head.iter().position(|&byte| byte == b'[')?;
    let text = head.get(at + 1..at + 28)?;
    let month = MONTHS.chunks(3).position(|name| name == &text[3..6])? as u8 + 1;
    if text[2] != b'/' || text[6] != b'/' || text[11] != b':' || text[20] != b' ' || head[at + 27] != b']' {
        return None;
    }
    let mut iso = *b"0000-00-00T00:00:00+0000";
    iso[..4].copy_from_slice(&text[7..11]);
    iso[5..7].copy_from_slice(&[b'0' + month / 10, b'0' + month % 10]);
    iso[8..10].copy_from_slice(&text[..2]);
    iso[11..19].copy_from_slice(&text[12..20]);
    iso[19..24].copy_from_slice(&text[21..26]);
    time::calendar(&iso).filter(|(_, len)| *len == iso.len()).map(|(moment, _)| moment)
}
