//! One body on its way: the documents of one index, and what each of them needs to be sent again, alone or not.
//!
//! It knows how a body is put together, cut and patched. It decides nothing about when or why.

use std::fmt::Write as _;
use std::ops::Range;

use super::judge::Fault;
use crate::encode::Operation;
use crate::span::{Lineage, Span};

/// A document as the encoder hands it over, borrowed: the batch copies what it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// Built from a fixed prefix and a date only.
    pub index: &'a str,
    pub id: &'a str,
    pub operation: Operation,
    pub span: Span,
    pub lineage: Lineage,
    /// The JSON object, on one line, without its newline.
    pub source: &'a [u8],
    /// What the refused file keeps of it: the line's bytes, or their redacted form.
    pub line: &'a [u8],
    /// The source is the line with one insertion after so many bytes, where the encoder knows it.
    pub head: Option<u32>,
    /// An earlier life of the process may have sent it: it lies within the in-flight limit past the restored mark,
    /// or its lineage was opened without state. A conflict on it needs no audit.
    pub replayed: bool,
}

/// How the line can be had back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kept {
    /// The first form is the line with one insertion after `head` bytes, as native lines are: nothing is kept twice.
    Spliced { head: u32, len: u32 },
    /// In `Batch::aside`.
    Apart { start: u32, len: u32 },
}

/// Which writing of the document is in the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// As encoded.
    First,
    /// Everything but time, level, service and ids as one string; `cut` when that string is not the whole line.
    Second { cut: bool },
}

/// One document of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    pub span: Span,
    pub lineage: Lineage,
    pub operation: Operation,
    pub form: Form,
    pub replayed: bool,
    /// It was sent and its fate is unknown: from then on it is written with `index`, and a conflict explains itself.
    pub in_doubt: bool,
    /// How often it got an answer that no rule knows.
    pub oddities: u8,
    /// It is to be refused for this, once an audit has shown that none of its earlier sends was stored.
    pub condemned: Option<Fault>,
    /// The catalogued field that the server named, for people to group by.
    pub field: Option<&'static str>,
    kept: Kept,
    /// Where the first form lies in `Batch::aside`, once the body carries the second.
    first: Option<(u32, u32)>,
    /// Where the action line starts in the body.
    start: u32,
    id_start: u32,
    id_end: u32,
    /// Where the source starts.
    source: u32,
    /// Behind the newline of the source.
    end: u32,
}

impl Entry {
    /// Bytes of the body it takes: the measure of every budget here.
    pub const fn bytes(&self) -> usize {
        (self.end - self.start) as usize
    }
}

/// Documents of one index and the body that carries them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    /// Action lines and sources in turn, in the order of `entries`. Empty while a request carries it.
    pub body: Vec<u8>,
    pub entries: Vec<Entry>,
    /// Lines that are not part of their source, and first forms that are not in the body any more.
    aside: Vec<u8>,
    pub opened_ms: u64,
    /// Not to be sent before.
    pub not_before_ms: u64,
    /// Tries in a row that settled nothing.
    pub tries: u32,
    /// Of them, those whose fate stayed unknown.
    pub unknowns: u32,
    /// It is the one batch that is cut down to find a document that makes requests hang.
    pub suspect: bool,
    /// The count of answered requests when its fate was last unknown: a lone document is only ever blamed for a
    /// hanging request when others were answered meanwhile.
    pub answered_then: u64,
    /// Held back by itself for a long time, because the server's answer to it is not understood.
    pub parked: bool,
}

/// An action line is hardly ever longer: a body that is closed at some size does not grow beyond its room for the last one.
const ACTION_MOST_BYTES: usize = 1 << 10;
/// A document with its action line is hardly ever smaller.
const DOCUMENT_LEAST_BYTES: usize = 320;

const CREATE: &[u8] = b"{\"create\":";
/// As long as `CREATE`, so that a body can be patched in place; white space before a colon is JSON.
const INDEX: &[u8] = b"{\"index\" :";

impl Batch {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What it counts against the budgets.
    pub fn bytes(&self) -> usize {
        self.entries.last().map_or(0, |entry| entry.end as usize)
    }

