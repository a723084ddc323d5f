//! One open file as a run of bytes at offsets, whether it is stored plain or compressed. It frames no lines.

use crate::ports::{FileFault, Files, Handle, Stat};

/// Why no bytes came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadFault {
    File(FileFault),
}

impl From<FileFault> for ReadFault {
    fn from(fault: FileFault) -> Self {
        ReadFault::File(fault)
    }
}

#[derive(Debug)]
pub struct Source {
    handle: Handle,
}

impl Source {
    pub const fn plain(handle: Handle) -> Source {
        Source { handle }
    }

    pub fn close(self, files: &mut dyn Files) {
        files.close(self.handle);
    }

    pub fn stat(&self, files: &mut dyn Files) -> Result<Stat, ReadFault> {
        Ok(files.stat(self.handle)?)
    }

    /// Fills `into` from `offset` as far as the file goes; fewer bytes mean its present end.
    pub fn read(&mut self, files: &mut dyn Files, offset: u64, into: &mut [u8]) -> Result<usize, ReadFault> {
        let mut filled = 0;
        while filled < into.len() {
            let got = files.read(self.handle, offset + filled as u64, &mut into[filled..])?;
            if got == 0 {
                break;
            }
            filled += got;
        }
        Ok(filled)
    }

    /// The next offset at or after `offset` that is not in a hole; `None` when only a hole is left.
    pub fn next_data(&mut self, files: &mut dyn Files, offset: u64) -> Result<Option<u64>, ReadFault> {
        Ok(files.next_data(self.handle, offset)?.map(|to| to.max(offset)))
    }
}
