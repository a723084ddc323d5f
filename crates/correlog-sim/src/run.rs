//! One seed from its first to its last turn: a world with faults in which processes live and die, then a healed one in
//! which everything must arrive within a bound that follows from the limits.

use std::panic::{AssertUnwindSafe, catch_unwind};

use correlog_pipeline::config::{Config, Group, Mode};
use correlog_pipeline::delivery::Options as DeliveryOptions;
use correlog_pipeline::limits::{Limits, REFUSED_MAX_BYTES, RETRY_DELAY_MAX_MILLIS};
use correlog_pipeline::mistake::{self, Mistake};
use correlog_pipeline::pump::{Pace, Pump, Stop};
use correlog_pipeline::store::Store;

use crate::disk::Part;
use crate::lie::Lie;
use crate::line::LINE_MAX_BYTES;
use crate::options::{Death, Options, Twin};
use crate::oracle::Violation;
use crate::rng::Rng;
use crate::world::SimWorld;
use crate::writer::Writer;

/// What came of a seed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub turns: u64,
    pub lines: u64,
    pub faults: u64,
    pub restarts: u64,
    /// Two runs of a seed have the same.
    pub hash: u64,
    pub violations: Vec<Violation>,
    pub trace: String,
}

/// The healthy time in which everything must have arrived.
const HEALTHY_MS: u64 = 600_000;

/// And the healthy turns: whoever takes more is going round in circles, and in circles time hardly passes. An idle pump
/// takes 2,400 in that time; the blocks of all of a seed's files are fewer than that again.
const HEALTHY_TURNS: u64 = 30_000;

/// After the grace of a rotated file and the wait for a missing one.
const HOLES_TOLD_MS: u64 = 90_000;

/// The longest pause, and until a body is closed and a waiting pump looks.
const PAUSE_MAX_MS: u64 = RETRY_DELAY_MAX_MILLIS + 2_000;

struct Run {
    world: SimWorld,
    pump: Option<Pump>,
    seed: u64,
    /// How often the configuration was changed: each is another.
    configuration: u64,
    turns: u64,
    restarts: u64,
}

/// Runs one seed; `text` keeps the trace.
pub fn run(seed: u64, text: bool, lie: Option<Lie>) -> Report {
    let mut world = SimWorld::new(seed, Options::draw(seed), text);
    world.lie = lie;
    let mut run = Run { world, pump: None, seed, configuration: 0, turns: 0, restarts: 0 };
    run.with_faults();
    run.healed();
    let world = run.world;
    Report {
        turns: run.turns,
        lines: world.oracle.lines() as u64,
        faults: world.faults + world.cluster.counts.faults,
        restarts: run.restarts,
        hash: world.trace.hash(),
        violations: world.oracle.violations,
        trace: world.trace.text().to_owned(),
    }
}

impl Run {
    fn with_faults(&mut self) {
        for _ in 0..self.world.options.turns {
            if self.is_broken() {
                return;
            }
            for _ in 0..self.world.rng.below(3) {
                self.world.write();
            }
            if self.world.calls_to_live.is_none() && self.world.rng.chance(self.world.options.life.death) {
                self.world.calls_to_live = Some(self.world.rng.within(1, 60));
            }
            if self.world.rng.chance(self.world.options.life.clock_jump) {
                self.world.faults += 1;
                let years = self.world.rng.below(20) as i64 - 10;
                self.world.now.wall_ms += years * 31_557_600_000;
            }
            let pace = self.turn();
            self.pass_time(pace);
        }
    }

    /// No new faults, every rotation finished: now all must arrive.
    fn healed(&mut self) {
        if self.is_broken() {
            return;
        }
        let had_limit = self.world.options.operator.refused_max_bytes.is_some();
        self.world.options.heal();
        let faults = self.world.options.cluster.clone();
        self.world.cluster.heal(faults);
        self.world.end_spells();
        self.world.finish_writers();
        self.world.note("healed", [self.turns, 0]);
        let dies = self.world.rng.chance(500) && self.pump.is_some() && !self.world.oracle.counts_writes;
        if had_limit && !dies {
            // Room for refusals is a matter of the configuration.
            self.world.oracle.counts_writes = false;
            self.world.dead = true;
            self.die(Death::Process);
        }
        if dies {
            // One more death finds what was promised and not kept.
            self.world.dead = true;
            self.die(Death::Power);
        }
        let (from, started_ms) = (self.turns, self.world.now.mono_ms);
        loop {
            let pace = self.turn();
            if self.is_broken() {
                return;
            }
            let settled = self.pump.as_ref().is_some_and(Pump::is_settled);
            if self.world.oracle.pending().is_none() && settled {
                return self.holes();
            }
            let turns = self.turns - from;
            if self.world.now.mono_ms - started_ms > HEALTHY_MS || turns > HEALTHY_TURNS {
                return self.world.oracle.lost(turns);
            }
            self.pass_time(pace);
        }
    }

