//! The page of `correlog trace --html` in a real Chromium, and hostile content in it and on a terminal: nothing runs,
//! nothing is fetched, the filters filter, the waterfall is drawn.

use correlog_tests::fake;
use correlog_tests::place::Place;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A line so many milliseconds after a fixed time.
fn line(ms: i64, service: &str, level: &str, message: &str, more: &Value) -> Value {
    let time = chrono::DateTime::from_timestamp_millis(1_795_257_000_000 + ms).expect("a near year");
    let mut line = json!({"@timestamp": time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "level": level, "message": message, "service": {"name": service}, "trace_id": TRACE});
    line.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    line
}

/// Writes the lines and makes the page of their story; no server takes part. Answers the page's path and what the
/// terminal showed.
fn page(place: &Place, lines: &[Value]) -> (String, String) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let log = place.write("logs/api.jsonl", text).display().to_string();
    let page = place.path("story.html").display().to_string();
    let shown = place.correlog(&["trace", TRACE, "--files", &log, "--html", &page]).expect(0).stdout;
    (page, shown)
}

/// The page as a real browser has it after its scripts.
fn browse(place: &Place, page: &str) -> String {
    let profile = format!("--user-data-dir={}", place.path("browser").display());
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            &profile,
            "--dump-dom",
        ])
        .arg(format!("file://{page}"))
        .output()
        .expect("chromium is missing: apt-get install chromium");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn no_line_drives_a_terminal_or_a_browser_or_reaches_the_network() {
    let place = Place::at("hostile", "http://127.0.0.1:1");
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let tempter = fake::serve(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        (200, "document.title='owned'".to_owned())
    });
    let evil = format!(
        "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}</pre></style><script>document.title='owned'</script>\
         <script src={tempter}/a.js></script><link rel=stylesheet href={tempter}/a.css>\
         <img src={tempter}/a.png onerror=\"document.title='owned'\"><iframe src={tempter}></iframe>\
         <svg onload=\"document.title='owned'\">' onmouseover='x"
    );
    let lines = [line(
        0,
        &evil,
        "ERROR",
        &evil,
        &json!({"workflow_run_id": evil, "tenant_id": evil, "span": {"name": evil}, "span_id": "00f067aa0ba902b7",
            "exception": {"type": evil, "message": evil, "stacktrace": evil}, evil.as_str(): evil}),
    )];
    let (path, shown) = page(&place, &lines);
    for c in shown.chars().filter(|c| *c != '\n') {
        assert!(!c.is_control() && c != '\u{202e}', "{:?} reached the terminal", c.escape_unicode());
    }
    let dom = browse(&place, &path);
    assert!(dom.contains(&format!("<title>trace {TRACE}</title>")), "the title was changed, so a script ran");
    assert!(dom.contains("1 of 1 lines"), "the page's own script ran and counted");
    for element in ["<img", "<iframe", "<link"] {
        assert!(!dom.contains(element), "content became {element}");
    }
    assert_eq!((dom.matches("<svg").count(), dom.matches("<script").count()), (1, 1));
    assert_eq!(asked.load(Ordering::SeqCst), 0, "the page fetched something");
}

#[test]
fn the_page_filters_and_draws() {
    let place = Place::at("page", "http://127.0.0.1:1");
    let span = |id: &str, name: &str| json!({"span_id": id, "span": {"name": name}});
    let lines = [
        line(0, "api", "INFO", "accepted", &span("00f067aa0ba902b7", "run_workflow")),
        line(40, "worker", "INFO", "lookup started", &span("10f067aa0ba902b7", "lookup")),
        line(700, "worker", "ERROR", "the index is not there", &span("10f067aa0ba902b7", "lookup")),
        line(710, "api", "ERROR", "workflow failed", &span("00f067aa0ba902b7", "run_workflow")),
    ];
    let (path, shown) = page(&place, &lines);
    assert!(shown.contains("┊ 660 ms silent"), "the gap is told: {shown}");
    for (hash, count) in [
        ("", 4),
        ("#level=ERROR", 2),
        ("#level=ERROR&service=api", 1),
        ("#service=api&service=worker", 4),
        ("#words=INDEX", 1),
        ("#words=nowhere", 0),
    ] {
        let dom = browse(&place, &format!("{path}{hash}"));
        assert!(dom.contains(&format!("{count} of 4 lines")), "{hash}");
        let rows = dom.split("<tr class=").filter(|row| row.contains("data-level="));
        let hidden =
            rows.filter(|row| row.split('>').next().is_some_and(|tag| tag.contains("hidden"))).count();
        assert_eq!(hidden, 4 - count, "{hash}");
    }
    let dom = browse(&place, &path);
    let picture = dom.split("<svg").nth(1).and_then(|rest| rest.split("</svg>").next()).expect("a picture");
    for (part, count) in [
        ("class=\"dot ERROR\"", 2),
        ("class=\"dot INFO\"", 2),
        ("class=\"lane\"", 2),
        ("class=\"bar failed\"", 2),
        ("class=\"gap\"", 1),
    ] {
        assert_eq!(picture.matches(part).count(), count, "{part} in {picture}");
    }
}

/// A minute around the story, in Dashboards and Grafana; the page has the same links as the terminal and `--json`.
#[test]
fn a_story_ends_with_links_to_what_is_configured() {
    let place = Place::at("links", "http://127.0.0.1:1");
    place.configure(
        "[dashboards]\nurl = \"http://d:5601/base/\"\n[links]\njaeger = \"http://j:16686\"\ngrafana = \"http://g:3000\"\n",
    );
    let span = json!({"span_id": "00f067aa0ba902b7", "workflow_run_id": "a'run!"});
    let lines = [line(0, "api", "INFO", "begins", &span), line(710, "api", "ERROR", "ends", &json!({}))];
    let (path, shown) = page(&place, &lines);
    let log = place.path("logs/api.jsonl").display().to_string();
    let links =
        place.correlog(&["trace", TRACE, "--files", &log, "--json"]).expect(0).json()["links"].clone();
    let times = "time:(from:'2026-11-21T10:29:00.000Z',to:'2026-11-21T10:31:00.710Z')";
    let query = format!("'workflow_run_id:%22a!'run!!%22%20or%20trace_id:%22{TRACE}%22'");
    for (name, parts) in [
        ("dashboard", ["http://d:5601/base/app/dashboards#/view/correlog-trace?", times, &query]),
        ("discover", ["http://d:5601/base/app/discover#/?", times, &query]),
        ("jaeger", ["http://j:16686/trace/", TRACE, ""]),
        ("grafana", ["http://g:3000/explore?", TRACE, "1795256940000"]),
    ] {
        let link = links[name].as_str().unwrap_or_else(|| panic!("no {name} in {links}"));
        assert!(parts.iter().all(|part| link.contains(part)), "{name}: {link}");
        assert!(shown.contains(link), "{name} is not on the terminal: {shown}");
        let html = std::fs::read_to_string(&path).expect("the page");
        let escaped = link.replace('&', "&amp;").replace('\'', "&#39;");
        assert!(html.contains(&escaped), "{name} is not on the page: {escaped}");
    }
    assert_eq!(links.as_object().map(serde_json::Map::len), Some(4));
}
