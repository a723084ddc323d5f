//! The ways files are rotated, as lists of single steps. Taking them is the writer's.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::rng::Rng;

/// How its files are rotated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rotation {
    Rename,
    Dated,
    CopyTruncate,
    Gzip,
    DelayedGzip,
    SymlinkSwap,
    DeleteCreate,
    Truncate,
}

const GENTLE: [Rotation; 5] =
    [Rotation::Rename, Rotation::Dated, Rotation::Gzip, Rotation::DelayedGzip, Rotation::SymlinkSwap];
const ANY: [Rotation; 8] = [
    Rotation::Rename,
    Rotation::Dated,
    Rotation::Gzip,
    Rotation::DelayedGzip,
    Rotation::SymlinkSwap,
    Rotation::CopyTruncate,
    Rotation::DeleteCreate,
    Rotation::Truncate,
];

/// One thing a rotator or a service does.
#[derive(Clone, Debug)]
pub enum Step {
    Rename(PathBuf, PathBuf),
    Unlink(PathBuf),
    /// A second name for the live file; what had it before loses it.
    Link(PathBuf, PathBuf),
    /// A fresh file; the service writes there from now on.
    Create(PathBuf),
    /// A fresh file of that name with the link `.1` pointing at it.
    Swap {
        file: PathBuf,
        link: PathBuf,
    },
    /// Copies up to half of what is missing, and comes again until all is there.
    Copy {
        from: PathBuf,
        to: PathBuf,
    },
    /// Empties in place.
    Truncate(PathBuf),
    /// Compresses in pieces, then removes the original.
    Gzip {
        from: PathBuf,
        to: PathBuf,
    },
    GzipGrow {
        to: PathBuf,
        rest: Vec<u8>,
        from: PathBuf,
        whole: bool,
    },
    Write,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::GzipGrow { to, rest, .. } => {
                write!(f, "packs {}, {} bytes to go", to.display(), rest.len())
            }
            step => write!(f, "{step:?}"),
        }
    }
}

impl Rotation {
    /// Kinds that may remove bytes nobody has read only where the seed says so.
    pub fn draw(destructive: bool, rng: &mut Rng) -> Self {
        let kinds: &[Self] = if destructive { &ANY } else { &GENTLE };
        kinds[rng.index(kinds.len())]
    }
}

/// One rotation to come: of `live`, the `rotations`th.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    pub rotation: Rotation,
    pub live: &'a Path,
    pub rotations: u32,
    /// Siblings that stay.
    pub keep: usize,
}

impl Plan<'_> {
    pub fn steps(&self, rng: &mut Rng) -> VecDeque<Step> {
        let mut steps = VecDeque::new();
        let live = self.live.to_path_buf();
        match self.rotation {
            Rotation::Dated => {
                let to = PathBuf::from(format!("{}-{:08}", live.display(), 20_260_000 + self.rotations));
                steps.push_back(Step::Rename(live.clone(), to));
            }
            Rotation::SymlinkSwap | Rotation::DeleteCreate | Rotation::Truncate => {}
            _ => self.shift(&mut steps),
        }
        // The service goes on into the old file until it is told to reopen.
        write_on(&mut steps, rng);
        match self.rotation {
            Rotation::CopyTruncate | Rotation::Truncate => steps.push_back(Step::Truncate(live)),
            Rotation::SymlinkSwap => steps.push_back(swap(&live, self.rotations)),
            Rotation::DeleteCreate => steps.extend([Step::Unlink(live.clone()), Step::Create(live)]),
            _ => steps.push_back(Step::Create(live)),
        }
        if self.rotation == Rotation::Gzip {
            write_on(&mut steps, rng);
            steps.push_back(Step::Gzip { from: self.plain(1), to: self.packed(1) });
        }
        steps
    }

    fn plain(&self, number: usize) -> PathBuf {
        PathBuf::from(format!("{}.{number}", self.live.display()))
    }

    fn packed(&self, number: usize) -> PathBuf {
        PathBuf::from(format!("{}.{number}.gz", self.live.display()))
    }

    /// What the sibling of this number is called.
    fn sibling(&self, number: usize) -> PathBuf {
        match self.rotation {
            Rotation::Gzip => self.packed(number),
            Rotation::DelayedGzip if number > 1 => self.packed(number),
            _ => self.plain(number),
        }
    }

    /// Every sibling becomes one older, and the live file, or a copy of it, becomes the first.
    fn shift(&self, steps: &mut VecDeque<Step>) {
        let first = if self.rotation == Rotation::DelayedGzip { 2 } else { 1 };
        for number in (first..=(self.rotations as usize).min(self.keep.min(64))).rev() {
            steps.push_back(Step::Rename(self.sibling(number), self.sibling(number + 1)));
        }
        if self.keep != usize::MAX {
            steps.push_back(Step::Unlink(self.sibling(self.keep + 1)));
        }
        if self.rotation == Rotation::CopyTruncate {
            return steps.push_back(Step::Copy { from: self.live.to_path_buf(), to: self.plain(1) });
        }
        if self.rotation == Rotation::DelayedGzip && self.rotations > 1 {
            // What was `.1` is packed as `.2` before the live file takes its name.
            steps.push_back(Step::Gzip { from: self.plain(1), to: self.packed(2) });
        }
        steps.push_back(Step::Rename(self.live.to_path_buf(), self.plain(1)));
    }
}

fn write_on(steps: &mut VecDeque<Step>, rng: &mut Rng) {
    for _ in 0..rng.below(3) {
        steps.push_back(Step::Write);
    }
}

/// A fresh file, and the link swapped to it.
pub fn swap(live: &Path, rotations: u32) -> Step {
    let file = live.with_file_name(format!("app-{rotations:04}.log"));
    Step::Swap { file, link: live.to_path_buf() }
}
