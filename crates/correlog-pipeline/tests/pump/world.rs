//! A small world in memory: files by inode, a state directory that is always well, a cluster that keeps what it is sent.
//! Faults of disks and clusters are the simulator's; here a test says what happens to a file and looks at the answer.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use correlog_pipeline::ports::*;

#[derive(Clone, Debug)]
pub struct Node {
    pub bytes: Vec<u8>,
    pub born_ns: i64,
    pub changed_ns: i64,
    pub is_readable: bool,
}

/// One document as the cluster keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    pub index: String,
    pub source: serde_json::Value,
    /// How often it was written; more than once is a resend.
    pub writes: u32,
}

#[derive(Debug, Default)]
pub struct Mem {
    pub nodes: BTreeMap<u64, Node>,
    pub names: BTreeMap<PathBuf, u64>,
    next_inode: u64,
    /// A removed file's number is given to the next new one.
    pub reuses_inodes: bool,
    free_inodes: Vec<u64>,
    clock_ns: i64,
    handles: BTreeMap<u32, u64>,
    next_handle: u32,
    pub most_open: usize,
    /// Listings answer with this fault.
    pub list_fault: Option<FileFault>,
    /// A listing shows files as they were when nothing was in them: what it tells is always a little old.
    pub lists_empty: bool,
    /// A listing shows everything and says that it may not be all.
    pub is_listing_partial: bool,
    /// Reading through an open handle answers with this fault.
    pub handle_fault: Option<FileFault>,
    /// Asking what an open handle leads to answers with this fault.
    pub stat_fault: Option<FileFault>,
    /// It does so when this many were answered well.
    pub stats_well: u32,
    pub disk: BTreeMap<String, Vec<u8>>,
    disk_files: BTreeMap<u32, String>,
    /// Writing state answers this.
    pub disk_fault: Option<DiskFault>,
    /// Reading state answers this.
    pub read_fault: Option<DiskFault>,
    pub documents: BTreeMap<String, Stored>,
    pub is_cluster_down: bool,
    replies: VecDeque<Completion>,
    pub hinted: bool,
    pub opened: u64,
}

impl Mem {
    fn tick(&mut self) -> i64 {
        self.clock_ns += 1_000_000;
        self.clock_ns
    }

    /// Creates the file when it is not there.
    pub fn append(&mut self, path: &str, bytes: impl AsRef<[u8]>) {
        let now = self.tick();
        let inode = match self.names.get(Path::new(path)) {
            Some(inode) => *inode,
            None => {
                let free = self.free_inodes.pop().filter(|_| self.reuses_inodes);
                let inode = free.unwrap_or_else(|| {
                    self.next_inode += 1;
                    self.next_inode
                });
                let node = Node { bytes: Vec::new(), born_ns: now, changed_ns: now, is_readable: true };
                self.nodes.insert(inode, node);
                self.names.insert(path.into(), inode);
                inode
            }
        };
        let node = self.nodes.get_mut(&inode).expect("named");
        node.bytes.extend_from_slice(bytes.as_ref());
        node.changed_ns = now;
    }

    pub fn truncate(&mut self, path: &str) {
        let now = self.tick();
        let node = self.node(path);
        node.bytes.clear();
        node.changed_ns = now;
    }

    pub fn node(&mut self, path: &str) -> &mut Node {
        let inode = self.names[Path::new(path)];
        self.nodes.get_mut(&inode).expect("named")
    }

    pub fn rename(&mut self, from: &str, to: &str) {
        self.remove_if_there(to);
        let inode = self.names.remove(Path::new(from)).expect("there");
        self.names.insert(to.into(), inode);
        let now = self.tick();
        self.nodes.get_mut(&inode).expect("named").changed_ns = now;
    }

    pub fn copy(&mut self, from: &str, to: &str) {
        let bytes = self.node(from).bytes.clone();
        self.append(to, bytes);
    }

    pub fn remove(&mut self, path: &str) {
        let inode = self.names.remove(Path::new(path)).expect("there");
        if !self.names.values().any(|other| *other == inode) {
            self.free_inodes.push(inode);
        }
    }

    fn remove_if_there(&mut self, path: &str) {
        if self.names.contains_key(Path::new(path)) {
            self.remove(path);
        }
    }

    /// A second name for the same file.
    pub fn link(&mut self, from: &str, to: &str) {
        let inode = self.names[Path::new(from)];
        self.names.insert(to.into(), inode);
    }

