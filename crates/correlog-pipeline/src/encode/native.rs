//! A native line becomes its document by one insertion before its last two braces (fields.md §1): the place in the file,
//! and the few root fields that only the shipper knows. The line can be had back by taking the insertion out again.
//!
//! `Reader` checks such a line along the fixed order of its keys, without looking names up. It never says what is wrong:
//! whatever it does not expect is left to `walk`, which knows everything and is slower.

use super::document::Constants;
use super::fields::{Slot, Type};
use super::level::Level;
use super::lookup::{Action, Lookup, Node};
use super::members::{self, Members, canonical_id};
use super::scan::{self, Kind, Scanner, Value, flag};
use super::time::{self, Moment, Time};
use super::{Line, write};
use crate::limits::LEAF_MAX_BYTES;
use crate::span::Lineage;

const START: &[u8] = b"{\"@timestamp\":\"";

/// What is needed of a line that is copied as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Native {
    pub time: Time,
    pub level: Option<Level>,
    pub stream: Value,
    pub seq: Value,
    /// Escapes hide ordinary characters somewhere in the line.
    pub hidden: bool,
    /// One of its keys may hold a secret.
    pub secret_key: bool,
}

/// Reads native lines in their usual shape.
#[derive(Debug, Default)]
pub struct Reader {
    /// `,"service":{…},"deployment":{…}` of an earlier line: the same in every line of a process.
    block: Vec<u8>,
    /// `log.stream` of an earlier line.
    stream: [u8; 32],
    /// The second of an earlier line's time, as it is written, and its first nanosecond.
    second: [u8; SECOND_BYTES],
    second_ns: i64,
}

/// `2026-11-21T10:00:00`
const SECOND_BYTES: usize = 19;

/// Blocks longer than this are not remembered.
const BLOCK_MAX_BYTES: usize = 1 << 10;

