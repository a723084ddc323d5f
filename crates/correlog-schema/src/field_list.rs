//! The catalogue itself, sorted by path, and the aliases other tools know the fields by.
//!
//! Does not say what the columns mean: `fields.rs` does. A field that a panel, a filter or a join needs is added
//! here, and the templates, `docs/FIELDS.md` and the dashboards' index pattern follow.

use crate::fields::{Families, Field, Keyword, Kind, LEAF_CUT, SetBy};

/// Other tools' names for a field, mapped as OpenSearch aliases. A document that carries one as a key is refused.
pub static ALIASES: &[(&str, &str)] = &[
    ("serviceName", "service.name"),
    ("spanId", "span_id"),
    ("time", "@timestamp"),
    ("traceId", "trace_id"),
];

/// Every field with a type of its own, sorted by path; what is not here lives under `attributes`.
pub static FIELDS: &[Field] = &[
    row(
        "@timestamp",
        DATE,
        BOTH,
        SetBy::Layer,
        "Event time, UTC, to the nanosecond; a record line's own time, which is also its version.",
    ),
    row("app_id", KEYWORD, BOTH, SetBy::User, "The application a workflow belongs to."),
    row(
        "attributes",
        Kind::FlatObject,
        BOTH,
        SetBy::Layer,
        "Everything else a line says; `attributes.key:value`, `:ac*` and `:*` find it, ranges and aggregations do not work.",
    ),
    row("code.file.path", UNINDEXED, LOGS, SetBy::Layer, "Source file of the log statement."),
    row(
        "code.line.number",
        Kind::Integer { indexed: false },
        LOGS,
        SetBy::Layer,
        "Source line of the log statement.",
    ),
    row("completion_tokens", Kind::Long, WORKFLOW, SetBy::Record, "Tokens the model wrote."),
    row("conversation_id", KEYWORD, BOTH, SetBy::User, "The conversation a message belongs to."),
    row(
        "created_at",
        DATE,
        WORKFLOW,
        SetBy::Record,
        "When the row was made: the start of a run or of a node.",
    ),
    row(
        "created_by",
        KEYWORD,
        WORKFLOW,
        SetBy::Record,
        "Account or end user who started it, by `created_by_role`.",
    ),
    row("created_by_role", KEYWORD, WORKFLOW, SetBy::Record, "`account` or `end_user`."),
    row("created_from", KEYWORD, WORKFLOW, SetBy::Record, "`service-api`, `web-app` or `installed-app`."),
    row("currency", KEYWORD, WORKFLOW, SetBy::Record, "Currency of `total_price`."),
    row("deployment.environment.name", KEYWORD, BOTH, SetBy::Layer, "For example `prod`."),
    row(
        "duration_ms",
        Kind::Measure,
        BOTH,
        SetBy::User,
        "How long the thing the line tells of took, in milliseconds.",
    ),
    row("elapsed_time", Kind::Float, WORKFLOW, SetBy::Record, "How long a run or a node took, in seconds."),
    row(
        "error",
        ERROR,
        WORKFLOW,
        SetBy::Record,
        "Why a run or a node failed; `error.keyword` groups by its first 256 bytes.",
    ),
    row(
        "error_source",
        KEYWORD,
        BOTH,
        SetBy::User,
        "Whom to page: `platform`, `workflow` (its builder) or `provider`.",
    ),
    row("exception.message", TEXT, BOTH, SetBy::User, "What the exception said."),
    row("exception.stacktrace", Kind::TextNotIndexed, BOTH, SetBy::User, "Kept, not searchable."),
    row("exception.type", KEYWORD, BOTH, SetBy::User, "Type or class of the exception."),
    row("exceptions_count", Kind::Long, WORKFLOW, SetBy::Record, "Handled failures within a run."),
    row("external_trace_id", KEYWORD, BOTH, SetBy::User, "A caller's own id that is not 32 hex digits."),
    row("finished_at", DATE, WORKFLOW, SetBy::Record, "When a run or a node ended; absent while it runs."),
    row("host.name", KEYWORD, BOTH, SetBy::Shipper, "The machine the line was written on."),
    row("http.request.method", KEYWORD, LOGS, SetBy::User, "For example `POST`."),
    row(
        "http.response.status_code",
        Kind::Short,
        BOTH,
        SetBy::User,
        "Status of the answer: the service's own on an access line, the provider's on a node record.",
    ),
    row("http.route", KEYWORD, LOGS, SetBy::User, "Route template, for example `/workflows/{id}`."),
    row("id", LOOKUP, WORKFLOW, SetBy::Record, "Row id; the document's `_id` is `<record>:<id>`."),
    row(
        "inputs",
        TEXT,
        WORKFLOW,
        SetBy::Record,
        "What a run or a node was given, as text; bounded, and off by option.",
    ),
    row("level", KEYWORD, LOGS, SetBy::Layer, "TRACE, DEBUG, INFO, WARN, ERROR or FATAL."),
    row("log.file.path", KEYWORD, BOTH, SetBy::Shipper, "The file the line was read from."),
    row(
        "log.lineage",
        KEYWORD,
        BOTH,
        SetBy::Shipper,
        "Which file this is, across renames, copies and compression.",
    ),
    row("log.next", Kind::Position, BOTH, SetBy::Shipper, "Offset right after the line, in bytes."),
    row(
        "log.offset",
        Kind::Position,
        BOTH,
        SetBy::Shipper,
        "Where the line starts in its lineage, in bytes.",
    ),
    row(
        "log.seq",
        Kind::Position,
        BOTH,
        SetBy::Layer,
        "Number of the line in its stream, from 0, without gaps.",
    ),
    row(
        "log.skipped",
        Kind::Position,
        BOTH,
        SetBy::Shipper,
        "Bytes skipped since the previous document or refusal.",
    ),
    row("log.stream", KEYWORD, BOTH, SetBy::Layer, "One writer's life, 32 hex digits."),
    row("logger", KEYWORD, LOGS, SetBy::Layer, "Target of the log statement, for example `api::runner`."),
    row("message", TEXT, BOTH, SetBy::Layer, "What the line says."),
    row("message_id", KEYWORD, BOTH, SetBy::User, "The chat message a run answers."),
    row("model_name", KEYWORD, BOTH, SetBy::User, "Model a node called."),
    row("model_provider", KEYWORD, BOTH, SetBy::User, "Provider of that model."),
    row("node_execution_id", LOOKUP, BOTH, SetBy::User, "One execution of one node."),
    row("node_id", KEYWORD, BOTH, SetBy::User, "The node in its workflow's graph."),
    row(
        "node_index",
        Kind::Integer { indexed: true },
        WORKFLOW,
        SetBy::Record,
        "Place of the node in its run's order.",
    ),
    row("node_type", KEYWORD, BOTH, SetBy::User, "For example `llm` or `http-request`."),
    row(
        "outputs",
        TEXT,
        WORKFLOW,
        SetBy::Record,
        "What a run or a node gave back, as text; bounded, and off by option.",
    ),
    row("parent_span_id", LOOKUP, BOTH, SetBy::Layer, "16 lower-case hex digits."),
    row("predecessor_node_id", LOOKUP, WORKFLOW, SetBy::Record, "The node that ran before."),
    row("prompt_tokens", Kind::Long, WORKFLOW, SetBy::Record, "Tokens the model was given."),
    row(
        "record",
        KEYWORD,
        BOTH,
        SetBy::Layer,
        "Kind of the document: `log` and the others of the list below.",
    ),
    row(
        "run_created_at",
        DATE,
        WORKFLOW,
        SetBy::Record,
        "Start of the run; its UTC day is the index of the run's every record.",
    ),
    row("service.instance.id", KEYWORD, BOTH, SetBy::Layer, "One process of the service."),
    row("service.name", KEYWORD, BOTH, SetBy::Layer, "Name of the service."),
    row("service.version", KEYWORD, BOTH, SetBy::Layer, "Version of the service."),
    row("session_id", KEYWORD, BOTH, SetBy::User, "What the caller gave as its end user."),
    row("severity_number", Kind::Byte, LOGS, SetBy::Shipper, "1 to 24 as OpenTelemetry numbers severities."),
    row(
        "shipper.bytes_read",
        Kind::Long,
        LOGS,
        SetBy::Shipper,
        "Bytes read since the previous status document.",
    ),
    row(
        "shipper.lag_ms",
        Kind::Long,
        LOGS,
        SetBy::Shipper,
        "How far behind: age of the oldest line not yet stored.",
    ),
    row(
        "shipper.lines_read",
        Kind::Long,
        LOGS,
        SetBy::Shipper,
        "Lines read since the previous status document.",
    ),
    row("shipper.lines_refused", Kind::Long, LOGS, SetBy::Shipper, "Lines in the refused file since then."),
    row("shipper.lines_skipped", Kind::Long, LOGS, SetBy::Shipper, "Counted skips since then."),
    row("shipper.lines_stored", Kind::Long, LOGS, SetBy::Shipper, "Lines indexed since then."),
    row("shipper.reason", KEYWORD, LOGS, SetBy::Shipper, "Why lines were refused or skipped."),
    row("span.name", KEYWORD, LOGS, SetBy::Layer, "Innermost span around the line."),
    row("span_id", LOOKUP, BOTH, SetBy::Layer, "16 lower-case hex digits; absent outside a span."),
    row(
        "status",
        KEYWORD,
        WORKFLOW,
        SetBy::Record,
        "`running`, `paused`, `succeeded`, `failed`, `stopped`, `partial-succeeded`; nodes also `exception`, `retry`.",
    ),
    row("tenant_id", KEYWORD, BOTH, SetBy::User, "The tenant; document-level security filters by it."),
    row("title", KEYWORD, WORKFLOW, SetBy::Record, "A node's title as its builder wrote it."),
    row("total_price", Kind::Double, WORKFLOW, SetBy::Record, "What the tokens cost, in `currency`."),
    row("total_steps", Kind::Long, WORKFLOW, SetBy::Record, "Nodes executed in a run."),
    row(
        "total_tokens",
        Kind::Long,
        WORKFLOW,
        SetBy::Record,
        "Tokens of a run or a node; a run's are the sum of its nodes'.",
    ),
    row("trace_flags", KEYWORD, BOTH, SetBy::Layer, "Two hex digits; `01` is sampled."),
    row("trace_id", ID, BOTH, SetBy::Layer, "32 lower-case hex digits; absent without a valid context."),
    row(
        "triggered_from",
        KEYWORD,
        WORKFLOW,
        SetBy::Record,
        "`app-run`, `debugging`, `webhook`, `schedule` or `plugin`.",
    ),
    row("url.path", KEYWORD, LOGS, SetBy::User, "Path of the request."),
    row("user_id", KEYWORD, BOTH, SetBy::User, "Account or end user on whose behalf the line was written."),
    row("workflow_id", KEYWORD, BOTH, SetBy::User, "The workflow's definition."),
    row("workflow_run_id", ID, BOTH, SetBy::User, "One run; the primary key of its story."),
    row("workflow_type", KEYWORD, WORKFLOW, SetBy::Record, "`workflow`, `chat` or `rag-pipeline`."),
    row(
        "workflow_version",
        KEYWORD,
        WORKFLOW,
        SetBy::Record,
        "Published version of the workflow, or `draft`.",
    ),
];

const BOTH: Families = Families::Both;
const LOGS: Families = Families::Logs;
const WORKFLOW: Families = Families::Workflow;

const DATE: Kind = Kind::DateNanos;
const TEXT: Kind = Kind::MatchOnlyText { keyword_cut: None };
const ERROR: Kind = Kind::MatchOnlyText { keyword_cut: Some(256) };
const KEYWORD: Kind =
    Kind::Keyword(Keyword { cut: LEAF_CUT, lowercase: false, doc_values: true, indexed: true });
/// An id that people paste in any case.
const ID: Kind = Kind::Keyword(Keyword { cut: LEAF_CUT, lowercase: true, doc_values: true, indexed: true });
/// An id that is looked up and never grouped or sorted by.
const LOOKUP: Kind =
    Kind::Keyword(Keyword { cut: LEAF_CUT, lowercase: true, doc_values: false, indexed: true });
/// Grouped and shown, never searched.
const UNINDEXED: Kind =
    Kind::Keyword(Keyword { cut: LEAF_CUT, lowercase: false, doc_values: true, indexed: false });

const fn row(path: &'static str, kind: Kind, families: Families, set_by: SetBy, doc: &'static str) -> Field {
    Field { path, kind, families, set_by, doc }
}
