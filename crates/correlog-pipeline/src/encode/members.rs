//! What a scan of a line found: a value for each place it filled, and the rest, which goes under `attributes`.
//!
//! It holds ranges into the line and copies nothing. Conflicts are settled here: the better name keeps the place, of one
//! key twice the last one counts, and whoever loses goes under `attributes`, so that nothing is dropped unseen.

use std::collections::BTreeMap;

use correlog_schema::trace_id::{SpanId, TraceId};

use super::fields::{SLOTS, Slot, Type};
use super::level::Level;
use super::lookup::{Node, OWN};
use super::scan::{self, Kind, Value, flag, hash, is_lower_hex};
use super::time::{self, Moment, Time};
use super::{Notes, fix};

/// One member of an object of the line.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub node: Node,
    pub key: Value,
    pub hash: u64,
    pub value: Value,
    pub rank: u8,
}

/// A member that goes under `attributes`.
#[derive(Clone, Copy, Debug)]
pub struct Extra {
    pub node: Node,
    pub name: Name,
    pub hash: u64,
    pub value: Value,
}

#[derive(Clone, Copy, Debug)]
pub enum Name {
    /// Behind the node's prefix.
    Key(Value),
    /// Ours.
    Fixed(&'static str),
}

#[derive(Debug)]
pub struct Members {
    slots: [Option<Member>; SLOTS],
    /// A bit for every filled slot.
    pub set: u128,
    pub extras: Vec<Extra>,
    /// The valid time that stands in `Slot::Timestamp`.
    pub time: Option<Time>,
    /// A time was given that no document can have.
    pub odd: bool,
    /// Both halves of a native position.
    pub stream: Option<Value>,
    pub seq: Option<Value>,
    /// Every member stands where it belongs, under its own name and as it must be written.
    pub verbatim: bool,
    /// It came from the root of the document, not from within `log`.
    pub log_last: bool,
    /// Escapes hide ordinary characters somewhere in the line.
    pub hidden: bool,
    /// A key under `attributes` is spelled with escapes: only decoding tells whether it is there twice.
    escaped: bool,
    pub notes: Notes,
}

/// Beyond so many, duplicates are looked for once at the end, by sorting.
const COMPARED_MAX: usize = 128;

/// How well a value fits a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fit {
    AsIs,
    Rewritten,
    No,
}

impl Default for Members {
    fn default() -> Self {
        Self {
            slots: [None; SLOTS],
            set: 0,
            extras: Vec::new(),
            time: None,
            odd: false,
            stream: None,
            seq: None,
            verbatim: true,
            log_last: false,
            hidden: false,
            escaped: false,
            notes: Notes::default(),
        }
    }
}

impl Members {
    pub fn clear(&mut self) {
        // The slots keep old values; `set` says which count.
        self.set = 0;
        self.extras.clear();
        self.time = None;
        self.odd = false;
        self.stream = None;
        self.seq = None;
        self.verbatim = true;
        self.log_last = false;
        self.hidden = false;
        self.escaped = false;
        self.notes = Notes::default();
    }

    /// After a failed scan: the places that were filled, and nothing else.
    pub fn keep_places(&mut self) {
        self.set &= !Slot::Message.bit();
        self.extras.clear();
        self.stream = None;
        self.seq = None;
        self.verbatim = false;
    }

    /// The line is not native: what looked like a writer's position is anybody's field.
    pub fn disown_position(&mut self, bytes: &[u8]) {
        for (name, value) in [("log.stream", self.stream.take()), ("log.seq", self.seq.take())] {
            if let Some(value) = value {
                let hash = hash(name.as_bytes());
                let extra = Extra { node: Node::Attributes, name: Name::Fixed(name), hash, value };
                self.extras.retain(|other| other.hash != hash || !same_name(bytes, other, &extra));
                self.extras.push(extra);
            }
        }
    }

    pub fn get(&self, slot: Slot) -> Option<&Member> {
        if self.set & slot.bit() == 0 {
            return None;
        }
        self.slots[slot as usize].as_ref()
    }

    /// Fills a place, if the value fits and no better name has it.
    pub fn offer(&mut self, slot: Slot, bytes: &[u8], member: Member) {
        if member.value.kind == Kind::Null {
            self.verbatim = false;
            return;
        }
        let text = member.value.of(bytes);
        let fit = match slot.field().kind {
            Type::Time => match time::value(text, member.value.kind) {
                Moment::Valid(time) => return self.timed(slot, bytes, member, time),
                moment => {
                    self.odd |= slot == Slot::Timestamp && moment == Moment::Odd;
                    Fit::No
                }
            },
            Type::Trace if !fits_trace(text, member.value) => return self.external(bytes, member),
            kind => fit(kind, text, member.value),
        };
        match fit {
            Fit::No if slot == Slot::Timestamp => self.unfit_time(bytes, member),
            Fit::No => self.extra(bytes, member),
            _ => {
                self.fill(slot, bytes, member, fit == Fit::AsIs);
            }
        }
    }

