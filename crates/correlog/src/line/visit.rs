//! Takes tracing's fields one by one and puts each where it belongs: message, slot or attribute.
//!
//! Does not keep tracing's values: each becomes JSON text at once, because it is only lent.

use std::error::Error;
use std::fmt::{Debug, Display};

use tracing_core::field::{Field, Visit};

use crate::line::callsite::{self, Callsite, Place, Planned};
use crate::line::catalogue::{CODE, EXCEPTION_MESSAGE, EXCEPTION_STACKTRACE, EXCEPTION_TYPE, Kind, TABLE};
use crate::line::fields::Fields;
use crate::line::json;
use crate::line::limits::Limits;

/// One pass over the fields of a span or an event.
pub(crate) struct Visitor<'a> {
    pub callsite: &'a Callsite,
    pub fields: &'a mut Fields,
    pub limits: &'a Limits,
    pub log: Option<&'a mut LogOrigin>,
}

/// Where an event of the `log` crate came from, which its bridge hands over as fields.
#[derive(Debug, Default)]
pub(crate) struct LogOrigin {
    pub target: String,
    file: String,
    line: Option<u32>,
    /// `,"service":{…},"deployment":{…},"logger":"…"`.
    pub origin: Vec<u8>,
}

impl LogOrigin {
    pub const fn new() -> Self {
        Self { target: String::new(), file: String::new(), line: None, origin: Vec::new() }
    }

    pub fn clear(&mut self) {
        self.target.clear();
        self.file.clear();
        self.line = None;
        self.origin.clear();
    }

    /// Makes `origin` from the target that came.
    pub fn write_origin(&mut self, resource: &[u8]) {
        self.origin.extend_from_slice(resource);
        callsite::logger(&mut self.origin, &self.target);
    }

    /// Sets the slot of the code location from what came.
    pub fn write_code(&self, fields: &mut Fields) {
        let file = (!self.file.is_empty()).then_some(self.file.as_str());
        fields.set_slot(CODE, |out| callsite::write_code(out, file, self.line));
    }
}

/// A value as tracing hands it over, reduced to what JSON can tell apart.
#[derive(Clone, Copy)]
enum Value<'a> {
    Text(&'a str),
    Formatted(&'a dyn Debug),
    Float(f64),
    Signed(i64),
    Unsigned(u64),
    Bool(bool),
    Bytes(&'a [u8]),
}

impl Visitor<'_> {
    #[inline]
    fn put(&mut self, field: &Field, value: Value<'_>) {
        let callsite = self.callsite;
        let Some(planned) = callsite.planned(field) else { return };
        match planned.place {
            Place::Attribute => self.put_attribute(planned, value),
            Place::Message => self.put_message(value),
            Place::Slot(at) => self.put_slot(planned, at, value),
            Place::Error => self.put_error_text(planned, value),
            Place::LogTarget | Place::LogFile | Place::LogLine | Place::Nowhere => {
                self.put_log(planned.place, value)
            }
        }
    }

    #[inline]
    fn put_attribute(&mut self, planned: &Planned, value: Value<'_>) {
        if self.fields.len() > self.limits.line_bytes {
            self.fields.left_out += 1;
            return;
        }
        let limit = self.limits.field_bytes;
        self.fields.add_attribute(planned.name, |out| {
            planned.key.write(out);
            untyped(out, value, limit);
        });
    }

    #[inline]
    fn put_slot(&mut self, planned: &Planned, at: usize, value: Value<'_>) {
        let limits = self.limits;
        if self.fields.len() > limits.line_bytes {
            self.fields.left_out += 1;
            return;
        }
        if !self.fields.set_slot(at, |out| typed(out, TABLE[at].kind, value, limits)) {
            self.put_attribute(planned, value);
        }
    }

    #[inline]
    fn put_message(&mut self, value: Value<'_>) {
        self.fields.message.clear();
        match value {
            Value::Text(text) => json::string(&mut self.fields.message, text, self.limits.message_bytes),
            Value::Formatted(value) => {
                json::formatted(&mut self.fields.message, value, self.limits.message_bytes)
            }
            other => text_of(&mut self.fields.message, other, self.limits.message_bytes),
        }
    }

    /// `#[instrument(err)]` and `error = %e` arrive as text, already without their type: only the message is known.
    fn put_error_text(&mut self, planned: &Planned, value: Value<'_>) {
        match value {
            Value::Text(_) | Value::Formatted(_) => self.fill(EXCEPTION_MESSAGE, Kind::Text, value),
            _ => self.put_attribute(planned, value),
        }
    }

    fn put_log(&mut self, place: Place, value: Value<'_>) {
        let Some(log) = &mut self.log else { return };
        match (place, value) {
            (Place::LogTarget, Value::Text(target)) => log.target.push_str(target),
            (Place::LogFile, Value::Text(file)) => log.file.push_str(file),
            (Place::LogLine, Value::Unsigned(line)) => log.line = u32::try_from(line).ok(),
            _ => {}
        }
    }

    fn fill(&mut self, at: usize, kind: Kind, value: Value<'_>) {
        let limits = self.limits;
        self.fields.set_slot(at, |out| typed(out, kind, value, limits));
    }

    /// An error with its chain. `exception.type` is the name that its `Debug` form starts with, the only name a
    /// `dyn Error` gives away; it is left out where that is no type's name.
    fn put_error(&mut self, error: &(dyn Error + 'static)) {
        let limit = self.limits.message_bytes;
        self.fields.set_slot(EXCEPTION_TYPE, |out| type_name(out, error, limit));
        self.fill(EXCEPTION_MESSAGE, Kind::Text, Value::Formatted(&Shown(error)));
        if error.source().is_some() {
            self.fill(EXCEPTION_STACKTRACE, Kind::Text, Value::Formatted(&Chain(error)));
        }
    }
}

impl Visit for Visitor<'_> {
    #[inline]
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::Float(value));
    }

    #[inline]
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Signed(value));
    }

    #[inline]
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Unsigned(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        match i64::try_from(value) {
            Ok(small) => self.put(field, Value::Signed(small)),
            Err(_) => self.put(field, Value::Formatted(&value)),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(small) => self.put(field, Value::Unsigned(small)),
            Err(_) => self.put(field, Value::Formatted(&value)),
        }
    }

    #[inline]
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Bool(value));
    }

    #[inline]
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.put(field, Value::Bytes(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.callsite.is_event && self.fields.slot(EXCEPTION_MESSAGE).is_none() {
            return self.put_error(value);
        }
        self.put(field, Value::Formatted(&Shown(value)));
    }

    #[inline]
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, Value::Formatted(value));
    }
}

