//! The lines that simulated services write. It knows no files.

use std::io::Write;

use crate::options::Lines;
use crate::rng::Rng;

/// The limit of a line in the simulated pipeline; see `run`.
pub const LINE_MAX_BYTES: usize = 2_000;

/// The first of November 2026, when the lines begin.
const NOVEMBER_MS: u64 = 1_793_491_200_000;

/// Days begin anew behind it.
const MONTH_SECONDS: u64 = 28 * 86_400;

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
    /// Of which row the last line is a version, and which.
    pub version: Option<Version>,
    rows: Vec<Row>,
}

/// A row of a workflow engine's table, as a line of it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version {
    /// The number of its first line.
    pub row: u32,
    /// Its time in microseconds since some midnight: the newest must stand.
    pub micros: u64,
}

#[derive(Clone, Debug)]
struct Row {
    first: u32,
    created: String,
    seconds: u64,
}

impl LineMaker {
    pub fn new(rng: &mut Rng) -> Self {
        let style = [Style::Json, Style::Native, Style::Text, Style::Record][rng.index(4)];
        Self {
            style,
            stream: rng.draw(),
            seq: 0,
            seconds: rng.below(86_400),
            dated_ms: None,
            version: None,
            rows: Vec::new(),
        }
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
        let time = instant(self.seconds, u64::from(token));
        self.version = None;
        let midnight = NOVEMBER_MS + (day - 1) * 86_400_000;
        self.dated_ms = Some(midnight + second * 1_000);
        let mut line = Vec::new();
        let written = match self.style {
            Style::Text => write!(line, "{time} INFO {text}"),
            Style::Record => {
                self.dated_ms = None;
                let (row, seconds) = self.row(token, lines, rng);
                // Versions are told apart by microseconds, lines by their number.
                let time = instant(seconds, u64::from(token) * 1_000);
                self.version = Some(Version {
                    row: row.first,
                    micros: seconds % MONTH_SECONDS * 1_000_000 + u64::from(token),
                });
                write!(
                    line,
                    "{{\"record\":\"workflow_run\",\"id\":\"row-{}\",\"run_created_at\":\"{}\",\
                     \"@timestamp\":\"{time}\",\"message\":\"{text}\"}}",
                    row.first, row.created
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

    /// A new row, or one that was there, with the second of this version of it: not always the newest.
    fn row(&mut self, token: u32, lines: &Lines, rng: &mut Rng) -> (Row, u64) {
        if !self.rows.is_empty() && rng.chance(lines.updated) {
            let row = self.rows[rng.index(self.rows.len())].clone();
            let seconds = if rng.chance(250) { row.seconds } else { self.seconds };
            return (row, seconds);
        }
        let created = instant(self.seconds, u64::from(token) * 1_000);
        let row = Row { first: token, created, seconds: self.seconds };
        self.rows.push(row.clone());
        (row, self.seconds)
    }
}

fn instant(seconds: u64, nanos: u64) -> String {
    let (day, second) = (1 + seconds / 86_400 % 28, seconds % 86_400);
    format!("2026-11-{day:02}T{:02}:{:02}:{:02}.{nanos:09}Z", second / 3600, second / 60 % 60, second % 60)
}
