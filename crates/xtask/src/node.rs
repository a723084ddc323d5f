//! A real OpenSearch node without Docker: the distribution from Maven, one directory an instance, loopback only.
//! It is for development and tests: no plugins, no security.

use crate::exec::{Result, output, run, say};
use crate::{http, java};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub const VERSION: &str = "3.8.0";
/// OpenSearch refuses to run as root; this is Debian's `nobody`.
const UNPRIVILEGED: u32 = 65_534;
const START_LIMIT: Duration = Duration::from_secs(240);

/// One running node.
#[derive(Debug)]
pub struct Node {
    pub url: String,
    dir: PathBuf,
    kill_on_drop: bool,
}

/// Where distributions and instances live: a place an unprivileged user can reach.
pub fn base() -> PathBuf {
    let named = std::env::var_os("CORRELOG_NODE_DIR").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from("/var/tmp/correlog-node"))
}

/// The name of the black-box tests' node: one for each checkout, so that two of them can be tested at once.
pub fn test_name() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    crate::exec::root().hash(&mut hasher);
    format!("test-{:016x}", hasher.finish())
}

impl Node {
    /// Starts a node under a name with an empty data directory; it is stopped when the value is dropped.
    pub fn start_fresh(name: &str, heap: &str) -> Result<Self> {
        Self::start_fresh_with(name, heap, "")
    }

    /// The same with more lines of `opensearch.yml`, for what only a start can set.
    pub fn start_fresh_with(name: &str, heap: &str, more: &str) -> Result<Self> {
        let dir = base().join(name);
        stop_pid(&dir, "KILL")?;
        let _ = std::fs::remove_dir_all(&dir);
        let mut node = Self::start_with(name, heap, more)?;
        node.kill_on_drop = true;
        Ok(node)
    }

    /// Starts the node of this name, or answers the running one.
    pub fn start(name: &str, heap: &str) -> Result<Self> {
        Self::start_with(name, heap, "")
    }

    fn start_with(name: &str, heap: &str, more: &str) -> Result<Self> {
        if let Some(node) = Self::running(name) {
            return Ok(node);
        }
        let (home, java) = (distribution()?, java::home()?);
        let dir = base().join(name);
        let url = configure(&dir, &home, more)?;
        let node = Self { url, dir, kill_on_drop: false };
        node.launch(&home, &java, heap)?;
        Ok(node)
    }

    fn running(name: &str) -> Option<Self> {
        let dir = base().join(name);
        let url = std::fs::read_to_string(dir.join("url")).ok()?;
        http::get(&url).ok().filter(|answer| answer.status == 200)?;
        Some(Self { url, dir, kill_on_drop: false })
    }

    /// Starts it again after `kill`, on the same port with the same data.
    pub fn restart(&self, heap: &str) -> Result<()> {
        self.launch(&distribution()?, &java::home()?, heap)
    }

    fn launch(&self, home: &Path, java: &Path, heap: &str) -> Result<()> {
        let log = std::fs::File::create(self.dir.join("start.log")).map_err(|error| error.to_string())?;
        let program = home.join("bin/opensearch");
        let mut command = unprivileged(&program);
        command
            .args(["-d", "-p"])
            .arg(self.dir.join("pid"))
            .current_dir(&self.dir)
            .env("OPENSEARCH_JAVA_HOME", java)
            .env("OPENSEARCH_PATH_CONF", self.dir.join("config"))
            .env("OPENSEARCH_JAVA_OPTS", format!("-Xms{heap} -Xmx{heap}"))
            .env("HOME", &self.dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(|error| error.to_string())?)
            .stderr(log);
        say(&format!("OpenSearch {VERSION} with {} starts at {}", java.display(), self.url));
        run(&mut command)
            .map_err(|error| format!("{error}; see {}", self.dir.join("start.log").display()))?;
        self.wait_ready()
    }

