//! Unwraps what a container runtime puts around each line: Docker's json-file and the CRI's log format.
//!
//! It does not join what the runtime split (Docker at 16 KiB, CRI with the tag `P`): each part is a line of its file with
//! an offset of its own, and joining would make one document of several spans. The parts become documents marked
//! `attributes.container.partial`.

use super::scan::{self, Kind, Scanner, Value, space};
use super::time::{self, Moment, Time};
use super::{Envelope, Notes, fix};

/// What the runtime says about a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wrapped {
    pub time: Option<Time>,
    pub stream: Stream,
    /// The line goes on in the next one.
    pub partial: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// Where the line itself is.
#[derive(Debug)]
pub enum Inner<'a> {
    /// There is no envelope.
    Bare,
    Slice(&'a [u8], Wrapped),
    /// It was decoded into the scratch.
    Decoded(Wrapped),
}

pub fn unwrap<'a>(envelope: Envelope, bytes: &'a [u8], scratch: &mut String) -> Inner<'a> {
    match envelope {
        Envelope::None => Inner::Bare,
        Envelope::Docker => docker(bytes, scratch),
        Envelope::Cri => cri(bytes),
        Envelope::Auto if bytes.starts_with(b"{\"log\":\"") => docker(bytes, scratch),
        Envelope::Auto if bytes.first().is_some_and(u8::is_ascii_digit) => cri(bytes),
        Envelope::Auto => Inner::Bare,
    }
}

/// `{"log":"…\n","stream":"stdout","time":"…"}`, with `attrs` or without, in any order, and nothing else in it.
fn docker<'a>(bytes: &'a [u8], scratch: &mut String) -> Inner<'a> {
    if std::str::from_utf8(bytes).is_err() {
        return Inner::Bare;
    }
    let Some((log, stream, time)) = docker_members(bytes) else { return Inner::Bare };
    scratch.clear();
    fix::decode_into(scratch, log.of(bytes), &mut Notes::default());
    let partial = !scratch.ends_with('\n');
    let len = scratch.trim_end_matches(['\n', '\r']).len();
    scratch.truncate(len);
    Inner::Decoded(Wrapped { time, stream, partial })
}

fn docker_members(bytes: &[u8]) -> Option<(Value, Stream, Option<Time>)> {
    let mut scanner = Scanner::default();
    let (mut log, mut stream, mut moment) = (None, None, None);
    let mut at = space(bytes, 1);
    loop {
        let key = scan::key(bytes, at).ok()?;
        let value = scanner.value(bytes, key.next).ok()?;
        match (key.value.of(bytes), value.kind) {
            (b"log", Kind::String) => log = Some(value),
            (b"stream", Kind::String) => stream = stream_of(value.of(bytes)),
            (b"time", Kind::String) => moment = Some(time::value(value.of(bytes), Kind::String)),
            (b"attrs", Kind::Object) => {}
            _ => return None,
        }
        at = space(bytes, value.end as usize + usize::from(value.kind == Kind::String));
        match bytes.get(at)? {
            b',' => at = space(bytes, at + 1),
            b'}' if space(bytes, at + 1) == bytes.len() => break,
            _ => return None,
        }
    }
    Some((log?, stream?, valid(moment?)))
}

/// `2026-11-21T10:00:00.123456789Z stdout F the line`
fn cri(bytes: &[u8]) -> Inner<'_> {
    let parse = || {
        let (moment, len) = time::calendar(bytes)?;
        let rest = bytes[len..].strip_prefix(b" ")?;
        let (stream, rest) = rest.split_at_checked(6)?;
        let stream = stream_of(stream)?;
        let rest = rest.strip_prefix(b" ")?;
        let blank = rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len());
        let partial = match rest[..blank].split(|&byte| byte == b':').next()? {
            b"F" => false,
            b"P" => true,
            _ => return None,
        };
        let line = rest.get(blank + 1..).unwrap_or_default();
        Some(Inner::Slice(line, Wrapped { time: valid(moment), stream, partial }))
    };
    parse().unwrap_or(Inner::Bare)
}

fn stream_of(text: &[u8]) -> Option<Stream> {
    match text {
        b"stdout" => Some(Stream::Stdout),
        b"stderr" => Some(Stream::Stderr),
        _ => None,
    }
}

fn valid(moment: Moment) -> Option<Time> {
    match moment {
        Moment::Valid(time) => Some(time),
        Moment::Odd | Moment::No => None,
    }
}
