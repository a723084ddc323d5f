//! The thread that writes the buffer out, by size, by age, at once when urgent, and for the last time at the end.
//!
//! Does not hold the lock of the intake while it writes: the service goes on filling the other buffer.

use std::sync::Arc;
use std::sync::MutexGuard;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::writer::builder::FLUSH_AGE;
use crate::writer::error::BuildError;
use crate::writer::intake::{Intake, Shared, Sleep, Stage};

/// How long a target that took nothing is left alone.
const RETRY_AFTER: Duration = Duration::from_millis(100);

pub(super) fn start(shared: Arc<Shared>) -> Result<JoinHandle<()>, BuildError> {
    let thread = Builder::new().name("correlog-writer".to_owned());
    thread.spawn(move || run(&shared)).map_err(|source| BuildError::Thread { source })
}

fn run(shared: &Shared) {
    let mut intake = shared.intake();
    let mut back = Vec::with_capacity(intake.buffer.capacity());
    let mut has_just_written = false;
    while intake.stage == Stage::Running || !intake.buffer.is_empty() || intake.is_failing {
        if intake.is_failing {
            intake = retry(shared, intake);
            continue;
        }
        let age = intake.oldest.map(|oldest| oldest.elapsed());
        intake = match age {
            // Lines come in bursts: for one more period none of them need wake this thread.
            None if intake.stage == Stage::Running && has_just_written => {
                has_just_written = false;
                sleep(shared, intake, Sleep::UntilDue, Some(FLUSH_AGE))
            }
            None if intake.stage == Stage::Running => sleep(shared, intake, Sleep::UntilAnything, None),
            Some(age) if age < FLUSH_AGE && !shared.is_due(&intake) => {
                sleep(shared, intake, Sleep::UntilDue, Some(FLUSH_AGE - age))
            }
            _ => {
                has_just_written = true;
                write(shared, intake, &mut back)
            }
        };
    }
    intake.sink = shared.lent().take();
    intake.stage = Stage::Closed;
    shared.tell_settled(&intake);
}

fn sleep<'a>(
    shared: &'a Shared,
    mut intake: MutexGuard<'a, Intake>,
    until: Sleep,
    limit: Option<Duration>,
) -> MutexGuard<'a, Intake> {
    intake.sleep = until;
    intake = Shared::wait(&shared.wake, intake, limit);
    intake.sleep = Sleep::Awake;
    intake
}

/// Exchanges the buffers and writes the full one.
fn write<'a>(
    shared: &'a Shared,
    mut intake: MutexGuard<'a, Intake>,
    back: &mut Vec<u8>,
) -> MutexGuard<'a, Intake> {
    std::mem::swap(&mut intake.buffer, back);
    intake.oldest = None;
    intake.is_urgent = false;
    // There is room from here on.
    shared.tell_settled(&intake);
    drop(intake);
    let left = shared.with_sink(|sink| {
        sink.write_accepted(back, &shared.counters);
        sink.flush(&shared.counters);
        sink.pending()
    });
    back.clear();
    settle(shared, left)
}

/// Waits a little, or for the end, and tries again what the target did not take.
fn retry<'a>(shared: &'a Shared, intake: MutexGuard<'a, Intake>) -> MutexGuard<'a, Intake> {
    drop(Shared::wait(&shared.wake, intake, Some(RETRY_AFTER)));
    let left = shared.with_sink(|sink| {
        sink.write_pending(&shared.counters);
        sink.pending()
    });
    settle(shared, left)
}

fn settle(shared: &Shared, left: usize) -> MutexGuard<'_, Intake> {
    let mut intake = shared.intake();
    intake.is_failing = left > 0;
    intake.written = intake.accepted - intake.buffer.len() as u64 - left as u64;
    shared.tell_settled(&intake);
    intake
}
