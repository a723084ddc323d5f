//! Puts accepted bytes into the target, whole lines only, and remembers what the target did not take.
//!
//! Does not wait and does not retry by itself: whoever calls decides when.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::writer::files::Files;
use crate::writer::report::Report;
use crate::writer::stats::{Counters, add};

/// The opened target.
pub(super) enum Out {
    Files(Box<Files>),
    /// A descriptor that tells how much of a write it took.
    #[cfg(unix)]
    Descriptor(std::fs::File),
    Other(Box<dyn Write + Send>),
}

impl fmt::Debug for Out {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Out")
    }
}

impl Out {
    /// A descriptor of our own beside the standard library's: its buffer cuts lines and hides short writes.
    #[cfg(unix)]
    pub fn stdout() -> Self {
        use std::os::fd::AsFd;
        match io::stdout().as_fd().try_clone_to_owned() {
            Ok(descriptor) => Self::Descriptor(descriptor.into()),
            Err(_) => Self::Other(Box::new(io::stdout())),
        }
    }

    #[cfg(unix)]
    pub fn stderr() -> Self {
        use std::os::fd::AsFd;
        match io::stderr().as_fd().try_clone_to_owned() {
            Ok(descriptor) => Self::Descriptor(descriptor.into()),
            Err(_) => Self::Other(Box::new(io::stderr())),
        }
    }

    #[cfg(not(unix))]
    pub fn stdout() -> Self {
        Self::Other(Box::new(io::stdout()))
    }

    #[cfg(not(unix))]
    pub fn stderr() -> Self {
        Self::Other(Box::new(io::stderr()))
    }
}

/// The target, what it still has to take, and what is to be told of its failures.
#[derive(Debug)]
pub(super) struct Sink {
    out: Out,
    /// The rest of what was accepted and could not be written. It goes first, so that no line is torn.
    pending: Vec<u8>,
    /// Whether the target's last byte is within a line: then no other file may be begun.
    is_mid_line: bool,
    /// Bytes the target took since it was built.
    pub written: u64,
    report: Report,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All is in the target.
    Written,
    /// A part is in the target, the rest waits in the sink: the bytes are accepted.
    Begun,
    /// Nothing of it is in the target.
    Refused,
}

impl Sink {
    pub fn new(out: Out) -> Self {
        Self { out, pending: Vec::new(), is_mid_line: false, written: 0, report: Report::default() }
    }

    pub fn file(files: Files) -> Self {
        Self::new(Out::Files(Box::new(files)))
    }

    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Writes one line, or nothing of it.
    pub fn write_line(&mut self, line: &[u8], counters: &Counters) -> Outcome {
        if !self.write_pending(counters) {
            return Outcome::Refused;
        }
        let left = self.write_lines(line, counters);
        if left == 0 {
            return Outcome::Written;
        }
        if left == line.len() {
            return Outcome::Refused;
        }
        self.pending.extend_from_slice(&line[line.len() - left..]);
        Outcome::Begun
    }

    /// Writes lines that were accepted already; what the target does not take is kept. `true` when nothing is kept.
    pub fn write_accepted(&mut self, lines: &[u8], counters: &Counters) -> bool {
        if !self.write_pending(counters) {
            self.pending.extend_from_slice(lines);
            return false;
        }
        let left = self.write_lines(lines, counters);
        self.pending.extend_from_slice(&lines[lines.len() - left..]);
        left == 0
    }

    /// Tries again what is kept; `true` when nothing is kept any more.
    pub fn write_pending(&mut self, counters: &Counters) -> bool {
        if self.pending.is_empty() {
            return true;
        }
        let pending = std::mem::take(&mut self.pending);
        let left = self.write_lines(&pending, counters);
        self.pending = pending;
        let written = self.pending.len() - left;
        self.pending.drain(..written);
        left == 0
    }

    /// To be called at the writer's end: no later error will come to tell of the last ones.
    pub fn tell_rest(&mut self) {
        self.report.tell_rest();
    }

    pub fn reopen(&mut self, counters: &Counters) -> io::Result<()> {
        match &mut self.out {
            Out::Files(files) => files.reopen(counters),
            _ => Ok(()),
        }
    }

    /// Asks the target to flush buffers of its own; files and descriptors have none.
    pub fn flush(&mut self, counters: &Counters) {
        let outcome = match &mut self.out {
            Out::Other(write) => guarded(|| write.flush()),
            _ => Ok(()),
        };
        if let Err(error) = outcome {
            self.failed(&error, counters);
        }
    }

    /// Writes as much as the target takes and returns how many bytes are left.
    fn write_lines(&mut self, mut lines: &[u8], counters: &Counters) -> usize {
        self.report.tell_if_due();
        if let (Out::Files(files), false) = (&mut self.out, self.is_mid_line) {
            // A file that cannot be changed for its successor goes on being written to.
            if let Err(error) = files.prepare(counters) {
                self.failed(&error, counters);
            }
        }
        while !lines.is_empty() {
            let portion = match self.portion(lines, counters) {
                Ok(portion) => portion,
                Err(error) => {
                    self.failed(&error, counters);
                    return lines.len();
                }
            };
            match guarded(|| self.write_some(&lines[..portion])) {
                Ok(count) => {
                    self.is_mid_line = lines[count - 1] != b'\n';
                    self.written += count as u64;
                    lines = &lines[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed(&error, counters);
                    return lines.len();
                }
            }
        }
        0
    }

    /// How much may go into the current file; begins the next file where no whole line fits.
    fn portion(&mut self, lines: &[u8], counters: &Counters) -> io::Result<usize> {
        let Out::Files(files) = &mut self.out else { return Ok(lines.len()) };
        let room = usize::try_from(files.room()).unwrap_or(usize::MAX);
        if lines.len() <= room {
            return Ok(lines.len());
        }
        let first = lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |end| end + 1);
        if self.is_mid_line {
            return Ok(first);
        }
        if let Some(end) = lines[..room].iter().rposition(|byte| *byte == b'\n') {
            return Ok(end + 1);
        }
        if !files.is_empty() {
            files.begin_next(counters)?;
        }
        Ok(first)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a short write must be seen, to know what of a line is out"
    )]
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match &mut self.out {
            Out::Files(files) => {
                let count = files.file.write(bytes)?;
                files.wrote(count);
                count
            }
            #[cfg(unix)]
            Out::Descriptor(file) => file.write(bytes)?,
            Out::Other(write) => write.write(bytes)?,
        };
        match count {
            0 => Err(io::ErrorKind::WriteZero.into()),
            count => Ok(count.min(bytes.len())),
        }
    }

    fn failed(&mut self, error: &io::Error, counters: &Counters) {
        add(&counters.io_errors, 1);
        self.report.failed(error);
    }
}

/// Runs the target's own code: its panic is an error, and what it logs is not written to itself.
fn guarded<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    IN_TARGET.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    IN_TARGET.set(false);
    outcome.unwrap_or_else(|_| Err(io::Error::other("the target panicked")))
}

/// Whether this thread is inside the target's own code, where a line for the same target would wait for itself.
pub(super) fn is_in_target() -> bool {
    IN_TARGET.get()
}

thread_local! {
    static IN_TARGET: Cell<bool> = const { Cell::new(false) };
}
