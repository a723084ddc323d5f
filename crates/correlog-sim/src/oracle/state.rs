//! What the state promises, held against what was written and what arrived. See the parent.

use correlog_pipeline::checkpoint::{Checkpoint, Entry};
use correlog_pipeline::place::Skip;
use correlog_pipeline::span::Lineage;

use super::source::name;
use super::{Content, Fate, Oracle};

impl Oracle {
    /// A checkpoint became durable: nothing before its offsets may be unsettled, now or ever.
    pub fn promised(&mut self, checkpoint: &Checkpoint) {
        for (lineage, entry) in checkpoint.entries() {
            let offset = entry.place.offset;
            self.before_start(lineage, entry);
            let before = self.promised.insert(*lineage, offset).unwrap_or(0);
            if offset < before {
                self.broken("P3", format!("{} went back from {before} to {offset}", name(lineage)));
            }
            if let Some(content) = self.lineages.get(lineage) {
                self.settled_before(*content, offset);
            }
        }
        self.promised.retain(|lineage, _| checkpoint.entries().contains_key(lineage));
    }

    /// No state was kept: the next life is the first one again, and all that is there was there before.
    pub fn starts_anew(&mut self) {
        self.is_first_start = true;
        self.contents.iter_mut().for_each(|content| content.was_first = true);
    }

    /// What was there before the first start may be skipped, counted, and nothing that came later.
    fn before_start(&mut self, lineage: &Lineage, entry: &Entry) {
        let skipped = entry.place.skips.of(Skip::BeforeStart);
        let known = self.lineages.get(lineage).or(self.first_lines.get(&entry.fingerprint.hash));
        let Some(content) = known.copied() else { return };
        if self.before_start.insert(*lineage, skipped).is_some_and(|before| before != skipped) {
            return self.broken("P1", format!("{} skips more than at its start", name(lineage)));
        }
        if skipped > 0 && !self.contents[content].was_first {
            let what = format!(
                "content {content} came after the first start, and {skipped} bytes of it are skipped"
            );
            return self.broken("P1", what);
        }
        for token in &self.contents[content].tokens {
            let line = &mut self.lines[*token as usize];
            if line.end <= skipped && line.fate == Fate::Pending {
                line.fate = Fate::Excused;
            }
        }
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
        self.before_start.clear();
    }

    /// Lines of a lineage were destroyed before they were read: its state must say so, for what is passed over
    /// silently looks like all that ever was (P1).
    pub fn holes(&mut self, checkpoint: &Checkpoint) {
        for (lineage, entry) in checkpoint.entries() {
            let Some(content) = self.lineages.get(lineage) else { continue };
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

    /// A hole that has a length has not more than ever was there, and not less than was read of it.
    pub fn lengths(&mut self, checkpoint: &Checkpoint) {
        for (lineage, entry) in checkpoint.entries() {
            let Some(content) = self.lineages.get(lineage) else { continue };
            let (Content { extent, read, ragged, .. }, Some(hole)) = (&self.contents[*content], entry.hole)
            else {
                continue;
            };
            let (end, at) = (hole.from + hole.len.unwrap_or(0), entry.place.offset);
            let is_understated = self.reads_surely && end < *read && !ragged;
            if end > *extent || is_understated || hole.len == Some(0) {
                let what = format!(
                    "a hole of {} behind {at} has {:?} bytes from {}, there were {extent}, {read} of them read",
                    name(lineage),
                    hole.len,
                    hole.from
                );
                return self.broken("P1", what);
            }
        }
    }
}
