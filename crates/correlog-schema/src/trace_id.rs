//! Every spelling of a trace id made one: 32 lower-case hex digits, never all zeros. And the time an id may carry.
//!
//! Does not search and does not guess: what is in no known spelling is `None` and stays an external id.

use std::fmt;

use crate::index::Day;

/// 32 lower-case hex digits, not all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 32]);

/// 16 lower-case hex digits, not all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 16]);

impl TraceId {
    /// Reads 32 hex digits in any case, a UUID, an X-Ray id (`1-8hex-24hex`, also after `Root=`), a 64-bit B3 id
    /// (left-padded with zeros), a whole B3 header (`trace-span-sampled`) or a whole `traceparent`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = match text.strip_prefix("Root=") {
            Some(rest) => rest.split(';').next().unwrap_or(rest),
            None => text,
        };
        let mut parts = [""; 5];
        let mut count = 0;
        for part in text.split('-') {
            *parts.get_mut(count)? = part;
            count += 1;
        }
        match (&parts[..count], parts.map(str::len)) {
            (_, [32, 0, 0, 0, 0] | [16, 0, 0, 0, 0]) if count == 1 => Self::joined(&parts[..1]),
            (_, [8, 4, 4, 4, 12]) => Self::joined(&parts),
            (["1", ..], [1, 8, 24, 0, 0]) if count == 3 => Self::joined(&parts[1..3]),
            ([version, .., flags], [2, 32, 16, 2, 0]) if count == 4 => {
                // Version ff is forbidden by W3C; a later version than 00 is read as 00 is.
                let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
                let is_valid = is_hex(version) && is_hex(flags) && !version.eq_ignore_ascii_case("ff");
                is_valid.then(|| Self::joined(&parts[1..2])).flatten()
            }
            (_, [32 | 16, 16, 0 | 1, 0 | 16, 0]) if count >= 2 => {
                SpanId::parse(parts[1])?;
                Self::joined(&parts[..1])
            }
            _ => None,
        }
    }

    fn joined(parts: &[&str]) -> Option<Self> {
        let mut id = [b'0'; 32];
        let padding = 32 - parts.iter().map(|part| part.len()).sum::<usize>();
        let digits = parts.iter().flat_map(|part| part.bytes());
        for (place, byte) in id[padding..].iter_mut().zip(digits) {
            *place = hex_digit(byte)?;
        }
        id.iter().any(|digit| *digit != b'0').then_some(Self(id))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Milliseconds since 1970 if the first 48 bits were a time, as in the ids the layer makes and in UUIDv7;
    /// `None` where that time is outside the window. A hint: one random id in ninety has such a time too.
    #[must_use]
    pub fn time_hint_ms(&self) -> Option<i64> {
        let ms = i64::from_str_radix(&self.as_str()[..12], 16).ok()?;
        Day::of_ms(ms).map(|_| ms)
    }

    /// Milliseconds since 1970 if the first 32 bits were seconds, as in X-Ray's ids; `None` outside the window.
    #[must_use]
    pub fn xray_hint_ms(&self) -> Option<i64> {
        let ms = i64::from_str_radix(&self.as_str()[..8], 16).ok()? * 1000;
        Day::of_ms(ms).map(|_| ms)
    }
}

impl SpanId {
    /// Reads 16 hex digits in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 16] = text.trim().as_bytes().try_into().ok()?;
        let mut id = [b'0'; 16];
        for (digit, byte) in id.iter_mut().zip(bytes) {
            *digit = hex_digit(*byte)?;
        }
        id.iter().any(|digit| *digit != b'0').then_some(Self(id))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    byte.is_ascii_hexdigit().then(|| byte.to_ascii_lowercase())
}

impl fmt::Display for TraceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "TraceId({self})")
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SpanId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_becomes_one() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(TraceId::parse(text).map(|id| id.to_string()).as_deref(), expect, "{text:?}");
        };
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        check(id, Some(id));
        check(" 4BF92F3577B34DA6A3CE929D0E0E4736\n", Some(id));
        check("4bf92f35-77b3-4da6-a3ce-929d0e0e4736", Some(id));
        check("1-4bf92f35-77b34da6a3ce929d0e0e4736", Some(id));
        check("Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1", Some(id));
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some(id));
        check("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1", Some(id));
        check("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1-05e3ac9a4f6e3b90", Some(id));
        check("A3CE929D0E0E4736", Some("0000000000000000a3ce929d0e0e4736"));
    }

    #[test]
    fn what_is_no_trace_id_is_none() {
        let zeros = "0".repeat(32);
        for text in [
            "",
            "-",
            "----",
            zeros.as_str(),
            "00000000-0000-0000-0000-000000000000",
            "4bf92f3577b34da6a3ce929d0e0e473g",
            "4bf92f3577b34da6a3ce929d0e0e47",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "2-4bf92f35-77b34da6a3ce929d0e0e4736",
            "4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-1",
            "4bf92f3577b34da6a3ce929d0e0e4736-",
            "4bf9-2f35-77b3-4da6-a3ce-929d-0e0e-4736",
            "ｆbf92f3577b34da6a3ce929d0e0e47",
        ] {
            assert_eq!(TraceId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_id_may_carry_its_time() {
        let bearing = TraceId::parse("01a1fd13f15a7000a3ce929d0e0e4736").expect("valid");
        assert_eq!(bearing.time_hint_ms(), Some(0x01a1_fd13_f15a));
        let random = TraceId::parse("4bf92f3577b34da6a3ce929d0e0e4736").expect("valid");
        assert_eq!(random.time_hint_ms(), None);
        let xray = TraceId::parse("1-5759e988-bd862e3fe1be46a994272793").expect("valid");
        assert_eq!(xray.xray_hint_ms(), Some(1_465_510_280_000));
    }

    #[test]
    fn span_ids_are_sixteen_digits() {
        assert_eq!(
            SpanId::parse("00F067AA0BA902B7").map(|id| id.to_string()).as_deref(),
            Some("00f067aa0ba902b7")
        );
        assert_eq!(SpanId::parse("0000000000000000"), None);
        assert_eq!(SpanId::parse("00f067aa0ba902b"), None);
    }
}
