//! Whether a file still holds what its lineage was read from: its first line, its beginning, the bytes before the
//! place. It takes no line and moves no place.

use std::sync::Arc;

use crate::limits::MARKER_MAX_BYTES;
use crate::mistake::{self, Mistake};
use crate::place::hash16;
use crate::source::{ReadFault, Source};
use crate::tail::Tail;
use crate::visit::{Open, Visit};

/// What stands where reading goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fetched {
    /// The marker holds; so many bytes with it.
    Bytes(usize),
    /// An archive that ends before the place.
    ShortCopy,
    Rewritten,
}

impl Tail {
    pub(crate) fn first_line_stands(
        &self,
        source: &mut Source,
        visit: &mut Visit<'_>,
    ) -> Result<bool, ReadFault> {
        let print = &self.fingerprint;
        let line = room(visit.buffer, print.len as usize);
        let got = source.read(visit.files, print.at, line)?;
        Ok(believes() || got == print.len as usize && hash16(line) == print.hash)
    }

    /// The same for a file that is shorter than the place: all of its first bytes that are known.
    pub(crate) fn beginning_stands(
        &self,
        source: &mut Source,
        visit: &mut Visit<'_>,
        size: u64,
    ) -> Result<bool, ReadFault> {
        let has_first_line = size >= self.fingerprint.at + u64::from(self.fingerprint.len);
        if has_first_line && !self.first_line_stands(source, visit)? {
            return Ok(false);
        }
        let prefix = self.beginning.prefix;
        let shorter = usize::try_from(size).unwrap_or(usize::MAX).min(prefix.len as usize);
        let bytes = room(visit.buffer, shorter);
        if source.read(visit.files, 0, bytes)? < shorter {
            return Ok(true);
        }
        let stands = if shorter < prefix.len as usize { self.beginning.is_all(bytes) } else { None };
        Ok(stands.unwrap_or_else(|| shorter < prefix.len as usize || prefix.holds(bytes)))
    }

    /// Reads the marker's bytes and up to `block` behind them; answers how many bytes all that is.
    pub(crate) fn fetch(
        &self,
        open: &mut Open,
        visit: &mut Visit<'_>,
        block: usize,
    ) -> Result<Fetched, ReadFault> {
        let marker = self.head.marker.len as usize;
        let bytes = room(visit.buffer, marker + block);
        let from = self.head.offset - u64::from(self.head.marker.len);
        let got = open.source.read(visit.files, from, bytes)?;
        if got < marker && open.source.is_compressed() {
            return Ok(Fetched::ShortCopy);
        }
        if believes() {
            return Ok(Fetched::Bytes(got.max(marker)));
        }
        let holds = got >= marker && self.head.marker.holds(&bytes[..marker]);
        Ok(if holds { Fetched::Bytes(got) } else { Fetched::Rewritten })
    }

    /// Behind a hole or a long line, or where reading started at the end, the beginning was not read on the way. A fault
    /// is another visit's matter.
    pub(crate) fn complete_beginning(&mut self, open: &mut Open, visit: &mut Visit<'_>) {
        let wanted = self.head.offset.min(MARKER_MAX_BYTES as u64) as usize;
        let known = self.beginning.prefix.len as usize;
        if known >= wanted || open.source.is_compressed() {
            return;
        }
        let mut bytes = vec![0; wanted];
        let is_read = open.source.read(visit.files, 0, &mut bytes) == Ok(wanted);
        // Where the bytes before the place still stand after that, nothing before them was rewritten meanwhile.
        let stands = matches!(self.fetch(open, visit, 0), Ok(Fetched::Bytes(_)));
        if is_read && stands && self.beginning.prefix.holds(&bytes[..known]) {
            Arc::make_mut(&mut self.beginning).learn(&bytes);
        }
    }
}

/// Planted: that the bytes are those that stood there is taken for granted.
pub(crate) fn believes() -> bool {
    mistake::is(Mistake::InodeIsIdentity) || mistake::is(Mistake::OffsetKeptAfterTruncation)
}

/// At least so many bytes; what is in them means nothing. Filling them with zeros again on every visit would cost
/// as much as reading.
pub(crate) fn room(buffer: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    if buffer.len() < bytes {
        buffer.resize(bytes, 0);
    }
    &mut buffer[..bytes]
}
