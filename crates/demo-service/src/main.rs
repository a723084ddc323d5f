//! A small service of an AI-workflow kind, in two roles: `api` runs workflows, `worker` answers the one node that
//! calls another service. It exists to be watched: its lines, records and traces are real, its models are not.
//! What fails and what is slow is chosen by the request, never by chance.

mod api;
mod cli;
mod records;
mod run;
mod server;
mod worker;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Role};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match serve(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // No line yet, or no log any more: standard error is all there is.
            server::say(&mut std::io::stderr(), &format!("demo-service: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: Cli) -> Result<(), String> {
    let options = cli.options().clone();
    let guard = correlog::init(options.settings(cli.role.name())?).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    let router = match &cli.role {
        Role::Api { worker, .. } => api::router(worker, guard.writer().clone())?,
        Role::Worker { .. } => worker::router(),
    };
    let served = runtime.block_on(server::serve(router, &options, cli.role.address()));
    // First the requests, then the runtime, then the log: nothing may be logged behind the last flush.
    drop(runtime);
    let flushed = guard.shutdown(server::FLUSH);
    if !flushed {
        // A collector that is away is no failure of this service.
        server::say(&mut std::io::stderr(), "demo-service: not everything was exported");
    }
    served
}