    fn timed(&mut self, slot: Slot, bytes: &[u8], member: Member, time: Time) {
        let as_is = member.value.kind == Kind::String && time::canonical(member.value.of(bytes));
        if self.fill(slot, bytes, member, as_is) && slot == Slot::Timestamp {
            self.time = Some(time);
        }
    }

    /// The original of a time that cannot stand goes to `attributes.timestamp`.
    fn unfit_time(&mut self, bytes: &[u8], member: Member) {
        let name = Name::Fixed("timestamp");
        let extra = Extra { node: Node::Attributes, name, hash: hash(b"timestamp"), value: member.value };
        if self.extras.iter().any(|other| other.hash == extra.hash) {
            return self.extra(bytes, member);
        }
        self.verbatim = false;
        self.extras.push(extra);
    }

    /// A trace id in no spelling of ours is somebody's own id.
    fn external(&mut self, bytes: &[u8], member: Member) {
        self.verbatim = false;
        let usable = member.value.kind == Kind::String && member.value.start != member.value.end;
        if usable && self.get(Slot::ExternalTraceId).is_none() {
            self.fill(Slot::ExternalTraceId, bytes, member, false);
        } else {
            self.extra(bytes, member);
        }
    }

    /// Answers whether the place now holds the member.
    fn fill(&mut self, slot: Slot, bytes: &[u8], member: Member, as_is: bool) -> bool {
        let at_home = match member.node {
            Node::Root => slot.field().path.len() == 1,
            _ => slot.field().path.len() > 1,
        };
        self.verbatim &= as_is && at_home && member.rank == OWN;
        if let Some(holder) = self.get(slot).copied() {
            self.verbatim = false;
            let same = holder.node == member.node && holder.key.of(bytes) == member.key.of(bytes);
            if same {
                self.notes.add(Notes::DUPLICATE_KEY);
            } else if holder.rank >= member.rank {
                self.extra(bytes, member);
                return false;
            } else {
                self.extra(bytes, holder);
            }
        }
        self.slots[slot as usize] = Some(member);
        self.set |= slot.bit();
        true
    }

    /// Fills a place with what another value contains, if nothing else has filled it.
    pub fn derive(&mut self, slot: Slot, bytes: &[u8], start: usize, end: usize, kind: Kind) {
        let Some(flags) = scan::inside(&bytes[start..end]) else { return };
        let value = Value { start: start as u32, end: end as u32, kind, flags };
        let fits = match slot.field().kind {
            Type::Trace => fits_trace(value.of(bytes), value),
            kind => fit(kind, value.of(bytes), value) != Fit::No,
        };
        if start < end && fits && self.get(slot).is_none() {
            self.verbatim = false;
            self.slots[slot as usize] =
                Some(Member { node: Node::User, key: value, hash: 0, value, rank: 0 });
            self.set |= slot.bit();
        }
    }

    /// The member goes under `attributes`; where it stands already under that name, the later one counts.
    pub fn extra(&mut self, bytes: &[u8], member: Member) {
        self.escaped |= member.key.flags & flag::ESCAPED != 0;
        let sound = (member.key.flags | member.value.flags) & flag::FIX == 0 && !self.escaped;
        self.verbatim &= sound && member.node == Node::Attributes;
        let hash = match member.node.prefix() {
            "" => member.hash,
            prefix => joined_hash(prefix.as_bytes(), member.key.of(bytes)),
        };
        let extra = Extra { node: member.node, name: Name::Key(member.key), hash, value: member.value };
        if self.extras.len() < COMPARED_MAX {
            for other in &mut self.extras {
                if other.hash == hash && same_name(bytes, other, &extra) {
                    self.verbatim = false;
                    self.notes.add(Notes::DUPLICATE_KEY);
                    *other = extra;
                    return;
                }
            }
        }
        self.extras.push(extra);
    }

    /// Makes the names of the extras distinct where comparing them one by one could not.
    pub fn settle_names(&mut self, bytes: &[u8]) {
        if self.extras.len() <= COMPARED_MAX && !self.escaped {
            return;
        }
        let mut last = BTreeMap::new();
        for (at, extra) in self.extras.iter().enumerate() {
            last.insert(extra.spelled(bytes, &mut self.notes), at);
        }
        if last.len() < self.extras.len() {
            self.verbatim = false;
            self.notes.add(Notes::DUPLICATE_KEY);
            let mut keep: Vec<usize> = last.into_values().collect();
            keep.sort_unstable();
            self.extras = keep.into_iter().map(|at| self.extras[at]).collect();
        }
    }
}

