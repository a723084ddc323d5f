//! The places a document has, with their types, in the order they are written.
//!
//! This is the encoder's copy of the catalogue (fields.md §2), laid out for speed: one bit and one slot a field. That it
//! agrees with `correlog-schema` is tested. It does not know the names under which foreign logs carry these fields;
//! those are in `lookup`.

/// What a value must be to stand in its place; anything else goes under `attributes`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Time,
    Level,
    /// A string, cut at `LEAF_MAX_BYTES`; numbers and booleans become strings.
    Keyword,
    /// A keyword that is lower-cased when it is a UUID.
    Id,
    /// A string of any length.
    Text,
    Trace,
    Span,
    /// An integer within these bounds.
    Integer(i64, i64),
    /// A finite number that fits 32 bits.
    Float,
    /// A finite number.
    Double,
}

#[derive(Debug)]
pub struct Field {
    /// The names from the root inwards; fields of one object stand next to each other.
    pub path: &'static [&'static str],
    pub kind: Type,
}

macro_rules! fields {
    ($($slot:ident $path:expr, $kind:expr;)*) => {
        /// One place in a document.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum Slot { $($slot),* }

        /// In the order of `Slot`.
        pub static FIELDS: &[Field] = &[$(Field { path: &$path, kind: $kind }),*];

        const ALL: &[Slot] = &[$(Slot::$slot),*];
    };
}

fields! {
    Timestamp ["@timestamp"], Type::Time;
    Level ["level"], Type::Level;
    SeverityNumber ["severity_number"], Type::Integer(1, 24);
    Message ["message"], Type::Text;
    ServiceName ["service", "name"], Type::Keyword;
    ServiceVersion ["service", "version"], Type::Keyword;
    ServiceInstance ["service", "instance", "id"], Type::Keyword;
    Environment ["deployment", "environment", "name"], Type::Keyword;
    Logger ["logger"], Type::Keyword;
    TraceId ["trace_id"], Type::Trace;
    SpanId ["span_id"], Type::Span;
    ParentSpanId ["parent_span_id"], Type::Span;
    TraceFlags ["trace_flags"], Type::Keyword;
    ExternalTraceId ["external_trace_id"], Type::Keyword;
    SpanName ["span", "name"], Type::Keyword;
    TenantId ["tenant_id"], Type::Id;
    AppId ["app_id"], Type::Id;
    WorkflowId ["workflow_id"], Type::Id;
    WorkflowRunId ["workflow_run_id"], Type::Id;
    NodeId ["node_id"], Type::Id;
    NodeExecutionId ["node_execution_id"], Type::Id;
    ConversationId ["conversation_id"], Type::Id;
    MessageId ["message_id"], Type::Id;
    UserId ["user_id"], Type::Id;
    SessionId ["session_id"], Type::Keyword;
    NodeType ["node_type"], Type::Keyword;
    ModelProvider ["model_provider"], Type::Keyword;
    ModelName ["model_name"], Type::Keyword;
    ErrorSource ["error_source"], Type::Keyword;
    HttpMethod ["http", "request", "method"], Type::Keyword;
    HttpStatus ["http", "response", "status_code"], Type::Integer(-32768, 32767);
    HttpRoute ["http", "route"], Type::Keyword;
    UrlPath ["url", "path"], Type::Keyword;
    DurationMs ["duration_ms"], Type::Float;
    ExceptionType ["exception", "type"], Type::Keyword;
    ExceptionMessage ["exception", "message"], Type::Text;
    ExceptionStack ["exception", "stacktrace"], Type::Text;
    CodeFile ["code", "file", "path"], Type::Keyword;
    CodeLine ["code", "line", "number"], Type::Integer(-2147483648, 2147483647);
    Record ["record"], Type::Keyword;
    RowId ["id"], Type::Keyword;
    RunCreatedAt ["run_created_at"], Type::Time;
    Status ["status"], Type::Keyword;
    CreatedFrom ["created_from"], Type::Keyword;
    CreatedByRole ["created_by_role"], Type::Keyword;
    CreatedBy ["created_by"], Type::Id;
    TriggeredFrom ["triggered_from"], Type::Keyword;
    WorkflowVersion ["workflow_version"], Type::Keyword;
    Title ["title"], Type::Keyword;
    WorkflowType ["workflow_type"], Type::Keyword;
    NodeIndex ["node_index"], Type::Integer(-2147483648, 2147483647);
    PredecessorNodeId ["predecessor_node_id"], Type::Keyword;
    Currency ["currency"], Type::Keyword;
    CreatedAt ["created_at"], Type::Time;
    FinishedAt ["finished_at"], Type::Time;
    ElapsedTime ["elapsed_time"], Type::Float;
    TotalTokens ["total_tokens"], Type::Integer(i64::MIN, i64::MAX);
    PromptTokens ["prompt_tokens"], Type::Integer(i64::MIN, i64::MAX);
    CompletionTokens ["completion_tokens"], Type::Integer(i64::MIN, i64::MAX);
    TotalSteps ["total_steps"], Type::Integer(i64::MIN, i64::MAX);
    ExceptionsCount ["exceptions_count"], Type::Integer(i64::MIN, i64::MAX);
    TotalPrice ["total_price"], Type::Double;
    Error ["error"], Type::Text;
    Inputs ["inputs"], Type::Text;
    Outputs ["outputs"], Type::Text;
}