    /// Room for a body that is closed at so many bytes, at once: doubling on the way there would leave up to as much again
    /// that nobody uses, and memory that is not touched costs nothing.
    pub fn with_room(close_at: usize) -> Batch {
        let mut batch = Batch::default();
        batch.body.reserve_exact(close_at + ACTION_MOST_BYTES);
        batch.entries.reserve_exact(close_at / DOCUMENT_LEAST_BYTES);
        batch
    }

    /// Its buffers for another batch: growing new ones to megabytes costs more than filling them.
    pub fn into_room(mut self) -> Batch {
        self.body.clear();
        self.entries.clear();
        self.aside.clear();
        Batch { body: self.body, entries: self.entries, aside: self.aside, ..Batch::default() }
    }

    /// Gives back the room of a body that was closed long before it was full: it may wait for a long time.
    pub fn give_back(&mut self) {
        if self.body.len() < self.body.capacity() / 2 {
            self.body.shrink_to_fit();
            self.entries.shrink_to_fit();
            self.aside.shrink_to_fit();
        }
    }

    /// The bytes of its buffer, used or not.
    pub const fn room(&self) -> usize {
        self.body.capacity()
    }

    /// Appends a document; answers the bytes it takes.
    pub fn push(&mut self, document: &Document<'_>) -> usize {
        let start = self.body.len();
        let (id_start, id_end) = self.action(document.operation, document.id);
        let source = self.body.len();
        self.body.extend_from_slice(document.source);
        self.body.push(b'\n');
        let kept = self.keep(document);
        self.entries.push(Entry {
            span: document.span,
            lineage: document.lineage,
            operation: document.operation,
            form: Form::First,
            replayed: document.replayed,
            in_doubt: false,
            oddities: 0,
            condemned: None,
            field: None,
            kept,
            first: None,
            start: small(start),
            id_start: small(id_start),
            id_end: small(id_end),
            source: small(source),
            end: small(self.body.len()),
        });
        self.body.len() - start
    }

    fn action(&mut self, operation: Operation, id: &str) -> (usize, usize) {
        let verb = if operation == Operation::Create { CREATE } else { b"{\"index\":" };
        self.body.extend_from_slice(verb);
        self.body.extend_from_slice(b"{\"_id\":\"");
        let id_start = self.body.len();
        push_escaped(&mut self.body, id);
        let id_end = self.body.len();
        self.body.push(b'"');
        if let Operation::Upsert { version } = operation {
            let mut text = String::new();
            let _ = write!(text, ",\"version\":{version},\"version_type\":\"external_gte\"");
            self.body.extend_from_slice(text.as_bytes());
        }
        self.body.extend_from_slice(b"}}\n");
        (id_start, id_end)
    }

    /// A line that is the source but for one insertion is not kept a second time.
    fn keep(&mut self, document: &Document<'_>) -> Kept {
        let Document { source, line, head, .. } = *document;
        if let Some(head) = head {
            return Kept::Spliced { head, len: small(line.len()) };
        }
        let head = common(source, line);
        if source.len() >= line.len() && source.ends_with(&line[head..]) {
            return Kept::Spliced { head: small(head), len: small(line.len()) };
        }
        let start = self.aside.len();
        self.aside.extend_from_slice(line);
        Kept::Apart { start: small(start), len: small(line.len()) }
    }

    pub fn id_escaped(&self, entry: &Entry) -> &[u8] {
        &self.body[range(entry.id_start, entry.id_end)]
    }

    /// The id as the reply spells it.
    pub fn id(&self, entry: &Entry) -> String {
        unescape(self.id_escaped(entry))
    }

    /// Without its newline.
    pub fn source(&self, entry: &Entry) -> &[u8] {
        &self.body[range(entry.source, entry.end - 1)]
    }

    /// The first form, whichever the body carries.
    pub fn first(&self, entry: &Entry) -> &[u8] {
        match entry.first {
            Some((start, len)) => &self.aside[range(start, start + len)],
            None => self.source(entry),
        }
    }

    /// The line as it stood in the file.
    pub fn line(&self, entry: &Entry) -> Vec<u8> {
        match entry.kept {
            Kept::Apart { start, len } => self.aside[range(start, start + len)].to_vec(),
            Kept::Spliced { head, len } => {
                let first = self.first(entry);
                let tail = (len - head) as usize;
                [&first[..head as usize], &first[first.len() - tail..]].concat()
            }
        }
    }

