//! Whether stored documents follow each other without a gap and without a double: pure arithmetic over positions.
//!
//! It knows no index and no file. A line is missing where the next stored one starts later than the last one ended,
//! less the bytes that were skipped on purpose. What lies before the first or behind the last stored line of a lineage
//! only the shipper's state can tell.

use std::collections::{BTreeMap, BTreeSet};

/// One stored line, or one refused line, where it stands in its lineage. Names are interned: see `Names`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub lineage: u32,
    pub start: u64,
    pub next: u64,
    pub skipped: u64,
    /// Refused lines say nothing about skipped bytes before them and are never doubles.
    pub refused: bool,
}

/// One native line in its writer's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    pub stream: u32,
    pub seq: u64,
    /// Tells two positions of one (stream, seq) apart.
    pub lineage: u32,
    pub start: u64,
}

/// Long names as small numbers.
#[derive(Debug, Default)]
pub struct Names {
    numbers: BTreeMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }

    pub fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// Bytes of a lineage that are neither stored, nor refused, nor skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub lineage: u32,
    pub from: u64,
    pub to: u64,
    /// What is known of the bytes: `true` for the head and the tail, which only the shipper's state shows.
    pub edge: bool,
}

/// One position stored more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Double {
    pub lineage: u32,
    pub start: u64,
    pub next: u64,
    /// Documents beyond the first.
    pub extra: u64,
}

/// Numbers of a stream that are missing, `from` to `to` inclusive, or stored at several positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamFault {
    pub stream: u32,
    pub from: u64,
    pub to: u64,
    pub doubled: bool,
    /// Lineage and offset of the stored neighbours.
    pub before: (u32, u64),
    pub after: (u32, u64),
}

/// What the shipper's state said about a lineage, before anything else was read: a shipper may run meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub lineage: u32,
    /// Where the last settled document or refusal ends. What lies behind it may still be under way.
    pub settled: u64,
    /// It was read to an end that cannot grow any more.
    pub finished: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub gaps: Vec<Gap>,
    pub doubles: Vec<Double>,
    pub streams: Vec<StreamFault>,
    /// Lines in the refused file that fill what would be gaps.
    pub explained: u64,
    /// Gaps behind the mark of a lineage: on their way, in the order in which the cluster takes them.
    pub under_way: u64,
    /// Lineages whose first stored line is not their first: retention, or a head that only the state can judge.
    pub headless: u64,
}

impl Findings {
    pub fn is_clean(&self) -> bool {
        self.gaps.is_empty() && self.doubles.is_empty() && self.streams.is_empty()
    }
}

/// Compares every stored line with its neighbour. Sorts its arguments.
pub fn check(links: &mut [Link], steps: &mut [Step], marks: &[Mark]) -> Findings {
    let mut findings = Findings::default();
    links.sort_unstable();
    let mut left: BTreeMap<u32, Mark> = marks.iter().map(|mark| (mark.lineage, *mark)).collect();
    let mut open = Open::default();
    for chain in links.chunk_by(|one, other| one.lineage == other.lineage) {
        let mark = left.remove(&chain[0].lineage);
        open.note(chain[0], mark);
        lineage(chain, mark.map(|mark| mark.settled), &mut findings);
    }
    for (lineage, mark) in left.into_iter().filter(|(_, mark)| mark.settled > 0) {
        findings.gaps.push(Gap { lineage, from: 0, to: mark.settled, edge: true });
    }
    steps.sort_unstable();
    for steps in steps.chunk_by(|one, other| one.stream == other.stream) {
        stream(steps, &mut findings);
    }
    findings.streams.retain(|fault| fault.doubled || !open.explains(fault));
    findings
}

/// Lineages of which something may still be under way, where one file follows another.
#[derive(Default)]
struct Open {
    heads: BTreeSet<u32>,
    tails: BTreeSet<u32>,
}

impl Open {
    fn note(&mut self, first: Link, mark: Option<Mark>) {
        let Some(mark) = mark else { return };
        if first.start.saturating_sub(first.skipped) > mark.settled {
            self.heads.insert(first.lineage);
        }
        if !mark.finished {
            self.tails.insert(first.lineage);
        }
    }

    /// Numbers between two files, of which the one is not at its end or the other's beginning is on its way.
    fn explains(&self, fault: &StreamFault) -> bool {
        let (one, next) = (fault.before.0, fault.after.0);
        one != next && (self.tails.contains(&one) || self.heads.contains(&next))
    }
}

