//! Where a running shipper shows itself: the admin address, the status file, its account in the index, and stderr.
//! All from one snapshot between two turns, so that its sums agree (P8).

use super::account::Account;
use super::words::Words;
use crate::admin::{self, Admin};
use crate::cmd::status::moment;
use correlog_pipeline::ports::Now;
use correlog_pipeline::snapshot::Snapshot;
use std::path::PathBuf;

/// A moment shown is at most this old, and one turn; with thousands of files it may be older, because making it costs by
/// the file, and an idle host must not work to say that it is idle.
const EVERY_MS: u64 = 200;
const EVERY_FILES_PER_MS: u64 = 10;
/// The status file is for people.
const FILE_EVERY_MS: u64 = 1_000;

#[derive(Debug)]
pub struct Show {
    pub admin: Option<Admin>,
    pub account: Option<Account>,
    pub state_dir: PathBuf,
    next_ms: u64,
    next_file_ms: u64,
}

impl Show {
    pub fn new(admin: Option<Admin>, account: Option<Account>, state_dir: PathBuf) -> Self {
        Self { admin, account, state_dir, next_ms: 0, next_file_ms: 0 }
    }

    pub const fn is_due(&self, now: Now) -> bool {
        now.mono_ms >= self.next_ms
    }

    /// What is not well is also said on stderr.
    pub fn show(&mut self, now: Now, snapshot: Snapshot, words: &mut Words) {
        let files = snapshot.files.len() as u64;
        self.next_ms = now.mono_ms + EVERY_MS + files / EVERY_FILES_PER_MS;
        words.trouble(&admin::problems(&snapshot));
        if now.mono_ms >= self.next_file_ms {
            self.next_file_ms = now.mono_ms + FILE_EVERY_MS + files;
            moment::write(&self.state_dir, &snapshot);
        }
        if let Some(account) = &mut self.account {
            account.tell(now, &snapshot);
        }
        if let Some(admin) = &self.admin {
            admin.publish(snapshot);
        }
    }

    /// The last account, when everything else has ended.
    pub fn close(&mut self, now: Now, snapshot: &Snapshot) {
        if let Some(account) = self.account.take() {
            account.close(now, snapshot);
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        moment::remove(&self.state_dir);
    }
}
