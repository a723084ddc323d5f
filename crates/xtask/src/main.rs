//! `cargo xtask`: the developer's one door. Each command is a file; this one only reads the arguments.
#![forbid(unsafe_code)]

mod bench;
mod demo;
mod docs;
mod fuzz;
mod guards;
mod install;
mod map;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use xtask::exec::{Result, cargo, run, say};
use xtask::node::Node;

#[derive(Parser)]
#[command(name = "cargo xtask", max_term_width = 110)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The main job on real parts: a service, the shipper, OpenSearch, one trace found
    Demo(demo::Args),
    /// Everything: tidy, fmt, clippy, all tests, with every real part started by itself
    Test(test::Args),
    /// The OpenSearch node for development
    Node {
        #[command(subcommand)]
        what: NodeCommand,
    },
    /// Size caps, headers, vocabulary, generated documents
    Tidy,
    /// Write the generated documents again
    Docs,
    /// The simulator: --seeds N, --seed S --trace, canary
    #[command(disable_help_flag = true)]
    Sim {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Benchmarks: layer, ship, encode, lookup [--json]
    #[command(disable_help_flag = true)]
    Bench {
        what: bench::What,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Takes each guard of the layer away; the test that names its hazard must then fail
    Guards,
    /// Fuzz targets under cargo-fuzz, coverage-guided
    Fuzz(fuzz::Args),
    /// The real shipper killed at random instants: --kills N --lines M
    #[command(disable_help_flag = true)]
    Crashloop {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// The long forms of tests, optimised: node-kills, outage, verify, crashes
    #[command(disable_help_flag = true)]
    Proof {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
}

#[derive(Subcommand)]
enum NodeCommand {
    Start {
        #[arg(long, default_value = "dev")]
        name: String,
        #[arg(long, default_value = "512m")]
        heap: String,
    },
    Stop {
        #[arg(long, default_value = "dev")]
        name: String,
    },
    Url {
        #[arg(long, default_value = "dev")]
        name: String,
    },
}

fn main() -> ExitCode {
    match dispatch(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Demo(args) => demo::demo(&args),
        Command::Test(args) => test::test(&args),
        Command::Node { what } => node(what),
        Command::Tidy => tidy::run(),
        Command::Docs => docs::write(),
        Command::Sim { rest } => run(cargo().args(bench::SIM).args(rest)),
        Command::Bench { what, rest } => bench::bench(what, &rest),
        Command::Guards => guards::guards(),
        Command::Fuzz(args) => fuzz::fuzz(&args),
        Command::Crashloop { rest } => run(cargo().args(bench::CRASHLOOP).args(rest)),
        Command::Proof { rest } => run(cargo().args(bench::PROOF).args(rest)),
    }
}

fn node(what: NodeCommand) -> Result<()> {
    match what {
        NodeCommand::Start { name, heap } => print(&Node::start(&name, &heap)?.url),
        NodeCommand::Stop { name } => Node::stop(&name)?,
        NodeCommand::Url { name } => {
            let url = xtask::node::base().join(&name).join("url");
            print(
                &std::fs::read_to_string(url)
                    .map_err(|_| format!("no node {name} runs: cargo xtask node start"))?,
            );
        }
    }
    Ok(())
}

/// Data goes to stdout.
fn print(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
