//! The fields that have a place and a type of their own on a line, as a constant table.
//!
//! Does not own the list: `correlog-schema` does, and a test proves this copy equal to it. The copy exists so that
//! a service which adds the layer does not compile the schema.

/// What values a catalogued field takes. Anything else goes to `attributes`, so that one bad call site cannot make
/// OpenSearch refuse the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text; numbers and booleans are written as text.
    Keyword,
    /// A keyword whose UUIDs are lower-cased.
    Id,
    /// Long text.
    Text,
    Short,
    Integer,
    Long,
    /// `float` and `double`: any finite number.
    Float,
    /// RFC 3339 time; only records have these.
    Date,
    /// The object with `file.path` and `line.number`.
    Code,
}

/// One catalogued field.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Dotted path from the root, which is also the name a user's field has.
    pub path: &'static str,
    /// The objects around the leaf, outermost first.
    pub groups: &'static [&'static str],
    /// The leaf as it stands on the line, with a comma before it: `,"route":`.
    pub key: &'static str,
    pub kind: Kind,
    pub set_by: SetBy,
}

/// Who may set a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetBy {
    /// The user's fields and span fields, and records.
    User,
    /// Only the layer.
    Layer,
    /// Only records.
    Record,
}

const USER: SetBy = SetBy::User;
const RECORD: SetBy = SetBy::Record;

macro_rules! slot {
    ($leaf:literal, $kind:ident, $set_by:expr) => {
        Slot {
            path: $leaf,
            groups: &[],
            key: concat!(",\"", $leaf, "\":"),
            kind: Kind::$kind,
            set_by: $set_by,
        }
    };
    ($a:literal . $leaf:literal, $kind:ident, $set_by:expr) => {
        Slot {
            path: concat!($a, ".", $leaf),
            groups: &[$a],
            key: concat!(",\"", $leaf, "\":"),
            kind: Kind::$kind,
            set_by: $set_by,
        }
    };
    ($a:literal . $b:literal . $leaf:literal, $kind:ident, $set_by:expr) => {
        Slot {
            path: concat!($a, ".", $b, ".", $leaf),
            groups: &[$a, $b],
            key: concat!(",\"", $leaf, "\":"),
            kind: Kind::$kind,
            set_by: $set_by,
        }
    };
}

/// How many slots there are; a bit mask of them is a `u64`.
pub(crate) const SLOTS: usize = TABLE.len();

/// Sorted by path, which is the order on the line; fields of one object therefore stand together.
pub(crate) const TABLE: [Slot; 51] = [
    slot!("app_id", Id, USER),
    // One slot for both fields of `code`: the layer writes them as one value, made once for each log statement.
    slot!("code", Code, SetBy::Layer),
    slot!("completion_tokens", Long, RECORD),
    slot!("conversation_id", Id, USER),
    slot!("created_at", Date, RECORD),
    slot!("created_by", Keyword, RECORD),
    slot!("created_by_role", Keyword, RECORD),
    slot!("created_from", Keyword, RECORD),
    slot!("currency", Keyword, RECORD),
    slot!("duration_ms", Float, USER),
    slot!("elapsed_time", Float, RECORD),
    slot!("error", Text, RECORD),
    slot!("error_source", Keyword, USER),
    slot!("exception"."message", Text, USER),
    slot!("exception"."stacktrace", Text, USER),
    slot!("exception"."type", Keyword, USER),
    slot!("exceptions_count", Long, RECORD),
    slot!("external_trace_id", Id, USER),
    slot!("finished_at", Date, RECORD),
    slot!("http"."request"."method", Keyword, USER),
    slot!("http"."response"."status_code", Short, USER),
    slot!("http"."route", Keyword, USER),
    slot!("inputs", Text, RECORD),
    slot!("message_id", Id, USER),
    slot!("model_name", Keyword, USER),
    slot!("model_provider", Keyword, USER),
    slot!("node_execution_id", Id, USER),
    slot!("node_id", Id, USER),
    slot!("node_index", Integer, RECORD),
    slot!("node_type", Keyword, USER),
    slot!("outputs", Text, RECORD),
    slot!("parent_span_id", Id, RECORD),
    slot!("predecessor_node_id", Id, RECORD),
    slot!("prompt_tokens", Long, RECORD),
    slot!("session_id", Id, USER),
    slot!("span_id", Id, RECORD),
    slot!("status", Keyword, RECORD),
    slot!("tenant_id", Id, USER),
    slot!("title", Keyword, RECORD),
    slot!("total_price", Float, RECORD),
    slot!("total_steps", Long, RECORD),
    slot!("total_tokens", Long, RECORD),
    slot!("trace_flags", Keyword, RECORD),
    slot!("trace_id", Id, RECORD),
    slot!("triggered_from", Keyword, RECORD),
    slot!("url"."path", Keyword, USER),
    slot!("user_id", Id, USER),
    slot!("workflow_id", Id, USER),
    slot!("workflow_run_id", Id, USER),
    slot!("workflow_type", Keyword, RECORD),
    slot!("workflow_version", Keyword, RECORD),
];

