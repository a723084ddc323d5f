//! Runs a pump in the small world by its own clock, until it has nothing more to do.

use correlog_pipeline::config::{Config, Group};
use correlog_pipeline::delivery::Options;
use correlog_pipeline::limits::Limits;
use correlog_pipeline::notice::Notice;
use correlog_pipeline::ports::Now;
use correlog_pipeline::pump::{Pace, Pump, Stop};
use correlog_pipeline::snapshot::Snapshot;

use crate::world::Mem;

pub struct Run {
    pub world: Mem,
    pub pump: Pump,
    pub config: Config,
    pub mono_ms: u64,
    pub notices: Vec<Notice>,
}

pub fn limits() -> Limits {
    Limits { block_bytes: 64 << 10, ..Limits::default() }
}

pub fn config() -> Config {
    let group = Group { name: "app".to_owned(), ..Group::default() };
    Config { groups: vec![group], limits: limits(), ..Config::default() }
}

/// One budget for the reader and the delivery, as the binary has it.
fn options(config: &Config) -> Options {
    Options { in_flight_bytes: config.limits.in_flight_bytes, ..Options::default() }
}

impl Run {
    pub fn new() -> Run {
        Run::with(config(), Mem::default())
    }

    pub fn with(config: Config, mut world: Mem) -> Run {
        let pump = Pump::new(config.clone(), options(&config), &mut world).expect("the state is well");
        Run { world, pump, config, mono_ms: 0, notices: Vec::new() }
    }

    pub fn turn(&mut self) -> Result<Pace, Stop> {
        let now = Now { mono_ms: self.mono_ms, wall_ms: 1_790_000_000_000 + self.mono_ms as i64 };
        let pace = self.pump.turn(now, &mut self.world);
        self.notices.extend(self.pump.take_notices());
        let sums = self.pump.sums();
        assert!(sums.agree(), "P8 does not hold: {sums:?}");
        pace
    }

    /// Turns for so long by the pump's clock.
    pub fn run(&mut self, ms: u64) {
        let end = self.mono_ms + ms;
        for _ in 0..100_000 {
            match self.turn().expect("the state directory is well") {
                Pace::Again => {}
                Pace::Wait { ms } => self.mono_ms = end.min(self.mono_ms + ms),
            }
            if self.mono_ms >= end {
                return;
            }
        }
        panic!("it is never idle");
    }

    /// Long enough for everything that is there to be read, settled and saved.
    pub fn settle(&mut self) {
        self.run(4_000);
    }

    pub fn snapshot(&self) -> Snapshot {
        self.pump.snapshot(Now { mono_ms: self.mono_ms, wall_ms: 0 })
    }

    /// The process dies and comes back.
    pub fn restart(&mut self) {
        self.kill();
        self.start();
    }

    pub fn kill(&mut self) {
        self.world.crash();
    }

    pub fn start(&mut self) {
        let options = options(&self.config);
        self.pump = Pump::new(self.config.clone(), options, &mut self.world).expect("the state is well");
        self.mono_ms = 0;
    }

    /// Every one of these lines was stored, once, and nothing else.
    #[track_caller]
    pub fn expect(&self, lines: impl IntoIterator<Item = impl Into<String>>) {
        self.expect_in("", lines);
    }

    #[track_caller]
    pub fn expect_in(&self, case: &str, lines: impl IntoIterator<Item = impl Into<String>>) {
        let mut wanted: Vec<String> = lines.into_iter().map(Into::into).collect();
        let mut found = self.world.messages();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted, "{case}");
    }
}

/// `l3` … one line each.
pub fn lines(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}

/// The same as a file has them.
pub fn text(range: std::ops::Range<u32>) -> String {
    lines(range).iter().map(|line| format!("{line}\n")).collect()
}