impl Reader {
    /// `None` where `walk` must look. The line is valid UTF-8.
    pub fn read(&mut self, bytes: &[u8], lookup: &Lookup, scanner: &mut Scanner) -> Option<Native> {
        let mut cursor = Cursor { bytes, at: 0, hidden: false };
        scanner.secret_key = false;
        cursor.expect(START)?;
        let time = self.time(&mut cursor)?;
        cursor.expect(b",\"level\":\"")?;
        let word = cursor.plain(8)?;
        let level = Level::from_name(word)?;
        cursor.expect(b",\"message\":\"")?;
        cursor.string(usize::MAX)?;
        if self.block.is_empty() || cursor.expect(&self.block).is_none() {
            self.learn(&mut cursor, lookup, scanner)?;
        }
        cursor.optional(b",\"logger\":\"", |cursor| cursor.string(LEAF_MAX_BYTES))?;
        cursor.optional(b",\"trace_id\":\"", |cursor| cursor.id(32))?;
        cursor.optional(b",\"span_id\":\"", |cursor| cursor.id(16))?;
        cursor.optional(b",\"trace_flags\":\"", |cursor| cursor.string(LEAF_MAX_BYTES))?;
        cursor.optional(b",\"span\":{\"name\":\"", |cursor| {
            cursor.string(LEAF_MAX_BYTES)?;
            cursor.expect(b"}")
        })?;
        cursor.user_fields(lookup, scanner)?;
        cursor.optional(b",\"attributes\":", |cursor| cursor.object(scanner))?;
        cursor.expect(b",\"log\":{\"stream\":\"")?;
        let stream = cursor.here(32, Kind::String)?;
        cursor.stream(&mut self.stream)?;
        cursor.expect(b",\"seq\":")?;
        let digits = bytes[cursor.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let seq = cursor.here(digits, Kind::Number)?;
        let sound = (1..=18).contains(&digits) && (digits == 1 || bytes[cursor.at] != b'0');
        (sound && &bytes[cursor.at + digits..] == b"}}").then_some(Native {
            time,
            level: Some(level),
            stream,
            seq,
            hidden: cursor.hidden,
            secret_key: scanner.secret_key,
        })
    }

    /// Many lines are of the same second: then only the fraction is read.
    fn time(&mut self, cursor: &mut Cursor<'_>) -> Option<Time> {
        let text = &cursor.bytes[cursor.at..];
        let second = text.first_chunk::<SECOND_BYTES>()?;
        if *second == self.second
            && let Some((nanos, len)) = time::fraction_z(&text[SECOND_BYTES..])
        {
            cursor.at += SECOND_BYTES + len;
            cursor.expect(b"\"")?;
            return Time::from_nanos(self.second_ns + nanos);
        }
        let time = cursor.time()?;
        (self.second, self.second_ns) = (*second, time.nanos() - time.nanos() % 1_000_000_000);
        Some(time)
    }

    /// Reads `service` and `deployment` with the table of names, once a process.
    fn learn(&mut self, cursor: &mut Cursor<'_>, lookup: &Lookup, scanner: &mut Scanner) -> Option<()> {
        let start = cursor.at;
        self.block.clear();
        for (name, node) in
            [(&b",\"service\":{"[..], Node::Service), (b",\"deployment\":{", Node::Deployment)]
        {
            if cursor.bytes[cursor.at..].starts_with(name) {
                cursor.at += name.len();
                cursor.known_object(node, lookup, scanner)?;
            }
        }
        let block = &cursor.bytes[start..cursor.at];
        if block.len() <= BLOCK_MAX_BYTES && !cursor.hidden {
            self.block.extend_from_slice(block);
        }
        Some(())
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    hidden: bool,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn expect(&mut self, text: &[u8]) -> Option<()> {
        let matches = self.bytes[self.at..].starts_with(text);
        self.at += if matches { text.len() } else { 0 };
        matches.then_some(())
    }

    /// A member that may be missing; where it begins, it must be sound.
    #[inline]
    fn optional(&mut self, name: &[u8], value: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        match self.expect(name) {
            Some(()) => value(self),
            None => Some(()),
        }
    }

    fn here(&self, len: usize, kind: Kind) -> Option<Value> {
        let end = self.at + len;
        (end <= self.bytes.len()).then_some(Value { start: self.at as u32, end: end as u32, kind, flags: 0 })
    }

    fn time(&mut self) -> Option<Time> {
        let (moment, len) = time::calendar(&self.bytes[self.at..])?;
        let text = &self.bytes[self.at..self.at + len];
        self.at += len;
        self.expect(b"\"")?;
        match moment {
            Moment::Valid(time) if time::canonical(text) => Some(time),
            _ => None,
        }
    }

    /// A short string of letters.
    fn plain(&mut self, max: usize) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().take(max).position(|&byte| byte == b'"')?;
        self.at += len + 1;
        Some(&rest[..len])
    }

    /// The rest of a string whose quote is behind us, fit to be copied.
    fn string(&mut self, max: usize) -> Option<()> {
        let value = scan::string(self.bytes, self.at).ok()?;
        self.at = value.end as usize + 1;
        self.hidden |= value.flags & flag::HIDDEN != 0;
        (value.flags & flag::FIX == 0 && (value.end - value.start) as usize <= max).then_some(())
    }

    fn id(&mut self, len: usize) -> Option<()> {
        let text = self.bytes.get(self.at..self.at + len)?;
        self.at += len;
        canonical_id(text, len).then_some(())?;
        self.expect(b"\"")
    }

    fn stream(&mut self, known: &mut [u8; 32]) -> Option<()> {
        let text = self.bytes.get(self.at..)?.first_chunk::<32>()?;
        if text != known {
            scan::is_lower_hex(text).then_some(())?;
            *known = *text;
        }
        self.at += 32;
        self.expect(b"\"")
    }

    fn object(&mut self, scanner: &mut Scanner) -> Option<()> {
        let value = scanner.value(self.bytes, self.at).ok()?;
        self.at = value.end as usize;
        self.hidden |= value.flags & flag::HIDDEN != 0;
        (value.kind == Kind::Object && value.flags & flag::FIX == 0).then_some(())
    }

    /// Catalogued fields at the root, each once, as they must be written.
    fn user_fields(&mut self, lookup: &Lookup, scanner: &mut Scanner) -> Option<()> {
        let mut seen = 0_u128;
        while !self.bytes[self.at..].starts_with(b",\"attributes\":")
            && !self.bytes[self.at..].starts_with(b",\"log\":")
        {
            self.expect(b",")?;
            let slot = self.member(Node::User, lookup, scanner)?;
            let usual = (Slot::TenantId..=Slot::ErrorSource).contains(&slot) || slot == Slot::DurationMs;
            if !usual || seen & slot.bit() != 0 {
                return None;
            }
            seen |= slot.bit();
        }
        Some(())
    }

    /// The rest of an object with places of its own, up to and with its brace.
    fn known_object(&mut self, node: Node, lookup: &Lookup, scanner: &mut Scanner) -> Option<()> {
        let mut seen = 0_u128;
        loop {
            let key = scan::key(self.bytes, self.at).ok()?;
            let entry = lookup.find(node, key.value.of(self.bytes), key.hash)?;
            match entry.action {
                Action::Open(inner) | Action::Either(_, inner) if self.bytes.get(key.next) == Some(&b'{') => {
                    self.at = key.next + 1;
                    self.known_object(inner, lookup, scanner)?;
                }
                _ => {
                    let slot = self.member(node, lookup, scanner)?;
                    (seen & slot.bit() == 0).then_some(())?;
                    seen |= slot.bit();
                }
            }
            if self.expect(b",").is_none() {
                return self.expect(b"}");
            }
        }
    }

    /// One member with a place of its own; answers the place.
    fn member(&mut self, node: Node, lookup: &Lookup, scanner: &mut Scanner) -> Option<Slot> {
        let key = scan::key(self.bytes, self.at).ok()?;
        let entry = lookup.find(node, key.value.of(self.bytes), key.hash)?;
        let Action::Place(slot) = entry.action else { return None };
        let value = scanner.value(self.bytes, key.next).ok()?;
        self.at = value.end as usize + usize::from(value.kind == Kind::String);
        self.hidden |= value.flags & flag::HIDDEN != 0;
        let kind = slot.field().kind;
        let sound = kind != Type::Time && members::fits_as_is(kind, value.of(self.bytes), value);
        (sound && entry.rank == super::lookup::OWN).then_some(slot)
    }
}

/// A line that does not start so is not native.
pub fn starts(bytes: &[u8]) -> bool {
    bytes.starts_with(START)
}

/// Whether the line has exactly the shape that the layer writes.
pub fn is_native(bytes: &[u8], members: &Members) -> bool {
    members.stream.is_some()
        && members.seq.is_some()
        && members.log_last
        && bytes.starts_with(START)
        && bytes.ends_with(b"}}")
}

/// Appends the document. The caller has seen that the line is native and may be copied as it stands.
pub fn write(
    out: &mut Vec<u8>,
    line: &Line<'_>,
    bytes: &[u8],
    level: Option<Level>,
    constants: &Constants,
    standing: &Standing,
) {
    out.extend_from_slice(&bytes[..bytes.len() - 2]);
    out.push(b',');
    standing.write(out, line);
    out.extend_from_slice(&constants.ends[level.map_or(0, |level| level as usize + 1)]);
}

/// What stands behind the place in the file, up to the end: without a level, and with each.
pub fn ends(host: &[u8]) -> [Vec<u8>; 1 + Level::ALL.len()] {
    std::array::from_fn(|at| {
        let mut end = b"}".to_vec();
        if at > 0 {
            end.extend_from_slice(b",\"severity_number\":");
            write::integer(&mut end, u64::from(Level::ALL[at - 1].severity()));
        }
        [&end, &b",\"record\":\"log\",\"host\":{\"name\":"[..], host, b"}}"].concat()
    })
}

/// The members of `log` that say where a line stands. What is the same for all lines of a file is kept as text.
#[derive(Debug, Default)]
pub struct Standing {
    lineage: Lineage,
    path: String,
    /// `"lineage":"…","offset":`; empty before the first line.
    before: Vec<u8>,
    /// `,"file":{"path":"…"}`
    behind: Vec<u8>,
}

impl Standing {
    /// Must be told each line before it is written.
    pub fn be_at(&mut self, line: &Line<'_>) {
        if self.lineage == line.lineage && self.path == line.path && !self.before.is_empty() {
            return;
        }
        self.lineage = line.lineage;
        self.path.clear();
        self.path.push_str(line.path);
        self.before.clear();
        self.before.extend_from_slice(b"\"lineage\":\"");
        write::hex(&mut self.before, &line.lineage.0);
        self.before.extend_from_slice(b"\",\"offset\":");
        self.behind.clear();
        self.behind.extend_from_slice(b",\"file\":{\"path\":");
        write::string(&mut self.behind, line.path);
        self.behind.push(b'}');
    }

    pub fn write(&self, out: &mut Vec<u8>, line: &Line<'_>) {
        out.extend_from_slice(&self.before);
        write::integer(out, line.span.start);
        out.extend_from_slice(b",\"next\":");
        write::integer(out, line.span.next);
        out.extend_from_slice(b",\"skipped\":");
        write::integer(out, line.skipped);
        out.extend_from_slice(&self.behind);
    }
}
