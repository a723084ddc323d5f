//! Workflow records: rows of a run, written as lines into the same files as the log, so that one shipper carries both.
//!
//! Does not know which fields a kind of record should have: whoever writes it does. It only keeps the fields in their
//! places and types, and refuses names that would spoof what the layer or the shipper writes.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::SystemTime;

use crate::line::assemble;
use crate::line::catalogue::{self, Kind, TABLE};
use crate::line::fields::Fields;
use crate::line::json;
use crate::line::limits::Limits;
use crate::line::time;

/// What a record is a row of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordKind {
    /// Who started which run from where; written once.
    WorkflowAppLog,
    /// One run of a workflow, written again until it ends.
    WorkflowRun,
    /// One execution of one node, written again until it ends.
    NodeExecution,
}

impl RecordKind {
    /// The name as the field `record` has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkflowAppLog => "workflow_app_log",
            Self::WorkflowRun => "workflow_run",
            Self::NodeExecution => "node_execution",
        }
    }
}

/// One version of one row. Written by `Handle::record`.
///
/// ```
/// use std::time::SystemTime;
/// use correlog::{Record, RecordKind};
///
/// let record = Record::new(RecordKind::WorkflowRun, "6f1c0c8e-7c1e-4c62-9d0d-6f3a1e2b4c5d", SystemTime::now())
///     .field("tenant_id", "acme")
///     .field("status", "succeeded")
///     .field("elapsed_time", 2.5)
///     .field("finished_at", SystemTime::now())
///     .field("error", None::<&str>);
/// ```
#[derive(Debug, Clone)]
pub struct Record<'a> {
    kind: RecordKind,
    id: Cow<'a, str>,
    run_created_at: SystemTime,
    at: Option<SystemTime>,
    fields: Vec<(Cow<'a, str>, RecordValue<'a>)>,
}

/// A value of a record's field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RecordValue<'a> {
    /// Text; also how large documents such as `inputs` are given.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// Any other number; NaN and infinities are left out.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A moment, written as RFC 3339 in UTC.
    Time(SystemTime),
    /// No value: the field is left out.
    Absent,
}

impl<'a> Record<'a> {
    /// A row with its id. `run_created_at` is when its run began: that day's index holds all records of the run.
    pub fn new(kind: RecordKind, id: impl Into<Cow<'a, str>>, run_created_at: SystemTime) -> Self {
        Self { kind, id: id.into(), run_created_at, at: None, fields: Vec::new() }
    }

    /// The version's own time: the latest wins [the time of writing].
    #[must_use]
    pub fn at(mut self, time: SystemTime) -> Self {
        self.at = Some(time);
        self
    }

    /// A field under its catalogue name, for example `trace_id` or `http.response.status_code`. A name that the
    /// catalogue does not have, or a value of another type than it says, goes under `attributes`.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<RecordValue<'a>>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    pub(crate) fn line(&self, resource: &[u8]) -> Result<Vec<u8>, RecordError> {
        if self.id.is_empty() || self.id.len() > ID_MOST {
            return Err(RecordError::Id);
        }
        let limits = Limits::default();
        let mut fields = Fields::new();
        let mut attributes: Vec<u8> = Vec::new();
        for (at, (name, value)) in self.fields.iter().enumerate() {
            if catalogue::is_reserved(name) {
                return Err(RecordError::Reserved(name.clone().into_owned()));
            }
            let is_replaced = self.fields[at + 1..].iter().any(|(later, _)| later == name);
            if is_replaced || value.is_absent() {
                continue;
            }
            let slot = catalogue::record_slot(name);
            let is_set = slot.is_some_and(|at| fields.set_slot(at, |out| typed(out, TABLE[at].kind, value)));
            if !is_set {
                attributes.push(b',');
                json::string(&mut attributes, name, limits.field_bytes);
                attributes.push(b':');
                untyped(&mut attributes, value, limits.field_bytes);
            }
        }
        Ok(self.assemble(resource, &fields, attributes))
    }

    fn assemble(&self, resource: &[u8], fields: &Fields, mut attributes: Vec<u8>) -> Vec<u8> {
        let mut line = Vec::with_capacity(1024);
        line.extend_from_slice(b"{\"record\":\"");
        line.extend_from_slice(self.kind.as_str().as_bytes());
        line.extend_from_slice(b"\",\"id\":");
        json::string(&mut line, &self.id, ID_MOST);
        line.extend_from_slice(b",\"run_created_at\":\"");
        time::rfc3339(&mut line, self.run_created_at);
        line.extend_from_slice(b"\",\"@timestamp\":\"");
        time::rfc3339(&mut line, self.at.unwrap_or_else(SystemTime::now));
        line.push(b'"');
        line.extend_from_slice(resource);
        assemble::slots(&mut line, b"", fields, None);
        if let Some(first) = attributes.first_mut() {
            *first = b'{';
            line.extend_from_slice(b",\"attributes\":");
            line.extend_from_slice(&attributes);
            line.push(b'}');
        }
        line.extend_from_slice(b"}\n");
        line
    }
}

