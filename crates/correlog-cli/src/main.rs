//! The program `correlog`. Everything is in the library beside it, so that a fuzzer can call its parsers.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    correlog_cli::main()
}
