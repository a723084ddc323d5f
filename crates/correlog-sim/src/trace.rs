//! Everything that happened, as one hash and, when asked, as text. It decides nothing.

use std::fmt::Arguments;

#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    /// `None`: only the hash is kept.
    text: Option<String>,
}

impl Trace {
    pub const fn new(text: bool) -> Self {
        Self { hash: 0xCBF2_9CE4_8422_2325, text: if text { Some(String::new()) } else { None } }
    }

    /// One event: what, and its numbers; `detail` is only made when text is kept.
    pub fn event(&mut self, what: &'static str, numbers: [u64; 2], detail: Arguments<'_>) {
        for byte in what.bytes() {
            self.mix(u64::from(byte));
        }
        numbers.into_iter().for_each(|number| self.mix(number));
        if let Some(text) = &mut self.text {
            use std::fmt::Write;
            writeln!(text, "{what} {detail}").expect("a String takes everything");
        }
    }

    /// Whether details are kept: some cost more to make than all else of an event.
    pub const fn has_text(&self) -> bool {
        self.text.is_some()
    }

    fn mix(&mut self, number: u64) {
        self.hash = (self.hash ^ number).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23);
    }

    pub const fn hash(&self) -> u64 {
        self.hash
    }

    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}
