//! The native line: which root keys it has, in which order.
//!
//! Does not write a line: the layer does; the shipper recognises one by this order.

/// Root keys of a native line in the order the layer writes them. A key without a value is left out; the user's
/// catalogued fields stand between [`FIXED_KEYS`] and `attributes`, in order of their roots.
pub const FIXED_KEYS: &[&str] = &[
    "@timestamp",
    "level",
    "message",
    "service",
    "deployment",
    "logger",
    "trace_id",
    "span_id",
    "trace_flags",
    "span",
];

/// Holds what the catalogue does not name; the last key but one.
pub const ATTRIBUTES_KEY: &str = "attributes";

/// The last key of the line, so that the shipper can add lineage and offset by splicing before the closing braces.
pub const LOG_KEY: &str = "log";

/// How a native line starts.
pub const START: &str = "{\"@timestamp\":\"";

/// The `log` object of a native line: `"log":{"stream":"<32 hex>","seq":<number>}}`.
pub const LOG_START: &str = "\"log\":{\"stream\":\"";

/// Between the stream and its sequence number.
pub const LOG_SEQ: &str = "\",\"seq\":";
