//! Puts one line together in its fixed order, up to where the writer adds `log`.
//!
//! Does not make values: they arrive as JSON text.

use std::time::SystemTime;

use crate::ids::IdsText;
use crate::line::callsite::OPENING_MOST;
use crate::line::catalogue::{CODE, EXCEPTION_MESSAGE, TABLE};
use crate::line::fields::{Fields, bits};
use crate::line::json;
use crate::line::time;

/// What an event brings besides its fields; the byte strings are JSON that is copied as it is.
pub(crate) struct Head<'a> {
    pub time: SystemTime,
    /// From the end of the time to the message: `","level":"INFO","message":`, and its length.
    pub opening: &'a ([u8; OPENING_MOST], usize),
    /// `,"service":{…},"deployment":{…},"logger":"…"`.
    pub origin: &'a [u8],
    /// `,"trace_id":"…","span_id":"…","trace_flags":"…"`, or nothing where there is no context.
    pub ids: Option<&'a IdsText>,
    /// `,"span":{"name":"…"}`, or nothing outside a span.
    pub span: &'a [u8],
    /// `,"code":{…}`, or nothing.
    pub code: &'a [u8],
}

/// Appends the line of an event without its last key, `log`, and without the closing brace.
#[inline]
pub(crate) fn event(out: &mut Vec<u8>, head: &Head<'_>, fields: &Fields, inherited: Option<&Fields>) {
    time::opening(out, head.time);
    let (opening, length) = head.opening;
    out.extend_from_slice(opening);
    out.truncate(out.len() - (OPENING_MOST - length));
    out.extend_from_slice(message(fields));
    out.extend_from_slice(head.origin);
    if let Some(ids) = head.ids {
        out.extend_from_slice(ids);
    }
    out.extend_from_slice(head.span);
    slots(out, head.code, fields, inherited);
    attributes(out, fields, inherited);
}

/// An event without a message, as `#[instrument(err)]` makes, is told by its error.
#[inline]
fn message(fields: &Fields) -> &[u8] {
    if !fields.message.is_empty() {
        return &fields.message;
    }
    fields.slot(EXCEPTION_MESSAGE).unwrap_or(b"\"\"")
}

/// Appends the catalogued fields, the nearer value of each, in the order of the table, each within its objects.
#[inline]
pub(crate) fn slots(out: &mut Vec<u8>, code: &[u8], fields: &Fields, inherited: Option<&Fields>) {
    let mut mask = fields.mask | inherited.map_or(0, |inherited| inherited.mask);
    mask |= u64::from(!code.is_empty()) << CODE;
    let mut open: &[&str] = &[];
    for at in bits(mask) {
        let of_statement = (at == CODE && !code.is_empty()).then_some(code);
        let Some(mut pair) = of_statement.or_else(|| fields.pair(at)).or_else(|| inherited?.pair(at)) else {
            continue;
        };
        let slot = &TABLE[at];
        if open != slot.groups {
            let common = common_groups(open, slot.groups);
            close(out, open.len() - common);
            for (level, group) in slot.groups[common..].iter().enumerate() {
                out.extend_from_slice(if level == 0 { b",\"" } else { b"\"" });
                out.extend_from_slice(group.as_bytes());
                out.extend_from_slice(b"\":{");
            }
            if common < slot.groups.len() {
                pair = &pair[1..];
            }
            open = slot.groups;
        }
        out.extend_from_slice(pair);
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
