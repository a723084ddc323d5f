//! Where a tail hands its lines, and what may become of one. Nothing is encoded or kept here.

use crate::encode::{Line, Time};

/// What became of a line that was offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offer {
    /// On its way as a log document or into the refused file; with the last valid time of the lineage behind it.
    Taken { last_time: Option<Time> },
    /// On its way as a record: no neighbour for `log.skipped`, because a later version overwrites it.
    Record { last_time: Option<Time> },
    /// Older than `max_age`.
    Expired { last_time: Option<Time> },
    /// Nothing to store on it.
    Blank,
    /// No room: it must be offered again later, and nothing behind it before.
    Held,
}

/// Where lines go.
pub trait Outlet {
    /// Lines of this block, which starts where a line starts, are offered next.
    fn look_ahead(&mut self, block: &[u8], offset: u64);

    /// `replayed`: an earlier life of the process may have sent it.
    fn offer(&mut self, line: &Line<'_>, replayed: bool) -> Offer;
}