    /// Time enough to see what is missing; then it must have been told.
    fn holes(&mut self) {
        if !self.world.oracle.has_destroyed() || self.world.oracle.expects_damage {
            return;
        }
        let until_ms = self.world.now.mono_ms + HOLES_TOLD_MS;
        while self.world.now.mono_ms < until_ms && !self.is_broken() {
            let pace = self.turn();
            self.pass_time(pace);
        }
        let mut least = self.world.disk.least(|name| name.starts_with("state-"));
        if let Ok((_, checkpoint, _)) = Store::open(&mut least) {
            self.world.oracle.holes(&checkpoint);
            self.world.oracle.lengths(&checkpoint);
        }
    }

    fn is_broken(&self) -> bool {
        !self.world.oracle.violations.is_empty()
    }

    fn pass_time(&mut self, pace: Pace) {
        let ms = match pace {
            Pace::Again => self.world.rng.below(3),
            Pace::Wait { ms } => {
                let heard = self.world.cluster.next_ms().unwrap_or(u64::MAX);
                ms.clamp(1, heard.saturating_sub(self.world.now.mono_ms).max(1))
            }
        };
        self.world.now.mono_ms += ms;
        self.world.now.wall_ms += ms as i64;
    }

    /// One turn of the living process, or the birth of the next one.
    fn turn(&mut self) -> Pace {
        self.turns += 1;
        self.world.turn = self.turns;
        self.world.calls_this_turn = 0;
        let outcome = catch_unwind(AssertUnwindSafe(|| self.live()));
        let outcome = outcome.unwrap_or_else(|panic| {
            let what = panic.downcast_ref::<String>().cloned();
            let what = what.or_else(|| panic.downcast_ref::<&str>().map(|what| (*what).to_owned()));
            self.world.oracle.fail("P1", format!("panic: {}", what.unwrap_or_default()));
            Ok(Pace::Again)
        });
        self.world.hear();
        if self.world.dead {
            let power = self.world.rng.chance(self.world.options.life.power);
            self.die(if power { Death::Power } else { Death::Process });
            return Pace::Again;
        }
        self.bounds();
        self.pauses();
        match outcome {
            Ok(pace) => pace,
            Err(_stop) => {
                // It said why and exited; whoever supervises it starts it again. What was not saved is sent again,
                // which only ids make harmless.
                self.world.oracle.counts_writes = false;
                self.die(Death::Process);
                Pace::Wait { ms: 1_000 }
            }
        }
    }

    fn live(&mut self) -> Result<Pace, Stop> {
        match &mut self.pump {
            Some(pump) => {
                let pace = pump.turn(self.world.now, &mut self.world)?;
                for notice in pump.take_notices() {
                    self.world.trace.event("says", [self.turns, 0], format_args!("{notice:?}"));
                }
                Ok(pace)
            }
            None => {
                let (config, options) = self.configure();
                self.pump = Some(Pump::new(config, options, &mut self.world)?);
                Ok(Pace::Again)
            }
        }
    }

    /// P6: whoever has something to send asks again before long. Where refusals wait for the disk nothing is sent.
    fn pauses(&mut self) {
        let world = &self.world;
        let waits = self.pump.as_ref().is_some_and(|pump| pump.held_bytes() > 0)
            && world.cluster.next_ms().is_none()
            && world.options.lines.poison == 0;
        let (now_ms, last_ms) = (world.now.mono_ms, world.last_asked_ms);
        let waited = now_ms.saturating_sub(last_ms);
        if waits && waited > PAUSE_MAX_MS {
            self.world.oracle.fail("P6", format!("nothing was asked for {waited} ms"));
        }
        if !waits {
            self.world.last_asked_ms = now_ms;
        }
    }

    /// P6 and P9: what one turn may hold and do.
    fn bounds(&mut self) {
        let (open, limit) = (self.world.files.open_count(), self.limits().open_files);
        if open > limit {
            self.world.oracle.fail("P6", format!("{open} files are open, {limit} may be"));
        }
        if let Some(pump) = &self.pump {
            let (sums, held) = (pump.sums(), pump.held_bytes());
            // The last document that found room may be as long as a line gets when it is encoded.
            let limit = self.limits().in_flight_bytes + 4 * LINE_MAX_BYTES;
            if !sums.agree() {
                self.world.oracle.fail("P8", format!("{sums:?}"));
            }
            if held > limit {
                self.world.oracle.fail("P6", format!("{held} bytes are held, {limit} may be"));
            }
        }
        let files = self.world.files.tree.inodes.len() as u64;
        let calls = self.world.calls_this_turn;
        if calls > 500 + 60 * files {
            self.world.oracle.fail("P9", format!("{calls} calls in one turn over {files} files"));
        }
    }