    /// Its fate is unknown: whatever is sent of it again is an idempotent `index`.
    pub fn doubt(&mut self, position: usize) {
        let entry = &mut self.entries[position];
        entry.in_doubt = true;
        if entry.operation == Operation::Create {
            let start = entry.start as usize;
            self.body[start..start + INDEX.len()].copy_from_slice(INDEX);
        }
    }

    /// Copies one document with its history to the end of another batch.
    pub fn copy_to(&self, position: usize, other: &mut Batch) {
        let entry = self.entries[position];
        let start = small(other.body.len());
        other.body.extend_from_slice(&self.body[range(entry.start, entry.end)]);
        let moved = |at: u32| at - entry.start + start;
        let kept = match entry.kept {
            Kept::Spliced { .. } => entry.kept,
            Kept::Apart { start, len } => Kept::Apart { start: self.move_aside(start, len, other), len },
        };
        let first = entry.first.map(|(start, len)| (self.move_aside(start, len, other), len));
        other.entries.push(Entry {
            kept,
            first,
            start,
            id_start: moved(entry.id_start),
            id_end: moved(entry.id_end),
            source: moved(entry.source),
            end: moved(entry.end),
            ..entry
        });
    }

    fn move_aside(&self, start: u32, len: u32, other: &mut Batch) -> u32 {
        let place = small(other.aside.len());
        other.aside.extend_from_slice(&self.aside[range(start, start + len)]);
        place
    }

    /// The same document at the end of another batch with `second` for its source; the first form is kept aside.
    pub fn copy_second(&self, position: usize, second: &[u8], cut: bool, other: &mut Batch) {
        self.copy_to(position, other);
        let first = self.first(&self.entries[position]).to_vec();
        let entry = other.entries.last_mut().expect("it was just copied");
        other.body.truncate(entry.source as usize);
        other.body.extend_from_slice(second);
        other.body.push(b'\n');
        entry.end = small(other.body.len());
        entry.form = Form::Second { cut };
        entry.first = Some((small(other.aside.len()), small(first.len())));
        other.aside.extend_from_slice(&first);
    }

    /// Cuts it into two, each with at least one document, near the middle of the bytes. Needs two documents.
    pub fn halve(&self) -> (Batch, Batch) {
        assert!(self.entries.len() >= 2, "one document cannot be halved");
        let middle = (self.body.len() / 2) as u32;
        let cut = self.entries.partition_point(|entry| entry.end <= middle).clamp(1, self.entries.len() - 1);
        (self.part(0..cut), self.part(cut..self.entries.len()))
    }

    fn part(&self, of: Range<usize>) -> Batch {
        let mut part = self.empty_like();
        part.body.reserve_exact(self.entries[of.clone()].iter().map(Entry::bytes).sum());
        part.entries.reserve_exact(of.len());
        of.for_each(|position| self.copy_to(position, &mut part));
        part
    }

    /// No documents, the same history.
    pub fn empty_like(&self) -> Batch {
        Batch { body: Vec::new(), entries: Vec::new(), aside: Vec::new(), ..*self }
    }
}

/// Bodies are far below 4 GiB (`BATCH_MAX_BYTES` and one document), so places in them are four bytes.
fn small(at: usize) -> u32 {
    u32::try_from(at).expect("a body is bounded by BATCH_MAX_BYTES and one document")
}

fn range(from: u32, to: u32) -> Range<usize> {
    from as usize..to as usize
}

/// How many first bytes are the same. By blocks, which compare in one step each: nearly every line is nearly all of its
/// source.
fn common(left: &[u8], right: &[u8]) -> usize {
    const BLOCK: usize = 32;
    let blocks = left.chunks_exact(BLOCK).zip(right.chunks_exact(BLOCK));
    let same = BLOCK * blocks.take_while(|(left, right)| left == right).count();
    same + left[same..].iter().zip(&right[same..]).take_while(|(left, right)| left == right).count()
}

fn push_escaped(out: &mut Vec<u8>, id: &str) {
    if !id.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        return out.extend_from_slice(id.as_bytes());
    }
    for c in id.chars() {
        match c {
            '"' | '\\' => out.extend_from_slice(&[b'\\', c as u8]),
            c if c < ' ' => out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn unescape(escaped: &[u8]) -> String {
    let text = String::from_utf8_lossy(escaped);
    if !text.contains('\\') {
        return text.into_owned();
    }
    serde_json::from_str(&format!("\"{text}\"")).expect("it was escaped here")
}
