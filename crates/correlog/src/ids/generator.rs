//! Trace ids that bear their time: 48 bits of Unix milliseconds, then 80 random bits.
//!
//! Does not change span ids. W3C Trace Context level 2 wants the last seven bytes of a trace id random; here the last
//! ten are, so samplers that decide by them still work.

use std::time::SystemTime;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use crate::line::time;

/// An [`IdGenerator`] whose trace ids begin with the time, so that a look-up by id knows the day to search.
///
/// The time is the first six bytes, big-endian milliseconds since 1970; the rest is random.
#[derive(Debug, Clone, Default)]
pub struct TimeIdGenerator {
    random: RandomIdGenerator,
}

impl TimeIdGenerator {
    /// A generator on the SDK's own source of randomness.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl IdGenerator for TimeIdGenerator {
    fn new_trace_id(&self) -> TraceId {
        let mut bytes = self.random.new_trace_id().to_bytes();
        let (seconds, nanos) = time::since_epoch(SystemTime::now());
        let milliseconds = seconds.max(0) as u64 * 1000 + u64::from(nanos / 1_000_000);
        bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
        TraceId::from_bytes(bytes)
    }

    fn new_span_id(&self) -> SpanId {
        self.random.new_span_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_begins_with_its_time_and_ends_at_random() {
        let milliseconds = || {
            let (seconds, nanos) = time::since_epoch(SystemTime::now());
            seconds as u128 * 1000 + u128::from(nanos / 1_000_000)
        };
        let generator = TimeIdGenerator::new();
        let before = milliseconds();
        let (one, two) = (generator.new_trace_id(), generator.new_trace_id());
        let after = milliseconds();
        for id in [one, two] {
            let time = u128::from_be_bytes(id.to_bytes()) >> 80;
            assert!((before..=after).contains(&time), "{before} {time} {after}");
        }
        assert_ne!(one.to_bytes()[8..], two.to_bytes()[8..], "the last eight bytes are random");
        assert_ne!(generator.new_span_id(), generator.new_span_id());
    }
}
