//! What ought to be true, asked whenever something is promised: of every line, where it was written, whether it
//! could still be read, and what became of it. It shares no code with what it judges but the state file's reader.

mod left;
mod source;
mod state;

use std::collections::BTreeMap;

use correlog_pipeline::place::hash16;
use correlog_pipeline::span::Lineage;

use crate::cluster::Applied;
use crate::line::Version;
use source::{Log, Source, lineage_of, token};

/// A broken promise: the invariant's number and what was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    pub invariant: &'static str,
    pub what: String,
}

/// The wall clock of the first turn; clocks jump only where ages do not matter.
pub const START_MS: u64 = 1_795_000_000_000;
/// No run takes longer.
const RUN_MAX_MS: u64 = 86_400_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// At most its beginning is in a file.
    Begun,
    /// It must still arrive.
    Pending,
    Stored,
    /// In the refused file, durably.
    Refused,
    /// Its bytes were destroyed before it arrived; it may arrive yet, and need not.
    Excused,
}

#[derive(Clone, Debug)]
struct Line {
    content: usize,
    /// Behind its newline, in decompressed bytes.
    end: u64,
    fate: Fate,
    /// Where it is stored: index and id.
    home: Option<(String, String)>,
    /// The shipper closed an unlinked file that holds it: it had better have read it.
    closed: bool,
    /// Longer than the limit, so its end is not stored.
    long: bool,
    /// Too old to be shipped.
    expired: bool,
    /// Whether it must be shipped depends on the moment: it may arrive, and need not.
    optional: bool,
    version: Option<Version>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    /// Where lines end: the only places a durable offset may be at, besides 0 and the end of all.
    ends: Vec<u64>,
    /// Its lines.
    tokens: Vec<u32>,
    /// It has holes, or bytes that are skipped in runs: offsets may stand behind those too.
    ragged: bool,
    windowed: bool,
    len: u64,
    /// All bytes that ever were in a plain file of it, whole lines or not.
    extent: u64,
    /// What this life of the shipper read of it in a file that it follows.
    read: u64,
    /// It was there before every entry had been listed once.
    was_first: bool,
}

#[derive(Clone, Debug, Default)]
struct Row {
    newest: u64,
    tokens: Vec<u32>,
}

#[derive(Debug, Default)]
pub struct Oracle {
    lines: Vec<Line>,
    contents: Vec<Content>,
    /// As the documents tell it.
    lineages: BTreeMap<Lineage, usize>,
    promised: BTreeMap<Lineage, u64>,
    /// By the hash of their first lines, which no two share.
    first_lines: BTreeMap<[u8; 16], usize>,
    /// The newest version of each row that is stored.
    rows: BTreeMap<u32, Row>,
    /// How much of a lineage was skipped as being there before the first start.
    before_start: BTreeMap<Lineage, u64>,
    /// Files that appear now were there before the first start.
    pub is_first_start: bool,
    /// No file is read on from without a fault: what was read of a file is known for certain.
    pub reads_surely: bool,
    /// Every write counts: nothing may be written twice.
    pub counts_writes: bool,
    /// The cluster keeps no ids and no versions.
    pub keeps_no_ids: bool,
    /// Archives are damaged: what comes out of them may be cut or garbled, and is nobody's promise.
    pub expects_damage: bool,
    pub violations: Vec<Violation>,
}

impl Oracle {
    pub fn new_content(&mut self) -> usize {
        self.contents.push(Content { was_first: self.is_first_start, ..Content::default() });
        self.contents.len() - 1
    }

    /// A file was emptied: what comes now is another content, in the place of the first.
    pub fn emptied(&mut self, content: usize) -> usize {
        let new = self.new_content();
        self.contents[new].was_first |= self.contents[content].was_first;
        new
    }

    /// No line of it was whole before.
    pub fn is_young(&self, content: usize) -> bool {
        self.contents[content].tokens.is_empty()
    }

    pub fn begins_with(&mut self, content: usize, first_line: &[u8]) {
        self.first_lines.insert(hash16(first_line), content);
    }

    /// The file that it is written to is so long.
    pub fn extends(&mut self, content: usize, len: u64) {
        let content = &mut self.contents[content];
        content.extent = content.extent.max(len);
    }

    /// The shipper got bytes of a plain file that it follows, up to here.
    pub fn read_to(&mut self, content: usize, end: u64) {
        let content = &mut self.contents[content];
        content.read = content.read.max(end);
    }

