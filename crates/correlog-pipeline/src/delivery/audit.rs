//! Asking what is stored under an id before deciding about a conflict that nothing explains, or before condemning a
//! document whose earlier sends may have been stored. It compares positions, never content.

use serde_json::{Value, json};

use super::batch::{Batch, Entry};
use super::counts::Trouble;
use super::judge::{self, Fault, Judgement, Stall};
use super::pace::Wait;
use super::receive::Again;
use super::reply::{self, Found};
use super::{Delivery, Flight, Settled};
use crate::encode::Operation;
use crate::ports::{Now, Outbound, Outcome};

/// What an audit shows for one document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// The same event is stored.
    Same,
    /// Nothing is stored under this id.
    Missing,
    /// Another event has this id.
    Other,
}

/// The body of the `_mget`.
pub fn body(batch: &Batch) -> Vec<u8> {
    let ids: Vec<String> = batch.entries.iter().map(|entry| batch.id(entry)).collect();
    json!({ "ids": ids }).to_string().into_bytes()
}

pub fn shown(batch: &Batch, entry: &Entry, found: &Found) -> Shown {
    let Some(stored) = &found.log else { return Shown::Missing };
    let is_record = entry.operation != Operation::Create;
    // A record's id is its row's, and a conflict means that a newer version of it is there.
    if is_record && entry.condemned.is_none() {
        return Shown::Same;
    }
    let ours = serde_json::from_slice::<Value>(batch.first(entry)).ok();
    let ours = ours.and_then(|source| source.get("log").cloned()).unwrap_or_default();
    let same = |keys: [&str; 2]| {
        keys.iter().all(|key| ours.get(key).is_some_and(|value| stored.get(key) == Some(value)))
    };
    match same(["stream", "seq"]) || same(["lineage", "offset"]) {
        true => Shown::Same,
        // Another version of the row: of this one nothing is stored.
        false if is_record => Shown::Missing,
        false => Shown::Other,
    }
}

impl Delivery {
    /// What an audit's answer decides about each document that was asked about.
    pub(super) fn audited(
        &mut self,
        now: Now,
        world: &mut dyn Outbound,
        flight: Flight,
        outcome: &Outcome,
        settled: &mut Vec<Settled>,
    ) {
        let answer = match outcome {
            Outcome::Replied { status: 200, reply, .. } => reply::found(reply, flight.batch.len()),
            _ => None,
        };
        let Some(found) = answer else { return self.ask_again(now, world, flight, outcome) };
        self.answer();
        let mut batch = flight.batch;
        let mut again = Again::default();
        for (position, found) in found.iter().enumerate() {
            let entry = batch.entries[position];
            if found.id != batch.id(&entry) {
                self.lanes.get_mut(&flight.index).expect("its lane").ask(&batch, position);
                continue;
            }
            match (shown(&batch, &entry, found), entry.condemned) {
                (Shown::Same, _) => {
                    match entry.operation {
                        Operation::Upsert { .. } => self.counts.superseded += 1,
                        Operation::Create => self.counts.conflicts_audited += 1,
                    }
                    self.store(&flight.index, &batch, position, settled);
                }
                (Shown::Missing, Some(fault)) => self.condemn(&flight.index, &batch, position, fault),
                (Shown::Missing, None) => {
                    batch.doubt(position);
                    batch.copy_to(position, &mut again.busy);
                }
                (Shown::Other, _) => {
                    batch.entries[position].condemned = Some(Fault::IdTaken);
                    self.condemn(&flight.index, &batch, position, Fault::IdTaken);
                }
            }
        }
        self.send_again(now, &flight.index, again, 1, false);
    }

    /// An audit without an answer changes nothing; it is asked again later.
    fn ask_again(&mut self, now: Now, world: &mut dyn Outbound, flight: Flight, outcome: &Outcome) {
        match judge::judge(outcome, 0, |_, _| false) {
            Judgement::Unreachable(why) => {
                self.close_gate(now, Trouble::Unreachable(why), Wait::Unreachable, None);
            }
            Judgement::Stalled(stall) => {
                if stall == Stall::Credential {
                    world.renew_credential();
                }
                self.close_gate(now, Trouble::Stalled(stall), Wait::Parked, None);
            }
            _ => {}
        }
        let pause = self.jitter.pause_ms(Wait::Busy, 4);
        let lane = self.lane(&flight);
        (0..flight.batch.len()).for_each(|position| lane.ask(&flight.batch, position));
        lane.audit.not_before_ms = now.mono_ms + pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::batch::Document;
    use crate::delivery::judge::Fault;
    use crate::span::{Lineage, Span, TailId};

    #[track_caller]
    fn check(operation: Operation, condemned: Option<Fault>, stored_offset: Option<u64>, expect: Shown) {
        let source = br#"{"message":"x","log":{"lineage":"ab","offset":7}}"#;
        let document = Document {
            index: "i",
            id: "workflow_run:1",
            operation,
            span: Span { tail: TailId(0), start: 7, next: 9 },
            lineage: Lineage::default(),
            source,
            line: b"x",
            head: None,
            replayed: false,
        };
        let mut batch = Batch::with_room(1 << 10);
        batch.push(&document);
        batch.entries[0].condemned = condemned;
        let log = stored_offset.map(|offset| json!({ "lineage": "ab", "offset": offset }));
        let found = Found { id: "workflow_run:1".to_owned(), log };
        assert_eq!(
            shown(&batch, &batch.entries[0], &found),
            expect,
            "{operation:?} {condemned:?} {stored_offset:?}"
        );
    }

    #[test]
    fn a_condemned_version_of_a_record_is_not_the_one_that_is_stored() {
        let version = Operation::Upsert { version: 3 };
        check(Operation::Create, None, None, Shown::Missing);
        check(Operation::Create, None, Some(7), Shown::Same);
        check(Operation::Create, None, Some(1), Shown::Other);
        check(version, None, Some(1), Shown::Same);
        check(version, Some(Fault::Mapping), None, Shown::Missing);
        check(version, Some(Fault::Mapping), Some(7), Shown::Same);
        check(version, Some(Fault::Mapping), Some(1), Shown::Missing);
    }
}
