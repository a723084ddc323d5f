//! Tests of JSON text: every string comes back from a parser as it was, and stays one line.

use std::fmt::Debug;

use super::*;

fn quoted(text: &str, limit: usize) -> String {
    let mut out = Vec::new();
    string(&mut out, text, limit);
    String::from_utf8(out).expect("UTF-8 stays UTF-8")
}

fn parsed(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[test]
fn hostile_strings_come_back_as_they_were() {
    let every_ascii: String = (0..=127).map(char::from).collect();
    let texts = [
        "",
        "plain",
        "\"",
        "\\",
        "a\"b\\c/d",
        "\0",
        "\u{7f}\u{80}\u{9f}",
        "\u{2028}\u{2029}",
        "\u{1b}[31mred\u{1b}[0m",
        "\r\n\t",
        "héllo wörld ✓ 🦀",
        "\u{feff}bom",
        "\u{fffd}\u{ffff}\u{10ffff}",
        &every_ascii,
    ];
    for text in texts {
        // At every offset, so that each byte stands at each place of the eight that are looked at together.
        for before in 0..9 {
            let text = format!("{}{text}{}", "x".repeat(before), "y".repeat(before));
            let json = quoted(&text, usize::MAX);
            assert_eq!(parsed(&json), text);
            assert!(!json.contains(|c: char| c < ' '), "{json:?}");
            let mut formatted_too = Vec::new();
            formatted(&mut formatted_too, &format_args!("{text}"), usize::MAX);
            assert_eq!(String::from_utf8(formatted_too).expect("UTF-8"), json);
            assert_eq!(unquote(json.as_bytes()), text);
        }
    }
}

#[test]
fn what_is_too_long_is_cut_between_characters_and_marked() {
    let check = |text: &str, limit: usize, expect: &str| {
        assert_eq!(parsed(&quoted(text, limit)), expect);
        let mut out = Vec::new();
        formatted(&mut out, &format_args!("{text}"), limit);
        assert_eq!(parsed(std::str::from_utf8(&out).expect("UTF-8")), expect);
    };
    check("abcdef", 6, "abcdef");
    check("abcdef", 5, "abcde…[cut]");
    check("aé", 2, "a…[cut]");
    check("🦀🦀", 7, "🦀…[cut]");
    check("\"\"\"", 2, "\"\"…[cut]");
    check("abc", 0, "…[cut]");
}

#[test]
fn numbers_are_json() {
    let check = |value: f64, expect: Option<&str>| {
        let mut out = Vec::new();
        let is_written = float(&mut out, value);
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(is_written.then_some(text.as_str()), expect);
        if let Some(text) = expect {
            assert_eq!(serde_json::from_str::<f64>(text).expect("JSON"), value);
        }
    };
    check(12.5, Some("12.5"));
    check(-0.0, Some("-0.0"));
    check(f64::MAX, Some("1.7976931348623157e+308"));
    check(5e-324, Some("5e-324"));
    check(f64::NAN, None);
    check(f64::INFINITY, None);
    check(f64::NEG_INFINITY, None);
}

#[test]
fn bytes_are_hex_digits() {
    let check = |bytes: &[u8], limit: usize, expect: &str| {
        let mut out = Vec::new();
        hex_string(&mut out, bytes, limit);
        assert_eq!(parsed(std::str::from_utf8(&out).expect("UTF-8")), expect);
    };
    check(&[0, 0xff, 0x1a], 100, "00ff1a");
    check(&[], 100, "");
    check(&[1, 2, 3], 4, "0102…[cut]");
}

#[test]
fn only_uuids_are_lower_cased() {
    let check = |text: &str, expect: &str| {
        let mut out = quoted(text, 100).into_bytes();
        lower_uuid(&mut out);
        assert_eq!(parsed(std::str::from_utf8(&out).expect("UTF-8")), expect);
    };
    check("6F1C0C8E-7C1E-4C62-9D0D-6F3A1E2B4C5D", "6f1c0c8e-7c1e-4c62-9d0d-6f3a1e2b4c5d");
    check("6F1C0C8E-7C1E-4C62-9D0D-6F3A1E2B4C5G", "6F1C0C8E-7C1E-4C62-9D0D-6F3A1E2B4C5G");
    check("ACME", "ACME");
}

/// Says how often it was asked to write.
struct Endless(std::cell::Cell<u32>);

impl Debug for Endless {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            self.0.set(self.0.get() + 1);
            formatter.write_str("more ")?;
        }
    }
}

#[test]
fn a_formatter_is_stopped_at_the_limit() {
    let endless = Endless(std::cell::Cell::new(0));
    let mut out = Vec::new();
    formatted(&mut out, &endless, 12);
    assert_eq!(parsed(std::str::from_utf8(&out).expect("UTF-8")), "more more mo…[cut]");
    assert_eq!(endless.0.get(), 3);
}

#[test]
fn the_short_way_for_decimals_gives_the_same_text_as_the_general_one() {
    let check = |value: f64| {
        let mut out = Vec::new();
        assert!(float(&mut out, value), "{value}");
        assert_eq!(std::str::from_utf8(&out).expect("UTF-8"), zmij::Buffer::new().format_finite(value));
    };
    for thousandth in (0..2_000).chain(999_000..1_001_000).chain(999_999_990_000..1_000_000_010_000_u64) {
        let value = thousandth as f64 / 1e3;
        for value in [value, -value, value.next_up(), value.next_down(), value + 1e-4, value * 1e6] {
            check(value);
        }
    }
    for value in [0.0, 0.1 + 0.2, 1.0 / 3.0, 1e-3, 5e-4, 1e8, 1e9, 1e10, 1e15, 1e16, f64::MIN_POSITIVE] {
        check(value);
    }
}