fn lineage(chain: &[Link], mark: Option<u64>, findings: &mut Findings) {
    let first = chain[0];
    let mut end = first.start.saturating_sub(first.skipped);
    findings.headless += u64::from(end > 0);
    let mut doubled: Option<Double> = None;
    let mut previous: Option<Link> = None;
    for &link in chain {
        if let Some(before) = previous.filter(|before| before.start == link.start) {
            if !before.refused && !link.refused {
                let seen =
                    doubled.filter(|double| double.start == link.start).map_or(0, |double| double.extra);
                let double =
                    Double { lineage: link.lineage, start: link.start, next: link.next, extra: seen + 1 };
                if seen > 0 {
                    findings.doubles.pop();
                }
                findings.doubles.push(double);
                doubled = Some(double);
            }
            end = end.max(link.next);
            previous = Some(Link { refused: before.refused && link.refused, ..link });
            continue;
        }
        // What was skipped before a refused line is written nowhere, so nothing before it is called missing.
        let starts = if link.refused { end } else { link.start.saturating_sub(link.skipped) };
        let missing_to = mark.map_or(starts, |settled| starts.min(settled));
        if missing_to > end {
            findings.gaps.push(Gap { lineage: link.lineage, from: end, to: missing_to, edge: false });
        } else if starts > end {
            findings.under_way += 1;
        }
        findings.explained += u64::from(link.refused);
        end = end.max(link.next);
        previous = Some(link);
    }
    if let Some(settled) = mark {
        edges(first, end, settled, findings);
    }
}

/// Head and tail, with the shipper's state: what is settled and not there is missing.
fn edges(first: Link, end: u64, settled: u64, findings: &mut Findings) {
    let lineage = first.lineage;
    let head = if first.refused { 0 } else { first.start.saturating_sub(first.skipped) };
    if head.min(settled) > 0 {
        findings.gaps.push(Gap { lineage, from: 0, to: head.min(settled), edge: true });
    }
    if settled > end {
        findings.gaps.push(Gap { lineage, from: end, to: settled, edge: true });
    }
}

fn stream(steps: &[Step], findings: &mut Findings) {
    for pair in steps.windows(2) {
        let (one, next) = (pair[0], pair[1]);
        let (before, after) = ((one.lineage, one.start), (next.lineage, next.start));
        let fault = |from, to, doubled| StreamFault { stream: one.stream, from, to, doubled, before, after };
        if next.seq > one.seq + 1 {
            findings.streams.push(fault(one.seq + 1, next.seq - 1, false));
        }
        if next.seq == one.seq && before != after {
            findings.streams.push(fault(one.seq, one.seq, true));
        }
    }
}

/// Drops missing numbers that are accounted for: by a gap that was set aside, or by refused lines. `links` are sorted.
pub fn explain_streams(findings: &mut Findings, links: &[Link]) {
    let mut gaps: Vec<(u32, u64)> = findings.gaps.iter().map(|gap| (gap.lineage, gap.from)).collect();
    gaps.sort_unstable();
    let within = |from: (u32, u64), to: (u32, u64)| {
        let first = gaps.partition_point(|gap| *gap < from);
        gaps.get(first).is_some_and(|gap| *gap < to)
    };
    findings.streams.retain(|fault| {
        let missing = fault.to - fault.from + 1;
        match fault.before.0 == fault.after.0 {
            _ if fault.doubled => true,
            // In one file: the file's own gaps say whether anything is missing.
            true => within(fault.before, fault.after),
            // From one file to the next: as many refused lines at the end of the one and the beginning of the other.
            false => refused_between(links, fault.before, fault.after) < missing,
        }
    });
}

