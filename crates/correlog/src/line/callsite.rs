//! What is the same for every event of one log statement, made once for each thread and then only copied: the parts
//! of the line that the metadata gives, and for each field its key and its place.
//!
//! Does not hold values. The cache is per thread because a shared one would need a lock for every event; it is bounded
//! by the number of log statements in the program.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use tracing_core::field::Field;
use tracing_core::{Level, Metadata};

use crate::line::catalogue::{self, CODE, TABLE};
use crate::line::fields::Name;
use crate::line::json;

/// One log statement or span.
#[derive(Debug)]
pub(crate) struct Callsite {
    /// From the end of the time to the message: `","level":"INFO","message":`, and its length.
    pub opening: ([u8; OPENING_MOST], usize),
    /// `,"service":{…},"deployment":{…},"logger":"api::runner"`.
    pub origin: Vec<u8>,
    /// `,"code":{"file":{"path":"src/runner.rs"},"line":{"number":12}}`; empty where neither is known.
    pub code: Vec<u8>,
    pub is_event: bool,
    /// Whether the event came from the `log` crate: its target, file and line are fields.
    pub is_log: bool,
    fields: Vec<Planned>,
}

/// One field of a log statement.
#[derive(Debug)]
pub(crate) struct Planned {
    pub name: Name,
    /// `,"name":`.
    pub key: Key,
    pub place: Place,
}

/// `,"name":`. Short ones, nearly all, are copied as a whole block, whose length the compiler knows, and then cut to
/// their length: that takes a few instructions where a copy of unknown length is a call.
#[derive(Debug)]
pub(crate) struct Key {
    block: [u8; Self::BLOCK],
    length: usize,
    /// Where it is longer than the block.
    whole: Vec<u8>,
}

impl Key {
    const BLOCK: usize = 32;

    fn new(name: &str) -> Self {
        let mut whole = b",".to_vec();
        json::string(&mut whole, name, 1024);
        whole.push(b':');
        let mut block = [0; Self::BLOCK];
        let length = whole.len();
        if length <= Self::BLOCK {
            block[..length].copy_from_slice(&whole);
            whole.clear();
        }
        Self { block, length, whole }
    }

    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        if self.length > Self::BLOCK {
            return out.extend_from_slice(&self.whole);
        }
        let end = out.len() + self.length;
        out.extend_from_slice(&self.block);
        out.truncate(end);
    }
}

/// Where a field goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Attribute,
    /// A catalogued field; values of another type than its own become attributes.
    Slot(usize),
    Message,
    /// An event's `error`: the exception's message when it is text.
    Error,
    LogTarget,
    LogFile,
    LogLine,
    /// What the `log` crate's bridge or tracing-opentelemetry wants and no line needs.
    Nowhere,
}

impl Callsite {
    pub fn new(metadata: &'static Metadata<'static>, resource: &[u8]) -> Self {
        // `tracing-log` gives every event of the `log` crate this target, and the true one as a field.
        let is_log = metadata.is_event() && metadata.target() == "log" && metadata.name() == "log event";
        let fields = metadata.fields().iter().map(|field| Planned::new(&field, metadata.is_event(), is_log));
        let (file, line) = if is_log { (None, None) } else { (metadata.file(), metadata.line()) };
        let mut code = TABLE[CODE].key.as_bytes().to_vec();
        if !write_code(&mut code, file, line) {
            code.clear();
        }
        Self {
            opening: opening(metadata.level()),
            origin: origin(resource, metadata.target()),
            code,
            is_event: metadata.is_event(),
            is_log,
            fields: fields.collect(),
        }
    }

    /// `None` for a field of another log statement, which tracing does not hand over.
    #[inline]
    pub fn planned(&self, field: &Field) -> Option<&Planned> {
        self.fields.get(field.index())
    }
}

impl Planned {
    fn new(field: &Field, is_event: bool, is_log: bool) -> Self {
        let written = field.name();
        let name = written.strip_prefix("r#").unwrap_or(written);
        let place = match written {
            "message" if is_event => Place::Message,
            "error" if is_event => Place::Error,
            "log.target" if is_log => Place::LogTarget,
            "log.file" if is_log => Place::LogFile,
            "log.line" if is_log => Place::LogLine,
            "log.module_path" if is_log => Place::Nowhere,
            // Orders to tracing-opentelemetry (`otel.name`, `otel.kind`), not facts about what happens in the span.
            _ if !is_event && name.starts_with("otel.") => Place::Nowhere,
            _ => catalogue::user_slot(name).map_or(Place::Attribute, Place::Slot),
        };
        Self { name: Name::new(name), key: Key::new(name), place }
    }
}

/// Enough for every level; a length known at compile time is copied without a call.
pub(crate) const OPENING_MOST: usize = 32;

fn opening(level: &Level) -> ([u8; OPENING_MOST], usize) {
    let mut text = [0; OPENING_MOST];
    let mut length = 0;
    for part in ["\",\"level\":\"", level.as_str(), "\",\"message\":"] {
        text[length..length + part.len()].copy_from_slice(part.as_bytes());
        length += part.len();
    }
    (text, length)
}

/// The resource and `,"logger":"…"`.
fn origin(resource: &[u8], target: &str) -> Vec<u8> {
    let mut out = resource.to_vec();
    logger(&mut out, target);
    out
}

/// Appends `,"logger":"…"`.
pub(crate) fn logger(out: &mut Vec<u8>, target: &str) {
    out.extend_from_slice(b",\"logger\":");
    json::string(out, target, 1024);
}

/// Appends the value of the root key `code`; `false`, and nothing written, where neither part is known.
pub(crate) fn write_code(out: &mut Vec<u8>, file: Option<&str>, line: Option<u32>) -> bool {
    let start = out.len();
    if let Some(file) = file {
        out.extend_from_slice(b",\"file\":{\"path\":");
        json::string(out, file, 1024);
        out.push(b'}');
    }
    if let Some(line) = line {
        out.extend_from_slice(b",\"line\":{\"number\":");
        json::integer(out, line);
        out.push(b'}');
    }
    let Some(first) = out.get_mut(start) else { return false };
    *first = b'{';
    out.push(b'}');
    true
}

/// The callsites a thread has met, for each layer: the resource is the layer's.
#[derive(Debug)]
pub(crate) struct Callsites(HashMap<(usize, u64), Callsite, BuildHasherDefault<AddressHasher>>);

impl Callsites {
    pub const fn new() -> Self {
        Self(HashMap::with_hasher(BuildHasherDefault::new()))
    }

    /// Metadata is static, so its address is its name. `layer` is the layer's number.
    #[inline]
    pub fn of(&mut self, metadata: &'static Metadata<'static>, layer: u64, resource: &[u8]) -> &Callsite {
        let address = std::ptr::from_ref(metadata).addr();
        self.0.entry((address, layer)).or_insert_with(|| Callsite::new(metadata, resource))
    }
}

/// Spreads an address; nobody outside the program chooses one, so no attack is to be feared.
#[derive(Debug, Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.write_usize(number as usize);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.0 = (self.0 ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
