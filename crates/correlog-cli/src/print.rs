//! What people see: data on stdout, words on stderr, nothing that could drive a terminal. It formats no documents.

use crate::error::{Error, Result};
use std::io::Write;

/// The one place where an error is printed: what, then what to do about it.
pub fn error(error: &Error) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "correlog: {error}");
    if !error.hint().is_empty() {
        let _ = writeln!(err, "hint: {}", error.hint());
    }
}

/// A word to the operator on stderr.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "correlog: {text}");
}

/// Data on stdout; a reader that went away (`| head`) is no error.
pub fn data(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io("stdout cannot be written", "", error))
        }
        _ => Ok(()),
    }
}

/// Data as one line of JSON.
pub fn json(value: &serde_json::Value) -> Result<()> {
    data(&format!("{value}\n"))
}

/// Text from a log or a server made harmless for a terminal: control characters, bidirectional overrides and
/// line separators are shown as `\u{..}`.
pub fn harmless(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_harmless(c) {
            out.push(c)
        } else {
            out.extend(c.escape_unicode())
        }
        out
    })
}

fn is_harmless(c: char) -> bool {
    let bidi = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let separator = matches!(c, '\u{2028}' | '\u{2029}');
    !(c.is_control() || bidi || separator)
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_could_drive_a_terminal_is_shown_as_text() {
        for (input, expect) in [
            ("plain ü 字", "plain ü 字"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("tab\tnl\n", "tab\\u{9}nl\\u{a}"),
            ("c1\u{9b}", "c1\\u{9b}"),
        ] {
            assert_eq!(harmless(input), expect);
        }
    }
}
