//! `correlog-sim`: runs seeds, replays one, and proves that planted mistakes are found. The simulation is the
//! library's.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use correlog_sim::lie::{self, Lie};
use correlog_sim::run::{Report, run};

const USAGE: &str =
    "usage: correlog-sim --seeds N [--from S] | --seed S [--trace] | canary [--seeds N] [--only NAME]";
/// A planted mistake must be found within so many seeds.
const CANARY_SEEDS: u64 = 1_000;
/// Every so many seeds one is run twice, and must do the same.
const TWICE_EVERY: u64 = 100;

#[derive(Default)]
struct Args {
    canary: bool,
    trace: bool,
    seeds: Option<u64>,
    seed: Option<u64>,
    from: u64,
    /// Of the mistakes, only this one.
    only: Option<String>,
}

fn main() -> ExitCode {
    let args = match parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(what) => {
            eprintln!("correlog-sim: {what}\n{USAGE}");
            return ExitCode::from(64);
        }
    };
    // A panic of the pipeline is a finding, reported with its seed; its own message would only interleave.
    std::panic::set_hook(Box::new(|_| {}));
    let clean = match (args.canary, args.seed, args.seeds) {
        (true, _, seeds) => canary(seeds.unwrap_or(CANARY_SEEDS), args.only.as_deref()),
        (_, Some(seed), _) => replay(seed, args.trace),
        (_, None, Some(seeds)) => many(args.from, seeds),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(64);
        }
    };
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
    let mut args = Args::default();
    while let Some(word) = words.next() {
        if word == "--only" {
            args.only = Some(words.next().ok_or("--only needs a name")?);
            continue;
        }
        let mut number = || {
            let value = words.next().ok_or(format!("{word} needs a number"))?;
            value.replace('_', "").parse::<u64>().map_err(|_| format!("{word}: {value:?} is no number"))
        };
        match word.as_str() {
            "canary" => args.canary = true,
            "--trace" => args.trace = true,
            "--seeds" => args.seeds = Some(number()?),
            "--seed" => args.seed = Some(number()?),
            "--from" => args.from = number()?,
            _ => return Err(format!("{word:?} is not understood")),
        }
    }
    Ok(args)
}

fn many(from: u64, seeds: u64) -> bool {
    let started = Instant::now();
    let mut sum = Report::default();
    let mut failed = 0;
    for seed in from..from.saturating_add(seeds) {
        let report = run(seed, false, None);
        if seed.is_multiple_of(TWICE_EVERY) && run(seed, false, None).hash != report.hash {
            failed += 1;
            eprintln!("seed {seed}: two runs differ");
        }
        if !report.violations.is_empty() {
            failed += 1;
            tell(seed, &report);
        }
        sum.turns += report.turns;
        sum.lines += report.lines;
        sum.faults += report.faults;
        sum.restarts += report.restarts;
        if (seed - from + 1).is_multiple_of(1_000) {
            eprintln!(
                "{} seeds, {:.0} s, {failed} violations",
                seed - from + 1,
                started.elapsed().as_secs_f64()
            );
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    print(&format!(
        "sim: {seeds} seeds, {} turns, {} lines, {} faults, {} restarts, {failed} violations, {seconds:.1} s, \
         {:.1} s of a core",
        sum.turns,
        sum.lines,
        sum.faults,
        sum.restarts,
        cpu_seconds()
    ));
    failed == 0
}

/// What the process used of a core, however busy the machine is otherwise; Linux counts it in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn tell(seed: u64, report: &Report) {
    // What follows the first one is mostly its echo.
    for violation in report.violations.iter().take(1) {
        eprintln!("seed {seed}: {} broken: {}", violation.invariant, violation.what);
    }
    eprintln!("replay: cargo xtask sim --seed {seed} --trace");
}

fn replay(seed: u64, trace: bool) -> bool {
    let report = run(seed, trace, None);
    if trace {
        print(report.trace.trim_end());
    }
    tell_options(seed);
    print(&format!(
        "sim: seed {seed}, {} turns, {} lines, {} faults, {} restarts, trace {:016x}",
        report.turns, report.lines, report.faults, report.restarts, report.hash
    ));
    if !report.violations.is_empty() {
        tell(seed, &report);
    }
    report.violations.is_empty()
}

fn tell_options(seed: u64) {
    eprintln!("{:?}", correlog_sim::options::Options::draw(seed));
}

fn canary(seeds: u64, only: Option<&str>) -> bool {
    let is_asked = |lie: &Lie| only.is_none_or(|only| lie.name() == only);
    let mut all = lie::ALL.iter().any(is_asked);
    for lie in lie::ALL.into_iter().filter(is_asked) {
        match found(lie, seeds) {
            Some((seed, what)) => print(&format!("found   {:<28} seed {seed:<5} {what}", lie.name())),
            None => {
                all = false;
                print(&format!("MISSED  {:<28} in {seeds} seeds", lie.name()));
            }
        }
    }
    all
}

/// The first seed that finds it. A seed that fails without the mistake proves nothing about it.
fn found(lie: Lie, seeds: u64) -> Option<(u64, String)> {
    (0..seeds).find_map(|seed| {
        lie.plant();
        let report = run(seed, false, Some(lie));
        Lie::unplant();
        let violation = report.violations.first()?;
        let honest = run(seed, false, None);
        honest.violations.is_empty().then(|| (seed, format!("{}: {}", violation.invariant, violation.what)))
    })
}

#[expect(clippy::print_stdout, reason = "the results are what this program is for")]
fn print(line: &str) {
    println!("{line}");
}
