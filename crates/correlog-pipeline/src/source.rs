//! One open file as a run of bytes at offsets, whether it is stored plain or compressed. It frames no lines.

use crate::inflate::{Damage, Inflater};
use crate::ports::{FileFault, Files, Handle, Stat};

/// Why no bytes came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReadFault {
    File(FileFault),
    /// It takes more than one turn to get there.
    Busy,
}

impl From<FileFault> for ReadFault {
    fn from(fault: FileFault) -> Self {
        ReadFault::File(fault)
    }
}

#[derive(Debug)]
pub enum Source {
    Plain(Handle),
    Gzip(Box<Inflater>),
}

impl Source {
    pub fn new(handle: Handle, is_compressed: bool) -> Source {
        if is_compressed { Source::Gzip(Box::new(Inflater::new(handle))) } else { Source::Plain(handle) }
    }

    const fn handle(&self) -> Handle {
        match self {
            Source::Plain(handle) => *handle,
            Source::Gzip(inflater) => inflater.handle(),
        }
    }

    pub const fn is_compressed(&self) -> bool {
        matches!(self, Source::Gzip(_))
    }

    /// It was read to an end behind which nothing can come, whoever may still write to it.
    pub const fn is_complete(&self) -> bool {
        match self {
            Source::Plain(_) => false,
            Source::Gzip(inflater) => inflater.is_complete(),
        }
    }

    /// What is wrong with it as an archive, as far as it was read.
    pub const fn damage(&self) -> Option<Damage> {
        match self {
            Source::Plain(_) => None,
            Source::Gzip(inflater) => inflater.damage(),
        }
    }

    pub const fn is_cut(&self) -> bool {
        match self {
            Source::Plain(_) => false,
            Source::Gzip(inflater) => inflater.is_cut(),
        }
    }

    /// The stored file is shorter than what was read of it.
    pub fn is_behind(&self, size: u64) -> bool {
        match self {
            Source::Plain(_) => false,
            Source::Gzip(inflater) => inflater.is_behind(size),
        }
    }

    pub fn close(self, files: &mut dyn Files) {
        files.close(self.handle());
    }

    /// As it is stored.
    ///
    /// # Errors
    /// What the port answers.
    pub fn stat(&self, files: &mut dyn Files) -> Result<Stat, ReadFault> {
        Ok(files.stat(self.handle())?)
    }

    /// Fills `into` from `offset` as far as the file goes; fewer bytes mean its present end.
    ///
    /// # Errors
    /// What the port answers, or that it takes more turns.
    pub fn read(&mut self, files: &mut dyn Files, offset: u64, into: &mut [u8]) -> Result<usize, ReadFault> {
        let handle = match self {
            Source::Plain(handle) => *handle,
            Source::Gzip(inflater) => return inflater.read(files, offset, into),
        };
        let mut filled = 0;
        while filled < into.len() {
            let got = files.read(handle, offset + filled as u64, &mut into[filled..])?;
            if got == 0 {
                break;
            }
            filled += got;
        }
        Ok(filled)
    }

    /// The next offset at or after `offset` that is not in a hole; `None` when only a hole is left.
    ///
    /// # Errors
    /// What the port answers.
    pub fn next_data(&mut self, files: &mut dyn Files, offset: u64) -> Result<Option<u64>, ReadFault> {
        match self {
            Source::Plain(handle) => Ok(files.next_data(*handle, offset)?.map(|to| to.max(offset))),
            Source::Gzip(_) => Ok(Some(offset)),
        }
    }
}
