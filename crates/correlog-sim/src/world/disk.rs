//! The ports of the state directory and of the cluster with their faults. See the parent.

use correlog_pipeline::ports::{Bulk, Completion, Disk, DiskFault, DiskFile, Submission};
use correlog_pipeline::store::SLOTS;

use crate::disk::Sync;
use crate::lie::Lie;

use super::{SimWorld, Unread};

impl Disk for SimWorld {
    fn names(&mut self) -> Result<Vec<String>, DiskFault> {
        if !self.alive("names") || self.fault(self.options.disk.read, "names fault") {
            return Err(DiskFault::Io);
        }
        self.disk.names()
    }

    fn read_all(&mut self, name: &str, max: u64) -> Result<Vec<u8>, DiskFault> {
        if !self.alive("read_all") {
            return Err(DiskFault::Io);
        }
        if self.fault(self.options.disk.read, "read_all fault") {
            // The other slot is taken then, which may be older, and the next save replaces this one.
            self.slot_unread = Unread::Yes;
            return Err(DiskFault::Io);
        }
        self.disk.read_all(name, max)
    }

    fn create(&mut self, name: &str) -> Result<DiskFile, DiskFault> {
        if !self.alive("create") {
            return Err(DiskFault::Io);
        }
        if let Some(fault) = self.spell() {
            return Err(fault);
        }
        let file = self.disk.create(name)?;
        if name.starts_with("refused") {
            self.refusals.push(file);
        }
        Ok(file)
    }

    fn append(&mut self, name: &str) -> Result<(DiskFile, u64), DiskFault> {
        if !self.alive("append") {
            return Err(DiskFault::Io);
        }
        if let Some(fault) = self.spell() {
            return Err(fault);
        }
        let opened = self.disk.append(name)?;
        if name.starts_with("refused") {
            self.refusals.push(opened.0);
        }
        Ok(opened)
    }

    fn write_all(&mut self, file: DiskFile, bytes: &[u8]) -> Result<(), DiskFault> {
        if !self.alive("write_all") {
            return Err(DiskFault::Io);
        }
        if let Some(fault) = self.spell() {
            let count = self.rng.index(bytes.len() + 1);
            return self.disk.write_part(file, bytes, count).map_err(|_| fault);
        }
        if self.fault(self.options.disk.write, "write fault") {
            let count = self.rng.index(bytes.len() + 1);
            return self.disk.write_part(file, bytes, count).map_err(|_| DiskFault::Io);
        }
        self.disk.write_all(file, bytes)
    }

    fn truncate(&mut self, file: DiskFile, len: u64) -> Result<(), DiskFault> {
        if !self.alive("truncate") || self.fault(self.options.disk.write, "truncate fault") {
            return Err(DiskFault::Io);
        }
        self.disk.truncate(file, len)
    }

    fn sync(&mut self, file: DiskFile) -> Result<(), DiskFault> {
        if !self.alive("sync") {
            return Err(DiskFault::Io);
        }
        let is_refusals = self.refusals.contains(&file);
        match self.lie {
            Some(Lie::SwapWithoutSync) if !is_refusals => return Ok(()),
            Some(Lie::RefusalsNotOnDisk) if is_refusals => return Ok(()),
            _ => {}
        }
        let fails = self.fault(self.options.disk.sync, "sync fault");
        let mut synced = self.disk.sync_as(file, if fails { Sync::DropsPages } else { Sync::Works });
        if synced.is_err() && self.lie == Some(Lie::SecondSyncBelieved) {
            synced = self.disk.sync(file);
        }
        self.hear();
        self.promise();
        synced
    }

    fn close(&mut self, file: DiskFile) {
        if self.alive("close state") {
            self.disk.close(file);
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskFault> {
        if !self.alive("rename") || self.fault(self.options.disk.rename, "rename fault") {
            return Err(DiskFault::Io);
        }
        self.disk.rename(from, to)?;
        if self.slot_unread == Unread::Yes && SLOTS.contains(&to) {
            self.slot_unread = Unread::Replaced;
        }
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskFault> {
        if !self.alive("remove") || self.fault(self.options.disk.rename, "remove fault") {
            return Err(DiskFault::Io);
        }
        self.disk.remove(name)
    }

    fn sync_dir(&mut self) -> Result<(), DiskFault> {
        if !self.alive("sync_dir") || self.fault(self.options.disk.sync_dir, "sync_dir fault") {
            return Err(DiskFault::Io);
        }
        if self.lie == Some(Lie::DirectoryNotSynced) {
            return Ok(());
        }
        let synced = self.disk.sync_dir();
        self.hear();
        self.promise();
        if self.slot_unread == Unread::Replaced {
            self.slot_unread = Unread::No;
        }
        synced
    }
}

impl Bulk for SimWorld {
    fn submit(&mut self, submission: Submission) -> Result<(), Submission> {
        if !self.alive("submit") {
            return Err(submission);
        }
        self.last_asked_ms = self.now.mono_ms;
        let sent = self.cluster.submit(self.now.mono_ms, submission);
        self.hear();
        sent
    }

    fn poll(&mut self) -> Option<Completion> {
        if !self.alive("poll") {
            return None;
        }
        let completion = self.cluster.poll(self.now.mono_ms);
        if completion.is_some() {
            self.last_asked_ms = self.now.mono_ms;
        }
        self.hear();
        match self.lie {
            Some(lie) => completion.map(|completion| lie.told(completion)),
            None => completion,
        }
    }

    fn renew_credential(&mut self) {
        self.alive("renew_credential");
    }
}
