//! From listings to known files: what appeared, what was renamed, what is gone. It opens no file and judges no content.
//!
//! A file is known by device and inode while the process lives, because that is how it is found again after a
//! rename. It is only a hint: whoever reads it proves by its bytes that it is still the same (see `tail`), and
//! nothing of it enters an identity.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::inflate::Damage;
use crate::lineage::{self, Name};
use crate::mistake::{self, Mistake};
use crate::ports::{Listed, Listing, Role, Stat};
use crate::span::{Lineage, TailId};

/// The pump's own number for a file; never given twice, so a reused inode is another file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u32);

/// How far it is recognised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Its first line must be read; it was looked at up to this offset without finding one.
    New { looked: u64 },
    /// It has no whole first line yet: looked at again when it changes.
    Young,
    /// It is one of the files of a lineage.
    Member(TailId),
    /// It cannot be shipped, and why: looked at again when it changes.
    Unfit(Unfit),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unfit {
    /// It starts with the byte order mark of UTF-16.
    Utf16,
    /// Compressed content that cannot be inflated from its first byte on.
    NotGzip,
}

/// A file as the last listing showed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    pub group: usize,
    pub path: PathBuf,
    pub role: Role,
    pub name: Name,
    pub stat: Stat,
    pub standing: Standing,
    /// It was there in the first listing of a never-used state directory, under its name and no longer than now.
    pub first: bool,
    /// The last listing that showed it.
    pub listing: u64,
    /// No complete listing shows it any more: it can only be read through a handle that is still open.
    pub gone: bool,
    /// The state in which it had nothing more to read.
    pub exhausted: Option<Stat>,
    /// When opening or reading it, which failed, is tried again; 0 when it did not fail.
    pub retry_ms: u64,
    /// When its size or times were last seen to change, and when it stopped being live.
    pub changed_ms: u64,
    pub rotated_ms: Option<u64>,
    /// What is wrong with it as an archive; told once.
    pub damage: Option<Damage>,
    /// Why it could not be shipped when it was last looked at; told once.
    pub unfit: Option<Unfit>,
    /// It was moved to where no pattern shows it while it was open; told once.
    pub is_out_of_reach: bool,
    /// Lineages that its bytes have been proven not to be.
    pub excluded: Vec<Lineage>,
}

impl Seen {
    /// Nothing about it differs from when it had nothing more to read.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.is_some_and(|stat| same_content(&stat, &self.stat))
    }
}

/// Neither size nor times differ; the change time moves even where the modification time is set back.
pub fn same_content(left: &Stat, right: &Stat) -> bool {
    (left.size, left.modified_ns, left.changed_ns) == (right.size, right.modified_ns, right.changed_ns)
}

/// What one listing changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// To be recognised.
    pub appeared: Vec<FileId>,
    /// Not shown by a complete listing any more.
    pub gone: Vec<FileId>,
    /// The listing had no faults.
    pub complete: bool,
}

#[derive(Debug, Default)]
pub struct Catalog {
    files: BTreeMap<FileId, Seen>,
    by_inode: BTreeMap<(u64, u64), FileId>,
    next: u32,
    listings: u64,
}

impl Catalog {
    pub fn get(&self, id: FileId) -> Option<&Seen> {
        self.files.get(&id)
    }

