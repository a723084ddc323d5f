//! The main job, end to end, on real parts: OpenSearch, `setup apply`, the demo service in both roles under a little
//! load, `ship`, then one trace looked up. It measures nothing.

use crate::install::{self, For};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use xtask::exec::{Result, cargo, find, output, run, say, target_dir};
use xtask::node::Node;
use xtask::traffic;

#[derive(clap::Args)]
pub struct Args {
    /// A running OpenSearch to use instead of starting one
    #[arg(long)]
    url: Option<String>,
    /// Install missing Debian packages with apt, saying which
    #[arg(long)]
    install: bool,
    /// Workflow runs to make
    #[arg(long, default_value_t = 20)]
    runs: u32,
}

const PATIENCE: Duration = Duration::from_secs(60);

pub fn demo(args: &Args) -> Result<()> {
    if args.url.is_none() {
        install::ensure(For::Demo, args.install)?;
    }
    run_cargo_build()?;
    let url = opensearch(args)?;
    let place = Place::new(&url)?;
    run(place.correlog().args(["setup", "apply"]))?;
    let services = Services::start(&place)?;
    let mut shipper = Running(place.correlog().arg("ship").spawn().map_err(|error| error.to_string())?);
    traffic::variety(&services.api)?;
    let trace = traffic::runs(&services.api, args.runs)?;
    let wanted = place.lines_of(&trace)?;
    drop(services);
    let found = wait_found(&place, &trace, wanted)?;
    shipper.finish()?;
    run(place.correlog().args(["trace", &trace]))?;
    say(&format!("configuration, logs and state are in {}", place.dir.display()));
    say(&format!(
        "look again: {} --config {}/correlog.toml trace {trace}",
        place.program("correlog"),
        place.dir.display()
    ));
    let last = format!("demo: trace {trace}: {} log lines, {} workflow records", found.0, found.1);
    use std::io::Write;
    writeln!(std::io::stdout().lock(), "{last}").map_err(|error| error.to_string())
}

fn run_cargo_build() -> Result<()> {
    run(cargo().args(["build", "--package", "correlog-cli", "--package", "demo-service"]))
}

fn opensearch(args: &Args) -> Result<String> {
    if let Some(url) = &args.url {
        return Ok(url.clone());
    }
    let engine = find("docker").is_some()
        && Command::new("docker")
            .arg("info")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
    if engine {
        run(cargo_free("docker").args(["compose", "up", "--detach", "--wait", "opensearch"]))?;
        return Ok("http://127.0.0.1:9200".to_owned());
    }
    Ok(Node::start("demo", "512m")?.url.clone())
}

fn cargo_free(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(xtask::exec::root());
    command
}

/// The demo's own directory, made anew for each run.
struct Place {
    dir: PathBuf,
}

impl Place {
    fn new(url: &str) -> Result<Self> {
        let dir = target_dir().join("demo");
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(dir.join("logs")).map_err(|error| error.to_string())?;
        let text = format!(
            "[opensearch]\nurl = \"{url}\"\n\n[state]\ndir = \"state\"\n\n[host]\nid = \"demo\"\n\n[[logs]]\npaths = [\"logs/*.jsonl\"]\n\n[admin]\nreport_every = \"2s\"\n"
        );
        std::fs::write(dir.join("correlog.toml"), text).map_err(|error| error.to_string())?;
        Ok(Self { dir })
    }

    fn program(&self, name: &str) -> String {
        target_dir().join("debug").join(name).to_string_lossy().into_owned()
    }

    fn correlog(&self) -> Command {
        let mut command = Command::new(self.program("correlog"));
        command.arg("--config").arg(self.dir.join("correlog.toml"));
        command
    }

    /// How many log lines and how many records name the trace, in the files as they are.
    fn lines_of(&self, trace: &str) -> Result<(usize, usize)> {
        let (mut lines, mut records) = (0, std::collections::BTreeSet::new());
        for entry in std::fs::read_dir(self.dir.join("logs")).map_err(|error| error.to_string())?.flatten() {
            let text = std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
            for line in text.lines().filter(|line| line.contains(trace)) {
                let value: serde_json::Value =
                    serde_json::from_str(line).map_err(|error| error.to_string())?;
                match value.get("record").and_then(|kind| kind.as_str()) {
                    Some(kind) => drop(records.insert((kind.to_owned(), value["id"].to_string()))),
                    None => lines += 1,
                }
            }
        }
        Ok((lines, records.len()))
    }
}

/// A child that is asked to end when it is dropped.
struct Running(Child);

impl Running {
    /// SIGTERM, then its exit code must be 0.
    fn finish(&mut self) -> Result<()> {
        self.ask_to_end();
        let status = self.0.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("`correlog ship` ended with {status}")) }
    }

    fn ask_to_end(&self) {
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.ask_to_end();
            let _ = self.0.wait();
        }
    }
}

struct Services {
    /// The api's address, `http://127.0.0.1:port`.
    api: String,
    _api: Running,
    _worker: Running,
}

impl Services {
    fn start(place: &Place) -> Result<Self> {
        let (worker, worker_url) = service(place, "worker", &[])?;
        let (api, api_url) = service(place, "api", &["--worker", &worker_url])?;
        Ok(Self { api: api_url, _api: api, _worker: worker })
    }
}

fn service(place: &Place, role: &str, more: &[&str]) -> Result<(Running, String)> {
    let address = place.dir.join(format!("{role}.address"));
    let child = Command::new(place.program("demo-service"))
        .arg(role)
        .args(["--listen", "127.0.0.1:0", "--address-file"])
        .arg(&address)
        .arg("--log")
        .arg(place.dir.join(format!("logs/{role}.jsonl")))
        .args(more)
        .spawn()
        .map_err(|error| format!("demo-service: {error}"))?;
    let running = Running(child);
    let text = wait_for(&format!("the {role}'s address"), || {
        std::fs::read_to_string(&address).ok().filter(|text| text.ends_with('\n'))
    })?;
    Ok((running, format!("http://{}", text.trim())))
}

fn wait_found(place: &Place, trace: &str, wanted: (usize, usize)) -> Result<(usize, usize)> {
    say(&format!(
        "waiting until trace {trace} is found: {} log lines, {} workflow records",
        wanted.0, wanted.1
    ));
    wait_for("the whole trace in OpenSearch", || {
        let text = output(place.correlog().args(["trace", trace, "--json"]).stderr(Stdio::null())).ok()?;
        let story: serde_json::Value = serde_json::from_str(&text).ok()?;
        let count = |key: &str| {
            story["header"][key].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
        };
        let found = (count("lines"), count("records"));
        (found == wanted).then_some(found)
    })
}

fn wait_for<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(value) = ready() {
            return Ok(value);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Err(format!("{what} did not come within {PATIENCE:?}"))
}
