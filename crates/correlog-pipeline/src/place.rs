//! A place to go on reading from: an offset with everything that is needed there. It knows no files and no ledger.

use crate::encode::Time;
use crate::limits::MARKER_MAX_BYTES;

/// Why bytes were passed over. Each is counted in bytes per lineage, and shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Skip {
    /// A line with nothing but white space.
    Blank,
    /// A run of NUL bytes at the start of a line, or a hole of the file.
    Nul,
    /// Older than `max_age`.
    Expired,
    /// There before the first start, with `start_at = "end"`.
    BeforeStart,
    /// Seen in a file and gone before it could be read.
    Lost,
}

impl Skip {
    pub const ALL: [Skip; 5] = [Skip::Blank, Skip::Nul, Skip::Expired, Skip::BeforeStart, Skip::Lost];

    pub const fn name(self) -> &'static str {
        match self {
            Skip::Blank => "blank",
            Skip::Nul => "nul",
            Skip::Expired => "expired",
            Skip::BeforeStart => "before_start",
            Skip::Lost => "lost",
        }
    }
}

/// Bytes passed over, by reason, from the start of a lineage up to a place in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Skips(pub [u64; Skip::ALL.len()]);

impl Skips {
    pub fn add(&mut self, reason: Skip, bytes: u64) {
        self.0[reason as usize] = self.0[reason as usize].saturating_add(bytes);
    }

    pub const fn of(&self, reason: Skip) -> u64 {
        self.0[reason as usize]
    }

    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }
}

/// The hash of the bytes just before an offset. Reading on from the offset is only right where they still stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marker {
    /// How many bytes before the offset are hashed; 0 only at offset 0, or where nothing could be read.
    pub len: u32,
    pub hash: [u8; 16],
}

impl Marker {
    /// Of the last bytes of `before`, which must end at the offset.
    pub fn of(before: &[u8]) -> Marker {
        let tail = &before[before.len().saturating_sub(MARKER_MAX_BYTES)..];
        Marker { len: u32::try_from(tail.len()).expect("a marker is at most 4 KiB"), hash: hash16(tail) }
    }

    /// After a hole: the bytes before the offset are zeros without being read.
    pub fn of_zeros(count: u64) -> Marker {
        let len = usize::try_from(count).unwrap_or(MARKER_MAX_BYTES).min(MARKER_MAX_BYTES);
        Marker::of(&[0; MARKER_MAX_BYTES][..len])
    }

    /// `before` must be the `len` bytes before the offset.
    pub fn holds(&self, before: &[u8]) -> bool {
        before.len() == self.len as usize && (before.is_empty() || hash16(before) == self.hash)
    }
}

/// Everything needed to go on from an offset of a lineage: it is what the checkpoint keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// In decompressed bytes. 0, or behind a newline or a counted skip, or the end of a finished file (P5).
    pub offset: u64,
    pub marker: Marker,
    /// Where the last log document or refusal ends: the distance from there is `log.skipped`.
    pub doc_end: u64,
    /// The last valid event time before the offset; dates the undated lines behind it (P10).
    pub last_time: Option<Time>,
    pub skips: Skips,
}

/// The first 16 bytes of BLAKE3: who writes a log file must not be able to make two contents look alike.
pub fn hash16(bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    out
}
