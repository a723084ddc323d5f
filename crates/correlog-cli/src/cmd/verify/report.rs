//! How findings look: a list that says where to look, or one JSON object. It decides nothing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::chain::Findings;
use super::detail::{Where, by_file};
use super::read::Stored;
use crate::print::harmless;

/// So many findings of a kind are listed for people; `--json` lists all.
const LISTED: usize = 40;

#[derive(Debug)]
pub struct Report<'a> {
    pub documents: usize,
    /// Gaps that retention explains.
    pub expired: usize,
    pub stored: &'a Stored,
    pub findings: &'a Findings,
    /// For each gap, then for each double.
    pub places: &'a [Where],
}

impl Report<'_> {
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.gaps(&mut out);
        self.doubles(&mut out);
        self.streams(&mut out);
        let findings = self.findings;
        let (lineages, streams) = (self.stored.lineages.len(), self.stored.streams.len());
        let _ = writeln!(out, "{} documents of {lineages} files and {streams} writers", self.documents);
        if findings.explained > 0 {
            let _ = writeln!(
                out,
                "{} lines are in the refused file (`correlog refused list`)",
                findings.explained
            );
        }
        if self.expired > 0 || findings.headless > 0 {
            let _ = writeln!(
                out,
                "the first lines of {} files are not stored any more, {} gaps lie in days that are gone",
                findings.headless, self.expired
            );
        }
        if findings.under_way > 0 {
            let _ = writeln!(out, "{} gaps lie behind what is settled: on their way", findings.under_way);
        }
        if findings.is_clean() {
            out.push_str("complete: no gap, nothing doubled\n");
        } else {
            let (gaps, doubles) = (findings.gaps.len(), findings.doubles.len());
            let _ = writeln!(
                out,
                "NOT complete: {gaps} gaps, {doubles} doubled lines, {} faults in writers' numbers",
                findings.streams.len()
            );
            for (file, count) in by_file(self.places) {
                let _ = writeln!(out, "  {count:>6} in {}", harmless(file));
            }
        }
        out
    }

    fn gaps(&self, out: &mut String) {
        for (gap, place) in self.findings.gaps.iter().zip(self.places).take(LISTED) {
            let _ = writeln!(
                out,
                "gap     {} bytes {}..{} ({} bytes), after {} and before {}{}",
                file(place),
                gap.from,
                gap.to,
                gap.to - gap.from,
                time(place.before.as_deref(), "the beginning"),
                time(place.after.as_deref(), "the end"),
                if gap.edge { " (by the state)" } else { "" },
            );
        }
        more(out, self.findings.gaps.len());
    }

    fn doubles(&self, out: &mut String) {
        let places = &self.places[self.findings.gaps.len()..];
        for (double, place) in self.findings.doubles.iter().zip(places).take(LISTED) {
            let _ = writeln!(
                out,
                "doubled {} bytes {}..{} is stored {} times, at {}",
                file(place),
                double.start,
                double.next,
                double.extra + 1,
                time(place.after.as_deref(), "an unknown time"),
            );
        }
        more(out, self.findings.doubles.len());
    }

    fn streams(&self, out: &mut String) {
        for fault in self.findings.streams.iter().take(LISTED) {
            let stream = harmless(self.stored.streams.name(fault.stream));
            let what = if fault.doubled { "doubled" } else { "missing" };
            let _ = writeln!(out, "{what} writer {stream} numbers {}..={}", fault.from, fault.to);
        }
        more(out, self.findings.streams.len());
    }

    pub fn json(&self) -> Value {
        let findings = self.findings;
        let lineage = |number| self.stored.lineages.name(number);
        let gaps = findings.gaps.iter().zip(self.places).map(|(gap, place)| {
            json!({ "file": place.file, "lineage": lineage(gap.lineage), "from": gap.from, "to": gap.to,
                "bytes": gap.to - gap.from, "after": place.before, "before": place.after, "by_state": gap.edge })
        });
        let places = &self.places[findings.gaps.len()..];
        let doubles = findings.doubles.iter().zip(places).map(|(double, place)| {
            json!({ "file": place.file, "lineage": lineage(double.lineage), "from": double.start,
                "to": double.next, "extra": double.extra, "time": place.after })
        });
        let streams = findings.streams.iter().map(|fault| {
            json!({ "stream": self.stored.streams.name(fault.stream), "from": fault.from, "to": fault.to,
                "lines": fault.to - fault.from + 1, "doubled": fault.doubled })
        });
        json!({
            "complete": findings.is_clean(),
            "documents": self.documents,
            "lineages": self.stored.lineages.len(),
            "streams": self.stored.streams.len(),
            "gaps": gaps.collect::<Vec<_>>(),
            "doubles": doubles.collect::<Vec<_>>(),
            "stream_faults": streams.collect::<Vec<_>>(),
            "explained_by_refused": findings.explained,
            "explained_by_retention": self.expired,
            "under_way": findings.under_way,
            "without_their_first_lines": findings.headless,
        })
    }
}

fn file(place: &Where) -> String {
    harmless(place.file.as_deref().unwrap_or("(unknown file)"))
}

fn time<'a>(time: Option<&'a str>, none: &'a str) -> &'a str {
    time.unwrap_or(none)
}

fn more(out: &mut String, count: usize) {
    if count > LISTED {
        let _ = writeln!(out, "        and {} more; --json lists them all", count - LISTED);
    }
}
