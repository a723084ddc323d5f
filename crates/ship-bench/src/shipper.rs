//! `correlog ship` as a watched process: a place of its own, its end, and what the system says about its memory and
//! its processor time. It asserts nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The accounting of `/proc` counts in these.
const TICKS_PER_SECOND: f64 = 100.0;
/// Between two looks at the process.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A directory with a configuration that sends to `address`.
#[derive(Debug)]
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// `more` is added to the section `[opensearch]`.
    ///
    /// # Errors
    /// In words, when the directory cannot be made.
    pub fn new(address: std::net::SocketAddr, more: &str) -> Result<Place, String> {
        let dir = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
        let text = format!(
            "[opensearch]\nurl = \"http://{address}\"\n{more}\n[state]\ndir = \"state\"\n[index]\n\
             require_template = false\n[host]\nid = \"bench\"\n[[logs]]\npaths = [\"logs/*.jsonl\"]\n"
        );
        let place = Place { dir };
        let written = fs::create_dir(place.logs()).and_then(|()| fs::write(place.config(), text));
        written.map_err(|error| format!("{}: {error}", place.config().display()))?;
        Ok(place)
    }

    pub fn logs(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("correlog.toml")
    }

    /// What the running shipper last said of itself, for `correlog status`.
    pub fn status(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&fs::read(self.dir.path().join("state/status.json")).ok()?).ok()
    }
}

/// The process. It is killed when the value is dropped.
#[derive(Debug)]
pub struct Shipper {
    child: Child,
    peak_mib: f64,
    cpu_seconds: f64,
}

/// How a run ended, and what it took.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub is_success: bool,
    pub peak_mib: f64,
    pub cpu_seconds: f64,
    pub wall_seconds: f64,
}

impl Shipper {
    /// With at most so many descriptors, where that is given.
    ///
    /// # Errors
    /// In words, when the program cannot be started.
    pub fn start(
        binary: &Path,
        place: &Place,
        words: &[&str],
        descriptors: Option<u32>,
    ) -> Result<Shipper, String> {
        let limit = descriptors.map_or(String::new(), |count| format!("ulimit -n {count} && "));
        let child = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("{limit}exec \"$0\" \"$@\""))
            .arg(binary)
            .arg("--config")
            .arg(place.config())
            .arg("ship")
            .args(words)
            .env_remove("CORRELOG_OPENSEARCH_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        Ok(Shipper { child, peak_mib: 0.0, cpu_seconds: 0.0 })
    }

    /// Waits for its end and keeps looking at it meanwhile.
    ///
    /// # Errors
    /// In words, when it cannot be waited for or takes longer than the limit.
    pub fn end(mut self, limit: Duration) -> Result<Ended, String> {
        let start = Instant::now();
        loop {
            self.look();
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    return Ok(Ended {
                        is_success: status.success(),
                        peak_mib: self.peak_mib,
                        cpu_seconds: self.cpu_seconds,
                        wall_seconds: start.elapsed().as_secs_f64(),
                    });
                }
                Ok(None) if start.elapsed() < limit => std::thread::sleep(LOOK_EVERY),
                Ok(None) => return Err(format!("the shipper did not end within {} s", limit.as_secs())),
                Err(error) => return Err(format!("the shipper cannot be waited for: {error}")),
            }
        }
    }

    /// Asks it to stop; `end` waits for that.
    pub fn terminate(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended by itself.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }

    /// Waits until the condition holds.
    ///
    /// # Errors
    /// In words, when the shipper ends before or the limit is over.
    pub fn until(
        &mut self,
        what: &str,
        limit: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), String> {
        let start = Instant::now();
        while !ready() {
            self.look();
            if !matches!(self.child.try_wait(), Ok(None)) {
                return Err(format!("{what}: the shipper ended"));
            }
            if start.elapsed() > limit {
                return Err(format!("{what}: not within {} s", limit.as_secs()));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// CPU time so far, of the system's accounting.
    pub fn cpu_seconds(&mut self) -> f64 {
        self.look();
        self.cpu_seconds
    }

    fn look(&mut self) {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        self.peak_mib = self.peak_mib.max(kib.unwrap_or(0.0) / 1024.0);
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let field = |at: usize| behind_name.split_whitespace().nth(at)?.parse::<f64>().ok();
        let ticks = field(11).unwrap_or(0.0) + field(12).unwrap_or(0.0);
        self.cpu_seconds = self.cpu_seconds.max(ticks / TICKS_PER_SECOND);
    }
}

impl Drop for Shipper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The release binary beside our own.
///
/// # Errors
/// In words, when it is not there, with the command that makes it.
pub fn beside_us() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("where am I: {error}"))?;
    let path = own.with_file_name("correlog");
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{} is not there; `cargo build --release -p correlog-cli` makes it", path.display()))
}
