//! The pump alone, in this process, over files in memory and a port that answers at once: what a line costs without
//! the sockets, and how many allocations are made for it.

use std::collections::VecDeque;
use std::path::Path;

use correlog_pipeline::config::{Config, Group, Mode};
use correlog_pipeline::delivery::Options;
use correlog_pipeline::encode::{Redaction, Settings};
use correlog_pipeline::joined::Joined;
use correlog_pipeline::ports::{Bulk, Completion, Now, Outcome, Submission};
use correlog_pipeline::pump::Pump;
use correlog_sim::disk::SimDisk;
use correlog_sim::files::tree::{Numbers, Tree};
use correlog_sim::files::{Group as SimGroup, SimFiles};
use ship_bench::corpus::{Corpus, Mix};
use ship_bench::sink;
use stats_alloc::Region;

use crate::Row;
use crate::encode::thread_seconds;

/// What is in memory at once; the file is removed and written anew until all is shipped.
const PART_BYTES: u64 = 64 << 20;

/// Everything is stored.
#[derive(Debug, Default)]
struct Taker {
    done: VecDeque<Completion>,
    /// Seconds and allocations that were ours, to make replies.
    own_seconds: f64,
    own_allocations: usize,
    documents: u64,
}

impl Bulk for Taker {
    fn submit(&mut self, submission: Submission) -> Result<(), Submission> {
        let (start, region) = (thread_seconds(), Region::new(crate::ALLOCATOR));
        let (reply, documents) = sink::reply(&submission.body);
        self.documents += documents;
        let outcome = Outcome::Replied { status: 200, retry_after_ms: None, reply };
        self.done.push_back(Completion { ticket: submission.ticket, body: submission.body, outcome });
        let change = region.change();
        self.own_allocations += change.allocations + change.reallocations;
        self.own_seconds += thread_seconds() - start;
        Ok(())
    }

    fn poll(&mut self) -> Option<Completion> {
        self.done.pop_front()
    }

    fn renew_credential(&mut self) {}
}

type World = Joined<SimFiles, SimDisk, Taker>;

/// Ships the corpus in parts; allocations are counted in all parts but the first.
pub fn measure(seed: u64, bytes: u64) -> Result<Row, String> {
    let path = Path::new("/logs/api.jsonl");
    let mut tree = Tree::new(Numbers::Fresh);
    tree.mkdir(Path::new("/logs"));
    let group = SimGroup { dir: "/logs".into(), live: vec!["*.jsonl".into()], ..SimGroup::default() };
    let files = SimFiles::new(tree, vec![group]);
    let mut world: World = Joined { files, disk: SimDisk::default(), bulk: Taker::default() };
    let mut pump = Pump::new(config(), Options::default(), &mut world).map_err(|stop| format!("{stop:?}"))?;
    let mut corpus = Corpus::new(seed, Mix::Native);
    let inode = world.files.tree.create(path);
    let mut now = Now { mono_ms: 0, wall_ms: 1_795_000_000_000 };
    let (mut lines, mut shipped, mut seconds) = (0, 0, 0.0);
    let (mut counted_lines, mut allocations) = (0, 0);
    while shipped < bytes {
        let (mut text, before) = (String::new(), lines);
        while (text.len() as u64) < PART_BYTES.min(bytes) {
            corpus.line(&mut text);
            lines += 1;
        }
        world.files.tree.append(inode, text.as_bytes());
        world.files.changed = true;
        let is_first = shipped == 0;
        shipped += text.len() as u64;
        drop(text);
        let (start, region) = (thread_seconds(), Region::new(crate::ALLOCATOR));
        let (own_seconds, own_allocations) = (world.bulk.own_seconds, world.bulk.own_allocations);
        while world.bulk.documents < lines || !pump.is_settled() {
            pump.turn(now, &mut world).map_err(|stop| format!("{stop:?}"))?;
            now.mono_ms += 10;
        }
        seconds += thread_seconds() - start - (world.bulk.own_seconds - own_seconds);
        let change = region.change();
        if !is_first {
            let own = world.bulk.own_allocations - own_allocations;
            allocations += change.allocations + change.reallocations - own;
            counted_lines += lines - before;
        }
    }
    Ok(Row {
        name: "pump",
        lines,
        bytes: shipped,
        cpu_seconds: seconds,
        wall_seconds: seconds,
        allocs_per_line: (counted_lines > 0).then(|| allocations as f64 / counted_lines as f64),
        memory_peak_mib: None,
    })
}

fn config() -> Config {
    let redaction = Redaction::new(&[], &[], true).unwrap_or_default();
    let encode =
        Settings { redaction, host_id: "host".into(), host_name: "host".into(), ..Settings::default() };
    let group = Group { name: "bench".into(), encode, ..Group::default() };
    Config { groups: vec![group], mode: Mode::Once, ..Config::default() }
}
