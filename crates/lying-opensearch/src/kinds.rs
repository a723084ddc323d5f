//! Every way to lie, as one table: what is done with the documents, what is said, and for how long.
//!
//! A lie is about one document of a request (its victim) or about the whole request.

/// One way to lie.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub name: &'static str,
    pub deed: Deed,
    pub word: Word,
    pub lasts: Lasts,
}

/// What is done with the documents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    Apply,
    Nothing,
    /// Those before the victim are applied.
    Before,
    /// Applied without a sync, and lost again right after the answer.
    Forget,
}

/// What is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// This status with this body, whatever was done.
    Status(u16, &'static str),
    /// The honest reply, bent.
    Bent(Bend),
    /// The honest reply but for the victim's item; `true`: the victim was applied all the same.
    Item(u16, &'static str, bool),
    /// The honest reply, on a bad wire.
    Wire(Wire),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bend {
    Spaced,
    Missing,
    Doubled,
    Extra,
    Swapped,
    WrongId,
    NoItems,
    NullItems,
    EmptyItems,
    WrongVerb,
    StatusAsText,
    TwoStatuses,
    NoStatus,
    ErrorsTrue,
    Trailing,
    ByteOrderMark,
    NotUtf8,
    Empty,
    Html,
    Array,
    HalfJson,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// Closed before the request is read.
    CloseUnread,
    /// Closed after the request, without a byte.
    Close,
    /// Reset after the request.
    Reset,
    /// Closed within the status line, the headers, the body (first, middle, last place).
    Cut,
    /// Chunks without the last one.
    ChunksWithoutEnd,
    /// A `Content-Length` larger than the body, then closed.
    TooShort,
    /// Says gzip and is none.
    BadGzip,
    /// Never answers.
    Hang,
    /// Starts to answer and never ends.
    HangInside,
    /// One byte at a time, slowly, to the end.
    Dribble,
    /// Late, but whole.
    Delay,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lasts {
    /// For so many requests.
    Times(u32),
    /// Whenever the victim is in the request, in any form.
    Victim,
    /// Whenever the victim is in the request as it came first.
    VictimFirstForm,
    /// Whenever the body has more bytes than this.
    Over(usize),
}

const fn kind(name: &'static str, deed: Deed, word: Word, lasts: Lasts) -> Kind {
    Kind { name, deed, word, lasts }
}

const HTML: &str = "<html><head><title>Error</title></head><body>nginx</body></html>";
const ONCE: Lasts = Lasts::Times(1);
const THRICE: Lasts = Lasts::Times(3);

const fn wire(name: &'static str, deed: Deed, wire: Wire) -> Kind {
    kind(name, deed, Word::Wire(wire), ONCE)
}

const fn bent(name: &'static str, bend: Bend) -> Kind {
    kind(name, Deed::Apply, Word::Bent(bend), ONCE)
}

const fn item(name: &'static str, status: u16, error: &'static str, lasts: Lasts) -> Kind {
    kind(name, Deed::Apply, Word::Item(status, error, false), lasts)
}

const fn done(name: &'static str, status: u16, error: &'static str) -> Kind {
    kind(name, Deed::Apply, Word::Item(status, error, true), ONCE)
}

const fn says(name: &'static str, deed: Deed, status: u16, body: &'static str, lasts: Lasts) -> Kind {
    kind(name, deed, Word::Status(status, body), lasts)
}

const BLOCK: &str = r#"{"error":{"type":"cluster_block_exception","reason":"blocked"},"status":403}"#;
const REJECTED: &str = r#"{"error":{"type":"rejected_execution_exception","reason":"full"},"status":429}"#;
const BREAKER: &str = r#"{"error":{"type":"circuit_breaking_exception","reason":"large"},"status":429}"#;
const SECURITY: &str = r#"{"error":{"type":"security_exception","reason":"no permissions"},"status":403}"#;
const ILLEGAL: &str =
    r#"{"error":{"type":"illegal_argument_exception","reason":"Malformed action"},"status":400}"#;
const NULL: &str = r#"{"error":{"type":"null_pointer_exception","reason":null},"status":500}"#;

/// The table.
pub const KINDS: &[Kind] = &[
    // The wire.
    wire("close_unread", Deed::Nothing, Wire::CloseUnread),
    wire("close_undone", Deed::Nothing, Wire::Close),
    wire("close_done", Deed::Apply, Wire::Close),
    wire("close_half_done", Deed::Before, Wire::Close),
    wire("close_forgotten", Deed::Forget, Wire::Close),
    wire("reset_done", Deed::Apply, Wire::Reset),
    wire("reset_half_done", Deed::Before, Wire::Reset),
    wire("cut_done", Deed::Apply, Wire::Cut),
    wire("cut_forgotten", Deed::Forget, Wire::Cut),
    wire("chunks_without_end", Deed::Apply, Wire::ChunksWithoutEnd),
    wire("too_short", Deed::Apply, Wire::TooShort),
    wire("bad_gzip", Deed::Apply, Wire::BadGzip),
    wire("hang_undone", Deed::Nothing, Wire::Hang),
    wire("hang_done", Deed::Apply, Wire::Hang),
    wire("hang_half_done", Deed::Before, Wire::Hang),
    wire("hang_inside", Deed::Apply, Wire::HangInside),
    wire("dribble", Deed::Apply, Wire::Dribble),
    wire("delay", Deed::Apply, Wire::Delay),
    kind("hang_victim", Deed::Nothing, Word::Wire(Wire::Hang), Lasts::VictimFirstForm),
    kind("close_victim", Deed::Nothing, Word::Wire(Wire::Close), Lasts::Victim),
    // A status for all of it.
    says("status_400_poison", Deed::Nothing, 400, ILLEGAL, Lasts::Victim),
    says("status_400_poison_first_form", Deed::Nothing, 400, ILLEGAL, Lasts::VictimFirstForm),
    says("status_400_html", Deed::Nothing, 400, HTML, ONCE),
    says("status_400_html_done", Deed::Apply, 400, HTML, ONCE),
    says("status_401", Deed::Nothing, 401, "", THRICE),
    says("status_403_security", Deed::Nothing, 403, SECURITY, ONCE),
    says("status_403_html", Deed::Nothing, 403, HTML, ONCE),
    says("status_403_block", Deed::Nothing, 403, BLOCK, THRICE),
    says("status_429_block", Deed::Nothing, 429, BLOCK, THRICE),
    says("status_404", Deed::Nothing, 404, HTML, ONCE),
    says("status_405", Deed::Nothing, 405, "", ONCE),
    says("status_407", Deed::Nothing, 407, HTML, ONCE),
    says("status_408", Deed::Apply, 408, "", ONCE),
    says("status_413_over", Deed::Nothing, 413, HTML, Lasts::Over(400)),
    says("status_413_victim", Deed::Nothing, 413, HTML, Lasts::Victim),
    says("status_429_rejected", Deed::Nothing, 429, REJECTED, THRICE),
    says("status_429_breaker", Deed::Nothing, 429, BREAKER, ONCE),
    says("status_429_done", Deed::Apply, 429, REJECTED, ONCE),
    says("status_429_html", Deed::Nothing, 429, HTML, ONCE),
    says("status_301", Deed::Nothing, 301, "", ONCE),
    says("status_302", Deed::Nothing, 302, HTML, ONCE),
    says("status_307", Deed::Nothing, 307, "", ONCE),
    says("status_500_done", Deed::Apply, 500, NULL, ONCE),
    says("status_500_undone", Deed::Nothing, 500, NULL, ONCE),
    says("status_500_half_done", Deed::Before, 500, HTML, ONCE),
    says("status_502_done", Deed::Apply, 502, HTML, ONCE),
    says("status_503_done", Deed::Apply, 503, HTML, ONCE),
    says("status_503_undone", Deed::Nothing, 503, "", THRICE),
    says("status_504_done", Deed::Apply, 504, HTML, ONCE),
    says("status_504_forgotten", Deed::Forget, 504, HTML, ONCE),
    says("status_201", Deed::Nothing, 201, "{}", ONCE),
    says("status_204", Deed::Nothing, 204, "", ONCE),
    says("status_206", Deed::Before, 206, "{\"errors\":false}", ONCE),
    says("status_200_errors_false", Deed::Nothing, 200, "{\"took\":1,\"errors\":false}", ONCE),
    says("status_200_login_page", Deed::Nothing, 200, HTML, ONCE),
    // The honest reply, bent.
    bent("spaced", Bend::Spaced),
    bent("item_missing", Bend::Missing),
    bent("item_doubled", Bend::Doubled),
    bent("item_extra", Bend::Extra),
    bent("items_swapped", Bend::Swapped),
    bent("wrong_id", Bend::WrongId),
    bent("no_items", Bend::NoItems),
    bent("null_items", Bend::NullItems),
    bent("empty_items", Bend::EmptyItems),
    bent("wrong_verb", Bend::WrongVerb),
    bent("status_as_text", Bend::StatusAsText),
    bent("two_statuses", Bend::TwoStatuses),
    bent("no_status", Bend::NoStatus),
    bent("errors_true", Bend::ErrorsTrue),
    bent("trailing", Bend::Trailing),
    bent("byte_order_mark", Bend::ByteOrderMark),
    bent("not_utf8", Bend::NotUtf8),
    bent("empty", Bend::Empty),
    bent("html", Bend::Html),
    bent("array", Bend::Array),
    bent("half_json", Bend::HalfJson),
    // One item.
    item("item_rejected", 429, "rejected_execution_exception", THRICE),
    item("item_breaker", 429, "circuit_breaking_exception", ONCE),
    done("item_rejected_done", 429, "rejected_execution_exception"),
    item("item_unavailable", 503, "unavailable_shards_exception", THRICE),
    done("item_unavailable_done", 503, "unavailable_shards_exception"),
    item("item_no_cluster_manager", 503, "cluster_manager_not_discovered_exception", ONCE),
    done("item_timeout_done", 500, "timeout_exception"),
    item("item_flood_stage", 429, "cluster_block_exception", THRICE),
    item("item_read_only", 403, "cluster_block_exception", THRICE),
    item("item_create_index_block", 403, "index_create_block_exception", THRICE),
    item("item_index_missing", 404, "index_not_found_exception", THRICE),
    item("item_index_closed", 400, "index_closed_exception", THRICE),
    item("item_shard_limit", 400, "validation_exception", THRICE),
    item("item_permission", 403, "security_exception", THRICE),
    item("item_mapping", 400, "mapper_parsing_exception", Lasts::Victim),
    item("item_mapping_first_form", 400, "mapper_parsing_exception", Lasts::VictimFirstForm),
    item("item_strict", 400, "strict_dynamic_mapping_exception", Lasts::Victim),
    item("item_field_limit", 400, "illegal_argument_exception", Lasts::VictimFirstForm),
    item("item_parse", 400, "parsing_exception", Lasts::Victim),
    item("item_mapping_once", 400, "mapper_parsing_exception", ONCE),
    item("item_unknown_400", 400, "never_heard_of_exception", THRICE),
    item("item_unknown_500", 500, "never_heard_of_exception", Lasts::Times(8)),
    done("item_unknown_done", 500, "never_heard_of_exception"),
    item("item_unknown_409", 409, "never_heard_of_exception", ONCE),
    item("item_false_conflict", 409, "version_conflict_engine_exception", ONCE),
    item("item_202", 202, "", ONCE),
    item("item_200_with_error", 200, "mapper_parsing_exception", ONCE),
    done("item_409_done", 409, "version_conflict_engine_exception"),
];

pub fn named(name: &str) -> Option<Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// Which document of a request is the victim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    First,
    Middle,
    Last,
}

impl Place {
    pub const ALL: [Self; 3] = [Self::First, Self::Middle, Self::Last];

    pub const fn of(self, count: usize) -> usize {
        match self {
            Self::First => 0,
            Self::Middle => count / 2,
            Self::Last => count.saturating_sub(1),
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "first" => Self::First,
            "middle" => Self::Middle,
            "last" => Self::Last,
            _ => return None,
        })
    }
}
