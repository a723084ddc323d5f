//! A native line becomes its document by one insertion before its last two braces (fields.md §1): the place in the file,
//! and the few root fields that only the shipper knows. The line can be had back by taking the insertion out again.

use super::document::Constants;
use super::fields::Slot;
use super::level::Level;
use super::members::Members;
use super::{Line, write};

/// Whether the line has exactly the shape that the layer writes.
pub fn is_native(bytes: &[u8], members: &Members) -> bool {
    members.stream.is_some()
        && members.seq.is_some()
        && members.log_last
        && bytes.starts_with(b"{\"@timestamp\":\"")
        && bytes.ends_with(b"}}")
}

/// Appends the document. The caller has seen that `is_native` and that all of the line may be copied as it stands.
pub fn write(out: &mut Vec<u8>, line: &Line<'_>, bytes: &[u8], members: &Members, constants: &Constants) {
    let (head, braces) = bytes.split_at(bytes.len() - 2);
    out.extend_from_slice(head);
    out.push(b',');
    write_position(out, line);
    out.push(b'}');
    let level = members.get(Slot::Level).and_then(|level| Level::from_word(level.value.of(bytes)));
    if let Some(level) = level.filter(|_| members.get(Slot::SeverityNumber).is_none()) {
        out.extend_from_slice(b",\"severity_number\":");
        write::integer(out, u64::from(level.severity()));
    }
    out.extend_from_slice(b",\"record\":\"log\",\"host\":{\"name\":");
    out.extend_from_slice(&constants.host);
    out.extend_from_slice(braces);
}

/// The members of `log` that say where the line stands.
pub fn write_position(out: &mut Vec<u8>, line: &Line<'_>) {
    out.extend_from_slice(b"\"lineage\":\"");
    write::hex(out, &line.lineage.0);
    out.extend_from_slice(b"\",\"offset\":");
    write::integer(out, line.span.start);
    out.extend_from_slice(b",\"next\":");
    write::integer(out, line.span.next);
    out.extend_from_slice(b",\"skipped\":");
    write::integer(out, line.skipped);
    out.extend_from_slice(b",\"file\":{\"path\":");
    write::string(out, line.path);
    out.push(b'}');
}
