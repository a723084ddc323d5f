//! Puts one line together in its fixed order, up to where the writer adds `log`.
//!
//! Does not make values: they arrive as JSON text.

use std::time::SystemTime;

use crate::ids::Ids;
use crate::line::catalogue::{CODE, EXCEPTION_MESSAGE, TABLE};
use crate::line::fields::{Fields, bits};
use crate::line::json;
use crate::line::time;

/// What an event brings besides its fields; the byte strings are JSON that is copied as it is.
pub(crate) struct Head<'a> {
    pub time: SystemTime,
    /// From the end of the time to the message: `","level":"INFO","message":`.
    pub opening: &'a [u8],
    /// `,"service":{…},"deployment":{…}`, made once.
    pub resource: &'a [u8],
    /// `,"logger":"…"`.
    pub logger: &'a [u8],
    pub ids: Option<Ids>,
    /// `,"span":{"name":"…"}`, or nothing outside a span.
    pub span: &'a [u8],
    /// The value of `code`, or nothing.
    pub code: &'a [u8],
}

/// Appends the line of an event without its last key, `log`, and without the closing brace.
#[inline]
pub(crate) fn event(out: &mut Vec<u8>, head: &Head<'_>, fields: &Fields, inherited: Option<&Fields>) {
    time::opening(out, head.time);
    out.extend_from_slice(head.opening);
    out.extend_from_slice(message(fields));
    out.extend_from_slice(head.resource);
    out.extend_from_slice(head.logger);
    if let Some(ids) = head.ids {
        ids.write(out);
    }
    out.extend_from_slice(head.span);
    slots(out, head.code, fields, inherited);
    attributes(out, fields, inherited);
}

/// An event without a message, as `#[instrument(err)]` makes, is told by its error.
#[inline]
fn message(fields: &Fields) -> &[u8] {
    match (fields.message.is_empty(), fields.slot(EXCEPTION_MESSAGE)) {
        (false, _) => &fields.message,
        (true, Some(error)) => error,
        (true, None) => b"\"\"",
    }
}

/// Appends the catalogued fields, the nearer value of each, in the order of the table, each within its objects.
#[inline]
pub(crate) fn slots(out: &mut Vec<u8>, code: &[u8], fields: &Fields, inherited: Option<&Fields>) {
    let mut mask = fields.mask | inherited.map_or(0, |inherited| inherited.mask);
    mask |= u64::from(!code.is_empty()) << CODE;
    let mut open: &[&str] = &[];
    for at in bits(mask) {
        let of_statement = (at == CODE && !code.is_empty()).then_some(code);
        let Some(value) = of_statement.or_else(|| fields.slot(at)).or_else(|| inherited?.slot(at)) else {
            continue;
        };
        let slot = &TABLE[at];
        let mut key = slot.key.as_bytes();
        if open != slot.groups {
            let common = common_groups(open, slot.groups);
            close(out, open.len() - common);
            for (level, group) in slot.groups[common..].iter().enumerate() {
                out.extend_from_slice(if level == 0 { b",\"" } else { b"\"" });
                out.extend_from_slice(group.as_bytes());
                out.extend_from_slice(b"\":{");
            }
            if common < slot.groups.len() {
                key = &key[1..];
            }
            open = slot.groups;
        }
        out.extend_from_slice(key);
        out.extend_from_slice(value);
    }
    close(out, open.len());
}

#[inline]
fn attributes(out: &mut Vec<u8>, fields: &Fields, inherited: Option<&Fields>) {
    let left_out = fields.left_out + inherited.map_or(0, |inherited| inherited.left_out);
    if !fields.has_attributes() && left_out == 0 && !inherited.is_some_and(Fields::has_attributes) {
        return;
    }
    out.extend_from_slice(b",\"attributes\":");
    let start = out.len();
    fields.write_attributes(out);
    if let Some(inherited) = inherited {
        inherited.write_attributes_not_in(fields, out);
    }
    if left_out > 0 {
        out.extend_from_slice(b",\"correlog.fields_left_out\":");
        json::integer(out, left_out);
    }
    // Every fragment starts with a comma; the first one's place is where the object opens.
    out[start] = b'{';
    out.push(b'}');
}

fn common_groups(left: &[&str], right: &[&str]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

fn close(out: &mut Vec<u8>, count: usize) {
    for _ in 0..count {
        out.push(b'}');
    }
}
