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
/// At the ends of so many lines within those first bytes their hash is kept, to know a copy that is shorter.
pub const BEGINNING_LINES_MAX: usize = 128;
/// One read from one file in one turn; also the largest share of a turn that one file may take.
pub const READ_BLOCK_BYTES: usize = 256 << 10;
/// A body is closed when it has this many bytes.
pub const BATCH_MAX_BYTES: usize = 4 << 20;
/// A body is closed when its oldest document is this old.
pub const BATCH_AGE_MAX_MILLIS: u64 = 500;
/// A reply is about 75 bytes a document, and a few hundred for one that is refused; a larger one is not a reply to us.
pub const REPLY_MAX_BYTES: usize = 16 << 20;
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
/// First lines of forgotten files whose generation numbers are remembered.
pub const FORGOTTEN_MAX: usize = 65_536;
/// New day indices one run may create.
pub const NEW_INDICES_MAX: usize = 100;
/// Leaves of keywords and of `attributes` are cut here; OpenSearch refuses a document with a 40 kB term.
pub const LEAF_MAX_BYTES: usize = 8 << 10;
/// What one turn reads from all files together.
pub const TURN_READ_MAX_BYTES: usize = 2 << 20;
/// Heads of new files read in one turn.
pub const TURN_HEADS_MAX: usize = 256;
/// Compressed files being inflated at once; each has a window of a line and a block.
pub const INFLATERS_MAX: usize = 4;
/// Longest wait between two listings of a group, hint or no hint.
pub const RESCAN_MILLIS: u64 = 1_000;
/// Listing costs by the file: with many of them that wait is longer by a millisecond for so many files, and so is the
/// shortest wait between two listings after hints. Ten thousand files are listed every ten seconds, or every second.
pub const RESCAN_FILES_PER_MILLI: u64 = 1;
pub const HURRY_FILES_PER_MILLI: u64 = 10;
/// A rotated or unlinked file that has not changed for so long cannot grow any more.
pub const GRACE_MILLIS: u64 = 5_000;
/// A lineage whose bytes are nowhere to be found for so long has a hole: it is reported.
pub const ORPHAN_MILLIS: u64 = 5_000;
/// State of a file is dropped when complete listings have not shown it for so long in one process life.
pub const FORGET_MILLIS: u64 = 3_600_000;
/// The shortest pause between two saves of the checkpoint.
pub const SAVE_MILLIS: u64 = 1_000;
/// An idle pump looks at the files it follows this often even without a hint.
pub const IDLE_MILLIS: u64 = 250;

/// The limits one pump works under. The binary takes the defaults or the configuration's values, the simulator
/// small ones, so that a short run meets every edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    pub in_flight_bytes: usize,
    pub line_bytes: usize,
    pub block_bytes: usize,
    pub turn_read_bytes: usize,
    pub turn_heads: usize,
    pub open_files: usize,
    pub inflaters: usize,
    pub rescan_ms: u64,
    pub grace_ms: u64,
    pub orphan_ms: u64,
    pub forget_ms: u64,
    pub save_ms: u64,
    pub idle_ms: u64,
    pub retry_delay_ms: u64,
    pub state_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            in_flight_bytes: IN_FLIGHT_MAX_BYTES,
            line_bytes: LINE_MAX_BYTES,
            block_bytes: READ_BLOCK_BYTES,
            turn_read_bytes: TURN_READ_MAX_BYTES,
            turn_heads: TURN_HEADS_MAX,
            open_files: OPEN_FILES_MAX,
            inflaters: INFLATERS_MAX,
            rescan_ms: RESCAN_MILLIS,
            grace_ms: GRACE_MILLIS,
            orphan_ms: ORPHAN_MILLIS,
            forget_ms: FORGET_MILLIS,
            save_ms: SAVE_MILLIS,
            idle_ms: IDLE_MILLIS,
            retry_delay_ms: RETRY_DELAY_MAX_MILLIS,
            state_bytes: STATE_MAX_BYTES,
        }
    }
}

const _: () = assert!(IN_FLIGHT_PARKED_LANE_MAX_BYTES <= IN_FLIGHT_PARKED_ALL_MAX_BYTES);
const _: () = assert!(IN_FLIGHT_PARKED_ALL_MAX_BYTES < IN_FLIGHT_MAX_BYTES);
const _: () = assert!(LINE_MAX_BYTES <= BATCH_MAX_BYTES, "one line must fit into one body");
const _: () =
    assert!(BATCH_MAX_BYTES * CONCURRENCY_MAX <= IN_FLIGHT_MAX_BYTES, "the budget must feed every sender");
const _: () = assert!(FINGERPRINT_MAX_BYTES <= READ_BLOCK_BYTES);
const _: () = assert!(READ_BLOCK_BYTES <= TURN_READ_MAX_BYTES, "a turn must let one file read its block");
const _: () = assert!(LINE_MAX_BYTES <= TURN_READ_MAX_BYTES && LINE_MAX_BYTES < IN_FLIGHT_MAX_BYTES);
const _: () = assert!(INFLATERS_MAX < OPEN_FILES_MAX);
const _: () = assert!(REPLY_MAX_BYTES >= 2 * BATCH_MAX_BYTES, "a reply may refuse every document in words");
const _: () = assert!(LEAF_MAX_BYTES < LINE_MAX_BYTES && LINE_MAX_BYTES as u64 <= REFUSED_MAX_BYTES);
const _: () = assert!(RETRY_DELAY_MAX_MILLIS <= RETRY_AFTER_MAX_MILLIS);
const _: () = assert!(IDLE_MILLIS <= RESCAN_MILLIS && GRACE_MILLIS <= FORGET_MILLIS);
const _: () = assert!(MARKER_MAX_BYTES <= READ_BLOCK_BYTES);
const _: () = assert!(MARKER_MAX_BYTES <= u16::MAX as usize && BEGINNING_LINES_MAX <= u8::MAX as usize);
