//! `correlog trace ID`: finds everything that belongs to one id and tells its story. Where the documents come from
//! is behind `source::Source`; how the story looks is in `crate::story`.

pub mod ask;
pub mod indexed;
pub mod resolve;
pub mod source;
pub mod times;

use crate::args::Common;
use crate::cluster::Cluster;
use crate::config::{self, Config};
use crate::error::{EXIT_NEGATIVE, Error, Result};
use crate::scan::source::Files;
use crate::story::text::Style;
use crate::story::{Story, Subject, html, json, text};
use crate::{links, print};
use ask::Ask;
use resolve::Resolved;
use serde_json::Value;
use source::{Neighbours, Source};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A trace id in any spelling (32 hex, UUID, X-Ray, B3, traceparent), a workflow run id, a message id or a node
    /// execution id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Search these files (plain or .gz) and no server; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub files: Vec<String>,
    /// Also show so many lines of the same services before, between and after
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub context: usize,
    /// Write one self-contained page to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Search every day there is instead of stopping at the first days that answer
    #[arg(long)]
    pub all_days: bool,
    #[command(flatten)]
    pub times: times::TimeArgs,
    /// The most lines and records to fetch
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub limit: usize,
}

pub fn run(common: &Common, args: &Args) -> Result<ExitCode> {
    let (config, _) = config::read(common)?;
    let now = times::now();
    let ask = Ask::read(&args.id, now)?;
    let range = args.times.range(now)?;
    if !args.files.is_empty() {
        let mut source = Files::open(&args.files, &config, range, args.limit)?;
        return answer(common, args, &config, &ask, &mut source);
    }
    let cluster = Cluster::connect(&config)?;
    cluster.version()?;
    let mut source = indexed::Indexed::new(&cluster, &config, &ask, indexed::Options::of(args, range, now));
    answer(common, args, &config, &ask, &mut source)
}

fn answer(
    common: &Common,
    args: &Args,
    config: &Config,
    ask: &Ask,
    source: &mut dyn Source,
) -> Result<ExitCode> {
    let Some(found) = resolve::resolve(ask, source)? else {
        return not_found(common, ask, source);
    };
    let story = tell(args, found, source)?;
    let links = links::of(&story, config);
    if let Some(path) = &args.html {
        std::fs::write(path, html::page(&story, &links)).map_err(|error| {
            Error::io(format!("{} cannot be written", path.display()), "choose another --html FILE", error)
        })?;
        print::note(&format!("the page is in {}", path.display()));
    }
    if common.json {
        print::json(&json::story(&story, &Value::from_iter(links.iter().cloned())))?;
    } else {
        let mut out = text::story(&story, style());
        links::append(&mut out, &links);
        print::data(&out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(args: &Args, found: Resolved, source: &mut dyn Source) -> Result<Story> {
    let subject = Subject {
        query: args.id.clone(),
        read_as: found.read_as,
        trace_ids: found.trace_ids,
        run_ids: found.run_ids,
        notes: found.notes.into_iter().chain(source.notes()).collect(),
    };
    if args.context == 0 {
        return Ok(Story::tell(subject, source.searched(), found.documents, Vec::new()));
    }
    let story = Story::tell(subject.clone(), source.searched(), found.documents.clone(), Vec::new());
    let except: BTreeSet<String> = found.documents.iter().map(|document| document.id.clone()).collect();
    let mut context = Vec::new();
    for lane in &story.lanes {
        let (Some(first), Some(last)) = (lane.first, lane.last) else { continue };
        let service = lane.service.clone();
        let wanted = Neighbours { service, first, last, count: args.context, except: except.clone() };
        context.extend(source.neighbours(&wanted)?);
    }
    Ok(Story::tell(subject, source.searched(), found.documents, context))
}

fn not_found(common: &Common, ask: &Ask, source: &dyn Source) -> Result<ExitCode> {
    let searched = source.searched();
    let read_as = ask.read_as();
    let mut reasons = vec![
        format!("no document has {} as {}", ask.shown(), read_as.join(", ")),
        format!("searched {}", searched.words()),
    ];
    reasons.extend(source.notes());
    if searched.source == "opensearch" {
        reasons.push(format!("`correlog doctor {}` says why", ask.shown()));
    }
    if common.json {
        print::json(&json::not_found(&ask.query, &read_as, &searched, &reasons))?;
    } else {
        for reason in &reasons {
            print::note(&print::harmless(reason));
        }
    }
    Ok(ExitCode::from(EXIT_NEGATIVE))
}

/// Colours and a width only where a person looks.
pub fn style() -> Style {
    let is_terminal = std::io::stdout().is_terminal();
    let colour = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let width = rustix::termios::tcgetwinsize(std::io::stdout()).ok().filter(|_| is_terminal);
    Style { colour, width: width.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0) }
}
