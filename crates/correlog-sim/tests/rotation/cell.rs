//! One cell: what is written when, what the shipper does meanwhile, and what must come out.

use std::collections::BTreeMap;

use correlog_pipeline::checkpoint::Hole;
use tempfile::TempDir;

use crate::rotate::{Kind, Service};
use crate::world::Shipper;

/// Where the shipper stands in the live file when the first rotation comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stands {
    /// Nothing of it was read.
    AtZero,
    /// At a line's end, with more lines behind it.
    MidFile,
    /// What it read ended inside a line, which was completed behind its back.
    MidLine,
    AtEnd,
    /// At the end, and the last line has no newline and never gets one.
    AtEndUnterminated,
}

impl Stands {
    pub const ALL: [Self; 5] =
        [Self::AtZero, Self::MidFile, Self::MidLine, Self::AtEnd, Self::AtEndUnterminated];
}

#[derive(Clone, Copy, Debug)]
pub struct Cell {
    pub kind: Kind,
    pub is_up: bool,
    pub rotations: u32,
    pub stands: Stands,
    pub in_flight: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Lines that were removed before anyone could read them.
    pub unreadable: usize,
    /// Files of which the shipper says that bytes are missing.
    pub holes: usize,
}

/// Long enough for every pause of the pipeline, with its grace for rotated files.
const LONG_MS: u64 = 60_000;

struct Writer {
    service: Service,
    next: u32,
    /// The lines of each file, oldest first; `None` for a file that nobody could read.
    files: Vec<Vec<String>>,
}

impl Writer {
    fn line(&mut self) -> String {
        let number = self.next;
        self.next += 1;
        let line = format!("2026-11-21T10:{:02}:{:02}Z INFO line {number}", number / 60 % 60, number % 60);
        self.files.last_mut().unwrap().push(line.clone());
        line
    }

    fn lines(&mut self, count: u32) {
        for _ in 0..count {
            let line = self.line();
            self.service.append(format!("{line}\n").as_bytes());
        }
    }
}

impl Cell {
    pub fn run(self) -> Result<Report, String> {
        let root = TempDir::new().unwrap();
        let root = root.path();
        let service = Service::new(root, self.kind);
        let mut writer = Writer { service, next: 0, files: vec![Vec::new()] };
        let mut shipper = Shipper::new(root);
        self.before(&mut writer, &mut shipper);
        let mut readable = vec![true];
        if !self.is_up {
            shipper.kill(root);
        }
        for rotation in 0..self.rotations {
            writer.service.rotate(root, self.kind);
            if self.kind == Kind::DeleteCreate
                && !(self.is_up && (rotation > 0 || self.stands != Stands::AtZero))
            {
                *readable.last_mut().unwrap() = false;
            }
            writer.files.push(Vec::new());
            readable.push(true);
            if self.is_up {
                shipper.run(500);
            }
            writer.lines(3);
            if self.is_up {
                shipper.run(500);
            }
        }
        shipper.world.bulk.holds_answers = false;
        if !self.is_up {
            shipper.start();
        }
        shipper.run(LONG_MS);
        if !shipper.is_settled() {
            return Err("something is still unsettled".to_owned());
        }
        let report = self.compare(&writer, &readable, &mut shipper)?;
        self.said(&shipper)?;
        Ok(report)
    }

    /// A file that was begun and removed while nobody looked is missing bytes, and the shipper must say so; of no other
    /// file may it.
    fn is_broken(self) -> bool {
        self.kind == Kind::DeleteCreate && !self.is_up && self.stands != Stands::AtZero
    }

    fn said(self, shipper: &Shipper) -> Result<(), String> {
        let holes = shipper.holes();
        if holes.len() != usize::from(self.is_broken()) {
            return Err(format!("says of {} files that bytes are missing", holes.len()));
        }
        let Some(hole) = holes.first() else { return Ok(()) };
        // What was under way when it was killed was never settled; what was seen and not read is known by its length.
        let (read, seen) = self.read_and_seen();
        let from = if self.in_flight { 0 } else { read };
        let expect = Hole { from, len: (seen > from).then_some(seen - from) };
        if *hole == expect { Ok(()) } else { Err(format!("says {hole:?}, expected {expect:?}")) }
    }

