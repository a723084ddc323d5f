//! What a seed's world is like: every fault with its own rate, each fully off half of the time.
//!
//! Rates are per mille of the occasions they name. Nothing is drawn here after the world began.

use crate::rng::Rng;

/// What a process death is in this world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Death {
    /// SIGKILL: the page cache stays.
    Process,
    /// The plug: unsynced changes survive in any part.
    Power,
}

#[derive(Clone, Debug)]
pub struct Options {
    /// Turns with faults before the world heals.
    pub turns: u32,
    pub writers: usize,
    pub files: FileFaults,
    pub disk: DiskFaults,
    pub cluster: ClusterFaults,
    pub life: LifeFaults,
    pub lines: Lines,
    pub operator: Operator,
}

/// How the shipper is set up.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// What was there before the first start is not wanted.
    pub start_at_end: bool,
    /// A second entry matches files of the first writer too.
    pub twin: Option<Twin>,
    /// The refused file has room for so much; once the world is healed somebody makes more.
    pub refused_max_bytes: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Twin {
    /// All its patterns are the same.
    Same,
    /// It does not match rotated files.
    LiveOnly,
}

#[derive(Clone, Debug, Default)]
pub struct FileFaults {
    pub list: u32,
    pub open: u32,
    pub stat: u32,
    pub read: u32,
    pub short: u32,
    pub hint_lost: u32,
    /// A writer goes on in the middle of a turn, at a call of the port.
    pub race: u32,
    /// Inode numbers come back at once.
    pub numbers_reused: bool,
    /// The file system does not tell births.
    pub births_hidden: bool,
}

#[derive(Clone, Debug, Default)]
pub struct DiskFaults {
    pub write: u32,
    /// Syncs that answer a fault and drop their pages.
    pub sync: u32,
    pub rename: u32,
    pub sync_dir: u32,
    /// A spell of no space or read-only begins.
    pub full: u32,
    pub read: u32,
}

#[derive(Clone, Debug, Default)]
pub struct ClusterFaults {
    pub not_sent: u32,
    pub request_lost: u32,
    pub reply_lost: u32,
    pub prefix_lost: u32,
    /// The request is answered as lost and takes effect later.
    pub late: u32,
    pub status: u32,
    pub garbage: u32,
    pub item_busy: u32,
    /// An index takes nothing for a while.
    pub block: u32,
    pub stall: u32,
    pub no_room: u32,
    /// Ids are not looked at and every write counts: a second write of a line is a second document.
    pub keeps_no_ids: bool,
    /// Larger bodies are answered with 413.
    pub body_max: usize,
}

#[derive(Clone, Debug, Default)]
pub struct LifeFaults {
    /// Deaths at some call of a port, per mille of the turns.
    pub death: u32,
    /// Of the deaths, those that are power cuts.
    pub power: u32,
    /// Of the deaths, those after which the configuration is another.
    pub reconfigured: u32,
    /// Of the deaths, those after which devices and inodes have other numbers.
    pub renumbered: u32,
    /// Of the deaths, those after which a state file is damaged.
    pub damaged: u32,
    pub clock_jump: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// A line comes in pieces.
    pub torn: u32,
    pub blank: u32,
    pub long: u32,
    pub carriage_return: u32,
    /// OpenSearch refuses it for good.
    pub poison: u32,
    pub undated: u32,
    /// Every new file starts with the same line.
    pub banner: bool,
    /// A file begins with a byte order mark.
    pub mark: bool,
    /// Rotations per mille of the writer's steps.
    pub rotate: u32,
    /// Rotated siblings that are kept; older ones are removed.
    pub keep: usize,
    /// Kinds of rotation that may remove bytes nobody has read.
    pub destructive: bool,
    /// Compressed siblings that are cut or damaged.
    pub bad_gzip: u32,
    /// Older lines are not shipped.
    pub max_age_ms: Option<u64>,
    /// A fresh file gets a second name.
    pub linked: bool,
    /// Copytruncate by a writer that does not append: it leaves a hole.
    pub holes: bool,
    /// A record is another version of an earlier one, not always a newer one.
    pub updated: u32,
}

