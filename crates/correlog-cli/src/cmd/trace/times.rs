//! `--since`, `--until`, `--around`: what people write for a time, read once and the same way in every command.

use crate::error::{Error, Result};
use crate::story::document::nanos_of;
use chrono::{NaiveDate, Utc};

#[derive(Clone, Debug, Default, clap::Args)]
pub struct TimeArgs {
    /// Not before: a time (2026-11-21T10:00:00Z), a day (2026-11-21) or an age (30m, 2h, 7d)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Not after
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// An hour before and after this time
    #[arg(long, value_name = "TIME", conflicts_with_all = ["since", "until"])]
    pub around: Option<String>,
}

/// Nanoseconds since 1970, both ends included; `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub from: Option<i64>,
    pub to: Option<i64>,
}

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Milliseconds since 1970. The clock is read here, once a command, and handed down.
pub fn now() -> i64 {
    Utc::now().timestamp_millis()
}

impl TimeArgs {
    pub fn range(&self, now_ms: i64) -> Result<Range> {
        let read = |flag: &str, text: &Option<String>, is_end: bool| match text {
            Some(text) => instant(text, now_ms, is_end).map(Some).ok_or_else(|| bad(flag, text)),
            None => Ok(None),
        };
        if let Some(middle) = read("around", &self.around, false)? {
            return Ok(Range { from: Some(middle - HOUR), to: Some(middle + HOUR) });
        }
        let range = Range { from: read("since", &self.since, false)?, to: read("until", &self.until, true)? };
        if range.from.zip(range.to).is_some_and(|(from, to)| from > to) {
            return Err(Error::usage("--since is later than --until", "exchange them"));
        }
        Ok(range)
    }
}

impl Range {
    pub const fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    pub fn holds(&self, nanos: i64) -> bool {
        self.from.is_none_or(|from| from <= nanos) && self.to.is_none_or(|to| nanos <= to)
    }
}

fn bad(flag: &str, text: &str) -> Error {
    let what = format!("--{flag} {:?} is no time", crate::print::harmless(text));
    Error::usage(what, "write 2026-11-21T10:00:00Z, 2026-11-21, or an age such as 30m, 2h or 7d")
}

/// A time, a day (its first instant, or its last at the end of a range) or an age before now.
fn instant(text: &str, now_ms: i64, is_end: bool) -> Option<i64> {
    if text == "now" {
        return now_ms.checked_mul(1_000_000);
    }
    if let Some(nanos) = nanos_of(text) {
        return Some(nanos);
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let start = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_nanos_opt()?;
        return Some(if is_end { start + DAY - 1 } else { start });
    }
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match &text[split..] {
        "s" => SECOND,
        "m" | "min" => 60 * SECOND,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    };
    let age = text[..split].parse::<i64>().ok()?.checked_mul(unit)?;
    now_ms.checked_mul(1_000_000)?.checked_sub(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_for_a_time() {
        let now_ms = 1_795_000_000_000;
        let now = now_ms * 1_000_000;
        for (text, is_end, expect) in [
            ("2026-11-21T10:00:00Z", false, nanos_of("2026-11-21T10:00:00Z")),
            ("2026-11-21", false, nanos_of("2026-11-21T00:00:00Z")),
            ("2026-11-21", true, nanos_of("2026-11-21T23:59:59.999999999Z")),
            ("30m", false, Some(now - 30 * 60 * SECOND)),
            ("7d", false, Some(now - 7 * DAY)),
            ("now", true, Some(now)),
            ("7 days", false, None),
            ("d", false, None),
            ("", false, None),
            ("99999999999999999999d", false, None),
            ("9999999999999d", false, None),
        ] {
            assert_eq!(instant(text, now_ms, is_end), expect, "{text}");
        }
    }
}
