//! A progress bar for `--once`, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Looking at every file for a picture nobody could see would be waste.
const EVERY: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    shown: Instant,
}

impl Progress {
    pub fn new(wanted: bool) -> Self {
        if !wanted || !std::io::stderr().is_terminal() {
            return Self { bar: None, shown: Instant::now() };
        }
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
        let style = "{bar:30} {binary_bytes}/{binary_total_bytes}  {msg}  {binary_bytes_per_sec}, {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar: Some(bar), shown: Instant::now() }
    }

    pub fn is_due(&self) -> bool {
        self.bar.is_some() && self.shown.elapsed() >= EVERY
    }

    /// Bytes settled of the bytes there are, and the lines settled.
    pub fn show(&mut self, settled: u64, all: u64, lines: u64) {
        self.shown = Instant::now();
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(settled.min(all));
            bar.set_message(format!("{lines} lines"));
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