    fn die(&mut self, death: Death) {
        self.pump = None;
        self.world.faults += 1;
        self.restarts += 1;
        self.world.note("dies", [self.turns, death as u64]);
        let world = &mut self.world;
        let rng = &mut world.rng;
        match death {
            Death::Power => {
                world.disk.power_cut(|| [Part::Nothing, Part::Torn, Part::Whole][rng.index(3)]);
            }
            Death::Process => world.disk.process_death(|| rng.chance(500)),
        }
        world.bury();
        if world.rng.chance(world.options.life.reconfigured) {
            self.configuration += 1;
        }
        if world.rng.chance(world.options.life.renumbered) {
            let offset = world.rng.below(1000);
            world.files.tree.renumber(offset);
        }
        if world.rng.chance(world.options.life.damaged) {
            self.damage();
        }
    }

    fn damage(&mut self) {
        let world = &mut self.world;
        let names: Vec<String> = world
            .disk
            .durable()
            .map(|(name, _)| name.to_owned())
            .filter(|name| name.starts_with("state-"))
            .collect();
        if names.is_empty() {
            return;
        }
        world.faults += 1;
        let name = names[world.rng.index(names.len())].clone();
        let (kind, at, bit) = (world.rng.index(4), world.rng.draw(), world.rng.below(8));
        world.disk.corrupt(&name, |bytes| {
            let place = if bytes.is_empty() { 0 } else { (at % bytes.len() as u64) as usize };
            match kind {
                0 => bytes.truncate(place),
                1 => bytes.fill(0),
                2 if !bytes.is_empty() => bytes[place] ^= 1 << bit,
                _ => bytes.clear(),
            }
        });
        world.slot_damaged = true;
        world.oracle.state_damaged();
    }

    fn limits(&self) -> Limits {
        let rng = &mut Rng::new(self.seed, 10 + self.configuration);
        Limits {
            in_flight_bytes: rng.within(8_000, 60_000) as usize,
            line_bytes: LINE_MAX_BYTES,
            block_bytes: rng.within(300, 4_000) as usize,
            turn_read_bytes: rng.within(4_000, 20_000) as usize,
            turn_heads: rng.within(1, 8) as usize,
            open_files: rng.within(4, 8) as usize,
            inflaters: 2,
            rescan_ms: 1_000,
            // A service here may take long to end a line in a file that was renamed under it.
            grace_ms: 60_000,
            orphan_ms: 5_000,
            save_ms: rng.within(1, 1_000),
            idle_ms: 250,
            ..Limits::default()
        }
    }

    /// The configuration of the next life. The first of a seed is always the same; a changed one lists its entries in
    /// another order, under other names and with other limits. Nothing of that may enter an id.
    fn configure(&mut self) -> (Config, DeliveryOptions) {
        let rng = &mut Rng::new(self.seed, 1_000 + self.configuration);
        let of = |writer: &Writer| (format!("{}", writer.group.dir.display()), writer.group.clone());
        let mut groups: Vec<_> = self.world.writers.iter().map(of).collect();
        if let Some(twin) = self.world.options.operator.twin {
            let mut group = groups[0].1.clone();
            if twin == Twin::LiveOnly {
                group.rotated.clear();
            }
            groups.push(("twin".to_owned(), group));
        }
        if rng.chance(500) {
            groups.reverse();
        }
        let renamed = rng.below(3);
        let has_sole = rng.chance(500);
        let configured = groups.iter().map(|(name, group)| Group {
            name: format!("{name}-{renamed}"),
            start_at_end: self.world.options.operator.start_at_end,
            max_age_ms: self.world.options.lines.max_age_ms,
            sole: has_sole.then(|| group.dir.join(&group.live[0])),
            ..Group::default()
        });
        let config = Config {
            groups: configured.collect(),
            limits: self.limits(),
            mode: Mode::Follow,
            ..Config::default()
        };
        self.world.files.groups = groups.into_iter().map(|(_, group)| group).collect();
        let options = DeliveryOptions {
            concurrency_max: rng.within(1, 4) as usize,
            batch_bytes: rng.within(500, 8_000) as usize,
            in_flight_bytes: if mistake::is(Mistake::BudgetIgnored) {
                1 << 30
            } else {
                config.limits.in_flight_bytes
            },
            deadline_ms: 10_000,
            refused_max_bytes: self.world.options.operator.refused_max_bytes.unwrap_or(REFUSED_MAX_BYTES),
            seed: rng.draw(),
            ..DeliveryOptions::default()
        };
        (config, options)
    }
}
