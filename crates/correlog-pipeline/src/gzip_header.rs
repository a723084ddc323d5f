//! The header of a gzip member (RFC 1952 §2.3): how long it is. Nothing of what it tells is used.

/// A longer one is not believed: names and comments are short.
pub const MAX_BYTES: usize = 4 << 10;

/// These bytes do not begin a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotOne;

const CHECKED: u8 = 2;
const EXTRA: u8 = 4;
const NAMED: u8 = 8;
const COMMENTED: u8 = 16;
const RESERVED: u8 = 0xe0;

/// The length of the header that `bytes` begin with; `None` while too few are there.
///
/// # Errors
/// When they cannot become one.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, NotOne> {
    let magic = [0x1f, 0x8b, 8];
    let have = bytes.len().min(magic.len());
    if bytes[..have] != magic[..have] {
        return Err(NotOne);
    }
    let Some(flags) = bytes.get(3).copied() else { return Ok(None) };
    if flags & RESERVED != 0 {
        return Err(NotOne);
    }
    let Some(len) = fields(bytes, flags) else {
        return if bytes.len() < MAX_BYTES { Ok(None) } else { Err(NotOne) };
    };
    Ok((len <= bytes.len()).then_some(len))
}

fn fields(bytes: &[u8], flags: u8) -> Option<usize> {
    let mut at = 10;
    if flags & EXTRA != 0 {
        let [low, high] = bytes.get(at..at + 2)?.try_into().expect("two bytes");
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [NAMED, COMMENTED] {
        if flags & text != 0 {
            at += memchr::memchr(0, bytes.get(at..)?)? + 1;
        }
    }
    Some(at + if flags & CHECKED != 0 { 2 } else { 0 })
}
