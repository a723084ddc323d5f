//! What stderr is told of a failing target: the first error at once, then at most one sentence a minute.
//!
//! Does not know the lines that were lost, which the stream itself tells, and counts nothing for `Stats`.

use std::io::{self, Write};
use std::time::{Duration, Instant};

const TELL_EVERY: Duration = Duration::from_secs(60);

/// The errors that nobody was told of yet.
#[derive(Debug, Default)]
pub(super) struct Report {
    told: Option<Instant>,
    untold: u64,
    /// The newest of them.
    error: String,
}

impl Report {
    /// Takes one error in and tells it if the minute is over.
    pub fn failed(&mut self, error: &io::Error) {
        self.note(error);
        self.tell_if_due();
    }

    /// Tells what came within the last minute once that is over; for every write, and costs a comparison.
    #[inline]
    pub fn tell_if_due(&mut self) {
        if self.untold > 0 {
            say(self.due(Instant::now()));
        }
    }

    /// Tells what is left, whatever the time: the writer ends.
    pub fn tell_rest(&mut self) {
        say(self.rest());
    }

    fn note(&mut self, error: &io::Error) {
        self.untold += 1;
        self.error = error.to_string();
    }

    fn due(&mut self, now: Instant) -> Option<String> {
        if self.told.is_some_and(|told| now.duration_since(told) < TELL_EVERY) {
            return None;
        }
        let rest = self.rest();
        if rest.is_some() {
            self.told = Some(now);
        }
        rest
    }

    fn rest(&mut self) -> Option<String> {
        let count = std::mem::take(&mut self.untold);
        let error = &self.error;
        (count > 0).then(|| {
            format!("correlog: the log cannot be written ({error}); {count} failed attempts since this was last said")
        })
    }
}

/// `eprintln!` would panic where stderr is closed.
fn say(sentence: Option<String>) {
    if let Some(sentence) = sentence {
        let _ = writeln!(io::stderr(), "{sentence}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_at_once_then_once_a_minute_and_at_the_end() {
        let start = Instant::now();
        let mut report = Report::default();
        let mut at = |seconds: u64, failures: u64| {
            for _ in 0..failures {
                report.note(&io::Error::other(format!("after {seconds} s")));
            }
            report.due(start + Duration::from_secs(seconds))
        };
        let said = |seconds: u64, count: u64| {
            Some(format!(
                "correlog: the log cannot be written (after {seconds} s); {count} failed attempts since this was last said"
            ))
        };
        assert_eq!(at(0, 0), None, "nothing failed");
        assert_eq!(at(1, 1), said(1, 1), "the first at once");
        assert_eq!(at(2, 40), None);
        assert_eq!(at(60, 2), None, "59 seconds after it was said");
        assert_eq!(at(61, 1), said(61, 43));
        assert_eq!(at(61, 0), None);
        assert_eq!(at(200, 0), None, "no error, nothing to tell");
        assert_eq!(at(201, 1), said(201, 1));
        assert_eq!(at(202, 3), None);
        assert_eq!(at(262, 0), said(202, 3), "told though the target works again");
        assert_eq!(at(263, 5), None);
        assert_eq!(report.rest(), said(263, 5), "the end waits for no minute");
        assert_eq!(report.rest(), None);
    }
}