fn refused_between(links: &[Link], before: (u32, u64), after: (u32, u64)) -> u64 {
    let of = |lineage: u32| {
        let from = links.partition_point(|link| link.lineage < lineage);
        links[from..].iter().take_while(move |link| link.lineage == lineage).filter(|link| link.refused)
    };
    let tail = of(before.0).filter(|link| link.start > before.1).count();
    let head = of(after.0).filter(|link| link.start < after.1).count();
    (tail + head) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(start: u64, next: u64, skipped: u64) -> Link {
        Link { lineage: 0, start, next, skipped, refused: false }
    }

    fn refused(start: u64, next: u64) -> Link {
        Link { lineage: 0, start, next, skipped: 0, refused: true }
    }

    fn gaps(mut links: Vec<Link>, marks: &[Mark]) -> Vec<(u64, u64)> {
        let findings = check(&mut links, &mut Vec::new(), marks);
        assert!(findings.doubles.is_empty());
        findings.gaps.iter().map(|gap| (gap.from, gap.to)).collect()
    }

    #[test]
    fn gaps_lie_between_stored_neighbours_and_skips_are_none() {
        assert_eq!(gaps(vec![link(0, 10, 0), link(10, 20, 0)], &[]), []);
        assert_eq!(gaps(vec![link(20, 30, 0), link(0, 10, 0)], &[]), [(10, 20)]);
        assert_eq!(gaps(vec![link(0, 10, 0), link(13, 20, 3)], &[]), []);
        assert_eq!(gaps(vec![link(0, 10, 0), link(33, 40, 3)], &[]), [(10, 30)]);
        assert_eq!(
            gaps(vec![link(50, 60, 0), link(60, 70, 0)], &[]),
            [],
            "a head is no gap: retention takes it"
        );
        assert_eq!(
            gaps(vec![link(0, 10, 0), refused(10, 20), link(20, 30, 0)], &[]),
            [],
            "refused lines explain"
        );
        assert_eq!(gaps(vec![link(0, 10, 0), refused(30, 40), link(40, 50, 0)], &[]), []);
    }

    #[test]
    fn the_state_shows_head_and_tail() {
        let mark = |settled| Mark { lineage: 0, settled, finished: true };
        assert_eq!(gaps(vec![link(0, 10, 0)], &[mark(10)]), []);
        assert_eq!(gaps(vec![link(0, 10, 0)], &[mark(30)]), [(10, 30)]);
        assert_eq!(gaps(vec![link(15, 20, 5)], &[mark(20)]), [(0, 10)]);
        assert_eq!(gaps(vec![link(20, 30, 20)], &[mark(30)]), [], "skipped from the beginning on");
        assert_eq!(gaps(vec![link(0, 10, 0)], &[mark(5)]), [], "stored and not yet settled");
        assert_eq!(gaps(vec![], &[mark(30)]), [(0, 30)], "nothing of it is stored");
    }

    #[test]
    fn what_lies_behind_the_mark_is_under_way() {
        let check = |links: &[Link], settled| {
            let mark = Mark { lineage: 0, settled, finished: false };
            let found = check(&mut links.to_vec(), &mut Vec::new(), &[mark]);
            (found.gaps.iter().map(|gap| (gap.from, gap.to)).collect::<Vec<_>>(), found.under_way)
        };
        let holes = [link(0, 10, 0), link(20, 30, 0), link(40, 50, 0)];
        assert_eq!(check(&holes, 50), (vec![(10, 20), (30, 40)], 0));
        assert_eq!(check(&holes, 30), (vec![(10, 20)], 1));
        assert_eq!(check(&holes, 10), (vec![], 2));
        assert_eq!(check(&holes, 15), (vec![(10, 15)], 1), "as far as it is settled");
        assert_eq!(check(&[link(20, 30, 0)], 0), (vec![], 0), "its beginning is on its way");
    }

    #[test]
    fn numbers_between_two_files_may_be_under_way_at_the_end_of_the_one_or_the_beginning_of_the_other() {
        let of = |lineage, start| Link { lineage, start, next: start + 10, skipped: 0, refused: false };
        let step = |lineage, seq, start| Step { stream: 0, seq, lineage, start };
        let faults = |second_starts, one_finished, settled: [u64; 2]| {
            let mut links = [of(0, 0), of(1, second_starts)];
            let mut steps = [step(0, 0, 0), step(1, 3, second_starts)];
            let mark = |lineage, finished| Mark { lineage, settled: settled[lineage as usize], finished };
            check(&mut links, &mut steps, &[mark(0, one_finished), mark(1, false)]).streams.len()
        };
        assert_eq!(faults(0, true, [10, 10]), 1, "neither: they are missing");
        assert_eq!(faults(0, false, [10, 10]), 0, "the first file goes on");
        assert_eq!(faults(20, true, [10, 0]), 0, "the second one's beginning is on its way");
    }

    #[test]
    fn doubles_are_counted_once_a_position() {
        let mut links =
            vec![link(0, 10, 0), link(0, 10, 0), link(0, 10, 0), link(10, 20, 0), refused(10, 20)];
        let findings = check(&mut links, &mut Vec::new(), &[]);
        assert_eq!(findings.doubles, [Double { lineage: 0, start: 0, next: 10, extra: 2 }]);
        assert!(findings.gaps.is_empty());
    }

    #[test]
    fn streams_have_every_number_once() {
        let step = |seq, start| Step { stream: 0, seq, lineage: 0, start };
        let mut steps = vec![step(0, 0), step(1, 10), step(4, 40), step(4, 70), step(5, 50), step(5, 50)];
        let findings = check(&mut Vec::new(), &mut steps, &[]);
        let found: Vec<_> =
            findings.streams.iter().map(|fault| (fault.from, fault.to, fault.doubled)).collect();
        assert_eq!(found, [(2, 3, false), (4, 4, true)]);
    }

    #[test]
    fn a_refused_native_line_explains_its_missing_number() {
        let mut links = vec![link(0, 10, 0), refused(10, 20), link(20, 30, 0)];
        let step = |seq, start| Step { stream: 0, seq, lineage: 0, start };
        let mut findings = check(&mut links, &mut [step(0, 0), step(2, 20)], &[]);
        assert_eq!(findings.streams.len(), 1);
        explain_streams(&mut findings, &links);
        assert!(findings.is_clean());
        let mut links = vec![link(0, 10, 0), link(20, 30, 0)];
        let mut findings = check(&mut links, &mut [step(0, 0), step(2, 20)], &[]);
        explain_streams(&mut findings, &links);
        assert_eq!((findings.gaps.len(), findings.streams.len()), (1, 1));
    }
}
