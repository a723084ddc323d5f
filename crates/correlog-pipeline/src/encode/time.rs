//! Event times: from the spellings logs use to nanoseconds in UTC, and back to the one spelling documents have.
//!
//! Nothing here knows the present or the host's zone (P10): a time without a zone is UTC.

use super::scan::Kind;

/// An event's time in nanoseconds since 1970, within [2000-01-01, 2100-01-01).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time(i64);

const FIRST: i64 = 946_684_800 * NS;
const END: i64 = 4_102_444_800 * NS;
const NS: i64 = 1_000_000_000;

impl Time {
    /// `None` outside the years that documents may have.
    pub fn from_nanos(nanos: i64) -> Option<Self> {
        (FIRST..END).contains(&nanos).then_some(Self(nanos))
    }

    pub const fn nanos(self) -> i64 {
        self.0
    }

    pub const fn micros(self) -> u64 {
        (self.0 / 1000) as u64
    }

    pub const fn millis(self) -> u64 {
        (self.0 / 1_000_000) as u64
    }

    /// Days since 1970-01-01, UTC.
    pub const fn day(self) -> u32 {
        (self.0 / (86_400 * NS)) as u32
    }

    /// Appends `2026-11-21T10:00:00.123456789Z`.
    pub fn write(self, out: &mut Vec<u8>) {
        let (year, month, day) = civil(self.day());
        let of_day = self.0 % (86_400 * NS);
        let seconds = (of_day / NS) as u32;
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        digits(&mut text[0..4], year);
        digits(&mut text[5..7], month);
        digits(&mut text[8..10], day);
        digits(&mut text[11..13], seconds / 3600);
        digits(&mut text[14..16], seconds / 60 % 60);
        digits(&mut text[17..19], seconds % 60);
        digits(&mut text[20..29], (of_day % NS) as u32);
        out.extend_from_slice(&text);
    }
}

fn digits(into: &mut [u8], mut value: u32) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// What a value that should be a time turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    Valid(Time),
    /// A time, but one that no document can have: another century, or a leap second.
    Odd,
    /// Not a time.
    No,
}

/// Reads a JSON value, given as the text between its quotes where it is a string.
pub fn value(text: &[u8], kind: Kind) -> Moment {
    match kind {
        Kind::Number => epoch(text),
        Kind::String if text.get(4) == Some(&b'-') => match calendar(text) {
            Some((moment, len)) if len == text.len() => moment,
            _ => Moment::No,
        },
        Kind::String if text.len() >= 9 => epoch(text),
        _ => Moment::No,
    }
}

/// Whether OpenSearch takes the text as it stands: `YYYY-MM-DDTHH:MM:SS[.f{1,9}]Z`. The caller knows it is valid.
pub fn canonical(text: &[u8]) -> bool {
    text.get(10) == Some(&b'T')
        && text.last() == Some(&b'Z')
        && (text.len() == 20 || (text.get(19) == Some(&b'.') && (22..=30).contains(&text.len())))
}

/// Seconds, milli-, micro- or nanoseconds since 1970, told apart by their size, with or without a fraction.
fn epoch(text: &[u8]) -> Moment {
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let fraction = match &text[whole..] {
        [] => &[][..],
        [b'.', rest @ ..] if !rest.is_empty() && rest.iter().all(u8::is_ascii_digit) => rest,
        _ => return Moment::No,
    };
    let unit = match whole {
        0 => return Moment::No,
        9..=10 => NS,
        12..=13 => 1_000_000,
        15..=16 => 1000,
        18..=19 => 1,
        _ => return Moment::Odd,
    };
    let number = |digits: &[u8]| digits.iter().fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let mut nanos = number(&text[..whole]) * i128::from(unit);
    let mut weight = unit;
    for digit in fraction.iter().take(9) {
        weight /= 10;
        nanos += i128::from(weight) * i128::from(digit - b'0');
    }
    i64::try_from(nanos).ok().and_then(Time::from_nanos).map_or(Moment::Odd, Moment::Valid)
}

