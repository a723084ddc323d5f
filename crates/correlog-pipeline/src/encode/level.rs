//! Levels: the many words and numbers for them, and OpenTelemetry's severity number of each.

use super::scan::Kind;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    pub const ALL: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// From its own name and no other word.
    pub fn from_name(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"INFO" => Self::Info,
            b"WARN" => Self::Warn,
            b"ERROR" => Self::Error,
            b"DEBUG" => Self::Debug,
            b"TRACE" => Self::Trace,
            b"FATAL" => Self::Fatal,
            _ => return None,
        })
    }

    /// The lowest number of the level's range in OpenTelemetry's log data model.
    pub const fn severity(self) -> u8 {
        self as u8 * 4 + 1
    }

    /// From an OpenTelemetry severity number, 1 to 24.
    pub fn from_severity(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number.checked_sub(1)?) / 4).copied()
    }

    /// From a word in any case, syslog's and Python's words included.
    pub fn from_word(word: &[u8]) -> Option<Self> {
        let mut upper = [0; 13];
        let upper = upper.get_mut(..word.len())?;
        upper.copy_from_slice(word);
        upper.make_ascii_uppercase();
        Some(match &*upper {
            b"INFO" | b"INFORMATION" | b"INFORMATIONAL" | b"NOTICE" => Self::Info,
            b"WARN" | b"WARNING" => Self::Warn,
            b"ERROR" | b"ERR" | b"SEVERE" => Self::Error,
            b"DEBUG" | b"DBG" | b"FINE" => Self::Debug,
            b"TRACE" | b"VERBOSE" => Self::Trace,
            b"FATAL" | b"CRITICAL" | b"CRIT" | b"PANIC" | b"ALERT" | b"EMERG" | b"EMERGENCY" => Self::Fatal,
            _ => return None,
        })
    }

    /// From a JSON value: a word, or the tens that pino and bunyan write (30 is info).
    pub fn from_value(text: &[u8], kind: Kind) -> Option<Self> {
        match (kind, text) {
            (Kind::String, word) => Self::from_word(word),
            (Kind::Number, [digit @ b'1'..=b'6', b'0']) => Self::from_severity((digit - b'1') * 4 + 1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_become_levels() {
        for (text, kind, expect) in [
            ("warning", Kind::String, Some(Level::Warn)),
            ("Info", Kind::String, Some(Level::Info)),
            ("CRITICAL", Kind::String, Some(Level::Fatal)),
            ("30", Kind::Number, Some(Level::Info)),
            ("60", Kind::Number, Some(Level::Fatal)),
            ("7", Kind::Number, None),
            ("70", Kind::Number, None),
            ("", Kind::String, None),
            ("an extremely long word", Kind::String, None),
        ] {
            assert_eq!(Level::from_value(text.as_bytes(), kind), expect, "{text}");
        }
        for (number, expect) in
            [(0, None), (1, Some("TRACE")), (9, Some("INFO")), (24, Some("FATAL")), (25, None)]
        {
            assert_eq!(Level::from_severity(number).map(Level::name), expect);
        }
    }
}
