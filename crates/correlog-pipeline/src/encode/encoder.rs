//! The encoder: one per `[[logs]]` entry, its scratch reused from line to line, so that nothing is allocated in steady
//! state. It decides which way a line goes; the ways themselves are in the modules beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use correlog_schema::index::{Family, Place};
use correlog_schema::records::RecordKind;

use super::ahead::{Ahead, Known};
use super::document::{Constants, Document};
use super::envelope::{self, Inner, Stream, Wrapped};
use super::fields::Slot;
use super::ids::{Ids, Position};
use super::level::Level;
use super::lookup::Lookup;
use super::members::Members;
use super::scan::{Scanner, Syntax};
use super::time::{Moment, Time};
use super::walk::Walk;
use super::{
    Encoded, Format, IndexKey, Line, Notes, Operation, Refusal, Rejected, Settings, Shape, Skip, dify,
    native, record, text, write,
};

/// Of a line over the limit, so much of the beginning is indexed.
const TRUNCATED_KEEP_BYTES: usize = 32 << 10;
/// Of a line that is not UTF-8, so much of the beginning is kept as it was.
const RAW_KEEP_BYTES: usize = 6 << 10;
const BOM: &[u8] = b"\xEF\xBB\xBF";

#[derive(Debug)]
pub struct Encoder {
    settings: Settings,
    constants: Constants,
    lookup: Lookup,
    scanner: Scanner,
    reader: native::Reader,
    standing: native::Standing,
    members: Members,
    ids: Ids,
    /// What Docker's envelope held, decoded.
    unwrapped: String,
    /// Members of ours for `attributes`.
    own: Vec<u8>,
}

impl Encoder {
    pub fn new(settings: Settings) -> Self {
        let constants =
            Constants::new(&settings.host_name, settings.service.as_deref(), settings.environment.as_deref());
        let ids = Ids::new(settings.id_key, &settings.host_id);
        Self {
            settings,
            constants,
            lookup: Lookup::new(),
            scanner: Scanner::default(),
            reader: native::Reader::default(),
            standing: native::Standing::default(),
            members: Members::default(),
            ids,
            unwrapped: String::new(),
            own: Vec::new(),
        }
    }

    /// Finds out about the lines of a block what is faster found out about many.
    pub fn look_ahead(&self, ahead: &mut Ahead, block: &[u8], offset: u64) {
        ahead.read(&self.ids, &self.settings.redaction, block, offset);
    }

    /// Appends the document of a line to `out`, without a newline; what is rejected leaves `out` as it was.
    pub fn encode(&mut self, line: &Line<'_>, out: &mut Vec<u8>) -> Result<Encoded, Rejected> {
        self.encode_known(line, None, out)
    }

