//! The lines that simulated services write. It knows no files.

use std::io::Write;

use crate::options::Lines;
use crate::rng::Rng;

/// The limit of a line in the simulated pipeline; see `run`.
pub const LINE_MAX_BYTES: usize = 2_000;

/// The first of November 2026, when the lines begin.
const NOVEMBER_MS: u64 = 1_793_491_200_000;

/// What the lines of a service look like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Style {
    Json,
    Native,
    Text,
    /// Rows of a workflow engine's table.
    Record,
}

#[derive(Debug)]
pub struct LineMaker {
    style: Style,
    stream: u64,
    seq: u64,
    seconds: u64,
    /// What the last line says when it was, in milliseconds since 1970; `None` where the shipper must not ask.
    pub dated_ms: Option<u64>,
}

impl LineMaker {
    pub fn new(rng: &mut Rng) -> Self {
        let style = [Style::Json, Style::Native, Style::Text, Style::Record][rng.index(4)];
        Self { style, stream: rng.draw(), seq: 0, seconds: rng.below(86_400), dated_ms: None }
    }

    /// One line with its newline; `token` stands at its beginning and at its end.
    pub fn make(&mut self, token: u32, long: bool, lines: &Lines, rng: &mut Rng) -> Vec<u8> {
        let pause = if rng.chance(100) { 40_000 } else { 30 };
        self.seconds += rng.below(pause);
        let poison = if rng.chance(lines.poison) { "~p" } else { "" };
        let len = if long { LINE_MAX_BYTES + rng.index(LINE_MAX_BYTES) } else { rng.index(120) };
        let filler = "lorem ipsum ".repeat(len.div_ceil(12));
        let text = format!("~t{token}~{poison} {} ~e{token}~", &filler[..len]);
        let (day, second) = (1 + self.seconds / 86_400 % 28, self.seconds % 86_400);
        let time = format!(
            "2026-11-{day:02}T{:02}:{:02}:{:02}.{:09}Z",
            second / 3600,
            second / 60 % 60,
            second % 60,
            token
        );
        let midnight = NOVEMBER_MS + (day - 1) * 86_400_000;
        self.dated_ms = Some(midnight + second * 1_000);
        let mut line = Vec::new();
        let written = match self.style {
            Style::Text => write!(line, "{time} INFO {text}"),
            Style::Record => {
                self.dated_ms = None;
                write!(
                    line,
                    "{{\"record\":\"workflow_run\",\"id\":\"row-{token}\",\"run_created_at\":\"{time}\",\
                     \"@timestamp\":\"{time}\",\"message\":\"{text}\"}}"
                )
            }
            _ if rng.chance(lines.undated) => {
                self.dated_ms = None;
                write!(line, "{{\"message\":\"{text}\"}}")
            }
            Style::Json => {
                write!(line, "{{\"@timestamp\":\"{time}\",\"level\":\"INFO\",\"message\":\"{text}\"}}")
            }
            Style::Native => write!(
                line,
                "{{\"@timestamp\":\"{time}\",\"level\":\"INFO\",\"message\":\"{text}\",\"service\":{{\"name\":\"sim\"}},\
                 \"log\":{{\"stream\":\"{:032x}\",\"seq\":{}}}}}",
                self.stream, self.seq
            ),
        };
        written.expect("a Vec takes everything");
        self.seq += 1;
        line.extend_from_slice(if rng.chance(lines.carriage_return) { b"\r\n" } else { b"\n" });
        line
    }
}
