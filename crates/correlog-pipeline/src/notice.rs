//! What happened that people should hear of, as values without content: the binary counts them and words them.

use crate::discover::Unfit;
use crate::inflate::Damage;
use crate::ports::{DiskFault, FileFault};
use crate::source::ReadFault;
use crate::store::SlotFault;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A file or directory could not be listed.
    List(FileFault),
    /// A file could not be read.
    Read(ReadFault),
    /// A file cannot be shipped at all.
    Unfit(Unfit),
    /// An archive is damaged; what could be unpacked was shipped.
    Damaged(Damage),
    /// A file was moved to where no pattern of its group matches: it is read to its end through the open handle, and
    /// would be missed after a restart. `rotated` should name its new place.
    OutOfReach,
    /// A file was truncated or rewritten in place.
    Rewritten,
    /// Bytes of a lineage are nowhere to be found; how many, where a size had been seen.
    Hole(Option<u64>),
    /// One slot of the state could not be used; the other could.
    Slot(SlotFault),
    /// No state could be used: everything is read again, with the same ids.
    StateLost,
    /// The state could not be saved; shipping goes on.
    Save(DiskFault),
    /// The state of a file that is long gone was dropped.
    Forgotten,
}
