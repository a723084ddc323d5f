//! Whether a file carries a lineage whose first line it shares. It reads beginnings and ends, never whole files.
//!
//! The rule of fields.md §3 is: one lineage if and only if the shorter file is a byte prefix of the longer. Comparing
//! all bytes would read every large file twice; the first 64 KiB and the last 4 KiB of the shorter one decide.
//! One case is taken out of the rule: a newer file that is strictly shorter is a new generation that begins alike,
//! for a copy is never newer than what it was copied from.

use crate::beginning::Beginning;
use crate::checkpoint::Fingerprint;
use crate::discover::{FileId, same_content};
use crate::limits::{FINGERPRINT_MAX_BYTES, MARKER_MAX_BYTES};
use crate::place::{Marker, Place, hash16};
use crate::ports::{Files, Now, World};
use crate::pump::Pump;
use crate::source::{ReadFault, Source};
use crate::span::TailId;

/// Whether `file` carries what `tail` reads.
pub(crate) fn is_same(
    pump: &mut Pump,
    file: FileId,
    tail: TailId,
    now: Now,
    world: &mut dyn World,
) -> Result<bool, ReadFault> {
    let (mut source, stat) = pump.open_file(file, world)?;
    let size = if source.is_compressed() { None } else { Some(stat.size) };
    let answer = with_source(pump, file, (&mut source, size), tail, (now, world));
    source.close(world);
    answer
}

fn with_source(
    pump: &mut Pump,
    file: FileId,
    (source, size): (&mut Source, Option<u64>),
    id: TailId,
    (now, world): (Now, &mut dyn World),
) -> Result<bool, ReadFault> {
    let Some(tail) = pump.roster.get(id) else { return Ok(false) };
    let (known, beginning) = (Known { print: tail.fingerprint, head: tail.head }, tail.beginning.clone());
    for member in tail.members.clone() {
        let Ok((mut other, stat)) = pump.open_file(member, world) else { continue };
        let other_size = if other.is_compressed() { None } else { Some(stat.size) };
        let answer = between(&known, source, size, &mut other, other_size, world);
        // It may have been truncated while it was looked at, within one tick of its clock and to the same length:
        // bytes that differ prove nothing then.
        let has_changed = answer == Ok(Some(false))
            && !(other.stat(world).is_ok_and(|after| same_content(&stat, &after))
                && (other.is_compressed() || carries(&known, &mut other, world) == Ok(true)));
        other.close(world);
        if has_changed {
            return Err(ReadFault::Busy);
        }
        if let Some(is_prefix) = answer? {
            let restarts = match (size, other_size) {
                (Some(size), Some(other_size)) if size < other_size => age(pump, file) > age(pump, member),
                (Some(size), Some(other_size)) if other_size < size => age(pump, file) < age(pump, member),
                _ => false,
            };
            return Ok(is_prefix && !restarts);
        }
    }
    match size {
        Some(size) if size >= known.head.offset => stands(&known.head, source, world),
        _ => begins(pump, file, source, &beginning, (now, world)),
    }
}

/// Of a file shorter than what was read, its beginning decides; of an archive too, because how long it is shows only
/// when it is read.
fn begins(
    pump: &Pump,
    file: FileId,
    source: &mut Source,
    beginning: &Beginning,
    (now, files): (Now, &mut dyn World),
) -> Result<bool, ReadFault> {
    let mut bytes = vec![0; beginning.prefix.len as usize];
    let got = source.read(files, 0, &mut bytes)?;
    if !is_rotated(pump, file) {
        return Ok(false);
    }
    if got == bytes.len() {
        return Ok(beginning.prefix.holds(&bytes));
    }
    if (!source.is_compressed() || source.is_complete())
        && let Some(is_all) = beginning.is_all(&bytes[..got])
    {
        return Ok(is_all);
    }
    // Too short to be proven. A copy under way will show it; what stays so short is another generation, because
    // lines that are taken for known ones are never read. Of a broken archive nothing is promised.
    if !pump.is_final(file, now) {
        return Err(ReadFault::Busy);
    }
    Ok(source.is_compressed() && (source.damage().is_some() || !source.is_complete()))
}

fn age(pump: &Pump, file: FileId) -> Option<&crate::lineage::Age> {
    pump.roster.catalog.get(file).map(|seen| &seen.name.age)
}

fn is_rotated(pump: &Pump, file: FileId) -> bool {
    age(pump, file).is_some_and(|age| *age != crate::lineage::Age::Live)
}

/// What is known of a lineage's bytes.
struct Known {
    print: Fingerprint,
    head: Place,
}

/// The file still is what the lineage was read from. The first line counts too: of a lineage of which nothing has
/// been read yet it is all that is known, and its file may be another one since.
fn carries(known: &Known, source: &mut Source, files: &mut dyn Files) -> Result<bool, ReadFault> {
    let mut line = vec![0; known.print.len as usize];
    let got = source.read(files, known.print.at, &mut line)?;
    let begins = got == line.len() && hash16(&line) == known.print.hash;
    Ok(begins && (source.is_compressed() || stands(&known.head, source, files)?))
}

/// The bytes before the place are in the file.
fn stands(head: &Place, source: &mut Source, files: &mut dyn Files) -> Result<bool, ReadFault> {
    let Marker { len, .. } = head.marker;
    let mut bytes = vec![0; len as usize];
    let got = source.read(files, head.offset - u64::from(len), &mut bytes)?;
    Ok(head.marker.holds(&bytes[..got]))
}

/// Whether the shorter of two files is where the longer one begins. `None`: the other is no longer what the lineage
/// was read from, so it proves nothing.
fn between(
    known: &Known,
    source: &mut Source,
    size: Option<u64>,
    other: &mut Source,
    other_size: Option<u64>,
    files: &mut dyn Files,
) -> Result<Option<bool>, ReadFault> {
    if other_size.is_some_and(|size| size < known.head.offset) || !carries(known, other, files)? {
        return Ok(None);
    }
    if !is_equal(source, other, 0, FINGERPRINT_MAX_BYTES, files)? {
        return Ok(Some(false));
    }
    // An archive's end is not looked at here: unpacking all of it would take turns.
    let (Some(size), Some(other_size)) = (size, other_size) else { return Ok(Some(true)) };
    let shorter = size.min(other_size);
    let end = shorter.min(MARKER_MAX_BYTES as u64);
    is_equal(source, other, shorter - end, end as usize, files).map(Some)
}

/// As far as both go, up to `len` bytes from `from` on.
fn is_equal(
    source: &mut Source,
    other: &mut Source,
    from: u64,
    len: usize,
    files: &mut dyn Files,
) -> Result<bool, ReadFault> {
    let (mut one, mut two) = (vec![0; len], vec![0; len]);
    let got = source.read(files, from, &mut one)?;
    let got = got.min(other.read(files, from, &mut two)?);
    Ok(one[..got] == two[..got])
}
