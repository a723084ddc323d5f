//! How fast: how many requests at once, how large, and how long to wait after a failure. Plain arithmetic on times
//! handed in; the only chance in it is the seed handed in.

use crate::limits;
use crate::mistake::{self, Mistake};

/// Additive increase, multiplicative decrease of requests at once and of bytes in one.
#[derive(Clone, Debug)]
pub struct Pace {
    /// In thousandths of a request, between 1,000 and `concurrency_max` thousand.
    window_milli: u64,
    concurrency_max: u64,
    batch_bytes: usize,
    batch_bytes_max: usize,
    /// Answers to requests submitted before this time were already taken into account by a decrease.
    decreased_ms: u64,
}

/// A batch is never made smaller than this by busy answers; below it the overhead of a request is the load.
const BATCH_MIN_BYTES: usize = 64 << 10;

impl Pace {
    pub fn new(concurrency_max: usize, batch_bytes_max: usize) -> Self {
        let concurrency_max = concurrency_max.max(1) as u64;
        Self {
            window_milli: 1000 * concurrency_max.min(2),
            concurrency_max,
            batch_bytes: batch_bytes_max,
            batch_bytes_max,
            decreased_ms: 0,
        }
    }

    /// Requests that may be under way at once; at least one.
    pub const fn window(&self) -> usize {
        (self.window_milli / 1000) as usize
    }

    /// A body is closed when it has this many bytes.
    pub const fn batch_bytes(&self) -> usize {
        self.batch_bytes
    }

    /// One request was answered in full: one more at once per round of answers, and somewhat larger bodies.
    pub fn answered(&mut self) {
        let step = (1_000_000 / self.window_milli).max(1);
        self.window_milli = (self.window_milli + step).min(1000 * self.concurrency_max);
        self.batch_bytes = (self.batch_bytes + BATCH_MIN_BYTES).min(self.batch_bytes_max);
    }

    /// A request submitted at `submitted_ms` met a busy server. Several requests of one round count once.
    pub fn busy(&mut self, submitted_ms: u64, now_ms: u64) {
        if submitted_ms < self.decreased_ms {
            return;
        }
        self.decreased_ms = now_ms;
        if self.window_milli < 2000 {
            self.batch_bytes = (self.batch_bytes / 2).max(BATCH_MIN_BYTES).min(self.batch_bytes_max);
        }
        self.window_milli = (self.window_milli / 2).max(1000);
    }

    /// A body of `bytes` was too large for something on the way: none that large is made again.
    pub fn too_large(&mut self, bytes: usize) {
        self.batch_bytes_max = self.batch_bytes_max.min((bytes / 2).max(1));
        self.batch_bytes = self.batch_bytes.min(self.batch_bytes_max);
    }
}

/// What the wait is for; each has its own longest pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Nobody answers. A probe costs nobody anything, and the end of an outage should be noticed soon.
    Unreachable,
    Busy,
    /// The operator must act.
    Parked,
}

impl Wait {
    const fn first_ms(self) -> u64 {
        match self {
            Self::Unreachable | Self::Busy => 200,
            Self::Parked => 2_000,
        }
    }

    const fn longest_ms(self) -> u64 {
        match self {
            Self::Unreachable => 3_000,
            Self::Busy => 10_000,
            Self::Parked => limits::RETRY_DELAY_MAX_MILLIS,
        }
    }
}

/// Full jitter: anything up to the doubled pause, so that shippers that fell together do not come back together.
/// The seed is the caller's, so the core stays a function.
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The pause after `tries` failures in a row (1 is the first), at least 1 ms.
    pub fn pause_ms(&mut self, wait: Wait, tries: u32) -> u64 {
        let ceiling =
            wait.first_ms().saturating_mul(1 << tries.saturating_sub(1).min(16)).min(wait.longest_ms());
        let pause_ms = 1 + self.next() % ceiling;
        if mistake::is(Mistake::PauseInSeconds) { pause_ms * 1_000 } else { pause_ms }
    }

    /// SplitMix64: short, without state to get wrong, and good enough to spread pauses.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_of_busy_answers_counts_once_and_success_comes_back_slowly() {
        let mut pace = Pace::new(8, 4 << 20);
        (0..200).for_each(|_| pace.answered());
        assert_eq!(pace.window(), 8);
        (0..8).for_each(|_| pace.busy(100, 150));
        assert_eq!(pace.window(), 4, "eight answers of one round");
        pace.busy(160, 200);
        pace.busy(210, 250);
        assert_eq!((pace.window(), pace.batch_bytes()), (1, 4 << 20));
        pace.busy(260, 300);
        assert_eq!(pace.batch_bytes(), 2 << 20, "at one request the bodies shrink");
        pace.answered();
        assert_eq!(pace.window(), 2);
    }

    #[test]
    fn a_learned_limit_is_never_passed_again() {
        let mut pace = Pace::new(4, 4 << 20);
        pace.too_large(1 << 20);
        (0..1000).for_each(|_| pace.answered());
        assert_eq!(pace.batch_bytes(), 1 << 19);
    }

    #[test]
    fn pauses_grow_to_their_longest_and_use_the_whole_range() {
        for wait in [Wait::Unreachable, Wait::Busy, Wait::Parked] {
            let mut jitter = Jitter::new(1);
            let pauses: Vec<u64> = (0..1000).map(|_| jitter.pause_ms(wait, 40)).collect();
            let longest = wait.longest_ms();
            assert!(pauses.iter().all(|pause| (1..=longest).contains(pause)));
            assert!(pauses.iter().any(|pause| *pause < longest / 10), "full jitter");
            assert!(pauses.iter().any(|pause| *pause > longest * 9 / 10), "full jitter");
            assert!((1..=wait.first_ms()).contains(&jitter.pause_ms(wait, 1)));
        }
    }
}
