//! Rotating real files: by `logrotate` what it does, by hand the rest.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Rename,
    Dated,
    CopyTruncate,
    Gzip,
    DelayedGzip,
    DeleteCreate,
    SymlinkSwap,
}

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Rename,
        Self::Dated,
        Self::CopyTruncate,
        Self::Gzip,
        Self::DelayedGzip,
        Self::DeleteCreate,
        Self::SymlinkSwap,
    ];

    /// What `logrotate` is told.
    fn directives(self, number: u32) -> Option<String> {
        Some(match self {
            Self::Rename => "create".to_owned(),
            // Each rotation has a day of its own, or the second would be skipped.
            Self::Dated => format!("create\ndateext\ndateformat -202611{:02}", number + 1),
            Self::CopyTruncate => "copytruncate".to_owned(),
            Self::Gzip => "create\ncompress".to_owned(),
            Self::DelayedGzip => "create\ncompress\ndelaycompress".to_owned(),
            Self::DeleteCreate | Self::SymlinkSwap => return None,
        })
    }
}

pub fn require_logrotate() {
    let version = Command::new("logrotate").arg("--version").output();
    assert!(version.is_ok(), "the program logrotate is missing: apt-get install logrotate");
}

/// The service's side: it appends to the file that it has open.
pub struct Service {
    dir: PathBuf,
    rotations: u32,
}

impl Service {
    /// The first file is there and empty.
    pub fn new(root: &Path, kind: Kind) -> Self {
        let dir = root.join("logs");
        fs::create_dir(&dir).unwrap();
        let service = Self { dir, rotations: 0 };
        match kind {
            Kind::SymlinkSwap => service.swap(),
            _ => fs::write(service.live(), b"").unwrap(),
        }
        service
    }

    fn live(&self) -> PathBuf {
        self.dir.join("app.log")
    }

    pub fn append(&self, bytes: &[u8]) {
        OpenOptions::new().append(true).open(self.live()).unwrap().write_all(bytes).unwrap();
    }

    fn swap(&self) {
        let file = self.dir.join(format!("app-{:04}.log", self.rotations));
        fs::write(&file, b"").unwrap();
        let link = self.dir.join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        fs::rename(&link, self.live()).unwrap();
    }

    pub fn rotate(&mut self, root: &Path, kind: Kind) {
        self.rotations += 1;
        match kind.directives(self.rotations) {
            Some(directives) => self.logrotate(root, &directives),
            None if kind == Kind::SymlinkSwap => self.swap(),
            None => {
                fs::remove_file(self.live()).unwrap();
                fs::write(self.live(), b"").unwrap();
            }
        }
    }

    fn logrotate(&self, root: &Path, directives: &str) {
        let conf = root.join("logrotate.conf");
        // It refuses directories that others may write to unless it is told whose they are.
        let text = format!("{} {{\nsu root root\nrotate 99\n{directives}\n}}\n", self.live().display());
        let text = if is_root() { text } else { text.replace("su root root\n", "") };
        fs::write(&conf, text).unwrap();
        let state = root.join("logrotate.state");
        let ran =
            Command::new("logrotate").arg("--force").arg("--state").arg(state).arg(&conf).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