    /// Waits until the cluster can index.
    pub fn wait_ready(&self) -> Result<()> {
        let start = Instant::now();
        let health = format!("{}/_cluster/health?wait_for_status=yellow&timeout=5s", self.url);
        while start.elapsed() < START_LIMIT {
            if http::get(&health).is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Err(format!(
            "the node at {} is not ready after {START_LIMIT:?}; see {}/logs",
            self.url,
            self.dir.display()
        ))
    }

    /// SIGKILL, as a power cut would be.
    pub fn kill(&self) -> Result<()> {
        stop_pid(&self.dir, "KILL")
    }

    pub fn stop(name: &str) -> Result<()> {
        let dir = base().join(name);
        stop_pid(&dir, "TERM")?;
        let _ = std::fs::remove_file(dir.join("url"));
        Ok(())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.kill_on_drop {
            let _ = self.kill();
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// The unpacked distribution, got from Maven's repository the first time.
fn distribution() -> Result<PathBuf> {
    let base = base();
    let home = base.join(format!("opensearch-{VERSION}"));
    if home.join("bin/opensearch").is_file() {
        return Ok(home);
    }
    std::fs::create_dir_all(&base).map_err(|error| format!("{}: {error}", base.display()))?;
    open_up(&base)?;
    let fetched = base.join("download");
    let artifact = format!("org.opensearch.distribution.integ-test-zip:opensearch:{VERSION}:zip");
    let copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
    run(Command::new("mvn")
        .args(["-B", "-q", copy])
        .arg(format!("-Dartifact={artifact}"))
        .arg(format!("-DoutputDirectory={}", fetched.display())))
    .map_err(|error| {
        format!("{error}; Maven is needed to get OpenSearch: install maven, or add --install")
    })?;
    let unpack = base.join(format!("unpack-{}", std::process::id()));
    run(Command::new("unzip")
        .args(["-q", "-o"])
        .arg(fetched.join(format!("opensearch-{VERSION}.zip")))
        .arg("-d")
        .arg(&unpack))
    .map_err(|error| format!("{error}; install unzip, or add --install"))?;
    run(Command::new("chmod").args(["-R", "a+rX"]).arg(&unpack))?;
    run(Command::new("sh")
        .arg("-c")
        .arg(format!("chmod a+x {0}/opensearch-{VERSION}/bin/*", unpack.display())))?;
    std::fs::rename(unpack.join(format!("opensearch-{VERSION}")), &home)
        .map_err(|error| error.to_string())?;
    let _ = std::fs::remove_dir_all(&unpack);
    Ok(home)
}

/// Writes the instance's configuration and gives its directory to the unprivileged user; answers its address.
fn configure(dir: &Path, home: &Path, more: &str) -> Result<String> {
    let failed = |error: std::io::Error| format!("{}: {error}", dir.display());
    let config = dir.join("config");
    if !config.is_dir() {
        std::fs::create_dir_all(dir).map_err(failed)?;
        run(Command::new("cp").arg("-r").arg(home.join("config")).arg(&config))?;
    }
    let (http_port, transport_port) = (free_port()?, free_port()?);
    let text = format!(
        "cluster.name: correlog\ndiscovery.type: single-node\nnetwork.host: 127.0.0.1\nhttp.port: {http_port}\n\
         transport.port: {transport_port}\npath.data: {0}/data\npath.logs: {0}/logs\n\
         cluster.routing.allocation.disk.threshold_enabled: false\ncluster.max_shards_per_node: 4000\n{more}",
        dir.display()
    );
    std::fs::write(config.join("opensearch.yml"), text).map_err(failed)?;
    for name in ["data", "logs"] {
        std::fs::create_dir_all(dir.join(name)).map_err(failed)?;
    }
    // The distribution's own paths are relative to its home, which nobody may write to.
    let options = config.join("jvm.options");
    let jvm = std::fs::read_to_string(&options).map_err(failed)?;
    let absolute = jvm.replace("file=logs/", &format!("file={}/logs/", dir.display()));
    let absolute = absolute.replace("=logs/", &format!("={}/logs/", dir.display()));
    let absolute = absolute.replace("HeapDumpPath=data", &format!("HeapDumpPath={}/data", dir.display()));
    std::fs::write(&options, absolute).map_err(failed)?;
    let url = format!("http://127.0.0.1:{http_port}");
    std::fs::write(dir.join("url"), &url).map_err(failed)?;
    open_up(dir)?;
    if rustix::process::geteuid().is_root() {
        run(Command::new("chown").arg("-R").arg(format!("{UNPRIVILEGED}:{UNPRIVILEGED}")).arg(dir))?;
    }
    Ok(url)
}

/// The unprivileged user must be able to pass through.
fn open_up(dir: &Path) -> Result<()> {
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755))
        .map_err(|error| error.to_string())?;
    if rustix::process::geteuid().is_root() {
        chown(dir, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn unprivileged(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={UNPRIVILEGED}"))
        .arg(format!("--regid={UNPRIVILEGED}"))
        .arg("--clear-groups");
    command.arg(program);
    command
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

fn stop_pid(dir: &Path, signal: &str) -> Result<()> {
    let Some(pid) = std::fs::read_to_string(dir.join("pid")).ok().map(|text| text.trim().to_owned()) else {
        return Ok(());
    };
    let alive = || Path::new("/proc").join(&pid).join("cmdline").exists();
    let ours = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if pid.is_empty() || !String::from_utf8_lossy(&ours).contains("opensearch") {
        return Ok(());
    }
    let _ = output(Command::new("kill").arg(format!("-{signal}")).arg(&pid));
    let start = Instant::now();
    while alive() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = std::fs::remove_file(dir.join("pid"));
    if alive() { Err(format!("process {pid} did not end")) } else { Ok(()) }
}