    /// Bytes of whole lines read, and bytes seen, when the shipper looked at the first file for the last time.
    fn read_and_seen(self) -> (u64, u64) {
        const LINE: u64 = "2026-11-21T10:00:00Z INFO line 0\n".len() as u64;
        match self.stands {
            Stands::AtZero => (0, 0),
            Stands::MidFile | Stands::AtEnd => (3 * LINE, 3 * LINE),
            Stands::MidLine => (2 * LINE, 2 * LINE + 20),
            Stands::AtEndUnterminated => (2 * LINE, 3 * LINE - 1),
        }
    }

    /// Brings the shipper to where it stands in the first file.
    fn before(self, writer: &mut Writer, shipper: &mut Shipper) {
        shipper.world.bulk.holds_answers = self.in_flight;
        shipper.start();
        shipper.run(500);
        match self.stands {
            Stands::AtZero => return writer.lines(6),
            Stands::MidFile | Stands::AtEnd => writer.lines(3),
            Stands::MidLine | Stands::AtEndUnterminated => {
                writer.lines(2);
                let line = writer.line();
                let (now, later) = line.split_at(20);
                writer.service.append(now.as_bytes());
                if self.stands == Stands::AtEndUnterminated {
                    writer.service.append(later.as_bytes());
                }
                shipper.run(2_000);
                if self.stands == Stands::MidLine {
                    writer.service.append(format!("{later}\n").as_bytes());
                    writer.lines(2);
                }
                return;
            }
        }
        shipper.run(2_000);
        if self.stands == Stands::MidFile {
            writer.lines(3);
        }
    }

    fn compare(self, writer: &Writer, readable: &[bool], shipper: &mut Shipper) -> Result<Report, String> {
        let mut docs = BTreeMap::new();
        for doc in std::mem::take(&mut shipper.world.bulk.cluster.applied) {
            docs.insert((doc.index, doc.id), doc.source);
        }
        let mut lineages: BTreeMap<String, BTreeMap<u64, String>> = BTreeMap::new();
        for source in docs.values() {
            let doc: serde_json::Value = serde_json::from_slice(source).map_err(|error| error.to_string())?;
            let log = &doc["log"];
            let lineage = log["lineage"].as_str().ok_or("a document without its lineage")?;
            let offset = log["offset"].as_u64().ok_or("a document without its offset")?;
            let number = number(&doc).ok_or_else(|| format!("no line of ours: {doc}"))?;
            if lineages.entry(lineage.to_owned()).or_default().insert(offset, number).is_some() {
                return Err(format!("two documents at offset {offset}"));
            }
        }
        let mut stored: Vec<Vec<String>> =
            lineages.into_values().map(|lines| lines.into_values().collect()).collect();
        stored.sort();
        let numbers = |lines: &Vec<String>| -> Vec<String> {
            lines.iter().filter_map(|line| line.rsplit(' ').next()).map(str::to_owned).collect()
        };
        let with = writer.files.iter().zip(readable);
        let mut expect: Vec<Vec<String>> =
            with.clone().filter(|(_, readable)| **readable).map(|(lines, _)| numbers(lines)).collect();
        expect.retain(|lines| !lines.is_empty());
        expect.sort();
        // What the shipper had taken before a file was removed may be stored too.
        let removed: Vec<Vec<String>> =
            with.filter(|(_, readable)| !**readable).map(|(lines, _)| numbers(lines)).collect();
        stored.retain(|lines| !removed.iter().any(|gone| gone.starts_with(lines)));
        if stored != expect {
            return Err(format!("stored {stored:?}, written {expect:?}"));
        }
        Ok(Report { unreadable: removed.iter().map(Vec::len).sum(), holes: shipper.holes().len() })
    }
}

/// The number at the end of the line's text.
fn number(doc: &serde_json::Value) -> Option<String> {
    let text = doc["message"].as_str()?;
    text.rsplit(' ').next().map(str::to_owned)
}
