//! What a file is called and what it is: stem, age within a rotation, lineage. It reads nothing.
//!
//! The stem of a live file is its path. The stem of a rotated sibling is its path without the suffix that the
//! rotation gave it; suffixes are only looked for where the configuration says that a file is a rotated one, so that
//! `worker.1` and `worker.2`, both live, stay two files.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::checkpoint::StemKey;
use crate::ports::Role;
use crate::span::Lineage;

/// Where a file stands among its siblings; the order is oldest first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Age {
    /// By the digits of its date.
    Dated(Vec<u8>),
    /// `.1` is newer than `.2`.
    Numbered(std::cmp::Reverse<u64>),
    Live,
}

/// What a path tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    pub stem: StemKey,
    pub age: Age,
    pub compressed: bool,
}

/// Reads a path. `sole` is the one live path of the configuration entry where it has just one: all its rotated
/// files are siblings of that one, wherever they lie and however they are called.
pub fn name(path: &Path, role: Role, sole: Option<&Path>) -> Name {
    let directory = path.parent().map_or(&b""[..], |parent| parent.as_os_str().as_bytes());
    let file = path.file_name().map_or(&b""[..], OsStrExt::as_bytes);
    let (plain, compressed) = match file.strip_suffix(b".gz") {
        Some(plain) => (plain, true),
        None => (file, false),
    };
    if role == Role::Live {
        return Name { stem: stem_key(directory, plain), age: Age::Live, compressed };
    }
    let (stem, age) = unrotated(plain);
    let stem = match sole.and_then(|sole| Some((sole.parent()?, sole.file_name()?))) {
        Some((directory, file)) => stem_key(directory.as_os_str().as_bytes(), file.as_bytes()),
        None => stem_key(directory, &stem),
    };
    Name { stem, age, compressed }
}

/// The identity of a stream of lines (fields.md §3).
pub fn lineage(stem: StemKey, first_line: [u8; 16], generation: u32) -> Lineage {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"correlog lineage 1");
    hasher.update(&stem.0);
    hasher.update(&first_line);
    hasher.update(&generation.to_be_bytes());
    Lineage(first16(&hasher.finalize()))
}

fn stem_key(directory: &[u8], stem: &[u8]) -> StemKey {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(directory.len() as u64).to_be_bytes());
    hasher.update(directory);
    hasher.update(stem);
    StemKey(first16(&hasher.finalize()))
}

fn first16(hash: &blake3::Hash) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&hash.as_bytes()[..16]);
    out
}

/// Takes the rotation's suffix off: behind the name (`app.log.1`, `app.log-20261121`), or before the extension
/// (`app-20261121.log`).
fn unrotated(file: &[u8]) -> (Vec<u8>, Age) {
    if let Some((stem, age)) = strip(file) {
        return (stem.to_vec(), age);
    }
    if let Some(dot) = memchr::memrchr(b'.', file)
        && let Some((stem, age)) = strip(&file[..dot])
    {
        return ([stem, &file[dot..]].concat(), age);
    }
    (file.to_vec(), Age::Numbered(std::cmp::Reverse(1)))
}

fn strip(file: &[u8]) -> Option<(&[u8], Age)> {
    for word in [&b".old"[..], b".bak", b".prev", b"~"] {
        if let Some(stem) = file.strip_suffix(word) {
            return Some((stem, Age::Numbered(std::cmp::Reverse(1))));
        }
    }
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"-_.T:".contains(byte);
    let tail = file.iter().rposition(|byte| !is_part(byte)).map_or(0, |at| at + 1);
    let first = |from: usize| file[from..].iter().position(|byte| b"-_.".contains(byte)).map(|at| from + at);
    let mut separator = first(tail);
    while let Some(at) = separator {
        let suffix = &file[at + 1..];
        let digits = suffix.iter().take_while(|byte| byte.is_ascii_digit()).count();
        // A date starts with four digits or more and takes everything behind it; a number is the last part only.
        if at > 0 && digits >= 4 {
            let date = suffix.iter().copied().filter(u8::is_ascii_digit).collect();
            return Some((&file[..at], Age::Dated(date)));
        }
        if at > 0 && digits > 0 && digits == suffix.len() {
            let number = suffix.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
            return Some((&file[..at], Age::Numbered(std::cmp::Reverse(number))));
        }
        separator = first(at + 1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, stem: &str, age: Age, compressed: bool) {
        let name = name(Path::new(path), Role::Rotated, None);
        let stem = self::name(Path::new(stem), Role::Live, None).stem;
        assert_eq!(name, Name { stem, age, compressed }, "{path}");
    }

    const fn number(number: u64) -> Age {
        Age::Numbered(std::cmp::Reverse(number))
    }

    fn date(digits: &str) -> Age {
        Age::Dated(digits.as_bytes().to_vec())
    }

    #[test]
    fn a_rotated_name_tells_its_stem_and_age() {
        check("/l/app.log.1", "/l/app.log", number(1), false);
        check("/l/app.log.12.gz", "/l/app.log", number(12), true);
        check("/l/app.log-20261121", "/l/app.log", date("20261121"), false);
        check("/l/app.log-20261121-1700.gz", "/l/app.log", date("202611211700"), true);
        check("/l/app.log.2026-11-21", "/l/app.log", date("20261121"), false);
        check("/l/app.log.2026-11-21T10:00", "/l/app.log", date("202611211000"), false);
        check("/l/app-2026-11-21.log", "/l/app.log", date("20261121"), false);
        check("/l/app.1.log", "/l/app.log", number(1), false);
        check("/l/worker-1.log.2", "/l/worker-1.log", number(2), false);
        check("/l/worker-1.2", "/l/worker-1", number(2), false);
        check("/l/app.log.old", "/l/app.log", number(1), false);
        check("/l/app.log~", "/l/app.log", number(1), false);
        check("/l/app.log.gz", "/l/app.log", number(1), true);
        check("/l/20261121", "/l/20261121", number(1), false);
    }

    #[test]
    fn siblings_are_ordered_oldest_first() {
        let mut ages = vec![Age::Live, number(1), date("20261121"), number(10), date("20261120")];
        ages.sort();
        assert_eq!(ages, [date("20261120"), date("20261121"), number(10), number(1), Age::Live]);
    }

    #[test]
    fn a_live_file_keeps_its_digits() {
        let one = name(Path::new("/l/worker.1"), Role::Live, None);
        let two = name(Path::new("/l/worker.2"), Role::Live, None);
        assert_ne!(one.stem, two.stem);
    }

    #[test]
    fn siblings_elsewhere_belong_to_the_sole_live_path() {
        let sole = Path::new("/l/app.log");
        let old = name(Path::new("/archive/old-20261121.gz"), Role::Rotated, Some(sole));
        assert_eq!(old.stem, name(sole, Role::Live, None).stem);
    }
}
