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