impl RecordValue<'_> {
    fn is_absent(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Float(number) => !number.is_finite(),
            _ => false,
        }
    }
}

/// OpenSearch takes ids of at most 512 bytes, and the kind stands before this one.
const ID_MOST: usize = 480;

/// How much of a text field such as `inputs` is kept.
const TEXT_MOST: usize = 32 << 10;

fn typed(out: &mut Vec<u8>, kind: Kind, value: &RecordValue<'_>) -> bool {
    match (kind, value) {
        (Kind::Text, RecordValue::Text(text)) => json::string(out, text, TEXT_MOST),
        (Kind::Keyword, RecordValue::Text(text)) => json::string(out, text, Limits::default().field_bytes),
        (Kind::Id, RecordValue::Text(text)) => {
            let start = out.len();
            json::string(out, text, Limits::default().field_bytes);
            json::lower_uuid(&mut out[start..]);
        }
        (Kind::Keyword | Kind::Id | Kind::Text, RecordValue::Integer(number)) => {
            out.push(b'"');
            json::integer(out, *number);
            out.push(b'"');
        }
        (Kind::Float, RecordValue::Float(number)) => return json::float(out, *number),
        (Kind::Float | Kind::Long, RecordValue::Integer(number)) => json::integer(out, *number),
        (Kind::Integer, RecordValue::Integer(number)) if i32::try_from(*number).is_ok() => {
            json::integer(out, *number);
        }
        (Kind::Short, RecordValue::Integer(number)) if i16::try_from(*number).is_ok() => {
            json::integer(out, *number);
        }
        (Kind::Date, RecordValue::Time(moment)) => quoted_time(out, *moment),
        _ => return false,
    }
    true
}

fn untyped(out: &mut Vec<u8>, value: &RecordValue<'_>, limit: usize) {
    match value {
        RecordValue::Text(text) => json::string(out, text, limit),
        RecordValue::Integer(number) => json::integer(out, *number),
        RecordValue::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        RecordValue::Time(moment) => quoted_time(out, *moment),
        RecordValue::Float(number) => {
            json::float(out, *number);
        }
        // `Record::line` passes over them.
        RecordValue::Absent => {}
    }
}

fn quoted_time(out: &mut Vec<u8>, moment: SystemTime) {
    out.push(b'"');
    time::rfc3339(out, moment);
    out.push(b'"');
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {$(
        impl<'a> From<$from> for RecordValue<'a> {
            fn from($value: $from) -> Self {
                $into
            }
        }
    )*};
}

value_from! {
    &'a str => |value| Self::Text(Cow::Borrowed(value));
    &'a String => |value| Self::Text(Cow::Borrowed(value));
    String => |value| Self::Text(Cow::Owned(value));
    Cow<'a, str> => |value| Self::Text(value);
    i64 => |value| Self::Integer(value);
    i32 => |value| Self::Integer(value.into());
    u32 => |value| Self::Integer(value.into());
    u16 => |value| Self::Integer(value.into());
    u64 => |value| i64::try_from(value).map_or_else(|_| Self::Text(value.to_string().into()), Self::Integer);
    usize => |value| Self::from(value as u64);
    f64 => |value| Self::Float(value);
    f32 => |value| Self::Float(value.into());
    bool => |value| Self::Bool(value);
    SystemTime => |value| Self::Time(value);
}

impl<'a, T: Into<RecordValue<'a>>> From<Option<T>> for RecordValue<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

/// Why a record was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// The id is empty or longer than 480 bytes.
    Id,
    /// A field has a name that the layer or the shipper writes.
    Reserved(String),
    /// The buffer was full or the target failed; the drop is counted.
    Dropped,
}

impl fmt::Display for RecordError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => write!(formatter, "a record's id must have 1 to {ID_MOST} bytes"),
            Self::Reserved(name) => {
                write!(formatter, "a record may not set {name}: the layer or the shipper writes it")
            }
            Self::Dropped => {
                formatter.write_str("the record was dropped: the buffer is full or its target fails")
            }
        }
    }
}

impl Error for RecordError {}