    /// The same for a line of which something is known already.
    pub fn encode_known(
        &mut self,
        line: &Line<'_>,
        known: Option<Known>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, Rejected> {
        let (bytes, known) = match line.bytes.strip_prefix(BOM) {
            Some(rest) if line.span.start == 0 => (rest, None),
            _ => (line.bytes, known),
        };
        if bytes.trim_ascii().is_empty() {
            return Err(Rejected::Skip(Skip::Blank));
        }
        self.members.clear();
        self.own.clear();
        self.standing.be_at(line);
        let mut unwrapped = std::mem::take(&mut self.unwrapped);
        let encoded = match envelope::unwrap(self.settings.envelope, bytes, &mut unwrapped) {
            Inner::Bare => self.bare(line, bytes, known, out),
            Inner::Slice(inner, wrapped) => self.line(line, inner, Some(wrapped), out),
            Inner::Decoded(wrapped) => self.line(line, unwrapped.as_bytes(), Some(wrapped), out),
        };
        self.unwrapped = unwrapped;
        encoded
    }

    /// A native line takes the shortest way; every other line, and one that is not quite native, the usual one.
    fn bare(
        &mut self,
        line: &Line<'_>,
        bytes: &[u8],
        known: Option<Known>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, Rejected> {
        let is_text = || known.is_some_and(|known| known.is_text) || std::str::from_utf8(bytes).is_ok();
        let may_be_native = self.settings.format != Format::Text && line.shape == Shape::Whole;
        let native = match may_be_native && native::starts(bytes) && is_text() {
            true => self.reader.read(bytes, &self.lookup, &mut self.scanner),
            false => None,
        };
        let Some(native) = native else { return self.line(line, bytes, None, out) };
        if self.settings.redaction.may_touch_native(bytes, &native, known.map(|known| known.is_plain)) {
            return self.line(line, bytes, None, out);
        }
        let millis = native.time.millis();
        let place = Place::of_ms(millis as i64);
        let id = match known.and_then(|known| known.digest) {
            Some(digest) => Ids::id(millis, digest),
            None => {
                let position =
                    Position::Native { stream: native.stream.of(bytes), seq: native.seq.of(bytes) };
                self.ids.line(millis, position, bytes, &[])
            }
        };
        native::write(out, line, bytes, native.level, &self.constants, &self.standing);
        // A byte order mark before it would be one more difference.
        let head = (bytes.len() == line.bytes.len()).then_some(bytes.len() as u32 - 2);
        let index = IndexKey { family: Family::Logs, place };
        let (operation, time, notes) = (Operation::Create, Some(native.time), Notes::default());
        Ok(Encoded { index, id, operation, head, time, notes })
    }

    fn line(
        &mut self,
        line: &Line<'_>,
        bytes: &[u8],
        wrapped: Option<Wrapped>,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, Rejected> {
        if let Some(wrapped) = wrapped {
            self.container(wrapped);
        }
        let looks_like_json = bytes.trim_ascii_start().first() == Some(&b'{');
        if self.settings.format == Format::Text || !looks_like_json || std::str::from_utf8(bytes).is_err() {
            return Ok(self.text(line, bytes, wrapped, out));
        }
        let kind = record::kind(bytes);
        let walked = self.walk(bytes, kind.is_some());
        match (kind, walked) {
            (Some(kind), Ok(())) => self.record(line, bytes, kind, out),
            (Some(_), Err(Syntax(_))) => Err(Rejected::Refusal(Refusal::RecordSyntax)),
            (None, Ok(())) => Ok(self.json(line, bytes, wrapped, out)),
            (None, Err(Syntax(_))) => Ok(self.text(line, bytes, wrapped, out)),
        }
    }

    fn walk(&mut self, bytes: &[u8], record: bool) -> Result<(), Syntax> {
        let (lookup, scanner, members) = (&self.lookup, &mut self.scanner, &mut self.members);
        Walk { bytes, lookup, scanner, members, record }.line()?;
        self.members.settle_names(bytes);
        Ok(())
    }

    fn record(
        &mut self,
        line: &Line<'_>,
        bytes: &[u8],
        kind: RecordKind,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, Rejected> {
        let mut encoded = record::route(kind, bytes, &self.members).map_err(Rejected::Refusal)?;
        let redact = self.settings.redaction.may_touch(bytes, self.members.hidden);
        let mut document = self.document(line, bytes, true);
        document.redaction = redact.then_some(&self.settings.redaction);
        encoded.notes.add(document.write(out));
        Ok(encoded)
    }

    fn json(
        &mut self,
        line: &Line<'_>,
        bytes: &[u8],
        wrapped: Option<Wrapped>,
        out: &mut Vec<u8>,
    ) -> Encoded {
        let is_native = native::is_native(bytes, &self.members);
        if !is_native {
            self.foreign(bytes);
        }
        let mut encoded = self.routed(line, bytes, wrapped);
        let stamped = self.members.time.is_some() && self.own.is_empty();
        let redact = self.settings.redaction.may_touch(bytes, self.members.hidden);
        if is_native && self.members.verbatim && stamped && !redact && line.shape == Shape::Whole {
            native::write(out, line, bytes, self.own_level(bytes), &self.constants, &self.standing);
            return encoded;
        }
        let stamp = self.stamp(line, encoded.time);
        let mut document = self.document(line, bytes, false);
        document.stamp = stamp;
        document.redaction = redact.then_some(&self.settings.redaction);
        encoded.notes.add(document.write(out));
        encoded
    }

    /// The level that a severity number is to be derived from.
    fn own_level(&self, bytes: &[u8]) -> Option<Level> {
        let level =
            self.members.get(Slot::Level).filter(|_| self.members.get(Slot::SeverityNumber).is_none())?;
        Level::from_word(level.value.of(bytes))
    }

    /// A line that only looks native, or is none: its position is its file's, and Dify's text is read.
    fn foreign(&mut self, bytes: &[u8]) {
        self.members.disown_position(bytes);
        if dify::is_dify(bytes, &self.members) {
            dify::complete(bytes, &mut self.members);
        }
    }

    fn text(
        &mut self,
        line: &Line<'_>,
        bytes: &[u8],
        wrapped: Option<Wrapped>,
        out: &mut Vec<u8>,
    ) -> Encoded {
        if let Shape::Truncated { .. } = line.shape {
            // What stands before the cut is sound; the message may be the part that was cut.
            self.members.keep_places();
        } else {
            self.members.clear();
        }
        let kept = match line.shape {
            Shape::Truncated { .. } => &bytes[..bytes.len().min(TRUNCATED_KEEP_BYTES)],
            _ => bytes,
        };
        let message = String::from_utf8_lossy(kept);
        self.why_text(bytes, kept);
        self.look(bytes);
        let mut encoded = self.routed(line, bytes, wrapped);
        let redact = self.settings.redaction.may_touch(bytes, false);
        let stamp = self.stamp(line, encoded.time);
        let mut document = self.document(line, bytes, false);
        document.stamp = stamp;
        document.message = Some(&message);
        document.redaction = redact.then_some(&self.settings.redaction);
        encoded.notes.add(document.write(out));
        encoded
    }

    fn look(&mut self, bytes: &[u8]) {
        match text::look(bytes, &mut self.members) {
            Some(Moment::Valid(time)) if self.members.time.is_none() => self.members.time = Some(time),
            Some(Moment::Odd) => self.members.odd = true,
            _ => {}
        }
        if self.settings.format == Format::Dify {
            dify::bridge(bytes, &mut self.members, 0, bytes.len());
        }
    }

    /// Says in `attributes.parse_error` why a line is only text, and keeps bytes that no text can hold.
    fn why_text(&mut self, bytes: &[u8], kept: &[u8]) {
        let utf16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
        let not_utf8 = std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_some());
        let why = match (utf16, not_utf8) {
            (true, _) => "utf-16",
            (_, true) => "not utf-8",
            _ if self.settings.format == Format::Text => return,
            _ => "not json",
        };
        let note = if why == "not json" { Notes::NOT_JSON } else { Notes::NOT_UTF8 };
        self.members.notes.add(note);
        self.own.extend_from_slice(b"\"parse_error\":");
        write::string(&mut self.own, why);
        self.own.push(b',');
        if note == Notes::NOT_UTF8 && self.settings.redaction.is_empty() {
            let raw = STANDARD.encode(&kept[..kept.len().min(RAW_KEEP_BYTES)]);
            self.own.extend_from_slice(b"\"raw_base64\":");
            write::string(&mut self.own, &raw);
            self.own.push(b',');
        }
    }

    /// Index and id: pure functions of the line, its place, the nearest earlier time and the configuration (P10).
    fn routed(&mut self, line: &Line<'_>, bytes: &[u8], wrapped: Option<Wrapped>) -> Encoded {
        let own = self.members.time;
        let time = if self.members.odd { own } else { own.or(wrapped.and_then(|wrapped| wrapped.time)) };
        let odd = time.is_none() && self.members.odd;
        let dated = if odd { None } else { time.or(line.earlier) };
        let place = match dated {
            Some(time) => Place::of_ms(time.millis() as i64),
            None if odd => Place::Odd,
            None => Place::Undated,
        };
        if odd {
            self.members.notes.add(Notes::ODD_TIME);
        } else if time.is_none() {
            self.members.notes.add(Notes::UNDATED);
            if dated.is_some() {
                self.own.extend_from_slice(b"\"timestamp_from\":\"earlier_line\",");
            }
        }
        self.shape(line.shape);
        let millis = dated.map_or(0, Time::millis);
        let id = match (self.members.stream, self.members.seq) {
            (Some(stream), Some(seq)) => {
                let position = Position::Native { stream: stream.of(bytes), seq: seq.of(bytes) };
                self.ids.line(millis, position, bytes, &[])
            }
            _ => {
                let position = Position::File { lineage: line.lineage, offset: line.span.start };
                self.ids.line(millis, position, line.bytes, &rest_of(line.shape))
            }
        };
        let index = IndexKey { family: Family::Logs, place };
        Encoded { index, id, operation: Operation::Create, head: None, time, notes: self.members.notes }
    }

    /// What stands as `@timestamp` where the line has none that can.
    fn stamp(&self, line: &Line<'_>, time: Option<Time>) -> Option<Time> {
        if self.members.get(Slot::Timestamp).is_some() {
            return None;
        }
        time.or(line.earlier.filter(|_| !self.members.odd))
    }

    fn shape(&mut self, shape: Shape) {
        match shape {
            Shape::Whole => {}
            Shape::Unterminated => self.own.extend_from_slice(b"\"unterminated\":true,"),
            Shape::Truncated { len, hash, is_ended } => {
                self.own.extend_from_slice(b"\"truncated\":{\"bytes\":");
                write::integer(&mut self.own, len);
                self.own.extend_from_slice(b",\"hash\":\"");
                write::hex(&mut self.own, &hash);
                self.own.extend_from_slice(b"\"},");
                if !is_ended {
                    self.shape(Shape::Unterminated);
                }
            }
        }
    }

    fn container(&mut self, wrapped: Wrapped) {
        let stream = match wrapped.stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        self.own.extend_from_slice(b"\"container\":{\"stream\":");
        write::string(&mut self.own, stream);
        if wrapped.partial {
            self.own.extend_from_slice(b",\"partial\":true");
        }
        self.own.extend_from_slice(b"},");
    }

    fn document<'a>(&'a self, line: &'a Line<'a>, bytes: &'a [u8], record: bool) -> Document<'a> {
        Document {
            line,
            bytes,
            members: &self.members,
            constants: &self.constants,
            standing: &self.standing,
            redaction: None,
            stamp: None,
            message: None,
            own: &self.own,
            notes: Notes::default(),
            record,
        }
    }
}

/// What the id must contain of a line whose bytes are not all at hand.
fn rest_of(shape: Shape) -> [u8; 24] {
    let mut rest = [0; 24];
    if let Shape::Truncated { len, hash, .. } = shape {
        rest[..8].copy_from_slice(&len.to_be_bytes());
        rest[8..].copy_from_slice(&hash);
    }
    rest
}
