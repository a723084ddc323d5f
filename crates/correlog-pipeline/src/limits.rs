//! Every limit of the pipeline in one place, units last, their relations asserted at compile time.
//!
//! It holds no defaults of the configuration file that are a matter of taste; those are in the binary.

/// Bytes read from files and not settled yet, over all files: the one number that back-pressure is made of.
pub const IN_FLIGHT_MAX_BYTES: usize = 24 << 20;
/// What one parked lane may hold of it; beyond that the files feeding it pause.
pub const IN_FLIGHT_PARKED_LANE_MAX_BYTES: usize = IN_FLIGHT_MAX_BYTES / 4;
/// What all parked lanes may hold together.
pub const IN_FLIGHT_PARKED_ALL_MAX_BYTES: usize = IN_FLIGHT_MAX_BYTES / 2;
/// A longer line becomes one truncated event.
pub const LINE_MAX_BYTES: usize = 1 << 20;
/// How much of the first line makes the fingerprint of a lineage.
pub const FINGERPRINT_MAX_BYTES: usize = 64 << 10;
/// How many bytes before the offset are hashed to notice a file that was rewritten under us.
pub const MARKER_MAX_BYTES: usize = 4 << 10;
/// One read from one file in one turn; also the largest share of a turn that one file may take.
pub const READ_BLOCK_BYTES: usize = 256 << 10;
/// A body is closed when it has this many bytes.
pub const BATCH_MAX_BYTES: usize = 4 << 20;
/// A body is closed when its oldest document is this old.
pub const BATCH_AGE_MAX_MILLIS: u64 = 500;
/// Requests under way at once.
pub const CONCURRENCY_MAX: usize = 4;
/// Open file handles; colder ones are closed and reopened without losing the place.
pub const OPEN_FILES_MAX: usize = 128;
/// The longest pause between two tries of anything.
pub const RETRY_DELAY_MAX_MILLIS: u64 = 30_000;
/// One bulk request, from its start to the end of its reply; beyond it the request's fate is unknown.
pub const REQUEST_DEADLINE_MILLIS: u64 = 30_000;
/// The longest pause that a server may ask for (`Retry-After`).
pub const RETRY_AFTER_MAX_MILLIS: u64 = 300_000;
/// The refused file; when it is full the pipeline holds back and says so, and loses nothing.
pub const REFUSED_MAX_BYTES: u64 = 1 << 30;
/// The state file.
pub const STATE_MAX_BYTES: u64 = 64 << 20;
/// New day indices one run may create.
pub const NEW_INDICES_MAX: usize = 100;
/// Leaves of keywords and of `attributes` are cut here; OpenSearch refuses a document with a 40 kB term.
pub const LEAF_MAX_BYTES: usize = 8 << 10;

const _: () = assert!(IN_FLIGHT_PARKED_LANE_MAX_BYTES <= IN_FLIGHT_PARKED_ALL_MAX_BYTES);
const _: () = assert!(IN_FLIGHT_PARKED_ALL_MAX_BYTES < IN_FLIGHT_MAX_BYTES);
const _: () = assert!(LINE_MAX_BYTES <= BATCH_MAX_BYTES, "one line must fit into one body");
const _: () =
    assert!(BATCH_MAX_BYTES * CONCURRENCY_MAX <= IN_FLIGHT_MAX_BYTES, "the budget must feed every sender");
const _: () = assert!(FINGERPRINT_MAX_BYTES <= READ_BLOCK_BYTES);
