//! The command line. What is not here is read from the environment by `Settings::from_env`: export, sampling,
//! levels.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use correlog::settings::{LogTarget, Settings};

/// A demonstration service: workflows in one process, a worker in another, one trace through both.
///
/// OpenTelemetry is configured by the environment: ENABLE_OTEL=true, OTLP_BASE_ENDPOINT, OTEL_SAMPLING_RATE and
/// the rest of the names that `correlog`'s documentation lists. Without them nothing is exported, and every line
/// and every response still has its trace id.
#[derive(Debug, Parser)]
#[command(version, about, after_help = REQUEST_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub role: Role,
}

#[derive(Debug, Subcommand)]
pub enum Role {
    /// Runs workflows: POST /workflows/run, GET /health
    #[command(after_help = REQUEST_HELP)]
    Api {
        #[command(flatten)]
        options: Options,
        /// Base address of the worker
        #[arg(long, env = "DEMO_WORKER_URL", default_value = "http://127.0.0.1:8081")]
        worker: String,
    },
    /// Answers the http-request node: POST /lookup, GET /health
    Worker {
        #[command(flatten)]
        options: Options,
    },
}

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8080, worker 8081]
    #[arg(long, env = "DEMO_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// File for log lines and records, appended to; `-` for standard output
    #[arg(long, env = "DEMO_LOG", value_name = "FILE", default_value = "-")]
    pub log: PathBuf,
    /// Write the address that is listened on to this file, once it is
    #[arg(long, env = "DEMO_ADDRESS_FILE", value_name = "FILE")]
    pub address_file: Option<PathBuf>,
    /// The service's name on lines and spans [default: the role]
    #[arg(long, env = "DEMO_SERVICE_NAME", value_name = "NAME")]
    pub service_name: Option<String>,
}

const REQUEST_HELP: &str = "\
POST /workflows/run takes a JSON object; every key is optional:
  inputs     an object; inputs.query is the question asked
  app_id, tenant_id, workflow_id, user
             whose run it is
  fail_at    the node that fails: start, knowledge-retrieval, llm, http-request, end
  fail_how   error (the default), rate-limit, timeout, or panic: the handler itself dies
  slow_at    the node that is slow (llm unless given), by slow_ms milliseconds
  version, origin
             the workflow's version, and where the request came from (service-api, web-app, webhook …)
  ago_s      the records say that the run began so many seconds ago; with a panic it is a stuck one
It answers with workflow_run_id, trace_id, status, outputs, error, elapsed_time (seconds), total_tokens.
A run that fails is answered with 200 and status \"failed\"; fail_how panic gives 500, a wrong body 400 or 422.
Every response has X-Trace-Id and X-Span-Id. SIGTERM ends running requests, flushes and exits.";

impl Cli {
    pub fn options(&self) -> &Options {
        match &self.role {
            Role::Api { options, .. } | Role::Worker { options } => options,
        }
    }
}

impl Role {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Api { .. } => "api",
            Self::Worker { .. } => "worker",
        }
    }

    /// Where it listens unless told otherwise.
    pub fn address(&self) -> SocketAddr {
        let port = match self {
            Self::Api { .. } => 8080,
            Self::Worker { .. } => 8081,
        };
        SocketAddr::from(([127, 0, 0, 1], port))
    }
}

impl Options {
    /// # Errors
    /// Every setting of the environment that cannot be used.
    pub fn settings(&self, role: &str) -> Result<Settings, String> {
        let mut settings = Settings::from_env().map_err(|error| error.to_string())?;
        settings.service.name = self.service_name.clone().unwrap_or_else(|| role.to_owned());
        if settings.service.version.is_empty() {
            settings.service.version = env!("CARGO_PKG_VERSION").to_owned();
        }
        settings.log.target = match self.log.to_str() {
            Some("-") => LogTarget::Stdout,
            _ => LogTarget::File(self.log.clone()),
        };
        Ok(settings)
    }
}
