//! Writes a document from what a scan found: the catalogue's fields nested in their order, the rest under `attributes`,
//! and the place in the file under `log`.
//!
//! It decides nothing about where values belong; `members` has. Values are copied from the line as they stand, unless
//! their flags say that `fix` must write them.

use super::fields::{Slot, Type};
use super::level::Level;
use super::members::{Extra, Member, Members, Name, canonical_id, is_shouted_uuid};
use super::native::Standing;
use super::redact::Redaction;
use super::scan::{Kind, Value, flag};
use super::time::{self, Moment, Time};
use super::{Line, Notes, fix, native, write};
use crate::limits::LEAF_MAX_BYTES;
use correlog_schema::trace_id::{SpanId, TraceId};

/// What the configuration adds to every document, as JSON text.
#[derive(Debug)]
pub struct Constants {
    pub host: Vec<u8>,
    /// How a native line's document ends, by level.
    pub ends: [Vec<u8>; 1 + Level::ALL.len()],
    pub service: Option<Vec<u8>>,
    pub environment: Option<Vec<u8>>,
}

impl Constants {
    pub fn new(host: &str, service: Option<&str>, environment: Option<&str>) -> Self {
        let text = |value: &str| {
            let mut out = Vec::new();
            write::string(&mut out, write::cut(value, LEAF_MAX_BYTES));
            out
        };
        let host = text(host);
        let ends = native::ends(&host);
        Self { host, ends, service: service.map(text), environment: environment.map(text) }
    }
}

/// One document about to be written.
#[derive(Debug)]
pub struct Document<'a> {
    pub line: &'a Line<'a>,
    /// What the ranges in `members` point into.
    pub bytes: &'a [u8],
    pub members: &'a Members,
    pub constants: &'a Constants,
    pub standing: &'a Standing,
    /// Set when something in the line is to be redacted.
    pub redaction: Option<&'a Redaction>,
    /// `@timestamp` of a document whose line has none.
    pub stamp: Option<Time>,
    /// The message of a line that is no JSON.
    pub message: Option<&'a str>,
    /// Members of ours for `attributes`, as JSON text with a comma behind each.
    pub own: &'a [u8],
    pub notes: Notes,
    /// It is no log line but a workflow record.
    pub record: bool,
}

