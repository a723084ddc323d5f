//! What ought to be true, asked whenever something is promised: of every line, where it was written, whether it
//! could still be read, and what became of it. It shares no code with what it judges but the state file's reader.

use std::collections::BTreeMap;

use correlog_pipeline::checkpoint::Checkpoint;
use correlog_pipeline::span::Lineage;

use crate::cluster::Applied;
use crate::files::tree::Tree;

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
}

/// What a document says of its place.
#[derive(serde::Deserialize)]
struct Source {
    #[serde(default)]
    log: Log,
}

#[derive(Default, serde::Deserialize)]
struct Log {
    lineage: Option<String>,
    next: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Oracle {
    lines: Vec<Line>,
    contents: Vec<Content>,
    /// As the documents tell it.
    lineages: BTreeMap<String, usize>,
    promised: BTreeMap<Lineage, u64>,
    /// Every write counts: nothing may be written twice.
    pub counts_writes: bool,
    /// Archives are damaged: what comes out of them may be cut or garbled, and is nobody's promise.
    pub expects_damage: bool,
    pub violations: Vec<Violation>,
}

impl Oracle {
    pub fn new_content(&mut self) -> usize {
        self.contents.push(Content::default());
        self.contents.len() - 1
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
        });
        self.lines.len() as u32 - 1
    }

    /// The whole line now ends at `end`.
    pub fn ended_line(&mut self, token: u32, content: usize, end: u64) {
        self.contents[content].ends.push(end);
        self.contents[content].tokens.push(token);
        let line = &mut self.lines[token as usize];
        (line.content, line.end) = (content, end);
        if line.fate == Fate::Stored {
            self.broken("P1", format!("line {token} was stored before it was whole"));
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
        let Some(token) = token(&doc.source) else {
            // The half line of a copy may end before its number.
            let is_half = memchr::memmem::find(&doc.source, b"\"unterminated\":true").is_some();
            if self.expects_damage || is_half && self.contents.iter().any(|content| content.windowed) {
                return;
            }
            return self.broken(
                "P1",
                format!("a document without a line: {}", String::from_utf8_lossy(&doc.source)),
            );
        };
        let is_archive = memchr::memmem::find(&doc.source, b".gz\"}").is_some();
        let may_be_garbled = self.expects_damage && is_archive;
        let Some(line) = self.lines.get_mut(token) else {
            if may_be_garbled {
                return;
            }
            return self.broken("P1", format!("line {token} was never written"));
        };
        // The half line of a copy may have been cut behind its text: it is no more than a half all the same.
        let is_half = memchr::memmem::find(&doc.source, b"\"unterminated\":true").is_some();
        let is_whole = memchr::memmem::find(&doc.source, format!("~e{token}~").as_bytes()).is_some()
            && !(is_half && self.contents.iter().any(|content| content.windowed));
        if !is_whole && self.expects_damage && !(line.long && says_end(&doc.source) == Some(line.end)) {
            return;
        }
        // A garbled line may have lost its time.
        if is_whole && line.expired && !may_be_garbled {
            return self.broken("P1", format!("line {token} is older than max_age and was stored"));
        }
        let home = (doc.index.clone(), doc.id.clone());
        // A garbled archive may not even be known for what it was: its lines are another generation's then.
        if may_be_garbled {
            if matches!(line.fate, Fate::Pending) && says_end(&doc.source) == Some(line.end) {
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
        self.place(doc, token, content, end);
    }

    /// What the document says about where it stood.
    fn place(&mut self, doc: &Applied, token: usize, content: usize, end: u64) {
        let Ok(source) = serde_json::from_slice::<Source>(&doc.source) else {
            return self.broken("P1", format!("line {token} was stored as no JSON"));
        };
        if self.expects_damage {
            return;
        }
        let Log { lineage: Some(lineage), next: Some(next) } = source.log else { return };
        if next != end {
            self.broken("P5", format!("line {token} ends at {end} and was stored as ending at {next}"));
        }
        let known = *self.lineages.entry(lineage.clone()).or_insert(content);
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

    /// A checkpoint became durable: nothing before its offsets may be unsettled, now or ever.
    pub fn promised(&mut self, checkpoint: &Checkpoint) {
        for (lineage, entry) in checkpoint.entries() {
            let offset = entry.place.offset;
            let before = self.promised.insert(*lineage, offset).unwrap_or(0);
            if offset < before {
                self.broken("P3", format!("{} went back from {before} to {offset}", name(lineage)));
            }
            if let Some(content) = self.lineages.get(&name(lineage)) {
                self.settled_before(*content, offset);
            }
        }
        self.promised.retain(|lineage, _| checkpoint.entries().contains_key(lineage));
    }

    fn settled_before(&mut self, content: usize, offset: u64) {
        let late = self.contents[content].tokens.iter().find_map(|token| {
            let line = &self.lines[*token as usize];
            (line.end <= offset && line.fate == Fate::Pending).then_some((*token, line.end))
        });
        if let Some((token, end)) = late {
            self.broken("P2", format!("durable offset {offset} is past line {token}, which ends at {end}"));
        }
        let known = &self.contents[content];
        if offset != 0 && offset != known.len && !known.ragged && !known.ends.contains(&offset) {
            let what = format!("durable offset {offset} is inside a line of content {content}");
            self.broken("P5", what);
        }
    }

    /// State was damaged from outside: what was promised before cannot be held against the next life.
    pub fn state_damaged(&mut self) {
        self.promised.clear();
    }

    /// The shipper closed the last handle of an unlinked file. What another file has too it may read there.
    pub fn closed(&mut self, lines: &[(u64, u32)], tree: &Tree) {
        let is_there = |token: u32| {
            let mut others = tree.inodes.iter().filter(|inode| inode.links > 0 || inode.handles > 0);
            others.any(|inode| inode.lines.iter().any(|(_, other)| *other == token))
        };
        for (_, token) in lines {
            self.lines[*token as usize].closed = !is_there(*token);
        }
    }

    /// The process died: what only it had is gone.
    pub fn died(&mut self) {
        for line in &mut self.lines {
            line.closed = false;
        }
    }

    /// Something was destroyed: lines whose bytes are nowhere any more are nobody's fault.
    pub fn sweep(&mut self, tree: &Tree) {
        let mut there = vec![false; self.lines.len()];
        for inode in tree.inodes.iter().filter(|inode| inode.links > 0 || inode.handles > 0) {
            for (_, token) in &inode.lines {
                there[*token as usize] = true;
            }
        }
        for (line, there) in self.lines.iter_mut().zip(there) {
            if line.fate == Fate::Pending && !there && !line.closed {
                line.fate = Fate::Excused;
            }
        }
    }

    /// Lines of a lineage were destroyed before they were read: its state must say so, for what is passed over
    /// silently looks like all that ever was (P1).
    pub fn holes(&mut self, checkpoint: &Checkpoint) {
        for (lineage, entry) in checkpoint.entries() {
            let Some(content) = self.lineages.get(&name(lineage)) else { continue };
            let known = &self.contents[*content];
            let is_gone = |token: &&u32| {
                let line = &self.lines[**token as usize];
                line.fate == Fate::Excused
                    && !line.expired
                    && !line.optional
                    && line.end > entry.place.offset
                    && line.home.is_none()
            };
            let gone = known.tokens.iter().find(is_gone).copied();
            if let (Some(token), None, false, false) = (gone, entry.hole, known.windowed, known.ragged) {
                let at = entry.place.offset;
                let what =
                    format!("line {token} of {} behind {at} is gone and no hole is told", name(lineage));
                return self.broken("P1", what);
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

fn name(lineage: &Lineage) -> String {
    lineage.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the document says that its line ends.
fn says_end(source: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Source>(source).ok()?.log.next
}

/// The number behind the first `~t`.
fn token(bytes: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find(bytes, b"~t")? + 2;
    let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(None, |sum: Option<usize>, digit| {
        Some(sum.unwrap_or(0).saturating_mul(10).saturating_add(usize::from(digit - b'0')))
    });
    number.filter(|_| bytes[at..].iter().find(|byte| !byte.is_ascii_digit()) == Some(&b'~'))
}
