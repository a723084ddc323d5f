//! What the oracle reads in a document. It judges nothing.

use correlog_pipeline::span::Lineage;

/// What a document says of its place.
#[derive(serde::Deserialize)]
pub struct Source {
    #[serde(default)]
    pub log: Log,
}

#[derive(Default, serde::Deserialize)]
pub struct Log {
    pub lineage: Option<String>,
    /// Where the document says that its line ends.
    pub next: Option<u64>,
}

pub fn name(lineage: &Lineage) -> String {
    lineage.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The opposite of `name`.
pub fn lineage_of(name: &str) -> Option<Lineage> {
    let mut lineage = Lineage([0; 16]);
    let digits = name.as_bytes().chunks(2);
    for (byte, pair) in lineage.0.iter_mut().zip(digits) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    (name.len() == 32).then_some(lineage)
}

/// The number behind the first `~t`.
pub fn token(bytes: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find(bytes, b"~t")? + 2;
    let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(None, |sum: Option<usize>, digit| {
        Some(sum.unwrap_or(0).saturating_mul(10).saturating_add(usize::from(digit - b'0')))
    });
    number.filter(|_| bytes[at..].iter().find(|byte| !byte.is_ascii_digit()) == Some(&b'~'))
}