/// Root keys that neither a user's field nor a record's may set; the shipper and the layer write them.
pub(crate) static RESERVED_ROOTS: [&str; 18] = [
    "@timestamp",
    "attributes",
    "code",
    "deployment",
    "host",
    "id",
    "level",
    "log",
    "logger",
    "message",
    "record",
    "run_created_at",
    "service",
    "serviceName",
    "severity_number",
    "shipper",
    "span",
    "time",
];

pub(crate) const CODE: usize = slot_of("code");
pub(crate) const DURATION_MS: usize = slot_of("duration_ms");
pub(crate) const EXCEPTION_MESSAGE: usize = slot_of("exception.message");
pub(crate) const EXCEPTION_STACKTRACE: usize = slot_of("exception.stacktrace");
pub(crate) const EXCEPTION_TYPE: usize = slot_of("exception.type");

/// The slot a user's field of this name goes to, or `None` where it belongs under `attributes`.
#[inline]
pub(crate) fn user_slot(name: &str) -> Option<usize> {
    let at = find(name)?;
    (TABLE[at].set_by == SetBy::User).then_some(at)
}

/// The slot a record's field of this name goes to.
pub(crate) fn record_slot(name: &str) -> Option<usize> {
    let at = find(name)?;
    (TABLE[at].set_by != SetBy::Layer).then_some(at)
}

/// Whether a record may not have a field of this name.
pub(crate) fn is_reserved(name: &str) -> bool {
    let root = name.split('.').next().unwrap_or(name);
    record_slot(name).is_none() && (RESERVED_ROOTS.contains(&root) || name == "traceId" || name == "spanId")
}

/// One probe of a table that is filled at compile time.
#[inline]
fn find(name: &str) -> Option<usize> {
    let at = BUCKETS[hash(name.as_bytes())];
    if at == EMPTY || TABLE[at as usize].path != name {
        return None;
    }
    Some(at as usize)
}

const EMPTY: u8 = u8::MAX;
const BUCKET_COUNT: usize = 1024;
static BUCKETS: [u8; BUCKET_COUNT] = fill();

#[inline]
const fn hash(name: &[u8]) -> usize {
    if name.is_empty() {
        return 0;
    }
    let (first, middle, last) = (name[0], name[name.len() / 2], name[name.len() - 1]);
    let fourth = name[name.len() * 3 / 4];
    let mixed = (name.len() as u32) << 24 | (first as u32) << 16 | (middle as u32) << 8 | last as u32;
    let mixed = mixed ^ (fourth as u32) << 12;
    (mixed.wrapping_mul(SEED) >> 22) as usize
}

const SEED: u32 = 0x2265_B1F5;

/// Fails the build when two names meet in one bucket; then another seed is wanted.
const fn fill() -> [u8; BUCKET_COUNT] {
    let mut buckets = [EMPTY; BUCKET_COUNT];
    let mut at = 0;
    while at < TABLE.len() {
        let bucket = hash(TABLE[at].path.as_bytes());
        assert!(buckets[bucket] == EMPTY, "two catalogued fields hash alike: choose another seed");
        buckets[bucket] = at as u8;
        at += 1;
    }
    buckets
}

const fn slot_of(path: &str) -> usize {
    let mut at = 0;
    while at < TABLE.len() {
        if same(TABLE[at].path, path) {
            return at;
        }
        at += 1;
    }
    panic!("no such slot")
}

const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests;
