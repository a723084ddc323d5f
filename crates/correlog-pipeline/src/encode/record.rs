//! Workflow records: one document a row, routed by the run's creation time, its version the record's own time.
//!
//! A record that cannot be routed or ordered is refused with its bytes; it is never indexed under a guess.

use correlog_schema::index::{Family, Place};
use correlog_schema::records::RecordKind;

use super::fields::Slot;
use super::members::Members;
use super::scan::Kind;
use super::time::{self, Moment};
use super::{DocId, Encoded, IndexKey, Operation, Refusal};

const START: &[u8] = b"{\"record\":\"";

/// The kind of workflow record that a line begins as; lines of any other shape are log lines.
pub fn kind(bytes: &[u8]) -> Option<RecordKind> {
    let rest = bytes.strip_prefix(START)?;
    let len = rest.iter().take(32).position(|&byte| byte == b'"')?;
    let kind = RecordKind::parse(std::str::from_utf8(&rest[..len]).ok()?)?;
    (kind.family() == Family::Workflow).then_some(kind)
}

/// Where the record goes, from what the scan found.
pub fn route(kind: RecordKind, bytes: &[u8], members: &Members) -> Result<Encoded, Refusal> {
    let text = |slot| members.get(slot).filter(|member| member.value.kind == Kind::String);
    let row = text(Slot::RowId).ok_or(Refusal::RecordId)?;
    let id = DocId::of_record(kind, row.value.of(bytes)).ok_or(Refusal::RecordId)?;
    let run = members.get(Slot::RunCreatedAt).ok_or(Refusal::RecordRunTime)?;
    let Moment::Valid(run) = time::value(run.value.of(bytes), run.value.kind) else {
        return Err(Refusal::RecordRunTime);
    };
    let time = members.time.ok_or(Refusal::RecordTime)?;
    Ok(Encoded {
        index: IndexKey { family: Family::Workflow, place: Place::of_ms(run.millis() as i64) },
        id,
        operation: Operation::Upsert { version: time.micros() },
        head: None,
        time: None,
        notes: members.notes,
    })
}
