//! What Dify's lines say only in their text: run ids in the line that starts a run, the request of an access line, the
//! exception at the end of a traceback.
//!
//! Only lines of Dify's own shape (`severity` and `caller`) are looked at, and only empty places are filled.

use memchr::memmem;

use super::fields::Slot;
use super::members::Members;
use super::scan::Kind;

/// What stands before each id in the line that starts a run.
const BRIDGE: [(&[u8], Slot); 5] = [
    (b"workflow_run_id='", Slot::WorkflowRunId),
    (b" workflow_id='", Slot::WorkflowId),
    (b"app_id='", Slot::AppId),
    (b"tenant_id='", Slot::TenantId),
    (b"end_user_id='", Slot::UserId),
];

pub fn is_dify(bytes: &[u8], members: &Members) -> bool {
    let key = |slot| members.get(slot).map(|member| member.key.of(bytes));
    key(Slot::CodeFile) == Some(b"caller") && key(Slot::Level) == Some(b"severity")
}

pub fn complete(bytes: &[u8], members: &mut Members) {
    if let Some(stack) = members.get(Slot::ExceptionStack).copied() {
        exception(bytes, members, stack.value.start as usize, stack.value.end as usize);
    }
    let Some(message) = members.get(Slot::Message).copied() else { return };
    let (start, end) = (message.value.start as usize, message.value.end as usize);
    let file = members.get(Slot::CodeFile).map(|file| file.value.of(bytes));
    if file == Some(b"ext_request_logging.py") {
        return access(bytes, members, start, end);
    }
    if memmem::find(&bytes[start..end], BRIDGE[0].0).is_some() {
        bridge(bytes, members, start, end);
    }
}

/// The ids of the line that starts a run: the one place where trace id and run id meet.
pub fn bridge(bytes: &[u8], members: &mut Members, start: usize, end: usize) {
    for (before, slot) in BRIDGE {
        // The last mention: a user's text in the arguments stands before the run id.
        let Some(at) = memmem::rfind(&bytes[start..end], before) else { continue };
        let from = start + at + before.len();
        let Some(len) = bytes[from..end].iter().position(|&byte| byte == b'\'') else { continue };
        let id = &bytes[from..from + len];
        if len <= 64 && id.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
            members.derive(slot, bytes, from, from + len, Kind::String);
        }
    }
}

/// `POST /v1/chat-messages 200 4122.0 eededb07…`
fn access(bytes: &[u8], members: &mut Members, start: usize, end: usize) {
    let slots = [
        (Slot::HttpMethod, Kind::String),
        (Slot::UrlPath, Kind::String),
        (Slot::HttpStatus, Kind::Number),
        (Slot::DurationMs, Kind::Number),
        (Slot::TraceId, Kind::String),
    ];
    let words = || bytes[start..end].split(|&byte| byte == b' ');
    let shape: [bool; 2] = [words().nth(2).is_some_and(is_number), words().nth(3).is_some_and(is_number)];
    if shape != [true; 2] || words().count() > slots.len() {
        return;
    }
    let mut at = start;
    for (word, (slot, kind)) in words().zip(slots) {
        members.derive(slot, bytes, at, at + word.len(), kind);
        at += word.len() + 1;
    }
}

/// As JSON writes one: `200` and `4122.0`, and neither `000` nor `1.2.3`, which no document may hold bare.
fn is_number(word: &[u8]) -> bool {
    let mut parts = word.split(|&byte| byte == b'.');
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let whole = parts.next().is_some_and(|part| digits(part) && (part.len() == 1 || part[0] != b'0'));
    whole && parts.next().is_none_or(digits) && parts.next().is_none()
}

/// Type and message stand in the traceback's last line: `package.module.Type: message`.
fn exception(bytes: &[u8], members: &mut Members, start: usize, end: usize) {
    let mut end = end;
    while bytes[start..end].ends_with(b"\\n") {
        end -= 2;
    }
    let from = memmem::rfind(&bytes[start..end], b"\\n").map_or(start, |at| start + at + 2);
    let line = &bytes[from..end];
    let name =
        line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')).count();
    if name == 0 || name > 256 || !line[0].is_ascii_alphabetic() {
        return;
    }
    match &line[name..] {
        [] => members.derive(Slot::ExceptionType, bytes, from, from + name, Kind::String),
        [b':', b' ', ..] => {
            members.derive(Slot::ExceptionType, bytes, from, from + name, Kind::String);
            members.derive(Slot::ExceptionMessage, bytes, from + name + 2, end, Kind::String);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::is_number;

    #[test]
    fn a_number_of_the_access_line_is_one_that_json_may_hold() {
        for (word, expect) in [
            ("200", true),
            ("4122.0", true),
            ("0", true),
            ("0.5", true),
            ("000", false),
            ("1.2.3", false),
            ("1.", false),
            (".5", false),
            ("", false),
        ] {
            assert_eq!(is_number(word.as_bytes()), expect, "{word}");
        }
    }
}
