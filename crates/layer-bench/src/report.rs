//! Prints what was measured: tables for people, one object for machines.
//!
//! Does not measure.

use serde_json::json;

use crate::events::Measured;
use crate::files::{self, Files};
use crate::threads::Threads;

pub struct Report {
    pub subjects: Vec<Measured>,
    pub threads: Vec<Threads>,
    pub files: Vec<Files>,
}

impl Report {
    pub fn print(&self, is_for_machines: bool) {
        let (ours, best) = self.ours().unwrap_or((1.0, 1.0));
        println!(
            "| subject | ns/event | best | x correlog | allocations/event | ns for 3 spans and 1 event |"
        );
        println!("| --- | --- | --- | --- | --- | --- |");
        for one in &self.subjects {
            println!(
                "| {} | {:.0} | {:.0} | {:.1} ({:.1}) | {:.1} | {:.0} |",
                one.name,
                one.ns_per_event,
                one.ns_best,
                one.ns_per_event / ours,
                one.ns_best / best,
                one.allocs_per_event,
                one.ns_per_span_and_event
            );
        }
        println!("\n| subject | threads | ns/event of the process |");
        println!("| --- | --- | --- |");
        for one in &self.threads {
            println!("| {} | {} | {:.0} |", one.name, one.threads, one.ns_per_event);
        }
        self.print_files();
        if is_for_machines {
            println!("{}", self.json());
        }
    }

    fn print_files(&self) {
        println!("\n| to a file | threads | lines/s | x | processor ns/line | x | of it for writing | x |");
        println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
        let mut ours = None;
        for one in &self.files {
            if one.name == files::OURS {
                ours = Some(one);
            }
            let ours = ours.unwrap_or(one);
            print!(
                "| {} | {} | {:.0} | {:.1} | {:.0} | {:.1} |",
                one.name,
                one.threads,
                one.lines_per_second,
                ours.lines_per_second / one.lines_per_second,
                one.processor_ns,
                one.processor_ns / ours.processor_ns,
            );
            match (one.writing_ns, ours.writing_ns) {
                (Some(one), Some(ours)) if one > 0.0 => println!(" {one:.0} | {:.1} |", one / ours),
                _ => println!(" | |"),
            }
        }
    }

    fn ours(&self) -> Option<(f64, f64)> {
        let ours = self.subjects.iter().find(|one| one.name == "correlog").or(self.subjects.first())?;
        Some((ours.ns_per_event, ours.ns_best))
    }

    fn json(&self) -> serde_json::Value {
        let subjects = self.subjects.iter().map(|one| {
            json!({
                "name": one.name,
                "ns_per_event": one.ns_per_event,
                "ns_best": one.ns_best,
                "allocs_per_event": one.allocs_per_event,
                "ns_per_span_and_event": one.ns_per_span_and_event,
            })
        });
        let threads = self
            .threads
            .iter()
            .map(|one| json!({"name": one.name, "threads": one.threads, "ns_per_event": one.ns_per_event}));
        let files = self.files.iter().map(|one| {
            json!({
                "name": one.name,
                "threads": one.threads,
                "lines_per_second": one.lines_per_second,
                "processor_ns_per_line": one.processor_ns,
                "writing_ns_per_line": one.writing_ns,
            })
        });
        json!({
            "subjects": subjects.collect::<Vec<_>>(),
            "threads": threads.collect::<Vec<_>>(),
            "files": files.collect::<Vec<_>>(),
        })
    }
}
