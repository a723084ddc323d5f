//! Which lineage a file carries: by its first line, and by its bytes where several have the same one.
//!
//! Files are recognised oldest sibling first, so that generations are numbered alike whether they were followed as
//! they came or found all at once (fields.md §3). It reads first lines and compares beginnings; reading on is the
//! tail's.

use crate::checkpoint::{Entry, Fingerprint, Hint};
use crate::discover::{FileId, Standing, Unfit};
use crate::head::{self, Head};
use crate::inflate::Damage;
use crate::lineage;
use crate::mistake::{self, Mistake};
use crate::place::{Marker, Place, Skip};
use crate::ports::{FileFault, Files, Now, Stat, World};
use crate::pump::Pump;
use crate::source::{ReadFault, Source};
use crate::span::TailId;
use crate::{compare, notice::Notice};

impl Pump {
    /// Recognises new files, a bounded number a turn. Answers how many were looked at.
    pub(crate) fn recognise(&mut self, now: Now, world: &mut dyn World) -> usize {
        for looked in 0..self.config.limits.turn_heads {
            let Some(file) = self.unknown.pop_front() else { return looked };
            let Some(seen) = self.roster.catalog.get(file) else { continue };
            let Standing::New { looked: from } = seen.standing else { continue };
            if seen.retry_ms > now.mono_ms || seen.gone {
                continue;
            }
            match self.look(file, from, now, world) {
                Ok(Head::Line(fingerprint)) => self.assign(file, fingerprint, now, world),
                Ok(Head::Young) => self.stand(file, Standing::Young),
                Ok(Head::Utf16) => self.unfit(file, Unfit::Utf16),
                Ok(Head::NotGzip) => self.unfit(file, Unfit::NotGzip),
                Ok(Head::Blank { looked }) => {
                    self.stand(file, Standing::New { looked });
                    self.unknown.push_front(file);
                }
                Err(fault) => self.fault(file, fault, now),
            }
        }
        self.config.limits.turn_heads
    }

    fn stand(&mut self, file: FileId, standing: Standing) {
        if let Some(seen) = self.roster.catalog.get_mut(file) {
            seen.standing = standing;
            seen.retry_ms = 0;
            // What is only half a line at the first start is followed from its beginning.
            seen.first &= standing != Standing::Young;
        }
    }

    fn unfit(&mut self, file: FileId, why: Unfit) {
        self.stand(file, Standing::Unfit(why));
        let Some(seen) = self.roster.catalog.get_mut(file) else { return };
        if seen.unfit.replace(why) != Some(why) {
            self.notices.push(Notice::Unfit(why));
        }
    }

    /// Reading it failed: again after a while.
    pub(crate) fn fault(&mut self, file: FileId, fault: ReadFault, now: Now) {
        let delay = self.config.limits.rescan_ms;
        if let Some(seen) = self.roster.catalog.get_mut(file) {
            seen.retry_ms = now.mono_ms + delay;
        }
        self.notices.push(Notice::Read(fault));
    }

    fn look(&mut self, file: FileId, from: u64, now: Now, world: &mut dyn World) -> Result<Head, ReadFault> {
        let is_final = self.is_final(file, now);
        let (mut source, _) = self.open_file(file, world)?;
        let mut buffer = std::mem::take(&mut self.buffer);
        let head = head::head(&mut source, world, from, is_final, &mut buffer);
        self.buffer = buffer;
        let is_no_archive = source.damage() == Some(Damage::NotGzip);
        source.close(world);
        if is_no_archive { Ok(Head::NotGzip) } else { head }
    }

    /// Opens a file by its name and makes sure that it is still the one that was listed.
    pub(crate) fn open_file(
        &mut self,
        file: FileId,
        world: &mut dyn World,
    ) -> Result<(Source, Stat), ReadFault> {
        while self.roster.open_files() >= self.config.limits.open_files {
            if !self.roster.close_coldest(world) {
                return Err(ReadFault::File(FileFault::TooMany));
            }
        }
        let seen = self.roster.catalog.get(file).ok_or(FileFault::Gone)?;
        let handle = world.open(&seen.path)?;
        let checked = world.stat(handle).map_err(ReadFault::File).and_then(|stat| {
            let is_same = (stat.device, stat.inode, stat.born_ns)
                == (seen.stat.device, seen.stat.inode, seen.stat.born_ns);
            is_same.then_some(stat).ok_or(ReadFault::File(FileFault::Gone))
        });
        match checked {
            Ok(stat) => Ok((Source::new(handle, seen.name.compressed), stat)),
            Err(fault) => {
                Files::close(world, handle);
                Err(fault)
            }
        }
    }

    /// Finds the lineage of a file whose first line is known, or starts a new generation.
    fn assign(&mut self, file: FileId, fingerprint: Fingerprint, now: Now, world: &mut dyn World) {
        let Some(seen) = self.roster.catalog.get(file) else { return };
        let family = (seen.name.stem, fingerprint.hash);
        if let Some(tail) = self.by_inode(file) {
            return self.join(file, tail);
        }
        for candidate in self.checkpoint.family(family).to_vec() {
            let Some(tail) = self.roster.by_lineage(candidate) else { continue };
            if self.roster.catalog.get(file).is_some_and(|seen| seen.excluded.contains(&candidate)) {
                continue;
            }
            match compare::is_same(self, file, tail, now, world) {
                Ok(true) => return self.join(file, tail),
                Ok(false) => {}
                Err(fault) => return self.fault(file, fault, now),
            }
        }
        if let Some(tail) = self.under_another_name(file, &fingerprint) {
            match compare::is_same(self, file, tail, now, world) {
                Ok(true) => return self.join(file, tail),
                Ok(false) => {}
                Err(fault) => return self.fault(file, fault, now),
            }
        }
        self.found(file, fingerprint, now, world);
    }

