//! The first non-blank line of a file: what it is recognised by. It knows no other file.

use crate::checkpoint::Fingerprint;
use crate::limits::FINGERPRINT_MAX_BYTES;
use crate::place::hash16;
use crate::ports::Files;
use crate::source::{ReadFault, Source};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Head {
    Line(Fingerprint),
    /// There is no whole line yet.
    Young,
    /// Nothing but blanks up to here so far: call again.
    Blank {
        looked: u64,
    },
    /// The byte order mark of UTF-16.
    Utf16,
    /// Called an archive, and none.
    NotGzip,
}

/// So many of the blanks before a place are looked at again.
const BLANKS_SHOWN: usize = 4 << 10;

/// Looks at one block from `looked` on.
///
/// # Errors
/// What reading answers.
pub fn head(
    source: &mut Source,
    files: &mut dyn Files,
    looked: u64,
    is_final: bool,
    buffer: &mut Vec<u8>,
) -> Result<Head, ReadFault> {
    buffer.resize(FINGERPRINT_MAX_BYTES.max(buffer.len()), 0);
    let buffer = &mut buffer[..FINGERPRINT_MAX_BYTES];
    let is_blank = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    // Truncated between two looks it may be shorter than the place, or have text there: from its beginning then.
    let shown = usize::try_from(looked).unwrap_or(BLANKS_SHOWN).min(BLANKS_SHOWN);
    let shown = &mut buffer[..shown];
    if source.read(files, looked - shown.len() as u64, shown)? < shown.len() || !shown.iter().all(is_blank) {
        return Ok(Head::Blank { looked: 0 });
    }
    let got = source.read(files, looked, buffer)?;
    if looked == 0 && (buffer[..got].starts_with(b"\xff\xfe") || buffer[..got].starts_with(b"\xfe\xff")) {
        return Ok(Head::Utf16);
    }
    let is_end = got < FINGERPRINT_MAX_BYTES;
    // A mark with nothing behind it on its line is a blank line too, or all files with marks would begin alike.
    let mark =
        if looked == 0 && buffer[..got].starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let blanks = buffer[mark..got].iter().position(|byte| !is_blank(byte));
    let Some(blanks) = blanks.map(|blanks| if blanks > 0 { mark + blanks } else { 0 }) else {
        if is_end {
            return Ok(Head::Young);
        }
        let at = looked + got as u64;
        let data = source.next_data(files, at)?;
        return Ok(data.map_or(Head::Young, |looked| Head::Blank { looked }));
    };
    let at = looked + blanks as u64;
    let got = if blanks > 0 { source.read(files, at, buffer)? } else { got };
    let line = &buffer[..got];
    let end = match memchr::memchr(b'\n', line) {
        Some(end) => end,
        None if got == FINGERPRINT_MAX_BYTES || (is_final && got > 0) => got,
        None => return Ok(Head::Young),
    };
    let len = u32::try_from(end).expect("a fingerprint is at most 64 KiB");
    Ok(Head::Line(Fingerprint { at, len, hash: hash16(&line[..end]) }))
}
