//! The fields of one event or of one span, already as JSON text: catalogued ones in their slots, the rest by name.
//!
//! Does not decide where a field goes (`visit.rs`) and does not write the line (`assemble.rs`).

use crate::line::catalogue::{SLOTS, TABLE};

/// Fields as JSON text, ready to be copied into lines.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    /// `,"key":value` for each slot that `mask` has, one after the other.
    values: Vec<u8>,
    /// Where in `values` each slot's pair stands; only meaningful where `mask` has the bit.
    ranges: [(u32, u32); SLOTS],
    /// Which slots have a value.
    pub mask: u64,
    /// `,"name":value` for each attribute.
    attributes: Vec<u8>,
    /// One entry for each attribute, in the order of `attributes`; no name stands twice.
    entries: Vec<Entry>,
    /// A bit for each entry's name, so that two sets without a common bit need no comparison of names.
    bloom: u64,
    /// The event's message as a JSON string; empty where there is none.
    pub message: Vec<u8>,
    /// How many fields the line limit left out.
    pub left_out: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    name: Name,
    start: u32,
    end: u32,
}

impl Fields {
    pub const fn new() -> Self {
        Self {
            values: Vec::new(),
            ranges: [(0, 0); SLOTS],
            mask: 0,
            attributes: Vec::new(),
            entries: Vec::new(),
            bloom: 0,
            message: Vec::new(),
            left_out: 0,
        }
    }

    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        self.values.clear();
        self.mask = 0;
        self.attributes.clear();
        self.entries.clear();
        self.bloom = 0;
        self.message.clear();
        self.left_out = 0;
    }

    /// Bytes held, for the line limit.
    pub fn len(&self) -> usize {
        self.values.len() + self.attributes.len() + self.message.len()
    }

    pub fn has_attributes(&self) -> bool {
        !self.entries.is_empty()
    }

    /// The value of a slot, if it has one.
    pub fn slot(&self, at: usize) -> Option<&[u8]> {
        Some(&self.pair(at)?[TABLE[at].key.len()..])
    }

    /// `,"key":value` of a slot, if it has one.
    #[inline]
    pub fn pair(&self, at: usize) -> Option<&[u8]> {
        if self.mask & (1 << at) == 0 {
            return None;
        }
        let (start, end) = self.ranges[at];
        Some(&self.values[start as usize..end as usize])
    }

    /// Sets a slot's value to what `write` appends; the last value wins. Nothing is set when `write` says `false`.
    #[inline]
    pub fn set_slot(&mut self, at: usize, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let start = self.values.len();
        self.values.extend_from_slice(TABLE[at].key.as_bytes());
        if !write(&mut self.values) {
            self.values.truncate(start);
            return false;
        }
        self.ranges[at] = (start as u32, self.values.len() as u32);
        self.mask |= 1 << at;
        true
    }

    /// Adds an attribute whose fragment `,"name":value` is what `write` appends; the last value of a name wins.
    #[inline]
    pub fn add_attribute(&mut self, name: Name, write: impl FnOnce(&mut Vec<u8>)) {
        if self.has(name) {
            self.remove(name);
        }
        let start = self.attributes.len();
        write(&mut self.attributes);
        self.entries.push(Entry { name, start: start as u32, end: self.attributes.len() as u32 });
        self.bloom |= name.bit;
    }

    /// Takes over what `outer` has and this set has not: the nearest value wins.
    pub fn inherit(&mut self, outer: &Self) {
        for at in bits(outer.mask & !self.mask) {
            if let Some(pair) = outer.pair(at) {
                let start = self.values.len();
                self.values.extend_from_slice(pair);
                self.ranges[at] = (start as u32, self.values.len() as u32);
                self.mask |= 1 << at;
            }
        }
        for entry in &outer.entries {
            if !self.has(entry.name) {
                let fragment = &outer.attributes[entry.start as usize..entry.end as usize];
                self.add_attribute(entry.name, |out| out.extend_from_slice(fragment));
            }
        }
        self.left_out += outer.left_out;
    }

    /// How much there is, to be told apart later from what is inherited after this.
    pub fn extent(&self) -> Extent {
        Extent {
            values: self.values.len(),
            mask: self.mask,
            attributes: self.attributes.len(),
            entries: self.entries.len(),
            left_out: self.left_out,
        }
    }

    /// What there was when `extent` was taken; since then this set has only inherited.
    pub fn within(&self, extent: Extent) -> Self {
        let entries = self.entries[..extent.entries].to_vec();
        Self {
            values: self.values[..extent.values].to_vec(),
            ranges: self.ranges,
            mask: extent.mask,
            attributes: self.attributes[..extent.attributes].to_vec(),
            bloom: entries.iter().fold(0, |bits, entry| bits | entry.name.bit),
            entries,
            message: Vec::new(),
            left_out: extent.left_out,
        }
    }

    /// Appends every attribute, each with its comma before it.
    #[inline]
    pub fn write_attributes(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.attributes);
    }

    /// Appends the attributes whose names `nearer` does not have.
    #[inline]
    pub fn write_attributes_not_in(&self, nearer: &Self, out: &mut Vec<u8>) {
        if self.bloom & nearer.bloom == 0 {
            out.extend_from_slice(&self.attributes);
            return;
        }
        for entry in &self.entries {
            if !nearer.has(entry.name) {
                out.extend_from_slice(&self.attributes[entry.start as usize..entry.end as usize]);
            }
        }
    }

    #[inline]
    fn has(&self, name: Name) -> bool {
        self.bloom & name.bit != 0 && self.entries.iter().any(|entry| entry.name.text == name.text)
    }

    #[cold]
    fn remove(&mut self, name: Name) {
        let Some(at) = self.entries.iter().position(|entry| entry.name.text == name.text) else { return };
        let gone = self.entries.remove(at);
        self.attributes.drain(gone.start as usize..gone.end as usize);
        let length = gone.end - gone.start;
        for entry in &mut self.entries[at..] {
            entry.start -= length;
            entry.end -= length;
        }
    }
}

