//! The `Files` port on the real file system: what is there, what it says, and its bytes.
//!
//! It decides nothing about identity or order; the pipeline does. Nothing here blocks: a FIFO is opened without
//! waiting and refused, because only regular files are logs.

mod glob;
mod walk;
mod watch;

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use correlog_pipeline::ports::{FileFault, Files, Handle, Listing, Stat};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, SeekFrom, Statx, StatxFlags};

pub use glob::{PatternError, Patterns};

/// The file system, with the patterns of every configuration entry.
#[derive(Debug)]
pub struct RealFiles {
    groups: Vec<glob::Group>,
    open: Vec<Option<File>>,
    watch: watch::Watch,
}

impl RealFiles {
    /// `base` is where relative patterns start: the directory of the configuration file.
    ///
    /// # Errors
    /// The first pattern that is no glob, with its reason.
    pub fn new(base: &Path, groups: &[Patterns]) -> Result<Self, PatternError> {
        let groups =
            groups.iter().map(|patterns| glob::Group::new(base, patterns)).collect::<Result<_, _>>()?;
        Ok(Self { groups, open: Vec::new(), watch: watch::Watch::new() })
    }

    /// Becomes readable when something changed; `None` where the kernel gives no notice.
    pub fn notice(&self) -> Option<BorrowedFd<'_>> {
        self.watch.descriptor()
    }

    fn held(&self, handle: Handle) -> Result<&File, FileFault> {
        self.open.get(handle.0 as usize).and_then(Option::as_ref).ok_or(FileFault::Gone)
    }

    /// Links were followed on the way to `file`; where it really is must lie inside the roots of some group.
    fn is_inside(&self, file: &File, path: &Path) -> bool {
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        let target = std::fs::read_link(link).or_else(|_| path.canonicalize());
        target.is_ok_and(|target| self.groups.iter().any(|group| group.holds(&target)))
    }
}

impl Files for RealFiles {
    fn list(&mut self, group: usize) -> Listing {
        let Some(group) = self.groups.get_mut(group) else { return Listing::default() };
        group.find_roots();
        let walked = walk::list(group);
        for dir in &walked.dirs {
            self.watch.add(dir);
        }
        walked.listing
    }

    fn open(&mut self, path: &Path) -> Result<Handle, FileFault> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(fault)?);
        // Asked of the descriptor, not of the name: the name may have become something else in between.
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&file).map_err(fault)?.st_mode);
        if kind != FileType::RegularFile || !self.is_inside(&file, path) {
            return Err(FileFault::NotRegular);
        }
        let free = self.open.iter().position(Option::is_none).unwrap_or(self.open.len());
        if free == self.open.len() {
            self.open.push(None);
        }
        self.open[free] = Some(file);
        Ok(Handle(u32::try_from(free).map_err(|_| FileFault::TooMany)?))
    }

    fn stat(&mut self, handle: Handle) -> Result<Stat, FileFault> {
        let file = self.held(handle)?;
        rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, WANTED).map(stat).map_err(fault)
    }

    fn read(&mut self, handle: Handle, offset: u64, into: &mut [u8]) -> Result<usize, FileFault> {
        let file = self.held(handle)?;
        loop {
            match file.read_at(into, offset) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io_fault(&error)),
            }
        }
    }

    fn next_data(&mut self, handle: Handle, offset: u64) -> Result<Option<u64>, FileFault> {
        let file = self.held(handle)?;
        match rustix::fs::seek(file, SeekFrom::Data(offset)) {
            Ok(at) => Ok(Some(at)),
            Err(rustix::io::Errno::NXIO) => Ok(None),
            // A file system without holes (or without telling) has data everywhere up to its end.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOTSUP) => {
                let size = file.metadata().map_err(|error| io_fault(&error))?.len();
                Ok((offset < size).then_some(offset))
            }
            Err(error) => Err(fault(error)),
        }
    }

    fn close(&mut self, handle: Handle) {
        if let Some(slot) = self.open.get_mut(handle.0 as usize) {
            *slot = None;
        }
    }

    fn hint(&mut self) -> bool {
        self.watch.changed()
    }
}

/// Raises the soft limit of open files to the hard one; answers what it is now. Many supervisors start with 1,024.
pub fn raise_open_files_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Failing is no fault: the pipeline keeps within what it has by closing its coldest files.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

const WANTED: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::BTIME);

fn stat_path(path: &Path) -> Result<(FileType, Stat), FileFault> {
    let found = rustix::fs::statx(rustix::fs::CWD, path, AtFlags::SYMLINK_NOFOLLOW, WANTED).map_err(fault)?;
    Ok((FileType::from_raw_mode(found.stx_mode.into()), stat(found)))
}

fn stat(found: Statx) -> Stat {
    let ns = |time: rustix::fs::StatxTimestamp| {
        time.tv_sec.saturating_mul(1_000_000_000).saturating_add(i64::from(time.tv_nsec))
    };
    let born = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::BTIME);
    Stat {
        device: (u64::from(found.stx_dev_major) << 32) | u64::from(found.stx_dev_minor),
        inode: found.stx_ino,
        born_ns: born.then(|| ns(found.stx_btime)),
        size: found.stx_size,
        modified_ns: ns(found.stx_mtime),
        changed_ns: ns(found.stx_ctime),
        links: found.stx_nlink.into(),
    }
}

fn fault(error: rustix::io::Errno) -> FileFault {
    io_fault(&error.into())
}

fn io_fault(error: &io::Error) -> FileFault {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::STALE) => FileFault::Gone,
        Some(Errno::ACCESS | Errno::PERM) => FileFault::Denied,
        Some(Errno::MFILE | Errno::NFILE) => FileFault::TooMany,
        Some(Errno::LOOP | Errno::NXIO | Errno::ISDIR) => FileFault::NotRegular,
        _ => FileFault::Io,
    }
}
