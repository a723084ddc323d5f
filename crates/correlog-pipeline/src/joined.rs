//! Three ports of their own as the one world that a pump takes. It only passes calls on.

use std::path::Path;

use crate::ports::{
    Bulk, Completion, Disk, DiskFault, DiskFile, FileFault, Files, Handle, Listing, Stat, Submission,
};

#[derive(Clone, Debug, Default)]
pub struct Joined<F, D, B> {
    pub files: F,
    pub disk: D,
    pub bulk: B,
}

impl<F: Files, D, B> Files for Joined<F, D, B> {
    fn list(&mut self, group: usize) -> Listing {
        self.files.list(group)
    }

    fn open(&mut self, path: &Path) -> Result<Handle, FileFault> {
        self.files.open(path)
    }

    fn stat(&mut self, handle: Handle) -> Result<Stat, FileFault> {
        self.files.stat(handle)
    }

    fn read(&mut self, handle: Handle, offset: u64, into: &mut [u8]) -> Result<usize, FileFault> {
        self.files.read(handle, offset, into)
    }

    fn next_data(&mut self, handle: Handle, offset: u64) -> Result<Option<u64>, FileFault> {
        self.files.next_data(handle, offset)
    }

    fn close(&mut self, handle: Handle) {
        self.files.close(handle);
    }

    fn hint(&mut self) -> bool {
        self.files.hint()
    }
}

impl<F, D: Disk, B> Disk for Joined<F, D, B> {
    fn names(&mut self) -> Result<Vec<String>, DiskFault> {
        self.disk.names()
    }

    fn read_all(&mut self, name: &str, max: u64) -> Result<Vec<u8>, DiskFault> {
        self.disk.read_all(name, max)
    }

    fn create(&mut self, name: &str) -> Result<DiskFile, DiskFault> {
        self.disk.create(name)
    }

    fn append(&mut self, name: &str) -> Result<(DiskFile, u64), DiskFault> {
        self.disk.append(name)
    }

    fn write_all(&mut self, file: DiskFile, bytes: &[u8]) -> Result<(), DiskFault> {
        self.disk.write_all(file, bytes)
    }

    fn truncate(&mut self, file: DiskFile, len: u64) -> Result<(), DiskFault> {
        self.disk.truncate(file, len)
    }

    fn sync(&mut self, file: DiskFile) -> Result<(), DiskFault> {
        self.disk.sync(file)
    }

    fn close(&mut self, file: DiskFile) {
        self.disk.close(file);
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskFault> {
        self.disk.rename(from, to)
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskFault> {
        self.disk.remove(name)
    }

    fn sync_dir(&mut self) -> Result<(), DiskFault> {
        self.disk.sync_dir()
    }
}

impl<F, D, B: Bulk> Bulk for Joined<F, D, B> {
    fn submit(&mut self, submission: Submission) -> Result<(), Submission> {
        self.bulk.submit(submission)
    }

    fn poll(&mut self) -> Option<Completion> {
        self.bulk.poll()
    }

    fn renew_credential(&mut self) {
        self.bulk.renew_credential();
    }
}