    pub fn is_version(&mut self, token: u32, version: Version) {
        self.lines[token as usize].version = Some(version);
        self.rows.entry(version.row).or_default().tokens.push(token);
    }

    pub const fn lines(&self) -> usize {
        self.lines.len()
    }

    /// A line's number, before a byte of it is written.
    pub fn begin_line(&mut self, long: bool) -> u32 {
        self.lines.push(Line {
            content: usize::MAX,
            end: 0,
            fate: Fate::Begun,
            home: None,
            closed: false,
            long,
            expired: false,
            optional: false,
            version: None,
        });
        self.lines.len() as u32 - 1
    }

    /// The whole line now ends at `end`.
    pub fn ended_line(&mut self, token: u32, content: usize, end: u64) {
        self.contents[content].ends.push(end);
        self.contents[content].tokens.push(token);
        let newest = self.lines[token as usize]
            .version
            .and_then(|version| self.rows.get(&version.row))
            .map(|row| row.newest);
        let line = &mut self.lines[token as usize];
        (line.content, line.end) = (content, end);
        let is_superseded = line.version.zip(newest).is_some_and(|(own, newest)| own.micros < newest);
        if line.fate == Fate::Stored {
            self.broken("P1", format!("line {token} was stored before it was whole"));
        } else if is_superseded {
            line.fate = Fate::Stored;
        } else {
            line.fate = if line.expired || line.optional { Fate::Excused } else { Fate::Pending };
        }
    }

    /// The line says when it was. A long one is cut, and its time may be cut off with it.
    pub fn dated(&mut self, token: u32, dated_ms: u64, max_age_ms: u64) {
        let line = &mut self.lines[token as usize];
        let age = START_MS.saturating_sub(dated_ms);
        line.expired = age > max_age_ms && !line.long;
        line.optional = !line.expired && (line.long || age + RUN_MAX_MS > max_age_ms);
    }

    /// Between a copy and the truncation lines may be lost that nobody can know of.
    pub fn windowed(&mut self, content: usize) {
        self.contents[content].windowed = true;
    }

    /// A blank line now ends at `end`.
    pub fn wrote_blank(&mut self, content: usize, end: u64) {
        self.contents[content].ends.push(end);
    }

    /// A file of this content ends here for good, maybe within a line: a durable offset may stand there too (P5).
    pub fn finished(&mut self, content: usize, end: u64) {
        self.contents[content].ends.push(end);
    }

    pub fn grew(&mut self, content: usize, len: u64) {
        self.contents[content].len = len;
    }

    pub fn ragged(&mut self, content: usize) {
        self.contents[content].ragged = true;
    }

    fn broken(&mut self, invariant: &'static str, mut what: String) {
        what.truncate(what.floor_char_boundary(400));
        self.violations.push(Violation { invariant, what });
    }

