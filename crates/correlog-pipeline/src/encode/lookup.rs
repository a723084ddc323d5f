//! Which place a key of the input means: the catalogue's own names, and those of tracing-subscriber, Dify, the Elastic
//! Common Schema, OpenTelemetry, pino, bunyan and zap.
//!
//! One hash table for all of them: a log is rarely of one pure format, and the names do not contradict each other.
//! It looks at names only, never at values.

use super::fields::{FIRST_OF_RECORDS, Slot};
use super::scan::hash;

/// The objects whose members are looked at one by one; every other object is a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Node {
    Root,
    /// Not an object of the input: the names that any root, `fields` or span object may carry.
    User,
    /// The same for workflow records.
    Record,
    Service,
    Instance,
    Deployment,
    Environment,
    Span,
    Http,
    Request,
    Response,
    Url,
    Exception,
    Error,
    Code,
    CodeFile,
    CodeLine,
    Log,
    Origin,
    OriginFile,
    Trace,
    Transaction,
    /// tracing-subscriber's and Dify's: where the message or the ids are.
    Fields,
    OpenTelemetry,
    Identity,
    Context,
    Resource,
    Body,
    Attributes,
}

impl Node {
    /// What stands before a key of this object when it has to go under `attributes`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Root | Self::User | Self::Record | Self::Fields | Self::Attributes => "",
            Self::Service => "service.",
            Self::Instance => "service.instance.",
            Self::Deployment => "deployment.",
            Self::Environment => "deployment.environment.",
            Self::Span => "span.",
            Self::Http => "http.",
            Self::Request => "http.request.",
            Self::Response => "http.response.",
            Self::Url => "url.",
            Self::Exception => "exception.",
            Self::Error => "error.",
            Self::Code => "code.",
            Self::CodeFile => "code.file.",
            Self::CodeLine => "code.line.",
            Self::Log => "log.",
            Self::Origin => "log.origin.",
            Self::OriginFile => "log.origin.file.",
            Self::Trace => "trace.",
            Self::Transaction => "transaction.",
            Self::OpenTelemetry => "openTelemetry.",
            Self::Identity => "identity.",
            Self::Context => "context.",
            Self::Resource => "resource.",
            Self::Body => "body.",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    Place(Slot),
    /// Look at the members, if it is an object.
    Open(Node),
    /// An object is opened; anything else is placed.
    Either(Slot, Node),
    /// `file.py:161`.
    Caller,
    /// Half of a native line's position.
    Stream,
    Seq,
}

#[derive(Clone, Copy, Debug)]
pub struct Entry {
    node: Node,
    name: &'static str,
    pub action: Action,
    /// The higher one keeps the place. `OWN` is the catalogue's own spelling.
    pub rank: u8,
}

pub const OWN: u8 = 3;
const ALIAS: u8 = 2;
const WEAK: u8 = 1;

#[derive(Debug)]
pub struct Lookup {
    entries: Vec<Entry>,
    /// Open addressing; `EMPTY` or a place in `entries`.
    buckets: Vec<u16>,
}

const EMPTY: u16 = u16::MAX;
const BUCKETS: usize = 2048;

impl Lookup {
    pub fn new() -> Self {
        let mut lookup = Self { entries: Vec::new(), buckets: vec![EMPTY; BUCKETS] };
        for &(node, name, action, rank) in NAMES {
            lookup.add(Entry { node, name, action, rank });
        }
        for &slot in Slot::all() {
            if let [name] = slot.field().path {
                let node = if slot < FIRST_OF_RECORDS { Node::User } else { Node::Record };
                lookup.add(Entry { node, name, action: Action::Place(slot), rank: OWN });
            }
        }
        lookup
    }

    fn add(&mut self, entry: Entry) {
        let mut bucket = start(entry.node, hash(entry.name.as_bytes()));
        while self.buckets[bucket] != EMPTY {
            bucket = (bucket + 1) % BUCKETS;
        }
        self.buckets[bucket] = self.entries.len() as u16;
        self.entries.push(entry);
    }

