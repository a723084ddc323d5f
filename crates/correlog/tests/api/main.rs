//! The public surface of the crate, every feature included, against the committed listing `snapshot.txt`.
//!
//! A listing by the compiler would need a nightly toolchain; this reads the sources instead. It does not
//! expand macros (but reads what `pin_project!` holds), does not list the automatic traits `Send` and `Sync`, and
//! leaves out what a caller cannot rely on: bodies, values of constants, documentation.

mod sources;
mod surface;

use sources::Sources;
use std::path::Path;

#[test]
fn the_public_surface_is_the_committed_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let snapshot = root.join("tests/api/snapshot.txt");
    let now = surface::of(&Sources::read(&root.join("src")));
    if std::env::var_os("UPDATE_API").is_some() {
        std::fs::write(&snapshot, &now).expect("the snapshot is written");
        return;
    }
    let known = std::fs::read_to_string(&snapshot).expect("the snapshot is committed");
    assert!(
        known == now,
        "the public surface has changed:\n{}\nIf that is meant, run\n    \
         UPDATE_API=1 cargo test -p correlog --test api\n\
         commit the snapshot and say in CHANGELOG.md what changed.",
        difference(&known, &now)
    );
}

/// Lines that only one of the two has.
fn difference(known: &str, now: &str) -> String {
    let missing = |from: &str, of: &str, sign: &str| {
        let lines = of.lines().filter(|line| !from.lines().any(|other| other == *line));
        lines.map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    format!("{}{}", missing(now, known, "-"), missing(known, now, "+"))
}

#[test]
fn what_is_listed() {
    let listed = |source: &str| surface::of(&Sources::of_text(source));
    let check = |source: &str, expect: &str| assert_eq!(listed(source), expect, "{source}");
    check("fn a() {} pub fn b(x: u8) -> u8 { x }", "pub fn b(x: u8) -> u8 {}\n");
    check("pub(crate) struct A; mod m { pub struct B; }", "");
    check(
        "mod m { pub struct B { pub x: u8, y: u8 } } pub use m::B;",
        "pub struct B {\n    pub x: u8,\n    private: _,\n}\n",
    );
    check(
        "#[cfg(feature = \"f\")] pub mod m { pub const C: u8 = 1; }",
        "#[cfg(feature = \"f\")]\npub mod m {\n    pub const C: u8 = _;\n}\n",
    );
    check(
        "mod a { pub struct T; mod b { use super::T; #[cfg(feature = \"f\")] \
         impl T { pub fn x(mut self) {} fn y() {} } } } \
         pub use a::T; #[cfg(test)] impl T { pub fn z() {} }",
        "pub struct T;\n#[cfg(feature = \"f\")]\nimpl T {\n    pub fn x(self) {}\n}\n",
    );
    check(
        "mod a { pub struct T; impl Iterator for T { type Item = u8; \
         fn next(&mut self) -> Option<u8> { None } } } \
         mod b { pub struct T; impl T { pub fn other() {} } } pub use a::T;",
        "pub struct T;\nimpl Iterator for T {\n    type Item = u8;\n}\n",
    );
    check("mod m { pub use other::deep::T; } pub use m::T;", "pub use other::deep::T;\n");
    check(
        "pub struct T; macro_rules! from { ($t:ty) => { impl From<$t> for T {} } } \
         from!(u8); thread_local!(static X: u8 = 1);",
        "pub struct T;\nfrom!(u8);\n",
    );
}
