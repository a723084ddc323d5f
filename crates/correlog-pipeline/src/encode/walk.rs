//! One pass over a JSON line: every member is read, looked up and put into its place.
//!
//! Objects with places of their own are walked into; all other values are only scanned for their end. Nothing is
//! written here.

use super::fields::Slot;
use super::lookup::{Action, Lookup, Node, OWN};
use super::members::{Member, Members, integer};
use super::scan::{self, Kind, Scanner, Syntax, Value, flag, space};

#[derive(Debug)]
pub struct Walk<'a> {
    pub bytes: &'a [u8],
    pub lookup: &'a Lookup,
    pub scanner: &'a mut Scanner,
    pub members: &'a mut Members,
    /// The line is a workflow record: its names are the records' and no aliases count.
    pub record: bool,
}

impl Walk<'_> {
    /// Reads the whole line. On an error the members read so far are there.
    pub fn line(&mut self) -> Result<(), Syntax> {
        let start = space(self.bytes, 0);
        if self.bytes.get(start) != Some(&b'{') {
            return Err(Syntax(start));
        }
        let end = self.object(Node::Root, start)?;
        let rest = space(self.bytes, end);
        if rest != self.bytes.len() {
            return Err(Syntax(rest));
        }
        self.members.verbatim &= start == 0 && end == self.bytes.len();
        Ok(())
    }

    /// The object at `at`; nests as deep as the table of names does.
    fn object(&mut self, node: Node, at: usize) -> Result<usize, Syntax> {
        let mut at = space(self.bytes, at + 1);
        if self.bytes.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        loop {
            let key = scan::key(self.bytes, at)?;
            at = space(self.bytes, self.member(node, key)?);
            match self.bytes.get(at) {
                Some(b',') => at = space(self.bytes, at + 1),
                Some(b'}') => return Ok(at + 1),
                _ => return Err(Syntax(at)),
            }
        }
    }

    /// Answers where the member ends.
    fn member(&mut self, node: Node, key: scan::Key) -> Result<usize, Syntax> {
        let found = self.find(node, &key);
        self.members.log_last = false;
        if let Some((Action::Open(inner) | Action::Either(_, inner), _)) = found
            && self.bytes.get(key.next) == Some(&b'{')
        {
            let end = self.object(inner, key.next)?;
            self.members.log_last = inner == Node::Log;
            return Ok(end);
        }
        let value = self.scanner.value(self.bytes, key.next)?;
        let end = value.end as usize + usize::from(value.kind == Kind::String);
        self.members.hidden |= (key.value.flags | value.flags) & flag::HIDDEN != 0;
        let mut member = Member { node, key: key.value, hash: key.hash, value, rank: 0 };
        match found {
            Some((Action::Place(slot) | Action::Either(slot, _), rank)) => {
                member.rank = rank;
                if node == Node::Attributes {
                    self.members.extra(self.bytes, member);
                    self.members.derive(
                        slot,
                        self.bytes,
                        value.start as usize,
                        value.end as usize,
                        value.kind,
                    );
                } else {
                    self.members.offer(slot, self.bytes, member);
                }
            }
            Some((Action::Caller, rank)) => self.caller(Member { rank, ..member }),
            Some((Action::Stream, _)) => self.position(member, is_stream(value.of(self.bytes), value)),
            Some((Action::Seq, _)) => self.position(member, is_seq(value.of(self.bytes), value)),
            Some((Action::Open(_), _)) if value.kind == Kind::Null => self.members.verbatim = false,
            Some((Action::Open(_), _)) | None => self.members.extra(self.bytes, member),
        }
        Ok(end)
    }

    fn find(&self, node: Node, key: &scan::Key) -> Option<(Action, u8)> {
        let name = key.value.of(self.bytes);
        let find = |node| self.lookup.find(node, name, key.hash).map(|entry| (entry.action, entry.rank));
        match node {
            Node::Root if self.record => find(Node::Record).or_else(|| find(Node::User)),
            Node::Root => find(Node::Root).or_else(|| find(Node::User)),
            Node::Fields | Node::Span => {
                find(node).or_else(|| find(Node::User).map(|(action, rank)| (action, rank - 1)))
            }
            _ => find(node),
        }
    }

    /// `log.stream` and `log.seq` count only together and in their exact shape; else they are anybody's names.
    fn position(&mut self, member: Member, sound: bool) {
        let place = match member.value.kind {
            Kind::String => &mut self.members.stream,
            _ => &mut self.members.seq,
        };
        if sound && place.is_none() {
            *place = Some(member.value);
        } else {
            self.members.verbatim = false;
            self.members.extra(self.bytes, member);
        }
    }

    /// Dify's and zap's `file.py:161`.
    fn caller(&mut self, member: Member) {
        let Value { start, end, kind, flags } = member.value;
        let text = member.value.of(self.bytes);
        let colon = text.iter().rposition(|&byte| byte == b':');
        let split = colon.filter(|&at| at > 0 && integer(&text[at + 1..]).is_some_and(|line| line >= 0));
        let Some(colon) = split.filter(|_| kind == Kind::String && flags & flag::FIX == 0) else {
            return self.members.extra(self.bytes, member);
        };
        let middle = start + colon as u32;
        let file = Value { start, end: middle, kind, flags };
        let line = Value { start: middle + 1, end, kind: Kind::Number, flags: 0 };
        self.members.offer(Slot::CodeFile, self.bytes, Member { value: file, ..member });
        self.members.offer(Slot::CodeLine, self.bytes, Member { value: line, ..member });
        self.members.verbatim = false;
    }
}

const _: () = assert!(OWN > 1, "a name met inside a span or `fields` ranks one lower and must stay above 0");

fn is_stream(text: &[u8], value: Value) -> bool {
    let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    value.kind == Kind::String && text.len() == 32 && text.iter().all(digit)
}

fn is_seq(text: &[u8], value: Value) -> bool {
    value.kind == Kind::Number && integer(text).is_some_and(|number| number >= 0) && text[0] != b'-'
}
