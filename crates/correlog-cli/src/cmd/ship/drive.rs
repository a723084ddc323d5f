//! The pump's loop on real time: turns, waiting, draining, and what people hear of it. It decides nothing about lines.

use super::progress::Progress;
use super::show::Show;
use super::signals::Asked;
use super::words::Words;
use crate::error::{Error, Result};
use crate::world::RealWorld;
use correlog_pipeline::config::{Config, Mode};
use correlog_pipeline::delivery::Options;
use correlog_pipeline::ports::Now;
use correlog_pipeline::pump::{Pace, Pump, Stop};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long SIGTERM waits for what was read to be settled.
const DRAIN_MAX: Duration = Duration::from_secs(8);
/// So often at least a signal is looked at.
const WAIT_MAX_MS: u64 = 250;

/// How a run ended.
#[derive(Debug)]
pub enum End {
    /// Asked to stop; everything that was read is settled.
    Drained,
    /// `--once`: everything there is is settled.
    Done,
    /// Something that was read is not settled.
    Left { lines: u64, why: String },
}

#[derive(Debug)]
pub struct Drive {
    pump: Pump,
    world: RealWorld,
    asked: Asked,
    /// `--once`: the longest time without progress.
    patience: Option<Duration>,
    started: Instant,
    draining_since: Option<Instant>,
    words: Words,
    progress: Progress,
    show: Show,
}

impl Drive {
    pub fn new(
        config: Config,
        delivery: Options,
        mut world: RealWorld,
        asked: Asked,
        patience: Option<Duration>,
        show: Show,
    ) -> Result<Self> {
        let once = config.mode == Mode::Once;
        let pump = Pump::new(config, delivery, &mut world).map_err(stopped)?;
        Ok(Self {
            pump,
            world,
            asked,
            patience,
            started: Instant::now(),
            draining_since: None,
            words: Words::default(),
            progress: Progress::new(once),
            show,
        })
    }

    pub fn run(&mut self) -> Result<End> {
        let mut last_progress = (Instant::now(), 0);
        loop {
            let pace = self.turn()?;
            let lines = self.pump.sums();
            if self.progress.is_due() {
                let snapshot = self.pump.snapshot(self.now());
                self.progress.show(snapshot.bytes_settled(), snapshot.bytes_known(), lines.settled());
            }
            if let Some(end) = self.ending(lines.in_flight) {
                self.progress.end();
                let now = self.now();
                self.show.close(now, &self.pump.snapshot(now));
                return Ok(end);
            }
            let mark = lines.read + lines.settled();
            if mark != last_progress.1 {
                last_progress = (Instant::now(), mark);
            }
            if self.patience.is_some_and(|patience| last_progress.0.elapsed() >= patience) {
                self.progress.end();
                let why = format!("no progress for {} s", last_progress.0.elapsed().as_secs());
                return Ok(End::Left { lines: lines.in_flight, why });
            }
            if let Pace::Wait { ms } = pace {
                self.wait(ms);
            }
        }
    }

    fn turn(&mut self) -> Result<Pace> {
        if self.asked.times() > 0 && self.draining_since.is_none() {
            self.pump.drain();
            self.draining_since = Some(Instant::now());
        }
        let pace = self.pump.turn(self.now(), &mut self.world).map_err(stopped)?;
        self.words.tell(self.pump.take_notices());
        let now = self.now();
        if self.show.is_due(now) {
            self.show.show(now, self.pump.snapshot(now), &mut self.words);
        }
        Ok(pace)
    }

    fn ending(&self, left: u64) -> Option<End> {
        if let Some(since) = self.draining_since {
            if self.pump.is_settled() {
                return Some(End::Drained);
            }
            let impatient = since.elapsed() >= DRAIN_MAX || self.asked.times() > 1;
            let why = format!("asked to stop, and not settled within {} s", DRAIN_MAX.as_secs());
            return impatient.then_some(End::Left { lines: left, why });
        }
        (self.patience.is_some() && self.pump.is_done()).then_some(End::Done)
    }

    /// Until a completion is there, a file changed, or the time is over.
    fn wait(&mut self, ms: u64) {
        let ms = ms.min(WAIT_MAX_MS);
        if self.pump.is_sending() {
            return self.world.bulk.wait(Duration::from_millis(ms));
        }
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::try_from(ms * 1_000_000).unwrap_or(0) };
        match self.world.files.notice() {
            Some(notice) => {
                let mut waited = [PollFd::from_borrowed_fd(notice, PollFlags::IN)];
                // An interrupted wait is a short one.
                let _ = poll(&mut waited, Some(&timeout));
            }
            None => std::thread::sleep(Duration::from_millis(ms)),
        }
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Now {
            mono_ms: millis(self.started.elapsed()),
            wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// What `--once` did, in one line, and what it left.
    pub fn report(&self) {
        let snapshot = self.pump.snapshot(self.now());
        let lines = snapshot.lines;
        crate::print::note(&format!(
            "{} lines read: {} stored, {} refused, {} skipped",
            lines.read, lines.stored, lines.refused, lines.skipped
        ));
        let open = snapshot.files.iter().filter(|file| file.unterminated_bytes > 0).count();
        if open > 0 {
            crate::print::note(&format!(
                "{open} unterminated last lines were left: they are shipped when their newline comes"
            ));
        }
    }
}

fn stopped(stop: Stop) -> Error {
    match stop {
        Stop::Poisoned(fault) => Error::stopped(
            format!("the state directory cannot be written ({fault:?}), twice in a row"),
            "nothing is lost: mend the disk and start again; lines after the last saved place are sent again under the same ids",
        ),
        Stop::Unreadable(fault) => Error::stopped(
            format!("there is state, and it cannot be read now ({fault:?})"),
            "mend the permissions or the disk; starting without it would read everything again",
        ),
    }
}
