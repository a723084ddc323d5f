//! The `_id` of a document: a pure function of the line and its position (P10), so that resending is harmless.
//!
//! Fifteen bytes in base64url: six of the event's milliseconds, so that new ids sort behind old segments, and nine of a
//! keyed BLAKE3 hash over scheme version, position and the line's bytes. It is cryptographic because whoever can write
//! log lines must not be able to take another line's id first. The host is mixed into the key, not hashed per line.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use correlog_schema::records::RecordKind;

use super::hashes::Hashes;
use crate::span::Lineage;

/// Thirty-two bytes, the same on all hosts of a deployment. The default is public: it keeps ids stable, not secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdKey(pub [u8; 32]);

impl Default for IdKey {
    fn default() -> Self {
        Self(*b"correlog public document id key1")
    }
}

impl std::fmt::Debug for IdKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("***")
    }
}

/// Bumped when ids are made otherwise: the same line would be stored twice within a retention window.
const SCHEME: u8 = 1;

/// The longest row id of a record.
const ROW_MAX: usize = 64;
const ID_MAX: usize = 96;

/// An id as OpenSearch has it; needs no escaping in JSON.
#[derive(Clone, Copy)]
pub struct DocId {
    bytes: [u8; ID_MAX],
    len: u8,
}

impl DocId {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// `<kind>:<row id>`; `None` for a row id that no database makes.
    pub fn of_record(kind: RecordKind, row: &[u8]) -> Option<Self> {
        let sound = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if row.is_empty() || row.len() > ROW_MAX || !row.iter().all(sound) {
            return None;
        }
        let kind = kind.as_str().as_bytes();
        let mut bytes = [0; ID_MAX];
        let len = kind.len() + 1 + row.len();
        bytes[..kind.len()].copy_from_slice(kind);
        bytes[kind.len()] = b':';
        bytes[kind.len() + 1..len].copy_from_slice(row);
        Some(Self { bytes, len: len as u8 })
    }
}

impl PartialEq for DocId {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for DocId {}

impl std::fmt::Debug for DocId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "DocId({})", self.as_str())
    }
}

/// What makes two equal lines two documents.
#[derive(Clone, Copy, Debug)]
pub enum Position<'a> {
    /// The writer's: 32 hexadecimal digits, and the decimal number of the line.
    Native { stream: &'a [u8], seq: &'a [u8] },
    /// The host's file's.
    File { lineage: Lineage, offset: u64 },
}

/// Makes ids. The scratch is what is hashed: a contiguous input takes BLAKE3's shortest way.
#[derive(Debug)]
pub struct Ids {
    native: IdKey,
    on_host: IdKey,
    scratch: Vec<u8>,
}

impl Ids {
    pub fn new(key: IdKey, host_id: &str) -> Self {
        let on_host = *blake3::keyed_hash(&key.0, host_id.as_bytes()).as_bytes();
        Self { native: key, on_host: IdKey(on_host), scratch: Vec::new() }
    }

    /// Makes the digest of a line that ends as native lines do; it is done when many wait, or in `finish`.
    pub fn ahead(&self, hashes: &mut Hashes, owner: u32, line: &[u8], mut done: impl FnMut(u32, Digest)) {
        if let Some((stream, seq)) = native_end(line) {
            let parts = [&[SCHEME], stream, seq, &[0], line];
            hashes.push(&self.native.0, owner, &parts, &mut |owner, hash| done(owner, digest(&hash)));
        }
    }

    pub fn finish(&self, hashes: &mut Hashes, mut done: impl FnMut(u32, Digest)) {
        hashes.finish(&self.native.0, &mut |owner, hash| done(owner, digest(&hash)));
    }

    /// `rest` is what of the line is not in `bytes`: the length and hash of a line over the limit.
    pub fn line(&mut self, millis: u64, position: Position<'_>, bytes: &[u8], rest: &[u8]) -> DocId {
        self.scratch.clear();
        self.scratch.push(SCHEME);
        let key = match position {
            Position::Native { stream, seq } => {
                self.scratch.extend_from_slice(stream);
                self.scratch.extend_from_slice(seq);
                self.scratch.push(0);
                &self.native.0
            }
            Position::File { lineage, offset } => {
                self.scratch.extend_from_slice(&lineage.0);
                self.scratch.extend_from_slice(&offset.to_be_bytes());
                &self.on_host.0
            }
        };
        self.scratch.extend_from_slice(bytes);
        self.scratch.extend_from_slice(rest);
        Self::id(millis, digest(blake3::keyed_hash(key, &self.scratch).as_bytes()))
    }

    pub fn id(millis: u64, digest: Digest) -> DocId {
        let mut raw = [0; 15];
        raw[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        raw[6..].copy_from_slice(&digest);
        let mut bytes = [0; ID_MAX];
        let len = URL_SAFE_NO_PAD.encode_slice(raw, &mut bytes).unwrap_or_default();
        DocId { bytes, len: len as u8 }
    }
}

/// What of the hash is in an id.
pub type Digest = [u8; 9];

fn digest(hash: &[u8; 32]) -> Digest {
    hash.first_chunk().copied().unwrap_or_default()
}

/// Stream and number at the end of a line that looks native.
fn native_end(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_suffix(b"}}")?;
    let digits = rest.iter().rev().take(18).take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, seq) = rest.split_at(rest.len() - digits);
    let (rest, stream) = rest.strip_suffix(b"\",\"seq\":")?.split_last_chunk::<32>()?;
    (digits > 0 && rest.ends_with(b",\"log\":{\"stream\":\"")).then_some((stream, seq))
}
