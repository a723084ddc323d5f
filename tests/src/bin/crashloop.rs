//! The crash loop as a command: `cargo run --package correlog-tests --bin crashloop -- --kills 1000 --lines 1000000`.
#![forbid(unsafe_code)]

use std::io::Write;

use correlog_tests::crashloop::{Options, crashloop};

fn main() {
    let mut options = Options { kills: 1000, lines: 1_000_000, seed: 1, lie_one_in: 6 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().and_then(|value| value.parse::<u64>().ok());
        let value = value.unwrap_or_else(|| panic!("{word} needs a number"));
        match word.as_str() {
            "--kills" => options.kills = value,
            "--lines" => options.lines = value,
            "--seed" => options.seed = value,
            "--lie-one-in" => options.lie_one_in = value,
            _ => panic!("{word}: --kills, --lines, --seed or --lie-one-in"),
        }
    }
    let report = crashloop(&options);
    let text = format!(
        "crashloop: {} kills over {} lines in {} s: 0 lost, 0 doubled; {} documents, {} of them written again by \
         resends, {} bytes accounted; {} requests, {} lies; {} scrapes agreed (seed {})\n",
        report.kills,
        report.lines,
        report.seconds,
        report.documents,
        report.rewritten,
        report.bytes,
        report.requests,
        report.lies,
        report.scrapes,
        options.seed
    );
    let _ = std::io::stdout().write_all(text.as_bytes());
}