/// Appends a value as its slot's type wants it; `false` where the value is not of that type.
#[inline]
fn typed(out: &mut Vec<u8>, kind: Kind, value: Value<'_>, limits: &Limits) -> bool {
    match kind {
        Kind::Keyword => keyword(out, value, limits.field_bytes),
        Kind::Id => {
            let start = out.len();
            let is_set = keyword(out, value, limits.field_bytes);
            json::lower_uuid(&mut out[start..]);
            is_set
        }
        Kind::Text => keyword(out, value, limits.message_bytes),
        Kind::Float => match value {
            Value::Float(value) => json::float(out, value),
            Value::Signed(value) => whole(out, value),
            Value::Unsigned(value) => whole(out, value),
            _ => false,
        },
        Kind::Short => bounded(out, value, i64::from(i16::MIN), i64::from(i16::MAX)),
        Kind::Integer => bounded(out, value, i64::from(i32::MIN), i64::from(i32::MAX)),
        Kind::Long => bounded(out, value, i64::MIN, i64::MAX),
        Kind::Date | Kind::Code => false,
    }
}

/// A keyword takes any scalar as its text, as OpenSearch does; bytes and NaN are no text.
#[inline]
fn keyword(out: &mut Vec<u8>, value: Value<'_>, limit: usize) -> bool {
    match value {
        Value::Text(text) => json::string(out, text, limit),
        Value::Formatted(value) => json::formatted(out, value, limit),
        Value::Bytes(_) => return false,
        Value::Float(value) if !value.is_finite() => return false,
        other => text_of(out, other, limit),
    }
    true
}

/// A number or a boolean between quotes.
fn text_of(out: &mut Vec<u8>, value: Value<'_>, limit: usize) {
    let is_bare = match value {
        Value::Signed(_) | Value::Unsigned(_) | Value::Bool(_) => true,
        Value::Float(value) => value.is_finite(),
        Value::Text(_) | Value::Formatted(_) | Value::Bytes(_) => false,
    };
    if !is_bare {
        return untyped(out, value, limit);
    }
    out.push(b'"');
    untyped(out, value, limit);
    out.push(b'"');
}

fn untyped(out: &mut Vec<u8>, value: Value<'_>, limit: usize) {
    match value {
        Value::Text(text) => json::string(out, text, limit),
        Value::Formatted(value) => json::formatted(out, value, limit),
        Value::Signed(value) => json::integer(out, value),
        Value::Unsigned(value) => json::integer(out, value),
        Value::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Value::Bytes(bytes) => json::hex_string(out, bytes, limit),
        Value::Float(value) => {
            if !json::float(out, value) {
                json::formatted(out, &value, limit);
            }
        }
    }
}

fn whole<I: itoa::Integer>(out: &mut Vec<u8>, value: I) -> bool {
    json::integer(out, value);
    true
}

fn bounded(out: &mut Vec<u8>, value: Value<'_>, least: i64, most: i64) -> bool {
    let value = match value {
        Value::Signed(value) => value,
        Value::Unsigned(value) => match i64::try_from(value) {
            Ok(value) => value,
            Err(_) => return false,
        },
        _ => return false,
    };
    if value < least || value > most {
        return false;
    }
    whole(out, value)
}

/// Appends the identifier at the start of the `Debug` form, if it looks like a type's or a variant's.
fn type_name(out: &mut Vec<u8>, error: &(dyn Error + 'static), limit: usize) -> bool {
    let start = out.len();
    json::formatted(out, error.as_debug(), limit.min(256));
    let quoted = std::str::from_utf8(&out[start..]).unwrap_or("");
    let text = quoted.trim_matches('"');
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let rest = &text[end..];
    let is_a_type = text.starts_with(|c: char| c.is_ascii_uppercase())
        && (rest.is_empty() || rest.starts_with(['(', '{']) || rest.starts_with(" {"));
    if is_a_type {
        out.truncate(start + 1 + end);
        out.push(b'"');
    }
    is_a_type
}

trait AsDebug {
    fn as_debug(&self) -> &dyn Debug;
}

impl AsDebug for &(dyn Error + 'static) {
    fn as_debug(&self) -> &dyn Debug {
        self
    }
}

/// Formats with `Display` where a `Debug` is asked for.
struct Shown<'a>(&'a dyn Error);

impl Debug for Shown<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Display::fmt(self.0, formatter)
    }
}

/// An error and what caused it, one a line; a chain that runs in a circle ends after 32.
struct Chain<'a>(&'a dyn Error);

impl Debug for Chain<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Display::fmt(self.0, formatter)?;
        let causes = std::iter::successors(self.0.source(), |error: &&dyn Error| (*error).source());
        for cause in causes.take(32) {
            write!(formatter, "\ncaused by: {cause}")?;
        }
        Ok(())
    }
}