impl Document<'_> {
    /// Appends the document; answers what was changed on the way.
    pub fn write(mut self, out: &mut Vec<u8>) -> Notes {
        out.push(b'{');
        self.fields(out);
        if !self.record {
            out.extend_from_slice(b",\"record\":\"log\"");
        }
        self.attributes(out);
        out.extend_from_slice(b",\"host\":{\"name\":");
        out.extend_from_slice(&self.constants.host);
        out.extend_from_slice(b"},\"log\":{");
        self.standing.write(out, self.line);
        if let (Some(stream), Some(seq)) = (self.members.stream, self.members.seq) {
            out.extend_from_slice(b",\"stream\":");
            stream.copy(out, self.bytes);
            out.extend_from_slice(b",\"seq\":");
            seq.copy(out, self.bytes);
        }
        out.extend_from_slice(b"}}");
        self.notes
    }

    fn fields(&mut self, out: &mut Vec<u8>) {
        let mut left = self.filled();
        let mut open: &[&str] = &[];
        let start = out.len();
        while left != 0 {
            let slot = Slot::from_index(left.trailing_zeros());
            left &= left - 1;
            let Some((leaf, objects)) = slot.field().path.split_last() else { continue };
            let shared = open.iter().zip(objects).take_while(|(a, b)| a == b).count();
            for _ in shared..open.len() {
                out.push(b'}');
            }
            if out.len() > start {
                out.push(b',');
            }
            for object in &objects[shared..] {
                name(out, object);
                out.push(b'{');
            }
            open = objects;
            name(out, leaf);
            self.value(out, slot);
        }
        for _ in open {
            out.push(b'}');
        }
    }

    /// The places with a value of the line or one of ours. The message is always there.
    fn filled(&self) -> u128 {
        let members = self.members;
        let mut set = members.set;
        if self.stamp.is_some() {
            set |= Slot::Timestamp.bit();
        }
        if set & (Slot::Level.bit() | Slot::SeverityNumber.bit()) != 0 {
            set |= Slot::Level.bit() | Slot::SeverityNumber.bit();
        }
        if self.constants.service.is_some() {
            set |= Slot::ServiceName.bit();
        }
        if self.constants.environment.is_some() {
            set |= Slot::Environment.bit();
        }
        if !self.record {
            set |= Slot::Message.bit();
        }
        set
    }

    fn value(&mut self, out: &mut Vec<u8>, slot: Slot) {
        let member = self.members.get(slot).copied();
        match (slot, member) {
            (Slot::Message, _) if self.message.is_some() => self.text_message(out),
            (_, Some(member)) => self.member(out, slot, member),
            (Slot::Timestamp, None) => quoted(out, |out| {
                if let Some(stamp) = self.stamp {
                    stamp.write(out);
                }
            }),
            (Slot::Level, None) => {
                let number = self.members.get(Slot::SeverityNumber).map(|member| member.value.of(self.bytes));
                let number =
                    number.and_then(super::members::integer).and_then(|number| u8::try_from(number).ok());
                let level = number.and_then(Level::from_severity).unwrap_or(Level::Info);
                write::string(out, level.name());
            }
            (Slot::SeverityNumber, None) => write::integer(out, u64::from(self.level().severity())),
            (Slot::ServiceName, None) => {
                out.extend_from_slice(self.constants.service.as_deref().unwrap_or(b"\"\""))
            }
            (Slot::Environment, None) => {
                out.extend_from_slice(self.constants.environment.as_deref().unwrap_or(b"\"\""));
            }
            _ => out.extend_from_slice(b"\"\""),
        }
    }

    fn level(&self) -> Level {
        let member = self.members.get(Slot::Level);
        let level = member.and_then(|level| Level::from_value(level.value.of(self.bytes), level.value.kind));
        level.unwrap_or(Level::Info)
    }

    fn text_message(&mut self, out: &mut Vec<u8>) {
        let text = self.message.unwrap_or_default();
        match self.redaction {
            Some(redaction) => write::string(out, &redaction.text(text, &mut self.notes)),
            None => write::string(out, text),
        }
    }

    fn member(&mut self, out: &mut Vec<u8>, slot: Slot, member: Member) {
        let value = member.value;
        let text = value.of(self.bytes);
        match slot.field().kind {
            Type::Time if value.kind == Kind::String && time::canonical(text) => {
                value.copy(out, self.bytes);
            }
            Type::Time => quoted(out, |out| {
                if let Moment::Valid(time) = time::value(text, value.kind) {
                    time.write(out);
                }
            }),
            Type::Level => write::string(out, self.level().name()),
            Type::Trace if !canonical_id(text, 32) => {
                let id = std::str::from_utf8(text).ok().and_then(TraceId::parse);
                write::string(out, id.as_ref().map_or("", TraceId::as_str));
            }
            Type::Span if !canonical_id(text, 16) => {
                let id = std::str::from_utf8(text).ok().and_then(SpanId::parse);
                write::string(out, id.as_ref().map_or("", SpanId::as_str));
            }
            Type::Id if is_shouted_uuid(text) => {
                quoted(out, |out| out.extend(text.iter().map(u8::to_ascii_lowercase)))
            }
            Type::Keyword | Type::Id if value.kind != Kind::String => {
                quoted(out, |out| out.extend_from_slice(text))
            }
            Type::Text => self.copy(out, member.key.of(self.bytes), value, usize::MAX),
            _ => self.copy(out, member.key.of(self.bytes), value, LEAF_MAX_BYTES),
        }
    }

    fn copy(&mut self, out: &mut Vec<u8>, key: &[u8], value: Value, leaf_max: usize) {
        let (bytes, redaction) = (self.bytes, self.redaction);
        fix::Fix { bytes, leaf_max, redaction, notes: &mut self.notes }.value(out, key, value);
    }

    fn attributes(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b",\"attributes\":{");
        let empty = out.len();
        let members = self.members;
        for extra in &members.extras {
            self.extra(out, extra);
            out.push(b',');
        }
        out.extend_from_slice(self.own);
        let mut notes = members.notes;
        notes.add(self.notes);
        self.notes = notes;
        if notes.changes().next().is_some() {
            out.extend_from_slice(b"\"changed\":[");
            for change in notes.changes() {
                write::string(out, change);
                out.push(b',');
            }
            out.pop();
            out.extend_from_slice(b"],");
        }
        if out.len() == empty {
            return out.truncate(start);
        }
        out.pop();
        out.push(b'}');
    }

    fn extra(&mut self, out: &mut Vec<u8>, extra: &Extra) {
        let mut key: &[u8] = &[];
        match extra.name {
            Name::Fixed(fixed) => name(out, fixed),
            Name::Key(range) => {
                key = range.of(self.bytes);
                out.push(b'"');
                out.extend_from_slice(extra.node.prefix().as_bytes());
                if is_ours(extra.node.prefix(), key) {
                    // The line's own member of that name steps aside.
                    out.extend_from_slice(b"line.");
                }
                if range.flags & (flag::FIX | flag::ESCAPED) == 0 {
                    out.extend_from_slice(key);
                } else {
                    fix::key(out, key, &mut self.notes);
                }
                out.extend_from_slice(b"\":");
            }
        }
        self.copy(out, key, extra.value, LEAF_MAX_BYTES);
    }
}

const OURS: [&[u8]; 6] =
    [b"changed", b"container", b"parse_error", b"raw_base64", b"timestamp_from", b"truncated"];

/// Names that only we write into `attributes`: a key twice would be refused.
fn is_ours(prefix: &str, key: &[u8]) -> bool {
    prefix.is_empty() && OURS.contains(&key)
}

fn name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn quoted(out: &mut Vec<u8>, inside: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    inside(out);
    out.push(b'"');
}
