//! Whether what was written is still anywhere, and whose fault it is when it is not. See the parent.

use super::{Fate, Oracle};
use crate::files::tree::Tree;

impl Oracle {
    /// The shipper closed the last handle of an unlinked file. What another file has too it may read there.
    pub fn closed(&mut self, lines: &[(u64, u32)], tree: &Tree) {
        let is_there = |token: u32| {
            let mut others = tree.inodes.iter().filter(|inode| inode.links > 0 || inode.handles > 0);
            others.any(|inode| inode.lines.iter().any(|(_, other)| *other == token))
        };
        for (_, token) in lines {
            self.lines[*token as usize].closed = !is_there(*token);
        }
    }

    /// The process died: what only it had is gone.
    pub fn died(&mut self) {
        for line in &mut self.lines {
            line.closed = false;
        }
        for content in &mut self.contents {
            content.read = 0;
        }
    }

    /// Something was destroyed: lines whose bytes are nowhere any more are nobody's fault.
    pub fn sweep(&mut self, tree: &Tree) {
        let mut there = vec![false; self.lines.len()];
        for inode in tree.inodes.iter().filter(|inode| inode.links > 0 || inode.handles > 0) {
            for (_, token) in &inode.lines {
                there[*token as usize] = true;
            }
        }
        for (line, there) in self.lines.iter_mut().zip(there) {
            if line.fate == Fate::Pending && !there && !line.closed {
                line.fate = Fate::Excused;
            }
        }
    }
}
