//! What can be found out about many lines faster than about one: the hashes of their ids, whether they are text, and
//! whether anything in them looks like a secret. It is asked of a whole block before its lines are encoded.
//!
//! All of it are pure functions of a line's bytes, so a line of which nothing is known here gets the same document.

use super::hashes::Hashes;
use super::ids::{Digest, Ids};
use super::redact::Redaction;
use super::{Line, Shape};

/// What is known of one line. It is about the bytes that were at its place when the block was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    start: u64,
    len: u32,
    /// It is valid UTF-8.
    pub is_text: bool,
    /// No built-in pattern of redaction can match in it.
    pub is_plain: bool,
    /// What the id of a native line is made of.
    pub digest: Option<Digest>,
}

/// So many lines of a block are looked at: a block of nothing but newlines has a quarter of a million.
const LINES_MAX: usize = 4096;

#[derive(Debug, Default)]
pub struct Ahead {
    /// In the order of their places.
    known: Vec<Known>,
    /// Those before it were asked for.
    at: usize,
    hashes: Hashes,
}

impl Ahead {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known.clear();
        self.at = 0;
    }

    /// Reads the whole lines of a block that starts where a line starts.
    pub(super) fn read(&mut self, ids: &Ids, redaction: &Redaction, block: &[u8], offset: u64) {
        self.clear();
        let text = std::str::from_utf8(block).map_or_else(|error| error.valid_up_to(), str::len);
        let mut secrets = redaction.triggers(block).peekable();
        let Self { known, hashes, .. } = self;
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', block).take(LINES_MAX) {
            let line = &block[from..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut is_plain = true;
            while secrets.next_if(|at| *at < end).is_some() {
                is_plain = false;
            }
            let (start, len, is_text) = (offset + from as u64, line.len() as u32, end <= text);
            known.push(Known { start, len, is_text, is_plain, digest: None });
            let owner = known.len() as u32 - 1;
            ids.ahead(hashes, owner, line, |owner, digest| known[owner as usize].digest = Some(digest));
            from = end + 1;
        }
        ids.finish(hashes, |owner, digest| known[owner as usize].digest = Some(digest));
    }

    /// What is known of a line; lines are asked for in the order of their places.
    pub fn of(&mut self, line: &Line<'_>) -> Option<Known> {
        while self.known.get(self.at)?.start < line.span.start {
            self.at += 1;
        }
        let known = self.known.get(self.at).copied()?;
        let is_it = known.start == line.span.start && known.len as usize == line.bytes.len();
        (is_it && line.shape == Shape::Whole).then_some(known)
    }
}

#[cfg(test)]
mod tests {
    use correlog_schema::records::RecordKind;

    use super::super::{Encoder, Redaction, Settings};
    use super::*;
    use crate::span::{Lineage, Span, TailId};

    /// Native lines of many lengths, some with what redaction means, and lines of every other kind between them.
    fn block() -> Vec<u8> {
        let golden = RecordKind::Log.golden_line();
        let others: [&[u8]; 9] = [
            b"",
            b"  \r",
            b"2026-11-21 10:00:00 plain text with password=hunter2",
            b"\xff\xfe not text",
            br#"{"time":"2026-11-21T10:00:00Z","msg":"hi","password":"hunter2"}"#,
            br#"{"log":"inner\n","stream":"stdout","time":"2026-11-21T10:00:00Z"}"#,
            br#"{"@timestamp":"2026-11-21T10:00:00Z","log":{"stream":"9c1185a5c5e9fc54612808977ee8f548","seq":1}}"#,
            b"{\"broken\":",
            RecordKind::WorkflowRun.golden_line().as_bytes(),
        ];
        let inserts = ["", "see https://user:secret@host/", "Bearer abcdefghijkl", "\u{fc}ber", "\\u0041"];
        let mut block = Vec::new();
        for n in 0..300 {
            let message = format!("\"message\":\"{}{} ", inserts[n % 5], "x".repeat(n * 5 % 1100));
            let native = golden.replacen("\"message\":\"", &message, 1);
            block.extend_from_slice(native.replace(":4711}}", &format!(":{n}}}}}")).as_bytes());
            block.extend_from_slice(if n % 7 == 0 { b"\r\n" } else { b"\n" });
            block.extend_from_slice(others[n % 9]);
            block.push(b'\n');
        }
        block.extend_from_slice(b"a rest without its newline");
        block
    }

    #[test]
    fn a_line_has_the_same_document_whether_it_was_looked_at_ahead_or_not() {
        let block = block();
        let keys = [vec![], vec!["tenant_id".to_owned()]];
        for (keys, defaults) in [(&keys[0], true), (&keys[0], false), (&keys[1], true)] {
            let redaction = Redaction::new(keys, &[], defaults).expect("no patterns");
            let mut encoder = Encoder::new(Settings { redaction, ..Settings::default() });
            let mut ahead = Ahead::default();
            encoder.look_ahead(&mut ahead, &block, 5000);
            let (mut start, mut known_lines, mut digests) = (5000, 0, 0);
            for whole in block.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
                let span = Span { tail: TailId(0), start, next: start + whole.len() as u64 };
                start = span.next;
                let bytes = whole.strip_suffix(b"\n").expect("as filtered");
                let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
                let (lineage, shape, earlier) = (Lineage::default(), Shape::Whole, None);
                let line = Line { bytes, span, lineage, skipped: 0, path: "p", shape, earlier };
                let known = ahead.of(&line);
                known_lines += usize::from(known.is_some());
                digests += usize::from(known.is_some_and(|known| known.digest.is_some()));
                let (mut with, mut without) = (Vec::new(), Vec::new());
                let encoded = encoder.encode_known(&line, known, &mut with);
                assert_eq!(encoded, encoder.encode(&line, &mut without));
                assert_eq!(String::from_utf8(with), String::from_utf8(without));
            }
            assert_eq!(known_lines, 600, "every line is known");
            assert!(digests > 90, "many native lines are hashed ahead: {digests}");
        }
    }

    #[test]
    fn what_was_at_the_place_before_is_not_taken_for_the_line() {
        let encoder = Encoder::new(Settings::default());
        let mut ahead = Ahead::default();
        let block = block();
        encoder.look_ahead(&mut ahead, &block, 0);
        let line = |bytes, start, shape| {
            let span = Span { tail: TailId(0), start, next: start + 400 };
            Line { bytes, span, lineage: Lineage::default(), skipped: 0, path: "p", shape, earlier: None }
        };
        let len = block.iter().position(|&byte| byte == b'\r').expect("the first line has one");
        assert_eq!(ahead.of(&line(&block[..len - 1], 0, Shape::Whole)), None, "another length");
        assert_eq!(ahead.of(&line(&block[..len], 0, Shape::Unterminated)), None, "it has no newline");
        assert!(ahead.of(&line(&block[..len], 0, Shape::Whole)).is_some());
        encoder.look_ahead(&mut ahead, b"", 0);
        assert_eq!(ahead.of(&line(&block[..len], 0, Shape::Whole)), None, "another block");
    }
}
