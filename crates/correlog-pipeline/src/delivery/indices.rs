//! How many indices a run may bring into being: a few lines with wrong times must not fill a cluster with shards.
//! It parks nothing itself.

use std::collections::BTreeSet;
use std::sync::Arc;

const DAY_MS: u64 = 86_400_000;

/// A day brings an index of log lines and one of records by itself.
const NEW_EACH_DAY: u64 = 2;

#[derive(Clone, Debug)]
pub struct Indices {
    /// Those that were there at the start: they count for nothing.
    known: BTreeSet<Arc<str>>,
    /// Every other index that this run writes to.
    new: BTreeSet<Arc<str>>,
    new_max: usize,
}

impl Indices {
    pub const fn new(known: BTreeSet<Arc<str>>, new_max: usize) -> Self {
        Self { known, new: BTreeSet::new(), new_max }
    }

    /// Whether this index is there, or is one of the new ones that this run may create by `now_ms`.
    pub fn may_write(&mut self, now_ms: u64, index: &Arc<str>) -> bool {
        if self.known.contains(index) || self.new.contains(index) {
            return true;
        }
        let by_time = usize::try_from(NEW_EACH_DAY * (now_ms / DAY_MS)).unwrap_or(usize::MAX);
        let may = self.new.len() < self.new_max.saturating_add(by_time);
        may && self.new.insert(index.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_counts_for_nothing_and_each_day_brings_its_own() {
        let name = |day: u32| Arc::<str>::from(format!("app-logs-2026.11.{day:02}"));
        let mut indices = Indices::new((1..10).map(name).collect(), 2);
        for (now_ms, day, may) in [
            (0, 5, true),
            (0, 20, true),
            (0, 9, true),
            (0, 21, true),
            (0, 22, false),
            (0, 20, true),
            (DAY_MS - 1, 22, false),
            (DAY_MS, 22, true),
            (DAY_MS, 23, true),
            (DAY_MS, 24, false),
            (500 * DAY_MS, 24, true),
        ] {
            assert_eq!(indices.may_write(now_ms, &name(day)), may, "day {day} at {now_ms}");
        }
    }
}