    pub fn unlink(&mut self, path: &str) {
        self.names.remove(Path::new(path)).expect("there");
    }

    /// A writer's own handle: its file can be written to under any name or none.
    pub fn hold(&self, path: &str) -> u64 {
        self.names[Path::new(path)]
    }

    pub fn write(&mut self, held: u64, bytes: impl AsRef<[u8]>) {
        let now = self.tick();
        let node = self.nodes.get_mut(&held).expect("held");
        node.bytes.extend_from_slice(bytes.as_ref());
        node.changed_ns = now;
    }

    pub fn open_now(&self) -> usize {
        self.handles.len()
    }

    /// The process is gone: its handles and its requests with it.
    pub fn crash(&mut self) {
        self.handles.clear();
        self.disk_files.clear();
        self.replies.clear();
    }

    /// Every inode gets another number, as after a move to another machine.
    pub fn renumber(&mut self) {
        let shift = 1_000;
        self.nodes =
            std::mem::take(&mut self.nodes).into_iter().map(|(at, node)| (at + shift, node)).collect();
        self.names.values_mut().for_each(|inode| *inode += shift);
        self.next_inode += shift;
    }

    fn stat_of(&self, inode: u64) -> Stat {
        let node = &self.nodes[&inode];
        let links = self.names.values().filter(|other| **other == inode).count() as u64;
        Stat {
            device: 1,
            inode,
            born_ns: Some(node.born_ns),
            size: node.bytes.len() as u64,
            modified_ns: node.changed_ns,
            changed_ns: node.changed_ns,
            links,
        }
    }

    pub fn messages(&self) -> Vec<String> {
        let mut found: Vec<(u64, String)> = self
            .documents
            .values()
            .map(|document| {
                let message = document.source["message"].as_str().unwrap_or_default().to_owned();
                (document.source["log"]["offset"].as_u64().unwrap_or_default(), message)
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, message)| message).collect()
    }

    pub fn write_count(&self) -> u32 {
        self.documents.values().map(|document| document.writes).sum()
    }
}

/// Group 0 follows `/l/*.log`, its rotated siblings carry a suffix behind it.
impl Files for Mem {
    fn list(&mut self, _group: usize) -> Listing {
        let mut listing = Listing::default();
        if let Some(fault) = self.list_fault {
            listing.faults.push(("/l".into(), fault));
            return listing;
        }
        for (path, inode) in self.names.iter().filter(|(path, _)| path.starts_with("/l")) {
            let text = path.to_string_lossy();
            let role = if text.ends_with(".log") { Role::Live } else { Role::Rotated };
            let mut stat = self.stat_of(*inode);
            if self.lists_empty {
                stat.size = 0;
            }
            listing.files.push(Listed { path: path.clone(), target: path.clone(), role, stat });
        }
        if self.is_listing_partial {
            listing.faults.push(("/l".into(), FileFault::Io));
        }
        listing
    }

    fn open(&mut self, path: &Path) -> Result<Handle, FileFault> {
        let inode = *self.names.get(path).ok_or(FileFault::Gone)?;
        if !self.nodes[&inode].is_readable {
            return Err(FileFault::Denied);
        }
        self.next_handle += 1;
        self.opened += 1;
        self.handles.insert(self.next_handle, inode);
        self.most_open = self.most_open.max(self.handles.len());
        Ok(Handle(self.next_handle))
    }

    fn stat(&mut self, handle: Handle) -> Result<Stat, FileFault> {
        match (self.stat_fault, self.stats_well) {
            (Some(fault), 0) => Err(fault),
            _ => {
                self.stats_well = self.stats_well.saturating_sub(1);
                Ok(self.stat_of(self.handles[&handle.0]))
            }
        }
    }

    fn read(&mut self, handle: Handle, offset: u64, into: &mut [u8]) -> Result<usize, FileFault> {
        if let Some(fault) = self.handle_fault {
            return Err(fault);
        }
        let bytes = &self.nodes[&self.handles[&handle.0]].bytes;
        let from = (offset as usize).min(bytes.len());
        // A short read now and then, as the port allows.
        let most = if into.len() > 100 { into.len() - into.len() / 3 } else { into.len() };
        let count = most.min(bytes.len() - from);
        into[..count].copy_from_slice(&bytes[from..from + count]);
        Ok(count)
    }