    /// The entry of `key` in `node`; `hash` is the key's.
    pub fn find(&self, node: Node, key: &[u8], hash: u64) -> Option<&Entry> {
        let mut bucket = start(node, hash);
        loop {
            let entry = self.entries.get(usize::from(self.buckets[bucket]))?;
            if entry.node == node && entry.name.as_bytes() == key {
                return Some(entry);
            }
            bucket = (bucket + 1) % BUCKETS;
        }
    }
}

fn start(node: Node, hash: u64) -> usize {
    (hash.wrapping_add(node as u64 * 0x9E37_79B9) >> 3) as usize % BUCKETS
}

use Action::{Caller, Either, Open, Place, Seq, Stream};
use Node as N;
use Slot as S;

/// Names beyond the catalogue's single-word ones, which `Lookup::new` adds by itself.
#[rustfmt::skip]
static NAMES: &[(Node, &str, Action, u8)] = &[
    (N::Root, "service", Either(S::ServiceName, N::Service), OWN),
    (N::Root, "deployment", Open(N::Deployment), OWN),
    (N::Root, "span", Open(N::Span), OWN),
    (N::Root, "http", Open(N::Http), OWN),
    (N::Root, "url", Open(N::Url), OWN),
    (N::Root, "exception", Open(N::Exception), OWN),
    (N::Root, "code", Open(N::Code), OWN),
    (N::Root, "log", Open(N::Log), OWN),
    (N::Root, "attributes", Open(N::Attributes), OWN),
    (N::Service, "name", Place(S::ServiceName), OWN),
    (N::Service, "version", Place(S::ServiceVersion), OWN),
    (N::Service, "instance", Open(N::Instance), OWN),
    (N::Service, "environment", Place(S::Environment), ALIAS),
    (N::Instance, "id", Place(S::ServiceInstance), OWN),
    (N::Deployment, "environment", Either(S::Environment, N::Environment), OWN),
    (N::Environment, "name", Place(S::Environment), OWN),
    (N::Span, "name", Place(S::SpanName), OWN),
    (N::Span, "id", Place(S::SpanId), ALIAS),
    (N::Http, "request", Open(N::Request), OWN),
    (N::Http, "response", Open(N::Response), OWN),
    (N::Http, "route", Place(S::HttpRoute), OWN),
    (N::Request, "method", Place(S::HttpMethod), OWN),
    (N::Response, "status_code", Place(S::HttpStatus), OWN),
    (N::Url, "path", Place(S::UrlPath), OWN),
    (N::Exception, "type", Place(S::ExceptionType), OWN),
    (N::Exception, "message", Place(S::ExceptionMessage), OWN),
    (N::Exception, "stacktrace", Place(S::ExceptionStack), OWN),
    (N::Code, "file", Open(N::CodeFile), OWN),
    (N::Code, "line", Open(N::CodeLine), OWN),
    (N::CodeFile, "path", Place(S::CodeFile), OWN),
    (N::CodeLine, "number", Place(S::CodeLine), OWN),
    (N::Log, "stream", Stream, OWN),
    (N::Log, "seq", Seq, OWN),

    // Dotted spellings of the same, which anything that has no nesting uses.
    (N::User, "http.request.method", Place(S::HttpMethod), OWN),
    (N::User, "http.response.status_code", Place(S::HttpStatus), OWN),
    (N::User, "http.route", Place(S::HttpRoute), OWN),
    (N::User, "url.path", Place(S::UrlPath), OWN),
    (N::User, "exception.type", Place(S::ExceptionType), OWN),
    (N::User, "exception.message", Place(S::ExceptionMessage), OWN),
    (N::User, "exception.stacktrace", Place(S::ExceptionStack), OWN),
    (N::User, "code.file.path", Place(S::CodeFile), OWN),
    (N::User, "code.line.number", Place(S::CodeLine), OWN),
    (N::User, "code.filepath", Place(S::CodeFile), ALIAS),
    (N::User, "code.lineno", Place(S::CodeLine), ALIAS),
    (N::Root, "service.name", Place(S::ServiceName), OWN),
    (N::Root, "service.version", Place(S::ServiceVersion), OWN),
    (N::Root, "service.instance.id", Place(S::ServiceInstance), OWN),
    (N::Root, "service.environment", Place(S::Environment), ALIAS),
    (N::Root, "deployment.environment.name", Place(S::Environment), OWN),
    (N::Root, "deployment.environment", Place(S::Environment), ALIAS),
    (N::Root, "span.name", Place(S::SpanName), OWN),

    // Time, level, message and logger of many loggers (zap, pino, bunyan, slog, logback, Serilog, zerolog).
    (N::Root, "timestamp", Place(S::Timestamp), ALIAS),
    (N::Root, "time", Place(S::Timestamp), ALIAS),
    (N::Root, "ts", Place(S::Timestamp), ALIAS),
    (N::Root, "Timestamp", Place(S::Timestamp), ALIAS),
    (N::Root, "@t", Place(S::Timestamp), ALIAS),
    (N::Root, "severity", Place(S::Level), ALIAS),
    (N::Root, "lvl", Place(S::Level), ALIAS),
    (N::Root, "levelname", Place(S::Level), ALIAS),
    (N::Root, "@l", Place(S::Level), ALIAS),
    (N::Root, "msg", Place(S::Message), ALIAS),
    (N::Root, "@m", Place(S::Message), ALIAS),
    (N::Root, "target", Place(S::Logger), ALIAS),
    (N::Root, "logger_name", Place(S::Logger), ALIAS),
    (N::Root, "name", Place(S::Logger), WEAK),
    (N::Root, "traceId", Place(S::TraceId), ALIAS),
    (N::Root, "traceid", Place(S::TraceId), ALIAS),
    (N::Root, "traceparent", Place(S::TraceId), WEAK),
    (N::Root, "dd.trace_id", Place(S::TraceId), WEAK),
    (N::Root, "spanId", Place(S::SpanId), ALIAS),
    (N::Root, "spanid", Place(S::SpanId), ALIAS),
    (N::Root, "parentSpanId", Place(S::ParentSpanId), ALIAS),
    (N::Root, "parentId", Place(S::ParentSpanId), WEAK),
    (N::Root, "traceFlags", Place(S::TraceFlags), ALIAS),
    (N::Root, "serviceName", Place(S::ServiceName), ALIAS),
    (N::Root, "caller", Caller, ALIAS),
    (N::Root, "stack_trace", Place(S::ExceptionStack), ALIAS),
    (N::Root, "stacktrace", Place(S::ExceptionStack), ALIAS),

    // tracing-subscriber's JSON.
    (N::Root, "fields", Open(N::Fields), OWN),
    (N::Root, "filename", Place(S::CodeFile), ALIAS),
    (N::Root, "line_number", Place(S::CodeLine), ALIAS),
    (N::Root, "openTelemetry", Open(N::OpenTelemetry), OWN),
    (N::OpenTelemetry, "traceId", Place(S::TraceId), ALIAS),
    (N::OpenTelemetry, "spanId", Place(S::SpanId), ALIAS),

    // Dify.
    (N::Root, "identity", Open(N::Identity), OWN),
    (N::Root, "context", Open(N::Context), OWN),
    (N::Identity, "tenant_id", Place(S::TenantId), ALIAS),
    (N::Identity, "user_id", Place(S::UserId), ALIAS),
    (N::Context, "app_id", Place(S::AppId), ALIAS),
    (N::Context, "workflow_id", Place(S::WorkflowId), ALIAS),
    (N::Context, "node_id", Place(S::NodeId), ALIAS),
    (N::Attributes, "dify.app_id", Place(S::AppId), WEAK),
    (N::Attributes, "dify.tenant_id", Place(S::TenantId), WEAK),
    (N::Attributes, "dify.message.id", Place(S::MessageId), WEAK),
    (N::Attributes, "dify.workflow.id", Place(S::WorkflowId), WEAK),
    (N::Attributes, "dify.workflow.run_id", Place(S::WorkflowRunId), WEAK),
    (N::Attributes, "dify.conversation.id", Place(S::ConversationId), WEAK),
    (N::Attributes, "dify.node.execution_id", Place(S::NodeExecutionId), WEAK),

    // Elastic Common Schema, dotted and nested.
    (N::Root, "log.level", Place(S::Level), ALIAS),
    (N::Root, "log.logger", Place(S::Logger), ALIAS),
    (N::Root, "log.origin.file.name", Place(S::CodeFile), ALIAS),
    (N::Root, "log.origin.file.line", Place(S::CodeLine), ALIAS),
    (N::Root, "trace.id", Place(S::TraceId), ALIAS),
    (N::Root, "span.id", Place(S::SpanId), ALIAS),
    (N::Root, "transaction.id", Place(S::SpanId), WEAK),
    (N::Root, "error.type", Place(S::ExceptionType), ALIAS),
    (N::Root, "error.message", Place(S::ExceptionMessage), ALIAS),
    (N::Root, "error.stack_trace", Place(S::ExceptionStack), ALIAS),
    (N::Root, "trace", Open(N::Trace), OWN),
    (N::Root, "transaction", Open(N::Transaction), OWN),
    (N::Root, "error", Open(N::Error), OWN),
    (N::Log, "level", Place(S::Level), ALIAS),
    (N::Log, "logger", Place(S::Logger), ALIAS),
    (N::Log, "origin", Open(N::Origin), OWN),
    (N::Origin, "file", Open(N::OriginFile), OWN),
    (N::OriginFile, "name", Place(S::CodeFile), ALIAS),
    (N::OriginFile, "line", Place(S::CodeLine), ALIAS),
    (N::Trace, "id", Place(S::TraceId), ALIAS),
    (N::Transaction, "id", Place(S::SpanId), WEAK),
    (N::Error, "type", Place(S::ExceptionType), ALIAS),
    (N::Error, "message", Place(S::ExceptionMessage), ALIAS),
    (N::Error, "stack_trace", Place(S::ExceptionStack), ALIAS),

    // OpenTelemetry's log record, in the spelling of its data model and in that of OTLP's JSON.
    (N::Root, "SeverityText", Place(S::Level), ALIAS),
    (N::Root, "SeverityNumber", Place(S::SeverityNumber), ALIAS),
    (N::Root, "Body", Either(S::Message, N::Body), ALIAS),
    (N::Root, "TraceId", Place(S::TraceId), ALIAS),
    (N::Root, "SpanId", Place(S::SpanId), ALIAS),
    (N::Root, "TraceFlags", Place(S::TraceFlags), ALIAS),
    (N::Root, "Attributes", Open(N::Attributes), ALIAS),
    (N::Root, "Resource", Open(N::Resource), ALIAS),
    (N::Root, "timeUnixNano", Place(S::Timestamp), ALIAS),
    (N::Root, "observedTimeUnixNano", Place(S::Timestamp), WEAK),
    (N::Root, "severityText", Place(S::Level), ALIAS),
    (N::Root, "severityNumber", Place(S::SeverityNumber), ALIAS),
    (N::Root, "body", Either(S::Message, N::Body), ALIAS),
    (N::Root, "resource", Open(N::Resource), ALIAS),
    (N::Body, "stringValue", Place(S::Message), ALIAS),
    (N::Resource, "service.name", Place(S::ServiceName), ALIAS),
    (N::Resource, "service.version", Place(S::ServiceVersion), ALIAS),
    (N::Resource, "service.instance.id", Place(S::ServiceInstance), ALIAS),
    (N::Resource, "deployment.environment.name", Place(S::Environment), ALIAS),

    // The line of a workflow record.
    (N::Record, "service", Either(S::ServiceName, N::Service), OWN),
    (N::Record, "deployment", Open(N::Deployment), OWN),
    (N::Record, "attributes", Open(N::Attributes), OWN),
    (N::Record, "http", Open(N::Http), OWN),
    (N::Record, "exception", Open(N::Exception), OWN),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_none_twice() {
        let lookup = Lookup::new();
        for entry in &lookup.entries {
            let name = entry.name.as_bytes();
            let found = lookup.find(entry.node, name, hash(name)).unwrap();
            assert!(std::ptr::eq(found, entry), "{:?} {} is there twice", entry.node, entry.name);
        }
        assert!(lookup.find(Node::Root, b"no such name", hash(b"no such name")).is_none());
        assert!(lookup.entries.len() * 4 < BUCKETS, "the table is too full to be quick");
    }
}
