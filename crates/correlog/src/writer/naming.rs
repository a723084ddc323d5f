//! The names of a writer's files: tracing-appender's scheme, plus a number where size begins a new file.
//!
//! Does not open files. What [`Naming::parse`] does not recognise is never touched: tracing-appender's own retention
//! removes whatever starts with the prefix, strangers included.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tracing_appender::rolling::Rotation;

use crate::line::time;
use crate::writer::error::BuildError;

/// How one writer's files are called.
#[derive(Debug)]
pub(super) struct Naming {
    pub directory: PathBuf,
    /// The file's name before its last dot.
    stem: String,
    /// What follows the last dot, if there is one.
    extension: Option<String>,
    period: Period,
}

/// One file's place in the order: the start of its period, then its number within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Seconds since 1970 at which the period starts; 0 where there is no rotation by time.
    pub start: i64,
    pub number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Never,
    Minute,
    Hour,
    Day,
    Week,
}

impl Naming {
    pub fn new(path: &Path, rotation: Rotation) -> Result<Self, BuildError> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else { return Err(BuildError::NoFileName { path: path.to_owned() }) };
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem.to_owned(), Some(extension.to_owned())),
            _ => (name.to_owned(), None),
        };
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self { directory, stem, extension, period: Period::of(&rotation) })
    }

    /// The place of the first file of the period that `now` is in.
    pub fn place(&self, now: SystemTime) -> Place {
        let (seconds, _) = time::since_epoch(now);
        Place { start: self.period.start(seconds), number: 0 }
    }

    /// When the period after this place's begins.
    pub fn end(&self, place: Place) -> Option<i64> {
        self.period.seconds().map(|seconds| place.start + seconds)
    }

    pub fn path(&self, place: Place) -> PathBuf {
        self.directory.join(self.name(place))
    }

    fn name(&self, place: Place) -> String {
        let mut name = self.stem.clone();
        if let Some(date) = self.period.date(place.start) {
            name.push('.');
            name.push_str(&date);
        }
        if place.number > 0 {
            name.push_str(&format!(".{}", place.number));
        }
        if let Some(extension) = &self.extension {
            name.push('.');
            name.push_str(extension);
        }
        name
    }

    /// The place of a file of exactly our pattern. The name is made again from what was read and compared, so
    /// nothing that only looks alike (leading zeros, the 31st of June, another suffix) is taken for ours.
    pub fn parse(&self, name: &str) -> Option<Place> {
        let mut rest = name.strip_prefix(&self.stem)?;
        if let Some(extension) = &self.extension {
            rest = rest.strip_suffix(extension)?.strip_suffix('.')?;
        }
        let mut parts = rest.split('.').skip(1);
        let start = match self.period {
            Period::Never => 0,
            period => period.parse(parts.next()?)?,
        };
        let number = match parts.next() {
            Some(number) => number.parse().ok()?,
            None => 0,
        };
        let place = Place { start, number };
        (self.name(place) == name).then_some(place)
    }
}

impl Period {
    fn of(rotation: &Rotation) -> Self {
        let known = [
            (Rotation::MINUTELY, Self::Minute),
            (Rotation::HOURLY, Self::Hour),
            (Rotation::DAILY, Self::Day),
            (Rotation::WEEKLY, Self::Week),
        ];
        known.into_iter().find(|(known, _)| known == rotation).map_or(Self::Never, |(_, period)| period)
    }

    fn seconds(self) -> Option<i64> {
        match self {
            Self::Never => None,
            Self::Minute => Some(60),
            Self::Hour => Some(3600),
            Self::Day => Some(86_400),
            Self::Week => Some(7 * 86_400),
        }
    }

    /// Weeks begin on Sunday, as tracing-appender's do; 1970 began on a Thursday.
    fn start(self, seconds: i64) -> i64 {
        const SUNDAY: i64 = 3 * 86_400;
        match (self, self.seconds()) {
            (_, None) => 0,
            (Self::Week, Some(length)) => (seconds - SUNDAY).div_euclid(length) * length + SUNDAY,
            (_, Some(length)) => seconds.div_euclid(length) * length,
        }
    }

    fn date(self, start: i64) -> Option<String> {
        let (year, month, day) = time::civil(start.div_euclid(86_400));
        let of_day = start.rem_euclid(86_400);
        let (hour, minute) = (of_day / 3600, of_day / 60 % 60);
        let date = format!("{year:04}-{month:02}-{day:02}");
        match self {
            Self::Never => None,
            Self::Day | Self::Week => Some(date),
            Self::Hour => Some(format!("{date}-{hour:02}")),
            Self::Minute => Some(format!("{date}-{hour:02}-{minute:02}")),
        }
    }

    /// The start of the period that a date names; the caller makes the date again and compares.
    fn parse(self, date: &str) -> Option<i64> {
        let number = |part: &str| if part.len() <= 4 { part.parse::<i64>().ok() } else { None };
        let numbers: Vec<i64> = date.split('-').map(number).collect::<Option<_>>()?;
        let (year, month, day) = (*numbers.first()?, *numbers.get(1)?, *numbers.get(2)?);
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let hour = numbers.get(3).copied().unwrap_or(0);
        let minute = numbers.get(4).copied().unwrap_or(0);
        Some(self.start(days(year, month, day) * 86_400 + hour * 3600 + minute * 60))
    }
}

/// Days since 1970 of a date, after Howard Hinnant's `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests;
