//! The program: `lying-opensearch ADDRESS`. It prints its address on the first line of stdout and lives until killed.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::process::ExitCode;

use lying_opensearch::server::Server;

fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    match Server::start(&address) {
        Ok(server) => {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{}", server.url()).and_then(|()| out.flush());
            drop(out);
            loop {
                std::thread::park();
            }
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "lying-opensearch: cannot listen at {address}: {error}");
            ExitCode::FAILURE
        }
    }
}
