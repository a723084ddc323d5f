//! Waiting for a condition with a limit, the only way a test here waits. It never waits for a length of time.

use std::time::{Duration, Instant};

/// The value, once there is one; panics with what was waited for when the limit is over.
pub fn until<T>(what: &str, limit_s: u64, mut ready: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(limit_s), "{what}: not within {limit_s} s");
        std::thread::sleep(Duration::from_millis(50));
    }
}
