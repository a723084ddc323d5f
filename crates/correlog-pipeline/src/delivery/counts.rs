//! What delivery has done and what it holds, as one value: status, metrics and tests read this and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::judge::{Block, Doubt, Fault, Stall};
use crate::ports::NotSent;

/// Totals of this process life. They only grow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub documents_taken: u64,
    pub documents_stored: u64,
    /// Of those stored: conflicts that a resend or a restart explains.
    pub conflicts_explained: u64,
    /// Of those stored: conflicts without an explanation, where the audit found the same event.
    pub conflicts_audited: u64,
    /// Of those stored: records of which a newer version was there already.
    pub superseded: u64,
    /// Of those stored: in their second form.
    pub second_form: u64,
    /// Of those: the whole line is in the refused file too, because the second form had to be cut.
    pub second_form_cut: u64,
    pub documents_refused: u64,
    pub refused_by: BTreeMap<Fault, u64>,
    pub documents_retried: u64,
    pub requests: u64,
    pub audits: u64,
    pub requests_busy: u64,
    pub requests_unreachable: u64,
    pub requests_unknown: u64,
    /// Replies that did not fit what was sent.
    pub replies_bad: u64,
    pub requests_halved: u64,
    pub bytes_sent: u64,
}

/// Why nothing, or little, goes out right now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    Unreachable(NotSent),
    Busy,
    Unknown(Doubt),
    Stalled(Stall),
    /// The refused file cannot be written or is full: everything waits, nothing is lost.
    RefusedFull,
}

/// One moment, taken between two turns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    pub counts: Counts,
    pub held_documents: u64,
    pub held_bytes: usize,
    pub requests_under_way: usize,
    pub window: usize,
    pub batch_bytes: usize,
    pub trouble: Option<Trouble>,
    pub parked: Vec<ParkedLane>,
    pub refused_file_bytes: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParkedLane {
    pub index: Arc<str>,
    /// `None`: only some documents wait, because the server's answers to them are not understood.
    pub block: Option<Block>,
    pub bytes: usize,
    pub since_ms: u64,
}