/// `2026-11-21T10:00:00`, with `T`, `t` or a space, a fraction behind `.` or `,`, and a zone or none. Answers how many
/// bytes it took, so that the rest of a text line can be read on from there.
pub fn calendar(text: &[u8]) -> Option<(Moment, usize)> {
    let head = text.first_chunk::<19>()?;
    let shape = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if !matches!(head[10], b'T' | b't' | b' ') || shape.iter().any(|&(at, byte)| head[at] != byte) {
        return None;
    }
    let year = two(head, 0)? * 100 + two(head, 2)?;
    let (month, day) = (two(head, 5)?, two(head, 8)?);
    let (hour, minute, second) = (two(head, 11)?, two(head, 14)?, two(head, 17)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (nanos, at) = fraction(text, 19);
    let (offset, at) = zone(text, at)?;
    let seconds = days(year, month, day) * 86_400 + i64::from(hour * 3600 + minute * 60 + second) - offset;
    let total = seconds.checked_mul(NS).and_then(|total| total.checked_add(nanos));
    let moment = match total.and_then(Time::from_nanos) {
        Some(time) if second < 60 => Moment::Valid(time),
        _ => Moment::Odd,
    };
    Some((moment, at))
}

/// `.123456789Z`, one to nine digits: the nanoseconds, and how many bytes that took.
pub fn fraction_z(text: &[u8]) -> Option<(i64, usize)> {
    let digits = text.strip_prefix(b".")?;
    let mut nanos = 0;
    let mut len = 0;
    while len < 9 && digits.get(len)?.is_ascii_digit() {
        nanos = nanos * 10 + i64::from(digits[len] - b'0');
        len += 1;
    }
    const SCALE: [i64; 10] = [0, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
    (len > 0 && digits.get(len) == Some(&b'Z')).then_some((nanos * SCALE[len], len + 2))
}

/// Digits beyond the ninth are read and dropped.
fn fraction(text: &[u8], at: usize) -> (i64, usize) {
    if !matches!(text.get(at), Some(b'.' | b',')) {
        return (0, at);
    }
    let len = text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if len == 0 {
        return (0, at);
    }
    let mut nanos = 0;
    for place in 0..9 {
        let digit = if place < len { i64::from(text[at + 1 + place] - b'0') } else { 0 };
        nanos = nanos * 10 + digit;
    }
    (nanos, at + 1 + len)
}

/// Seconds east of UTC; none is UTC. `None` for a zone that cannot be.
fn zone(text: &[u8], at: usize) -> Option<(i64, usize)> {
    let sign = match text.get(at) {
        Some(b'Z' | b'z') => return Some((0, at + 1)),
        Some(b'+') => 1,
        Some(b'-') if text.get(at + 1).is_some_and(u8::is_ascii_digit) => -1,
        _ => return Some((0, at)),
    };
    let hours = two(text, at + 1)?;
    let colon = usize::from(text.get(at + 3) == Some(&b':'));
    let (minutes, end) = match two(text, at + 3 + colon) {
        Some(minutes) => (minutes, at + 5 + colon),
        None if colon == 0 => (0, at + 3),
        None => return None,
    };
    (hours <= 23 && minutes <= 59).then_some((sign * i64::from(hours * 3600 + minutes * 60), end))
}

fn two(text: &[u8], at: usize) -> Option<u32> {
    let (tens, ones) = (*text.get(at)?, *text.get(at + 1)?);
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March.
fn days(year: u32, month: u32, day: u32) -> i64 {
    let (year, month) =
        if month > 2 { (i64::from(year), month - 3) } else { (i64::from(year) - 1, month + 9) };
    let of_year = i64::from((153 * month + 2) / 5 + day - 1);
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// Year, month and day of a day since 1970-01-01.
pub fn civil(day: u32) -> (u32, u32, u32) {
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u32::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests;
