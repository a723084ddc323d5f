//! The pump's notices in words, each cause at most once a minute with its count. No word of any event is in them:
//! notices carry none.

use crate::admin::Problem;
use crate::print;
use correlog_pipeline::notice::Notice;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A cause is said at most this often.
pub const EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct Words {
    said: BTreeMap<String, (Instant, u64)>,
}

impl Words {
    pub fn tell(&mut self, notices: Vec<Notice>) {
        for notice in notices {
            let text = sentence(notice);
            if let Some(count) = self.is_due(&text) {
                let times = if count > 1 { format!(" ({count} times)") } else { String::new() };
                print::note(&format!("{text}{times}"));
            }
        }
    }

    /// What is not well right now, each thing at most once a minute.
    pub fn trouble(&mut self, problems: &[Problem]) {
        for problem in problems {
            if self.is_due(&problem.key()).is_some() {
                print::note(&format!("{} (hint: {})", problem.what, problem.hint));
            }
        }
    }

    /// How often since it was last said, when it is to be said now.
    fn is_due(&mut self, key: &str) -> Option<u64> {
        let entry = self.said.entry(key.to_owned()).or_insert_with(|| (past(), 0));
        entry.1 += 1;
        if entry.0.elapsed() < EVERY {
            return None;
        }
        let count = entry.1;
        *entry = (Instant::now(), 0);
        Some(count)
    }
}

/// Long enough ago to be said at once.
fn past() -> Instant {
    Instant::now().checked_sub(EVERY).unwrap_or_else(Instant::now)
}

fn sentence(notice: Notice) -> String {
    match notice {
        Notice::List(fault) => format!("some files cannot be listed ({fault:?}); what is not listed is not taken for gone, and it is tried again"),
        Notice::Read(fault) => format!("a file cannot be read ({fault:?}); it is tried again"),
        Notice::Unfit(why) => format!("a file cannot be shipped ({why:?}); `correlog status` names it"),
        Notice::Damaged(why) => format!("an archive is damaged ({why:?}); what could be unpacked of it is shipped, and `correlog status` names it"),
        Notice::OutOfReach => "a file was moved to where no pattern of its entry looks; it is read to its end, but would be missed after a restart: name its new place in `rotated`".to_owned(),
        Notice::Rewritten => "a file was truncated or rewritten; it is read from its beginning as a new generation".to_owned(),
        Notice::Hole(Some(bytes)) => format!("{bytes} bytes of a log are nowhere to be found any more: deleted or truncated before they were read; `correlog status` names the file"),
        Notice::Hole(None) => "a part of a log is nowhere to be found any more, of unknown length; `correlog status` names the file".to_owned(),
        Notice::Slot(fault) => format!("one slot of the state cannot be used ({fault:?}); the other one is"),
        Notice::StateLost => "no state could be used: everything is read again, under the same ids, so that nothing is doubled".to_owned(),
        Notice::Save(fault) => format!("the state cannot be saved ({fault:?}); shipping goes on, and a restart would read again from the last saved place"),
        Notice::Forgotten => "the state of a file that is long gone was dropped".to_owned(),
    }
}