    fn next_data(&mut self, handle: Handle, offset: u64) -> Result<Option<u64>, FileFault> {
        let bytes = &self.nodes[&self.handles[&handle.0]].bytes;
        let from = (offset as usize).min(bytes.len());
        Ok(bytes[from..].iter().position(|byte| *byte != 0).map(|at| offset + at as u64))
    }

    fn close(&mut self, handle: Handle) {
        assert!(self.handles.remove(&handle.0).is_some(), "closed twice");
    }

    fn hint(&mut self) -> bool {
        std::mem::take(&mut self.hinted)
    }
}

impl Disk for Mem {
    fn names(&mut self) -> Result<Vec<String>, DiskFault> {
        Ok(self.disk.keys().cloned().collect())
    }

    fn read_all(&mut self, name: &str, _max: u64) -> Result<Vec<u8>, DiskFault> {
        match self.read_fault {
            Some(fault) => Err(fault),
            None => self.disk.get(name).cloned().ok_or(DiskFault::Gone),
        }
    }

    fn create(&mut self, name: &str) -> Result<DiskFile, DiskFault> {
        self.disk.insert(name.to_owned(), Vec::new());
        self.next_handle += 1;
        self.disk_files.insert(self.next_handle, name.to_owned());
        Ok(DiskFile(self.next_handle))
    }

    fn append(&mut self, name: &str) -> Result<(DiskFile, u64), DiskFault> {
        let len = self.disk.entry(name.to_owned()).or_default().len() as u64;
        self.next_handle += 1;
        self.disk_files.insert(self.next_handle, name.to_owned());
        Ok((DiskFile(self.next_handle), len))
    }

    fn write_all(&mut self, file: DiskFile, bytes: &[u8]) -> Result<(), DiskFault> {
        if let Some(fault) = self.disk_fault {
            return Err(fault);
        }
        let name = self.disk_files[&file.0].clone();
        self.disk.entry(name).or_default().extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&mut self, file: DiskFile, len: u64) -> Result<(), DiskFault> {
        let name = self.disk_files[&file.0].clone();
        self.disk.entry(name).or_default().truncate(len as usize);
        Ok(())
    }

    fn sync(&mut self, _file: DiskFile) -> Result<(), DiskFault> {
        Ok(())
    }

    fn close(&mut self, file: DiskFile) {
        self.disk_files.remove(&file.0);
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), DiskFault> {
        let bytes = self.disk.remove(from).ok_or(DiskFault::Gone)?;
        self.disk.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), DiskFault> {
        self.disk.remove(name).map(|_| ()).ok_or(DiskFault::Gone)
    }

    fn sync_dir(&mut self) -> Result<(), DiskFault> {
        Ok(())
    }
}

impl Bulk for Mem {
    fn submit(&mut self, submission: Submission) -> Result<(), Submission> {
        let Submission { ticket, index, body, .. } = submission;
        if self.is_cluster_down {
            self.replies.push_back(Completion { ticket, body, outcome: Outcome::NotSent(NotSent::Refused) });
            return Ok(());
        }
        let mut lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut items = Vec::new();
        while let (Some(action), Some(source)) = (lines.next(), lines.next()) {
            let action: serde_json::Value = serde_json::from_slice(action).expect("an action line");
            let (verb, meta) = action.as_object().and_then(|action| action.iter().next()).expect("one verb");
            let id = meta["_id"].as_str().expect("an id").to_owned();
            let source = serde_json::from_slice(source).expect("a document");
            let known = self.documents.get_mut(&id);
            let status = if known.is_some() && verb == "create" { 409 } else { 201 };
            match known {
                Some(document) => document.writes += 1,
                None => {
                    let stored = Stored { index: index.to_string(), source, writes: 1 };
                    self.documents.insert(id.clone(), stored);
                }
            }
            let error = if status == 409 {
                serde_json::json!({"_id": id, "status": 409, "error": {"type": "version_conflict_engine_exception"}})
            } else {
                serde_json::json!({"_id": id, "status": status})
            };
            items.push(serde_json::json!({ verb: error }));
        }
        let has_errors = items.iter().any(|item| item.to_string().contains("409"));
        let reply = serde_json::json!({"took": 1, "errors": has_errors, "items": items});
        let outcome =
            Outcome::Replied { status: 200, retry_after_ms: None, reply: reply.to_string().into_bytes() };
        self.replies.push_back(Completion { ticket, body, outcome });
        Ok(())
    }

    fn poll(&mut self) -> Option<Completion> {
        self.replies.pop_front()
    }

    fn renew_credential(&mut self) {}
}
