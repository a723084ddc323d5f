//! Cuts a block of bytes into lines with their true offsets. It reads nothing and keeps nothing.
//!
//! Only `\n` ends a line. A carriage return before it, and a byte order mark at the very start of a file, are not
//! part of the text and are part of the offsets. What is not a whole line stays where it is.

/// One piece of a block; pieces follow each other without a gap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Piece<'a> {
    /// A line with something on it: its text, and all its bytes without the newline.
    Line { text: &'a [u8], raw: &'a [u8], start: u64, next: u64 },
    /// A line with nothing but white space.
    Blank { start: u64, next: u64 },
    /// NUL bytes where a line would start: a hole that a writer without `O_APPEND` leaves after a truncation.
    Nul { start: u64, next: u64 },
}

impl Piece<'_> {
    pub const fn next(&self) -> u64 {
        match self {
            Piece::Line { next, .. } | Piece::Blank { next, .. } | Piece::Nul { next, .. } => *next,
        }
    }
}

/// The whole lines of a block that starts where a line starts.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    /// What is not yet framed; at the end the unterminated rest.
    rest: &'a [u8],
    /// The offset of `rest` in its lineage.
    offset: u64,
}

impl<'a> Frames<'a> {
    pub const fn new(block: &'a [u8], offset: u64) -> Frames<'a> {
        Frames { rest: block, offset }
    }

    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The unterminated rest as a line of its own: for a file that cannot grow any more.
    pub fn unterminated(&mut self) -> Option<Piece<'a>> {
        let rest = std::mem::take(&mut self.rest);
        let start = self.offset;
        self.offset += rest.len() as u64;
        (!rest.is_empty()).then(|| piece(rest, start, self.offset))
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let start = self.offset;
        if self.rest.first() == Some(&0) {
            let run = self.rest.iter().position(|byte| *byte != 0).unwrap_or(self.rest.len());
            self.rest = &self.rest[run..];
            self.offset += run as u64;
            return Some(Piece::Nul { start, next: self.offset });
        }
        let end = memchr::memchr(b'\n', self.rest)?;
        let (line, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        self.offset += line.len() as u64;
        Some(piece(&line[..end], start, self.offset))
    }
}

fn piece(line: &[u8], start: u64, next: u64) -> Piece<'_> {
    let text = text(line, start);
    // Most lines start with a brace: one look decides.
    match text.first() {
        Some(first) if !first.is_ascii_whitespace() => Piece::Line { text, raw: line, start, next },
        _ if text.iter().all(u8::is_ascii_whitespace) => Piece::Blank { start, next },
        _ => Piece::Line { text, raw: line, start, next },
    }
}

/// A line's text: without a carriage return at its end and without a byte order mark at the start of the file.
fn text(line: &[u8], start: u64) -> &[u8] {
    beginning(line.strip_suffix(b"\r").unwrap_or(line), start)
}

/// The same for a line that was cut and whose end is not here.
pub fn beginning(line: &[u8], start: u64) -> &[u8] {
    match start {
        0 => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
        _ => line,
    }
}
