//! The real ports with a map of ids for OpenSearch, and a clock of our own.

use std::path::Path;

use correlog_pipeline::checkpoint::Hole;
use correlog_pipeline::config::{Config, Group};
use correlog_pipeline::delivery::Options;
use correlog_pipeline::joined::Joined;
use correlog_pipeline::ports::{Bulk, Completion, Now, Submission};
use correlog_pipeline::pump::{Pace, Pump};
use correlog_sim::cluster::Cluster;
use correlog_sim::options::ClusterFaults;

use crate::real_disk::StateDir;
use crate::real_files::{Patterns, RealFiles};

/// The cluster with its clock.
pub struct Held {
    pub cluster: Cluster,
    pub now: Now,
    /// Requests are taken and nothing is heard of them.
    pub holds_answers: bool,
}

/// A shipper and its world; `pump` is dropped to kill it.
pub struct Shipper {
    pub world: Joined<RealFiles, StateDir, Held>,
    pump: Option<Pump>,
    live: std::path::PathBuf,
}

impl Shipper {
    pub fn new(root: &Path) -> Self {
        let patterns = Patterns { paths: vec!["logs/app.log".into()], ..Patterns::default() };
        let files = RealFiles::new(root, &[patterns]).unwrap();
        let disk = StateDir::open(&root.join("state")).unwrap();
        let cluster = Cluster::new(0, ClusterFaults { body_max: usize::MAX, ..ClusterFaults::default() });
        let now = Now { mono_ms: 1_000, wall_ms: 1_795_000_000_000 };
        let bulk = Held { cluster, now, holds_answers: false };
        Self { world: Joined { files, disk, bulk }, pump: None, live: root.join("logs/app.log") }
    }

    pub fn start(&mut self) {
        let group = Group { name: "app".into(), sole: Some(self.live.clone()), ..Group::default() };
        let config = Config { groups: vec![group], ..Config::default() };
        self.pump = Some(Pump::new(config, Options::default(), &mut self.world).unwrap());
    }

    /// SIGKILL: open files, memory and the answers under way are gone. A new one is `start`ed on the same state.
    pub fn kill(&mut self, root: &Path) {
        self.pump = None;
        self.world.files =
            RealFiles::new(root, &[Patterns { paths: vec!["logs/app.log".into()], ..Patterns::default() }])
                .unwrap();
        self.world.bulk.cluster.sender_died(self.world.bulk.now.mono_ms);
    }

    /// Turns until nothing is to be done at once and `ms` have passed.
    pub fn run(&mut self, ms: u64) {
        let until = self.world.bulk.now.mono_ms + ms;
        for _ in 0..100_000 {
            let Some(pump) = &mut self.pump else { return };
            let pace = pump.turn(self.world.bulk.now, &mut self.world).unwrap();
            let passed = match pace {
                Pace::Again => 1,
                Pace::Wait { .. } if self.world.bulk.now.mono_ms >= until => return,
                Pace::Wait { ms } => ms.clamp(1, 100),
            };
            self.world.bulk.now.mono_ms += passed;
            self.world.bulk.now.wall_ms += passed as i64;
        }
        panic!("it never comes to rest");
    }

    /// Where the shipper says that bytes are missing.
    pub fn holes(&self) -> Vec<Hole> {
        let files = self.pump.as_ref().map(|pump| pump.snapshot(self.world.bulk.now).files);
        files.iter().flatten().filter_map(|file| file.hole).collect()
    }

    pub fn is_settled(&self) -> bool {
        self.pump.as_ref().is_some_and(Pump::is_settled)
    }
}

impl Bulk for Held {
    fn submit(&mut self, submission: Submission) -> Result<(), Submission> {
        self.cluster.submit(self.now.mono_ms, submission)
    }

    fn poll(&mut self) -> Option<Completion> {
        if self.holds_answers { None } else { self.cluster.poll(self.now.mono_ms) }
    }

    fn renew_credential(&mut self) {}
}
