//! The three real ports as one world for the pump. It only passes calls on.

use std::path::Path;

use correlog_pipeline::ports::{
    Bulk, Completion, Disk, DiskFault, DiskFile, FileFault, Files, Handle, Listing, Stat, Submission,
};

use super::bulk::HttpBulk;
use super::disk::StateDir;
use super::files::RealFiles;

#[derive(Debug)]
pub struct RealWorld {
    pub files: RealFiles,
    pub disk: StateDir,
    pub bulk: HttpBulk,
}

impl Files for RealWorld {
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
        Files::close(&mut self.files, handle);
    }
    fn hint(&mut self) -> bool {
        self.files.hint()
    }
}

impl Disk for RealWorld {
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
        Disk::close(&mut self.disk, file);
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

impl Bulk for RealWorld {
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
