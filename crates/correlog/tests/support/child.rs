//! A test in a process of its own: it runs itself again, alone, and learns from the environment which of the two it is.
//!
//! Does not limit how long that takes: whoever fears that it hangs waits by itself.

use std::process::{Command, Output};

const NAME: &str = "CORRELOG_TEST_CHILD";

/// Whether this is the process that `test` has to itself.
pub fn is(test: &str) -> bool {
    std::env::var(NAME).is_ok_and(|name| name == test)
}

/// What runs `test`, by its full name, in a process of its own.
pub fn command(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", test, "--nocapture"]).env(NAME, test);
    command
}

/// Runs it to its end.
pub fn output(test: &str) -> Output {
    command(test).output().expect("this test runs")
}
