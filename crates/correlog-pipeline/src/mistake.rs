//! Mistakes that the simulator plants to prove that it would find them. Without the feature `planted-mistakes` every
//! question here is a constant `false` and leaves nothing in the program.

use std::borrow::Cow;

use crate::encode::Operation;
use crate::ports::Now;

/// A wrong turn that some shipper has taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// The checkpoint is the newest settled byte instead of the oldest unsettled one.
    NewestAckCheckpoint,
    /// A file is taken for the one that had its inode, whatever its bytes say.
    InodeIsIdentity,
    /// A truncated file is read on from the old offset.
    OffsetKeptAfterTruncation,
    /// A compressed file is resumed at an offset in its compressed bytes.
    CompressedOffset,
    /// A rotated file is left where it stood.
    RotatedTailDropped,
    /// The end of a file counts as the end of its last line.
    UnterminatedEmitted,
    /// The id contains the time of arrival.
    IdFromArrival,
    /// A refused line is missing in the sums.
    RefusedNotCounted,
    /// Reading goes on although the budget is used up.
    BudgetIgnored,
    /// Lines older than `max_age` are shipped.
    ExpiryIgnored,
    /// A lineage whose bytes are gone is taken for finished.
    HolePassedOver,
    /// The same file under a second name is another file.
    SecondNameFollowed,
    /// The version of a record is when it was read, not its own time.
    VersionFromArrival,
    /// Versions are all the same, so that what comes last stands.
    OlderOverNewer,
    /// The length of a hole is counted from the beginning of its lineage.
    HoleOverstated,
    /// What a new file has when it is first seen is skipped after the first start too.
    AlwaysAtTheEnd,
    /// Refusals are written beyond the limit of their file.
    RefusedLimitIgnored,
    /// What the refused file has no room for is dropped.
    RefusedDropped,
    /// A lineage has its configuration entry's place in it.
    EntryInIdentity,
    /// The milliseconds of a pause are taken for seconds.
    PauseInSeconds,
}

#[cfg(feature = "planted-mistakes")]
std::thread_local! {
    static PLANTED: std::cell::Cell<Option<Mistake>> = const { std::cell::Cell::new(None) };
}

/// Plants one mistake, or none, in this thread.
#[cfg(feature = "planted-mistakes")]
pub fn plant(mistake: Option<Mistake>) {
    PLANTED.set(mistake);
}

/// Whether this mistake is to be made.
#[cfg(feature = "planted-mistakes")]
pub fn is(mistake: Mistake) -> bool {
    PLANTED.get() == Some(mistake)
}

/// How a document is written, with another version where that is planted.
pub fn operation(operation: Operation, now: Now) -> Operation {
    match operation {
        Operation::Upsert { .. } if is(Mistake::VersionFromArrival) => {
            Operation::Upsert { version: now.mono_ms }
        }
        Operation::Upsert { .. } if is(Mistake::OlderOverNewer) => Operation::Upsert { version: 1 },
        operation => operation,
    }
}

/// The id of a document, with the time of arrival in it where that is planted.
pub fn id(id: &str, now: Now) -> Cow<'_, str> {
    if is(Mistake::IdFromArrival) {
        return Cow::Owned(format!("{}{:08x}", &id[..12], now.mono_ms & 0xFFFF_FFFF));
    }
    Cow::Borrowed(id)
}

/// Whether this mistake is to be made: never.
#[cfg(not(feature = "planted-mistakes"))]
pub const fn is(_mistake: Mistake) -> bool {
    false
}