/// The positions of the bits of a mask, lowest first.
#[inline]
pub(crate) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let at = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        Some(at)
    })
}

/// The name of an attribute, and the bit that stands for it in a set's `bloom`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    text: &'static str,
    bit: u64,
}

impl Name {
    pub const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return Self { text, bit: 1 } };
        let mixed = (bytes.len() as u32) << 16 | (*first as u32) << 8 | *last as u32;
        Self { text, bit: 1 << (mixed.wrapping_mul(0x9E37_79B1) >> 26) }
    }
}

/// How much of a set was there at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    values: usize,
    mask: u64,
    attributes: usize,
    entries: usize,
    left_out: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(fields: &mut Fields, name: &'static str, value: &str) {
        fields.add_attribute(Name::new(name), |out| {
            out.extend_from_slice(format!(",\"{name}\":{value}").as_bytes())
        });
    }

    fn text(fields: &Fields) -> String {
        let mut out = Vec::new();
        fields.write_attributes(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_name_stands_once_and_its_last_value_wins() {
        let mut fields = Fields::new();
        add(&mut fields, "a", "1");
        add(&mut fields, "b", "2");
        add(&mut fields, "a", "333");
        add(&mut fields, "c", "4");
        add(&mut fields, "b", "5");
        assert_eq!(text(&fields), r#","a":333,"c":4,"b":5"#);
    }

    #[test]
    fn what_is_nearer_wins_over_what_is_inherited() {
        let mut outer = Fields::new();
        add(&mut outer, "a", "1");
        add(&mut outer, "b", "2");
        outer.set_slot(3, |out| {
            out.extend_from_slice(b"outer");
            true
        });
        outer.set_slot(4, |out| {
            out.extend_from_slice(b"outer");
            true
        });
        let mut inner = Fields::new();
        add(&mut inner, "b", "20");
        inner.set_slot(4, |out| {
            out.extend_from_slice(b"inner");
            true
        });
        let mut out = Vec::new();
        outer.write_attributes_not_in(&inner, &mut out);
        assert_eq!(out, b",\"a\":1");
        inner.inherit(&outer);
        assert_eq!(text(&inner), r#","b":20,"a":1"#);
        assert_eq!(inner.slot(3), Some(&b"outer"[..]));
        assert_eq!(inner.slot(4), Some(&b"inner"[..]));
        assert_eq!(inner.slot(5), None);
    }
}
