//! Index families, UTC days and index names, both ways.
//!
//! Does not ask the clock: the day is a pure function of the event's time (P10).

use std::fmt;

/// First millisecond that gets a day index: 2000-01-01.
pub const WINDOW_START_MS: i64 = 946_684_800_000;

/// First millisecond after the last day index: 2100-01-01.
pub const WINDOW_END_MS: i64 = 4_102_444_800_000;

const DAY_MS: i64 = 86_400_000;

/// One of the two kinds of daily index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Log lines and the shipper's status: immutable documents.
    Logs,
    /// Workflow records: one document a row, upserted until the run ends.
    Workflow,
}

impl Family {
    pub const ALL: [Self; 2] = [Self::Logs, Self::Workflow];

    /// The prefix used where the configuration gives none.
    #[must_use]
    pub fn default_prefix(self) -> &'static str {
        match self {
            Self::Logs => "app-logs",
            Self::Workflow => "workflow-logs",
        }
    }
}

/// A UTC day within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day of an event time in milliseconds since 1970, or `None` outside the window.
    #[must_use]
    pub fn of_ms(unix_ms: i64) -> Option<Self> {
        if !(WINDOW_START_MS..WINDOW_END_MS).contains(&unix_ms) {
            return None;
        }
        Some(Self(i32::try_from(unix_ms / DAY_MS).expect("the window holds fewer than i32::MAX days")))
    }

    /// Reads `YYYY.MM.DD`; `None` for anything else, for days no calendar has, and outside the window.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'.' || bytes[7] != b'.' {
            return None;
        }
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = &bytes[from..to];
            let is_number = digits.iter().all(u8::is_ascii_digit);
            is_number.then(|| digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let parsed = Self::of_ms(days_from_civil(year, month, day).checked_mul(DAY_MS)?)?;
        // A 31st of February comes back as another day, so the round trip is the check.
        (parsed.suffix() == *bytes).then_some(parsed)
    }

    /// First millisecond of the day.
    #[must_use]
    pub fn start_ms(self) -> i64 {
        i64::from(self.0) * DAY_MS
    }

    /// The day so many days later, or earlier; `None` where that leaves the window.
    #[must_use]
    pub fn plus(self, days: i32) -> Option<Self> {
        Self::of_ms((i64::from(self.0) + i64::from(days)) * DAY_MS)
    }

    /// `YYYY.MM.DD` as ASCII, without allocating.
    #[must_use]
    pub fn suffix(self) -> [u8; 10] {
        let (year, month, day) = civil_from_days(i64::from(self.0));
        let digit = |value: i64| b'0' + u8::try_from(value % 10).unwrap_or(0);
        [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'.',
            digit(month / 10),
            digit(month),
            b'.',
            digit(day / 10),
            digit(day),
        ]
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(std::str::from_utf8(&self.suffix()).unwrap_or_default())
    }
}

/// `YYYY.MM.DD` of an event time in milliseconds since 1970, or `None` outside the window.
#[must_use]
pub fn day_suffix(unix_ms: i64) -> Option<[u8; 10]> {
    Day::of_ms(unix_ms).map(Day::suffix)
}

/// Which index of a family a document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    Day(Day),
    /// No time, and none earlier in its lineage.
    Undated,
    /// A time outside the window.
    Odd,
}

impl Place {
    /// Where an event of this time goes.
    #[must_use]
    pub fn of_ms(unix_ms: i64) -> Self {
        Day::of_ms(unix_ms).map_or(Self::Odd, Self::Day)
    }

    /// `<prefix>-YYYY.MM.DD`, `<prefix>-undated` or `<prefix>-odd`.
    #[must_use]
    pub fn index_name(self, prefix: &str) -> String {
        match self {
            Self::Day(day) => format!("{prefix}-{day}"),
            Self::Undated => format!("{prefix}-undated"),
            Self::Odd => format!("{prefix}-odd"),
        }
    }

    /// The inverse of [`Place::index_name`]; `None` for an index that is not of this prefix.
    #[must_use]
    pub fn of_index_name(prefix: &str, name: &str) -> Option<Self> {
        match name.strip_prefix(prefix)?.strip_prefix('-')? {
            "undated" => Some(Self::Undated),
            "odd" => Some(Self::Odd),
            suffix => Day::parse(suffix).map(Self::Day),
        }
    }
}

/// Days since 1970 of a proleptic Gregorian date; the era arithmetic of Howard Hinnant's date algorithms.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_to_their_utc_day_or_to_odd() {
        let check = |unix_ms: i64, expect: &str| {
            let name = Place::of_ms(unix_ms).index_name("app-logs");
            assert_eq!(name, expect, "{unix_ms}");
        };
        check(1_795_255_200_123, "app-logs-2026.11.21");
        check(WINDOW_START_MS, "app-logs-2000.01.01");
        check(WINDOW_START_MS - 1, "app-logs-odd");
        check(WINDOW_END_MS - 1, "app-logs-2099.12.31");
        check(WINDOW_END_MS, "app-logs-odd");
        check(0, "app-logs-odd");
        check(i64::MIN, "app-logs-odd");
        check(951_782_400_000, "app-logs-2000.02.29");
    }

    #[test]
    fn every_day_of_the_window_comes_back_from_its_name() {
        let mut day = Day::of_ms(WINDOW_START_MS).expect("first day");
        let mut days = 1;
        loop {
            let name = Place::Day(day).index_name("p");
            assert_eq!(Place::of_index_name("p", &name), Some(Place::Day(day)), "{name}");
            assert_eq!(Day::of_ms(day.start_ms()), Some(day));
            let Some(next) = day.plus(1) else { break };
            assert!(day.suffix() < next.suffix(), "names sort as days do");
            day = next;
            days += 1;
        }
        assert_eq!(days, 36_525, "a hundred years");
    }

    #[test]
    fn names_that_are_not_ours_are_none() {
        for name in ["p", "p-", "q-2026.11.21", "p-2026.02.30", "p-2026.13.01", "p-1999.12.31", "p-20261121"]
        {
            assert_eq!(Place::of_index_name("p", name), None, "{name}");
        }
        assert_eq!(Place::of_index_name("p", "p-odd"), Some(Place::Odd));
        assert_eq!(Place::of_index_name("p", "p-undated"), Some(Place::Undated));
        assert_eq!(Place::of_index_name("p", "p-+026.11.21"), None);
    }
}
