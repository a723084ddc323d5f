//! `refused replay`: sends the first forms again under their own ids. Twice is harmless, because an id holds one
//! document; an entry leaves the list only when its own item says that it is stored.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;

use correlog_pipeline::delivery::judge::{self, Judgement, Verdict};
use correlog_pipeline::ports::Outcome;
use correlog_pipeline::refused::Entry;
use indicatif::{ProgressBar, ProgressDrawTarget};
use opensearch::http::Method;
use serde_json::json;

use super::Choice;
use super::store::Store;
use crate::args::Common;
use crate::cluster::Cluster;
use crate::config::Config;
use crate::error::{EXIT_STOPPED, Result};
use crate::print;

/// One request; small, because each of these documents has made trouble before.
const BATCH_MAX_DOCUMENTS: usize = 200;
const BATCH_MAX_BYTES: usize = 1 << 20;

#[derive(Debug, Default)]
struct Tally {
    stored: u64,
    /// By what the server says now.
    kept: BTreeMap<&'static str, u64>,
}

pub fn run(common: &Common, config: &Config, store: &Store, choice: &Choice) -> Result<ExitCode> {
    let cluster = Cluster::connect(config)?;
    cluster.version()?;
    let mut notes = store.notes()?;
    let mut tally = Tally::default();
    let bar = ProgressBar::new_spinner();
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let mut batches: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut send = |entries: Vec<Entry>| -> Result<()> {
        let verdicts = send(&cluster, &entries)?;
        notes.add(
            entries.iter().zip(&verdicts).filter(|(_, verdict)| is_stored(verdict)).map(|(entry, _)| entry),
        )?;
        verdicts.iter().for_each(|verdict| tally.add(verdict));
        bar.set_message(format!("{} stored", tally.stored));
        bar.tick();
        Ok(())
    };
    let mut without_document = 0;
    store.visit(choice, |entry| {
        if entry.source.is_empty() {
            without_document += 1;
            return Ok(());
        }
        let batch = batches.entry(entry.index.clone()).or_default();
        batch.push(entry);
        let bytes: usize = batch.iter().map(|entry| entry.source.len()).sum();
        if batch.len() < BATCH_MAX_DOCUMENTS && bytes < BATCH_MAX_BYTES {
            return Ok(());
        }
        send(std::mem::take(batch))
    })?;
    for (_, batch) in batches {
        if !batch.is_empty() {
            send(batch)?;
        }
    }
    bar.finish_and_clear();
    if without_document > 0 {
        tally.kept.insert("line_without_document", without_document);
    }
    Store::open(store.dir())?.tidy()?;
    tell(common, &tally)
}

fn tell(common: &Common, tally: &Tally) -> Result<ExitCode> {
    let kept: u64 = tally.kept.values().sum();
    if common.json {
        print::json(&json!({"stored": tally.stored, "kept": kept, "kept_by": tally.kept}))?;
    } else {
        print::data(&format!("{} stored, {kept} kept\n", tally.stored))?;
        for (reason, count) in &tally.kept {
            print::data(&format!("{count:>9}  {reason}\n"))?;
        }
    }
    Ok(if kept == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_STOPPED) })
}

/// One request and what it says about each; a request that says nothing about any keeps all.
fn send(cluster: &Cluster, entries: &[Entry]) -> Result<Vec<Verdict>> {
    let index = &entries[0].index;
    let mut body = Vec::new();
    for entry in entries {
        let action = match entry.version {
            Some(version) => json!({"_id": entry.id, "version": version, "version_type": "external_gte"}),
            None => json!({ "_id": entry.id }),
        };
        body.extend_from_slice(json!({ "index": action }).to_string().as_bytes());
        body.push(b'\n');
        body.extend_from_slice(&entry.source);
        body.push(b'\n');
    }
    let reply =
        cluster.send_raw(Method::Post, &format!("/{index}/_bulk"), "application/x-ndjson", Some(body))?;
    let outcome = Outcome::Replied {
        status: reply.status,
        retry_after_ms: None,
        reply: reply.body.to_string().into_bytes(),
    };
    let judgement = judge::judge(&outcome, entries.len(), |at, id| entries[at].id == id);
    match judgement {
        Judgement::Each(verdicts) => Ok(verdicts),
        // One document may have spoilt it for the others.
        Judgement::Poison | Judgement::TooLarge if entries.len() > 1 => {
            let (first, second) = entries.split_at(entries.len() / 2);
            Ok([send(cluster, first)?, send(cluster, second)?].concat())
        }
        _ => Ok(vec![Verdict::Odd; entries.len()]),
    }
}

/// A conflict means that a newer version of the record is there.
const fn is_stored(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Stored | Verdict::Conflict)
}

impl Tally {
    fn add(&mut self, verdict: &Verdict) {
        let kept = match verdict {
            Verdict::Stored | Verdict::Conflict => {
                self.stored += 1;
                return;
            }
            Verdict::Busy { .. } => "busy",
            Verdict::Blocked(_) => "index_takes_nothing",
            Verdict::Faulty { fault, .. } => fault.name(),
            Verdict::Odd => "not_understood",
        };
        *self.kept.entry(kept).or_default() += 1;
    }
}
