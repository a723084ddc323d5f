//! RFC 3339 times in UTC with nanoseconds, and the dates in file names.
//!
//! Does not read the clock and does not parse; a calendar crate would format through a general parser of patterns
//! and allocate, and this runs for every line.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// Appends `2026-11-21T10:00:00.123456789Z`.
pub(crate) fn rfc3339(out: &mut Vec<u8>, time: SystemTime) {
    let start = out.len();
    opening(out, time);
    out.drain(start..start + OPENING.len());
}

/// Appends the start of a line up to the end of its time: `{"@timestamp":"2026-11-21T10:00:00.123456789Z`.
#[inline]
pub(crate) fn opening(out: &mut Vec<u8>, time: SystemTime) {
    let (seconds, nanos) = since_epoch(time);
    let (known, mut text) = LAST_SECOND.get();
    if known != seconds {
        text = second_text(seconds);
        LAST_SECOND.set((seconds, text));
    }
    out.extend_from_slice(&text);
    out.push(b'0' + (nanos / 100_000_000) as u8);
    out.extend_from_slice(&eight_digits(nanos % 100_000_000));
    out.push(b'Z');
}

const OPENING: &[u8; 15] = b"{\"@timestamp\":\"";

/// Opening, 19 bytes to the second, and the point: kept for each thread and made again once a second.
type Text = [u8; 35];

thread_local! {
    static LAST_SECOND: Cell<(i64, Text)> = const { Cell::new((i64::MIN, [0; 35])) };
}

/// The digits of a number below 100,000,000, made together in one word: halves, then pairs, then digits. Each
/// product is a division by 100 or by 10, exact for the numbers that can stand there.
#[inline]
fn eight_digits(number: u32) -> [u8; 8] {
    let halves = u64::from(number / 10_000) | u64::from(number % 10_000) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | (halves - 100 * hundreds) << 16;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    let digits = tens | (pairs - 10 * tens) << 8;
    (digits | 0x3030_3030_3030_3030).to_le_bytes()
}

/// Seconds since 1970, rounded down, and the nanoseconds above them.
pub(crate) fn since_epoch(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (after.as_secs() as i64, after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            match before.subsec_nanos() {
                0 => (-(before.as_secs() as i64), 0),
                nanos => (-(before.as_secs() as i64) - 1, 1_000_000_000 - nanos),
            }
        }
    }
}

/// Year, month and day of a count of days since 1970, after Howard Hinnant's `civil_from_days`.
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cold]
fn second_text(seconds: i64) -> Text {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let second_of_day = seconds.rem_euclid(86_400) as u32;
    let mut text = *b"{\"@timestamp\":\"0000-00-00T00:00:00.";
    put(&mut text[15..19], year.clamp(0, 9999) as u32);
    put(&mut text[20..22], month);
    put(&mut text[23..25], day);
    put(&mut text[26..28], second_of_day / 3600);
    put(&mut text[29..31], second_of_day / 60 % 60);
    put(&mut text[32..34], second_of_day % 60);
    text
}

fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_digits_of_a_fraction_are_those_of_the_number() {
        let spread = (0..100_000_000).step_by(997);
        for number in (0..20_000).chain(spread).chain(99_990_000..100_000_000) {
            assert_eq!(eight_digits(number), format!("{number:08}").as_bytes());
        }
    }

    #[test]
    fn times_are_written_as_rfc_3339_says() {
        let check = |seconds: i64, nanos: u32, expect: &str| {
            let time = match u64::try_from(seconds) {
                Ok(after) => UNIX_EPOCH + Duration::new(after, nanos),
                Err(_) => UNIX_EPOCH - Duration::from_secs(seconds.unsigned_abs()) + Duration::new(0, nanos),
            };
            let mut out = Vec::new();
            rfc3339(&mut out, time);
            assert_eq!(String::from_utf8(out).unwrap(), expect);
        };
        check(0, 0, "1970-01-01T00:00:00.000000000Z");
        check(0, 1, "1970-01-01T00:00:00.000000001Z");
        check(-1, 999_999_999, "1969-12-31T23:59:59.999999999Z");
        check(951_827_696, 123_456_789, "2000-02-29T12:34:56.123456789Z");
        check(1_795_341_600, 120_000_000, "2026-11-22T10:00:00.120000000Z");
        check(4_107_542_399, 0, "2100-02-28T23:59:59.000000000Z");
        check(4_107_542_400, 0, "2100-03-01T00:00:00.000000000Z");
    }
}