impl Options {
    pub fn draw(seed: u64) -> Self {
        let rng = &mut Rng::new(seed, 1);
        let keeps_no_ids = rng.chance(150);
        let mut drawn = Self {
            turns: rng.within(40, 400) as u32,
            writers: rng.within(1, 3) as usize,
            files: files(rng),
            disk: disk(rng),
            cluster: cluster(rng),
            life: life(rng),
            lines: lines(rng),
            operator: operator(&mut Rng::new(seed, 5)),
        };
        // Of a garbled line nobody knows which version of its row it is.
        drawn.lines.updated = if drawn.lines.bad_gzip > 0 { 0 } else { Rng::new(seed, 6).swarm(400) };
        if keeps_no_ids {
            drawn.cluster = exact(&drawn.cluster);
            drawn.life = LifeFaults { clock_jump: drawn.life.clock_jump, ..LifeFaults::default() };
        }
        if drawn.life.clock_jump > 0 {
            // What is too old would change with the clock, and with it what must arrive.
            drawn.lines.max_age_ms = None;
        }
        if drawn.life.damaged > 0 {
            // Without state and with files gone for good, equal first lines cannot be told apart: nobody could.
            drawn.lines.banner = false;
        }
        drawn
    }

    /// The world after it healed: what was broken for good stays, nothing new breaks.
    pub fn heal(&mut self) {
        let numbers_reused = self.files.numbers_reused;
        let births_hidden = self.files.births_hidden;
        self.files = FileFaults { numbers_reused, births_hidden, ..FileFaults::default() };
        self.disk = DiskFaults::default();
        let keeps_no_ids = self.cluster.keeps_no_ids;
        let body_max = self.cluster.body_max;
        self.cluster = ClusterFaults { keeps_no_ids, body_max, ..ClusterFaults::default() };
        self.life = LifeFaults::default();
        self.operator.refused_max_bytes = None;
    }
}

/// Without ids only what certainly did not happen may be sent again.
fn exact(faults: &ClusterFaults) -> ClusterFaults {
    ClusterFaults {
        not_sent: faults.not_sent,
        request_lost: 0,
        reply_lost: 0,
        prefix_lost: 0,
        late: 0,
        status: 0,
        garbage: 0,
        item_busy: faults.item_busy,
        block: faults.block,
        stall: 0,
        no_room: faults.no_room,
        keeps_no_ids: true,
        body_max: faults.body_max,
    }
}

fn files(rng: &mut Rng) -> FileFaults {
    FileFaults {
        list: rng.swarm(200),
        open: rng.swarm(200),
        stat: rng.swarm(100),
        read: rng.swarm(120),
        short: rng.swarm(500),
        hint_lost: rng.swarm(500),
        race: rng.swarm(150),
        numbers_reused: rng.chance(700),
        births_hidden: rng.chance(400),
    }
}

fn disk(rng: &mut Rng) -> DiskFaults {
    DiskFaults {
        write: rng.swarm(60),
        sync: rng.swarm(100),
        rename: rng.swarm(50),
        sync_dir: rng.swarm(80),
        full: rng.swarm(20),
        read: rng.swarm(60),
    }
}

fn cluster(rng: &mut Rng) -> ClusterFaults {
    ClusterFaults {
        not_sent: rng.swarm(250),
        request_lost: rng.swarm(250),
        reply_lost: rng.swarm(250),
        prefix_lost: rng.swarm(150),
        late: rng.swarm(120),
        status: rng.swarm(200),
        garbage: rng.swarm(150),
        item_busy: rng.swarm(300),
        block: rng.swarm(20),
        stall: rng.swarm(400),
        no_room: rng.swarm(400),
        keeps_no_ids: false,
        body_max: if rng.chance(100) { 2_000 } else { usize::MAX },
    }
}

fn life(rng: &mut Rng) -> LifeFaults {
    LifeFaults {
        death: rng.swarm(80),
        power: rng.swarm(1000),
        reconfigured: rng.swarm(500),
        renumbered: rng.swarm(300),
        damaged: if rng.chance(200) { rng.swarm(200) } else { 0 },
        clock_jump: rng.swarm(60),
    }
}

fn lines(rng: &mut Rng) -> Lines {
    let destructive = rng.chance(300);
    Lines {
        torn: rng.swarm(300),
        blank: rng.swarm(100),
        long: if rng.chance(200) { rng.swarm(30) } else { 0 },
        carriage_return: rng.swarm(200),
        poison: rng.swarm(50),
        undated: rng.swarm(200),
        banner: rng.chance(150),
        mark: rng.chance(100),
        rotate: rng.swarm(120),
        keep: if destructive { rng.within(1, 4) as usize } else { usize::MAX },
        destructive,
        bad_gzip: if destructive { rng.swarm(300) } else { 0 },
        max_age_ms: rng.chance(150).then(|| rng.within(2, 20) * 86_400_000),
        linked: rng.chance(200),
        holes: destructive && rng.chance(300),
        updated: 0,
    }
}

fn operator(rng: &mut Rng) -> Operator {
    let twin = if rng.chance(500) { Twin::Same } else { Twin::LiveOnly };
    Operator {
        start_at_end: rng.chance(100),
        twin: rng.chance(200).then_some(twin),
        refused_max_bytes: rng.chance(200).then(|| rng.within(2_000, 20_000)),
    }
}
