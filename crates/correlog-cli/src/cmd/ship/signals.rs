//! SIGTERM and SIGINT as a number that the pump's loop looks at. It ends nothing itself.

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// How often the operator has asked us to stop.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<AtomicU32>);

impl Asked {
    pub fn times(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits, in small steps, until the time is over or somebody asks.
    pub fn wait(&self, time: Duration) {
        let (start, before) = (Instant::now(), self.times());
        while self.times() == before && start.elapsed() < time {
            std::thread::sleep(Duration::from_millis(50).min(time.saturating_sub(start.elapsed())));
        }
    }
}

/// Listens on a thread of its own for the rest of the process's life.
pub fn listen() -> Result<Asked> {
    let asked = Asked::default();
    let count = asked.0.clone();
    let failed = |source| Error::io("signals cannot be listened to", "", source);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (mut term, mut int) = {
        let _inside = runtime.enter();
        (signal(SignalKind::terminate()).map_err(failed)?, signal(SignalKind::interrupt()).map_err(failed)?)
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        })
        .map_err(failed)?;
    Ok(asked)
}