    /// A document was written.
    pub fn stored(&mut self, doc: &Applied) {
        let is_marked = memchr::memmem::find(&doc.source, b"\"unterminated\":true").is_some();
        let Some(token) = token(&doc.source) else {
            // The half line of a copy may end before its number.
            if self.expects_damage || is_marked && self.contents.iter().any(|content| content.windowed) {
                return;
            }
            let what = format!("a document without a line: {}", String::from_utf8_lossy(&doc.source));
            return self.broken("P1", what);
        };
        let is_archive = memchr::memmem::find(&doc.source, b".gz\"}").is_some();
        let may_be_garbled = self.expects_damage && is_archive;
        let Some(line) = self.lines.get_mut(token) else {
            if may_be_garbled {
                return;
            }
            return self.broken("P1", format!("line {token} was never written"));
        };
        let source = serde_json::from_slice::<Source>(&doc.source).ok();
        let said_end = source.as_ref().and_then(|source| source.log.next);
        // The half line of a copy may have been cut behind its text: it is no more than a half all the same. A record has
        // no place for the mark; it says that it ends earlier.
        let is_half = is_marked || line.version.is_some() && said_end.is_some_and(|end| end < line.end);
        let is_whole = memchr::memmem::find(&doc.source, format!("~e{token}~").as_bytes()).is_some()
            && !(is_half && self.contents.iter().any(|content| content.windowed));
        if !is_whole && self.expects_damage && !(line.long && said_end == Some(line.end)) {
            return;
        }
        // A garbled line may have lost its time.
        if is_whole && line.expired && !may_be_garbled {
            return self.broken("P1", format!("line {token} is older than max_age and was stored"));
        }
        let home = (doc.index.clone(), doc.id.clone());
        // A garbled archive may not even be known for what it was: its lines are another generation's then.
        if may_be_garbled {
            if matches!(line.fate, Fate::Pending) && said_end == Some(line.end) {
                line.fate = Fate::Stored;
            }
            return;
        }
        match &line.home {
            Some(other) if *other != home => {
                let what = format!("line {token} is stored as {other:?} and as {home:?}");
                return self.broken("P4", what);
            }
            Some(_) if self.counts_writes => {
                return self.broken("P4", format!("line {token} was written twice"));
            }
            _ => {}
        }
        line.home = Some(home);
        let version = line.version.filter(|_| is_whole);
        self.stands(version, token);
        let line = &mut self.lines[token];
        // A copy that was cut within the line, and nothing else is left of it: what there is is shipped.
        if line.fate == Fate::Excused && !is_whole && (!line.long || is_half) {
            return;
        }
        let begun =
            std::mem::replace(&mut line.fate, Fate::Stored) == Fate::Begun || line.content == usize::MAX;
        let (content, end, long) = (line.content, line.end, line.long);
        if begun {
            return;
        }
        if !long && !is_whole {
            return self.broken("P1", format!("line {token} was stored without its end"));
        }
        self.place(source, token, content, end);
    }

    /// A version of a row is stored: no newer one was, and no older one has to be any more.
    fn stands(&mut self, version: Option<Version>, token: usize) {
        let Some(Version { row, micros }) = version else { return };
        let known = self.rows.entry(row).or_default();
        if known.newest > micros && !self.keeps_no_ids {
            let what = format!("line {token} of row {row} was written over a newer version of it");
            return self.broken("P4", what);
        }
        known.newest = known.newest.max(micros);
        for token in &known.tokens {
            let line = &mut self.lines[*token as usize];
            let is_older = line.version.is_some_and(|version| version.micros < known.newest);
            if is_older && line.fate == Fate::Pending {
                line.fate = Fate::Stored;
            }
        }
    }

    /// What the document says about where it stood.
    fn place(&mut self, source: Option<Source>, token: usize, content: usize, end: u64) {
        let Some(source) = source else {
            return self.broken("P1", format!("line {token} was stored as no JSON"));
        };
        if self.expects_damage {
            return;
        }
        let Log { lineage: Some(lineage), next: Some(next) } = source.log else { return };
        let Some(known) = lineage_of(&lineage) else {
            return self.broken("P4", format!("line {token} was stored under the lineage {lineage}"));
        };
        if next != end {
            self.broken("P5", format!("line {token} ends at {end} and was stored as ending at {next}"));
        }
        let known = *self.lineages.entry(known).or_insert(content);
        if known != content {
            self.broken("P4", format!("lineage {lineage} is both content {known} and {content}"));
        }
    }

    /// Bytes of the refused file became durable.
    pub fn refused(&mut self, bytes: &[u8]) {
        for at in memchr::memmem::find_iter(bytes, b"~t") {
            if let Some(line) = token(&bytes[at..]).and_then(|token| self.lines.get_mut(token))
                && line.fate != Fate::Stored
            {
                line.fate = Fate::Refused;
            }
        }
    }

    /// Something must be told of lines that are gone, once there was time to see it.
    pub fn has_destroyed(&self) -> bool {
        self.lines.iter().any(|line| line.fate == Fate::Excused && !line.expired && !line.optional)
    }

    /// The first line that must still arrive.
    pub fn pending(&self) -> Option<usize> {
        self.lines.iter().position(|line| line.fate == Fate::Pending)
    }

    pub fn lost(&mut self, turns: u64) {
        let missing = self.lines.iter().filter(|line| line.fate == Fate::Pending).count();
        if let Some(token) = self.pending() {
            let content = self.lines[token].content;
            let what = format!(
                "{missing} lines never arrived in {turns} healthy turns, first line {token} of content {content}"
            );
            self.broken("P7", what);
        }
    }

    pub fn fail(&mut self, invariant: &'static str, what: String) {
        self.broken(invariant, what);
    }
}
