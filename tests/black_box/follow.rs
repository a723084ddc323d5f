//! Which files `correlog ship` follows: exclusions, links and where they may lead, directories that come later, permission
//! lost and restored. Needs no node: the other side only counts.

use correlog_tests::child::{Running, run};
use correlog_tests::place::Place;
use correlog_tests::wait;
use ship_bench::sink::Sink;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

struct Case {
    place: Place,
    sink: Sink,
}

impl Case {
    /// `logs` is the `[[logs]]` entry.
    fn new(name: &str, logs: &str) -> Self {
        let sink = Sink::start().expect("a port");
        let place = Place::at(name, &format!("http://{}", sink.address));
        let text = format!(
            "[opensearch]\nurl = \"{}\"\n[index]\nrequire_template = false\n[state]\ndir = \"state\"\n\
             [host]\nid = \"test-host\"\n[[logs]]\n{logs}\n",
            place.url
        );
        place.write("correlog.toml", text);
        Self { place, sink }
    }

    fn once(&self) -> u64 {
        let before = self.sink.documents();
        self.place.ship_once().expect(0);
        self.sink.documents() - before
    }

    fn until(&self, documents: u64) {
        let what = format!("{documents} documents");
        wait::until(&what, 30, || (self.sink.documents() >= documents).then_some(()));
        assert_eq!(self.sink.documents(), documents);
    }
}

#[test]
fn what_is_excluded_by_name_or_by_path_is_not_followed() {
    let case = Case::new("exclude", "paths = [\"logs/**/*.log\"]\nexclude = [\"debug*\", \"logs/old/*\"]");
    fs::create_dir_all(case.place.path("logs/old")).expect("a directory");
    fs::create_dir_all(case.place.path("logs/new")).expect("a directory");
    for name in ["logs/a.log", "logs/debug.log", "logs/new/debug-1.log", "logs/old/b.log", "logs/new/c.log"] {
        case.place.write(name, format!("{name}\n"));
    }
    assert_eq!(case.once(), 2, "logs/a.log and logs/new/c.log");
}

#[test]
fn a_link_is_followed_only_to_where_it_may_lead() {
    let elsewhere = tempfile::tempdir().expect("a directory");
    let target = elsewhere.path().join("real.txt");
    fs::write(&target, "far away\n").expect("a file");
    let case = Case::new("roots", "paths = [\"logs/*.log\"]");
    symlink(&target, case.place.path("logs/link.log")).expect("a link");
    assert_eq!(case.once(), 0, "it leads outside");
    let config = fs::read_to_string(case.place.path("correlog.toml")).expect("the configuration");
    case.place.write("correlog.toml", format!("{config}roots = [\"{}\"]\n", elsewhere.path().display()));
    assert_eq!(case.once(), 1, "it may lead there now");
}

#[test]
fn a_directory_that_comes_later_and_goes_and_comes_again_is_followed() {
    let case = Case::new("later", "paths = [\"pods/*/app.log\"]");
    let mut shipper: Running = case.place.ship();
    wait::until("a running shipper", 30, || case.place.path("state/status.json").exists().then_some(()));
    fs::create_dir_all(case.place.path("pods/one")).expect("a directory");
    case.place.write("pods/one/app.log", "first\n");
    case.until(1);
    fs::remove_dir_all(case.place.path("pods")).expect("it can be removed");
    fs::create_dir_all(case.place.path("pods/two")).expect("a directory");
    case.place.write("pods/two/app.log", "second\n");
    case.until(2);
    assert!(shipper.is_running());
    assert_eq!(shipper.terminate(), Some(0));
}

/// Root may read everything: the shipper gives up what lets it.
#[test]
fn permission_lost_is_a_problem_that_ends_when_it_is_restored() {
    let case = Case::new("denied", "paths = [\"logs/*.log\"]");
    let path = case.place.write("logs/a.log", "first\n");
    let open = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
    open(0o000);
    let is_root = rustix::process::geteuid().is_root();
    let program = correlog_tests::programs::program("correlog");
    let mut command = Command::new(if is_root { "setpriv".as_ref() } else { program.as_os_str() });
    if is_root {
        command.args(["--bounding-set", "-all", "--inh-caps", "-all", "--"]).arg(&program);
    }
    let shipper = Running::spawn(command.arg("--config").arg(case.place.path("correlog.toml")).arg("ship"));
    let status = || case.place.correlog(&["status", "--json"]);
    wait::until("a file that cannot be read", 30, || {
        let status = run(case.place.command().args(["status", "--json"]));
        status.stdout.contains("files_unreadable").then_some(())
    });
    assert_eq!(status().code, Some(2), "not healthy");
    open(0o600);
    case.until(1);
    wait::until("health", 30, || (status().code == Some(0)).then_some(()));
    assert_eq!(shipper.terminate(), Some(0));
}

/// A user namespace has limits of its own, so no neighbour's watches are taken away.
#[test]
fn where_the_kernel_gives_no_more_watches_lines_arrive_all_the_same() {
    for limit in ["max_inotify_watches", "max_inotify_instances"] {
        let case = Case::new("watches", "paths = [\"one/*.log\", \"two/*.log\"]");
        for dir in ["one", "two"] {
            fs::create_dir_all(case.place.path(dir)).expect("a directory");
        }
        let program = correlog_tests::programs::program("correlog");
        let words = format!("echo 1 > /proc/sys/user/{limit} && exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c", &words, "sh"]).arg(&program);
        let mut shipper =
            Running::spawn(command.arg("--config").arg(case.place.path("correlog.toml")).arg("ship"));
        wait::until("a running shipper", 30, || case.place.path("state/status.json").exists().then_some(()));
        for (count, name) in ["one/a.log", "two/a.log", "one/b.log", "two/b.log"].iter().enumerate() {
            case.place.write(name, format!("{name}\n"));
            case.until(count as u64 + 1);
        }
        assert!(shipper.is_running(), "{limit}");
        assert_eq!(shipper.terminate(), Some(0), "{limit}");
    }
}

#[test]
fn a_run_to_the_end_shows_on_a_terminal_how_far_it_is_and_only_there() {
    let line = "one line is like another\n";
    let case = Case::new("progress", "paths = [\"logs/*.log\"]");
    case.place.write("logs/a.log", line.repeat(400_000));
    let plain = case.place.ship_once().expect(0);
    assert!(!plain.stderr.contains("MiB") && !plain.stdout.contains("MiB"), "{}", plain.stderr);
    case.place.write("logs/b.log", line.repeat(400_001));
    let program = correlog_tests::programs::program("correlog");
    let words =
        format!("{} --config {} ship --once", program.display(), case.place.path("correlog.toml").display());
    let shown =
        run(Command::new("script").args(["--quiet", "--return", "--command", &words, "/dev/null"])).expect(0);
    for part in [" MiB/", " lines", "/s, ", " left"] {
        assert!(shown.stdout.contains(part), "{part:?} is missing in {:?}", shown.stdout);
    }
    assert_eq!(case.sink.documents(), 800_001);
}