pub const SLOTS: usize = ALL.len();
/// From here on only workflow records have these fields; a log line's go under `attributes`.
pub const FIRST_OF_RECORDS: Slot = Slot::Record;

const _: () = assert!(SLOTS <= 128, "the set of filled slots is one integer");

impl Slot {
    pub fn field(self) -> &'static Field {
        &FIELDS[self as usize]
    }

    pub const fn bit(self) -> u128 {
        1 << self as u8
    }

    pub fn from_index(index: u32) -> Self {
        ALL[index as usize]
    }

    pub fn all() -> &'static [Self] {
        ALL
    }
}

#[cfg(test)]
mod tests {
    use correlog_schema::fields::{self, Kind, SetBy};

    use super::*;
    use crate::limits::LEAF_MAX_BYTES;

    fn path(slot: Slot) -> String {
        slot.field().path.join(".")
    }

    /// Whether a value that fits the encoder's type is one that the catalogue's type takes.
    fn fits(kind: Type, declared: Kind) -> bool {
        match (kind, declared) {
            (Type::Time, Kind::DateNanos)
            | (Type::Text, Kind::MatchOnlyText { .. } | Kind::TextNotIndexed)
            | (Type::Float, Kind::Float | Kind::Measure | Kind::Double)
            | (Type::Double, Kind::Double) => true,
            (Type::Level | Type::Trace | Type::Span, Kind::Keyword(_)) => true,
            // What is not cut short enough here is silently not indexed there.
            (Type::Keyword | Type::Id, Kind::Keyword(keyword)) => keyword.cut as usize >= LEAF_MAX_BYTES,
            (Type::Integer(min, max), Kind::Byte) => min >= i8::MIN.into() && max <= i8::MAX.into(),
            (Type::Integer(min, max), Kind::Short) => min >= i16::MIN.into() && max <= i16::MAX.into(),
            (Type::Integer(min, max), Kind::Integer { .. }) => {
                min >= i32::MIN.into() && max <= i32::MAX.into()
            }
            (Type::Integer(..), Kind::Long) => true,
            _ => false,
        }
    }

    #[test]
    fn every_place_is_in_the_catalogue_with_its_type_and_its_family() {
        for &slot in Slot::all() {
            let path = path(slot);
            let field = fields::field(&path).unwrap_or_else(|| panic!("{path} is in no catalogue"));
            assert!(fits(slot.field().kind, field.kind), "{path}: {:?}, {:?}", slot.field().kind, field.kind);
            let family = if slot < FIRST_OF_RECORDS {
                field.families.has_logs()
            } else {
                field.families.has_workflow()
            };
            assert!(family, "{path} is in the other family");
        }
    }

    #[test]
    fn every_field_that_a_line_may_carry_has_a_place() {
        let places: Vec<String> = Slot::all().iter().map(|slot| path(*slot)).collect();
        for field in fields::FIELDS {
            // The writer's position is spliced around, and `attributes` takes what has no place.
            let apart = field.path.starts_with("log.") || field.path == "attributes";
            let is_carried = field.set_by != SetBy::Shipper && !apart;
            let is_placed = places.iter().any(|place| place == field.path);
            assert!(is_placed || !is_carried, "{} has no place", field.path);
        }
    }

    #[test]
    fn fields_of_one_object_stand_next_to_each_other() {
        let mut closed: Vec<&str> = Vec::new();
        let mut open = "";
        for slot in Slot::all() {
            let root = slot.field().path[0];
            if root != open {
                assert!(!closed.contains(&root), "{root} would be opened twice: a key twice is a 400");
                closed.push(open);
                open = root;
            }
        }
    }
}
