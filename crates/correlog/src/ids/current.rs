//! Reads OpenTelemetry's current context on this thread, safely at any moment of the thread's life.
//!
//! Does not attach, clone or start anything: one look costs a few nanoseconds and takes no lock.

use std::cell::Cell;
use std::panic::catch_unwind;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

use crate::ids::Ids;

/// The ids of the current context, or `None` where there is no valid one.
#[inline]
pub(crate) fn ids() -> Option<Ids> {
    match STAGE.get() {
        Stage::Alive => look(),
        Stage::New => first_look(),
        Stage::Gone => None,
    }
}

/// Whether an event is OpenTelemetry's own. Such events may be emitted while the context is being changed, when a
/// look at it would panic, so they carry no ids.
#[inline]
pub(crate) fn is_opentelemetrys_own(target: &str) -> bool {
    target.starts_with("opentelemetry")
}

#[inline]
fn look() -> Option<Ids> {
    Context::map_current(|context| {
        if !context.has_active_span() {
            return None;
        }
        Ids::of(context.span().span_context())
    })
}

/// The first look of a thread makes OpenTelemetry's thread local and then, right after it, our sentinel. Thread
/// locals are destroyed last made first, so the sentinel goes before the context, and every later event of this
/// thread (from other destructors) finds `Gone` instead of a context whose use would abort the process.
///
/// The context may already be gone when a thread's very first event comes from a destructor. That look panics and is
/// caught: a line without ids instead of an abort.
#[cold]
fn first_look() -> Option<Ids> {
    let Ok(ids) = catch_unwind(look) else {
        STAGE.set(Stage::Gone);
        return None;
    };
    let is_made = SENTINEL.try_with(|_| ()).is_ok();
    STAGE.set(if is_made { Stage::Alive } else { Stage::Gone });
    ids
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    New,
    Alive,
    Gone,
}

struct Sentinel;

impl Drop for Sentinel {
    fn drop(&mut self) {
        STAGE.set(Stage::Gone);
    }
}

thread_local! {
    /// Has no destructor, so it may be read at any time.
    static STAGE: Cell<Stage> = const { Cell::new(Stage::New) };
    static SENTINEL: Sentinel = const { Sentinel };
}