    pub fn get_mut(&mut self, id: FileId) -> Option<&mut Seen> {
        self.files.get_mut(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Seen)> {
        self.files.iter().map(|(id, seen)| (*id, seen))
    }

    /// Takes in what a group's patterns match now. `sole` as in `lineage::name`.
    pub fn update(&mut self, group: usize, listing: Listing, sole: Option<&PathBuf>, now_ms: u64) -> Changes {
        self.listings += 1;
        let mut changes = Changes { complete: listing.faults.is_empty(), ..Changes::default() };
        let mut files = listing.files;
        // The same file under two names is read once, under the name that comes first.
        files.sort_by(|left, right| (left.role, &left.path).cmp(&(right.role, &right.path)));
        for listed in files {
            let mut name = lineage::name(&listed.path, listed.role, sole.map(PathBuf::as_path));
            if mistake::is(Mistake::EntryInIdentity) {
                name.stem.0[0] ^= group as u8;
            }
            if let Some(id) = self.take(group, listed, name, now_ms) {
                changes.appeared.push(id);
            }
        }
        if changes.complete {
            let listings = self.listings;
            for (id, seen) in &mut self.files {
                if seen.group == group && seen.listing != listings && !seen.gone {
                    seen.gone = true;
                    seen.rotated_ms.get_or_insert(now_ms);
                    changes.gone.push(*id);
                }
            }
        }
        changes
    }

    /// One listed file; answers its number when it must be recognised.
    fn take(&mut self, group: usize, listed: Listed, name: Name, now_ms: u64) -> Option<FileId> {
        let inode = (listed.stat.device, listed.stat.inode);
        if let Some(id) = self.by_inode.get(&inode).copied()
            && let Some(seen) = self.files.get_mut(&id)
            && seen.stat.born_ns == listed.stat.born_ns
            // What was an archive and is none now has only got its number: no rename unpacks.
            && seen.name.compressed == name.compressed
            && !seen.gone
            && !(mistake::is(Mistake::SecondNameFollowed) && seen.path != listed.path)
        {
            // Another group's file stays that group's; a second name of this listing changes nothing.
            if seen.group == group && seen.listing != self.listings {
                seen.refresh(listed, name, self.listings, now_ms);
            }
            return matches!(seen.standing, Standing::New { .. }).then_some(id);
        }
        let id = FileId(self.next);
        self.next = self.next.checked_add(1).expect("four billion files in one process life");
        self.by_inode.insert(inode, id);
        let rotated_ms = (listed.role == Role::Rotated).then_some(now_ms);
        let seen = Seen {
            group,
            path: listed.path,
            role: listed.role,
            name,
            stat: listed.stat,
            standing: Standing::New { looked: 0 },
            first: false,
            listing: self.listings,
            gone: false,
            exhausted: None,
            retry_ms: 0,
            changed_ms: now_ms,
            rotated_ms,
            damage: None,
            unfit: None,
            is_out_of_reach: false,
            excluded: Vec::new(),
        };
        self.files.insert(id, seen);
        Some(id)
    }

    /// Its bytes are not what they were: the same inode now holds another file.
    pub fn renew(&mut self, id: FileId) {
        let Some(seen) = self.files.get_mut(&id) else { return };
        seen.standing = Standing::New { looked: 0 };
        seen.exhausted = None;
        seen.excluded.clear();
    }

    /// Planted: what was not read before a rotation never is.
    pub(crate) fn drop_rotated(&mut self, file: FileId) -> bool {
        let Some(seen) = self.files.get_mut(&file) else { return false };
        seen.exhausted = seen.rotated_ms.map(|_| seen.stat);
        seen.exhausted.is_some()
    }

    pub fn remove(&mut self, id: FileId) {
        let Some(seen) = self.files.remove(&id) else { return };
        let inode = (seen.stat.device, seen.stat.inode);
        if self.by_inode.get(&inode) == Some(&id) {
            self.by_inode.remove(&inode);
        }
    }
}

impl Seen {
    fn refresh(&mut self, listed: Listed, name: Name, listing: u64, now_ms: u64) {
        if !same_content(&self.stat, &listed.stat) {
            self.changed_ms = now_ms;
            // What could not be shipped may be another file that has got the number.
            if matches!(self.standing, Standing::Young | Standing::Unfit(_)) {
                self.standing = Standing::New { looked: 0 };
            }
        }
        // Another name or fewer bytes may be another file that has got the number.
        self.first &= self.path == listed.path && self.stat.size <= listed.stat.size;
        match listed.role {
            Role::Live => self.rotated_ms = None,
            Role::Rotated => _ = self.rotated_ms.get_or_insert(now_ms),
        }
        self.path = listed.path;
        self.role = listed.role;
        self.name = name;
        self.stat = listed.stat;
        self.listing = listing;
    }
}
