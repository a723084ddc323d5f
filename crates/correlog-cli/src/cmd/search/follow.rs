//! `--follow`: prints what was found and goes on with what arrives. Lines arrive late and out of order, so every round
//! looks back a little and an id is printed once.

use super::{Page, Search, show};
use crate::error::{Error, Result};
use crate::story::document::{Document, time_text};
use crate::story::text::Style;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::json;
use std::collections::HashMap;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(1);
/// How far behind the newest line a late one is still shown.
const LOOK_BACK_NS: i64 = 120 * 1_000_000_000;
const ROUND_MAX: u64 = 10_000;

pub fn run(search: &Search<'_>, newest: Page, as_json: bool, style: Style) -> Result<ExitCode> {
    let mut seen: HashMap<String, i64> = HashMap::new();
    let mut documents = newest.documents;
    documents.reverse();
    let mut latest = crate::cmd::trace::times::now() * 1_000_000 - LOOK_BACK_NS;
    loop {
        let mut out = String::new();
        for document in documents {
            let at = document.nanos("@timestamp").unwrap_or(latest);
            latest = latest.max(at);
            if seen.insert(format!("{} {}", document.index, document.id), at).is_none() {
                out.push_str(&text(&document, as_json, style));
            }
        }
        if is_reader_gone() || !print(&out)? {
            return Ok(ExitCode::SUCCESS);
        }
        let from = latest - LOOK_BACK_NS;
        seen.retain(|_, at| *at >= from);
        std::thread::sleep(PAUSE);
        let recent = json!({"range": {"@timestamp": {"gte": time_text(from)}}});
        documents = search.page(&[recent], ROUND_MAX, "desc")?.documents;
        documents.reverse();
    }
}

fn text(document: &Document, as_json: bool, style: Style) -> String {
    if as_json { format!("{}\n", show::json(document)) } else { show::line(document, style) }
}

/// Asked even while there is nothing to print, or `| head` would never end.
fn is_reader_gone() -> bool {
    let stdout = std::io::stdout();
    let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut asked, Some(&now)).is_ok_and(|count| count > 0 && asked[0].revents().contains(PollFlags::ERR))
}

/// False when the reader went away, which is how a pipe into `head` ends.
fn print(text: &str) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Error::io("stdout cannot be written", "", error)),
    }
}