impl Extra {
    /// The name as it is written.
    fn spelled(&self, bytes: &[u8], notes: &mut Notes) -> Vec<u8> {
        match self.name {
            Name::Fixed(name) => name.as_bytes().to_vec(),
            Name::Key(key) => {
                let mut name = self.node.prefix().as_bytes().to_vec();
                fix::key(&mut name, key.of(bytes), notes);
                name
            }
        }
    }
}

fn joined_hash(prefix: &[u8], key: &[u8]) -> u64 {
    let mut name = [0; 96];
    let len = prefix.len() + key.len();
    match name.get_mut(..len) {
        Some(name) => {
            name[..prefix.len()].copy_from_slice(prefix);
            name[prefix.len()..].copy_from_slice(key);
            hash(name)
        }
        // So long a name still ends in its key's last bytes, and has its length.
        None => hash(key) ^ len as u64,
    }
}

fn same_name(bytes: &[u8], one: &Extra, other: &Extra) -> bool {
    let text = |extra: &Extra| match extra.name {
        Name::Key(key) => (extra.node.prefix().as_bytes(), (key.start as usize, key.end as usize)),
        Name::Fixed(name) => (name.as_bytes(), (0, 0)),
    };
    let ((one_prefix, one_key), (other_prefix, other_key)) = (text(one), text(other));
    let one_name = one_prefix.iter().chain(&bytes[one_key.0..one_key.1]);
    one_name.eq(other_prefix.iter().chain(&bytes[other_key.0..other_key.1]))
}

fn fits_trace(text: &[u8], value: Value) -> bool {
    value.kind == Kind::String
        && (canonical_id(text, 32)
            || std::str::from_utf8(text).is_ok_and(|text| TraceId::parse(text).is_some()))
}

/// Lower-case hexadecimal of this length that is not all zeros.
pub fn canonical_id(text: &[u8], len: usize) -> bool {
    text.len() == len && is_lower_hex(text) && text.iter().any(|&byte| byte != b'0')
}

/// Whether the value stands as it must be written.
pub fn fits_as_is(kind: Type, text: &[u8], value: Value) -> bool {
    fit(kind, text, value) == Fit::AsIs
}

fn fit(kind: Type, text: &[u8], value: Value) -> Fit {
    let sound = value.flags & flag::FIX == 0;
    let as_is = |yes: bool| if yes { Fit::AsIs } else { Fit::Rewritten };
    match (kind, value.kind) {
        (Type::Text, Kind::String) => as_is(value.flags & flag::FIX & !flag::LONG == 0),
        (Type::Keyword, Kind::String) => as_is(sound),
        (Type::Id, Kind::String) => as_is(sound && !is_shouted_uuid(text)),
        (Type::Keyword | Type::Id, Kind::Number | Kind::Bool) if sound => Fit::Rewritten,
        (Type::Level, _) => match Level::from_value(text, value.kind) {
            Some(level) => as_is(value.kind == Kind::String && level.name().as_bytes() == text),
            None => Fit::No,
        },
        (Type::Trace, Kind::String) => as_is(canonical_id(text, 32)),
        (Type::Span, Kind::String) if canonical_id(text, 16) => Fit::AsIs,
        (Type::Span, Kind::String) => {
            let parsed = std::str::from_utf8(text).ok().and_then(SpanId::parse);
            if parsed.is_some() { Fit::Rewritten } else { Fit::No }
        }
        (Type::Integer(min, max), Kind::Number) if sound => match integer(text) {
            Some(number) if (min..=max).contains(&number) => Fit::AsIs,
            _ => Fit::No,
        },
        (Type::Float, Kind::Number) if sound => float(text, f64::from(f32::MAX)),
        (Type::Double, Kind::Number) if sound => float(text, f64::MAX),
        _ => Fit::No,
    }
}

/// Without the flag `NUMBER` at most 18 digits stand before the point, so only an exponent can make it too large.
fn float(text: &[u8], max: f64) -> Fit {
    if !text.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return Fit::AsIs;
    }
    let parsed = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    if parsed.is_some_and(|number| number.abs() <= max) { Fit::AsIs } else { Fit::No }
}

/// The integer that the text is, if it is one of at most 18 digits, written as in JSON: without a zero before others.
pub fn integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_padded = digits.len() > 1 && digits[0] == b'0';
    if digits.is_empty() || digits.len() > 18 || is_padded || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(if digits.len() == text.len() { number } else { -number })
}

/// A UUID with upper-case digits: the same id, spelled otherwise elsewhere.
pub fn is_shouted_uuid(text: &[u8]) -> bool {
    let dashed = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.iter().any(u8::is_ascii_uppercase) && text.iter().enumerate().all(dashed)
}