    /// A file that was renamed while nobody looked, to where another stem begins: the same inode with the same first
    /// line, whose lineage has no file now. While it is followed such a rename changes nothing either.
    fn under_another_name(&self, file: FileId, fingerprint: &Fingerprint) -> Option<TailId> {
        let seen = self.roster.catalog.get(file)?;
        let inode = (seen.stat.device, seen.stat.inode, seen.stat.born_ns);
        let is_it = |entry: &Entry| {
            let hint = &entry.hint;
            entry.fingerprint == *fingerprint && (hint.device, hint.inode, hint.born_ns) == inode
        };
        let mut known = self.checkpoint.entries().iter().filter(|(_, entry)| is_it(entry));
        let tail = known.find_map(|(lineage, _)| self.roster.by_lineage(*lineage))?;
        let is_free = self
            .roster
            .get(tail)
            .is_some_and(|tail| tail.members.is_empty() && !seen.excluded.contains(&tail.lineage));
        is_free.then_some(tail)
    }

    /// Planted: whoever had its inode is who it is.
    fn by_inode(&self, file: FileId) -> Option<TailId> {
        if !mistake::is(Mistake::InodeIsIdentity) {
            return None;
        }
        let stat = self.roster.catalog.get(file)?.stat;
        let known = self.checkpoint.entries().iter();
        let mut known =
            known.filter(|(_, entry)| (entry.hint.device, entry.hint.inode) == (stat.device, stat.inode));
        known.find_map(|(lineage, _)| self.roster.by_lineage(*lineage))
    }

    /// A file that no known lineage has: a new one begins.
    fn found(&mut self, file: FileId, fingerprint: Fingerprint, now: Now, world: &mut dyn World) {
        let Some(seen) = self.roster.catalog.get(file) else { return };
        let (group, first) = (seen.group, seen.first);
        let family = (seen.name.stem, fingerprint.hash);
        let generation = self.checkpoint.next_generation(family);
        let lineage = lineage::lineage(family.0, family.1, generation);
        let place = match first {
            false => Place::default(),
            true => match self.end_of(file, world) {
                Ok(place) => place,
                Err(fault) => return self.fault(file, fault, now),
            },
        };
        let Some(seen) = self.roster.catalog.get(file) else { return };
        let entry = Entry {
            stem: family.0,
            fingerprint,
            generation,
            group: self.group_key(group),
            place,
            size: place.offset,
            hint: hint(&seen.path, &seen.stat),
            ..Entry::default()
        };
        let tail = self.roster.add(lineage, &entry, Some(group));
        self.checkpoint.insert(lineage, entry);
        self.dirty = true;
        self.join(file, tail);
    }

    /// The place behind the last whole line that is there now: for `start_at = "end"`.
    fn end_of(&mut self, file: FileId, world: &mut dyn World) -> Result<Place, ReadFault> {
        let (mut source, stat) = self.open_file(file, world)?;
        let window = (self.config.limits.line_bytes as u64).min(stat.size);
        let mut bytes = vec![0; window as usize];
        let got = source.read(world, stat.size - window, &mut bytes);
        source.close(world);
        let bytes = &bytes[..got?];
        let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
        let offset = stat.size - window + end as u64;
        let mut place = Place { offset, marker: Marker::of(&bytes[..end]), ..Place::default() };
        place.skips.add(Skip::BeforeStart, offset);
        Ok(if end == 0 { Place::default() } else { place })
    }

    /// The file is one of those that carry the lineage.
    fn join(&mut self, file: FileId, id: TailId) {
        let Some((tail, catalog)) = self.roster.split(id) else { return };
        let Some(seen) = catalog.get_mut(file) else { return };
        let entry = self.checkpoint.get_mut(tail.lineage).expect("every tail has its entry");
        seen.standing = Standing::Member(id);
        seen.retry_ms = 0;
        // What stands there when it is recognised once more came after the first start.
        seen.first = false;
        tail.group = Some(seen.group);
        tail.members.push(file);
        tail.orphan_since_ms = None;
        tail.path = seen.path.to_string_lossy().into_owned();
        // How long an archive is nobody knows beforehand.
        let size = if seen.name.compressed { u64::MAX } else { seen.stat.size };
        tail.replay_until.get_or_insert(size);
        if !seen.name.compressed {
            tail.note_reached(file, size);
        }
        let hint = &entry.hint;
        let is_as_left = (hint.size, hint.modified_ns) == (seen.stat.size, seen.stat.modified_ns);
        // The hint is as new as the last visit; the place is as old as the last settled line.
        if entry.is_finished() && is_as_left && seen.name.compressed {
            seen.exhausted = Some(seen.stat);
        }
        entry.hole = None;
        self.roster.order_members(id);
        self.roster.enqueue(id);
    }
}

pub(crate) fn hint(path: &std::path::Path, stat: &Stat) -> Hint {
    use std::os::unix::ffi::OsStrExt;
    Hint {
        path: path.as_os_str().as_bytes().to_vec(),
        device: stat.device,
        inode: stat.inode,
        born_ns: stat.born_ns,
        size: stat.size,
        modified_ns: stat.modified_ns,
    }
}
