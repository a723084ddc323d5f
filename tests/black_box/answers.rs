//! What a real cluster, or a real proxy before it, answers when it takes no documents: a blocked or closed index holds
//! up no other, a document that does not fit goes in its second form, and what is too large goes in parts.

use std::io::Write;
use std::process::Command;

use correlog_tests::child::run;
use correlog_tests::fake::{forward, serve};
use correlog_tests::place::Place;
use correlog_tests::wait::until;
use serde_json::{Value, json};
use xtask::{http, node};

fn line(day: u32, n: u32, text: &str) -> String {
    format!("{{\"ts\":\"2026-11-{day}T10:00:{:02}Z\",\"message\":\"line {n} {text}\"}}\n", n % 60)
}

fn put(url: &str, body: &Value) {
    let answer = http::put(url, body).expect("the node answers");
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// A place whose shipper shows itself at the address that is answered too.
fn place(name: &str) -> (Place, String) {
    let place = Place::new(name);
    let listen = format!("127.0.0.1:{}", node::free_port().expect("a port"));
    place.configure(&format!("[admin]\nlisten = \"{listen}\"\n"));
    (place, format!("http://{listen}/metrics"))
}

#[test]
fn an_index_that_takes_nothing_holds_up_no_other_and_loses_nothing() {
    let (place, metrics) = place("blocks");
    let index = |day: u32| format!("{}-logs-2026.11.{day}", place.prefix);
    let url = |day: u32| format!("{}/{}", place.url, index(day));
    let block = |on: bool| put(&format!("{}/_settings", url(10)), &json!({ "index.blocks.write": on }));
    let open = |verb: &str| http::post(&format!("{}/_{verb}", url(11)), &Value::Null).expect("it answers");
    (10..=12).for_each(|day| put(&url(day), &json!({})));
    block(true);
    assert_eq!(open("close").status, 200);

    let days = |n: u32| [line(10, n, ""), line(11, n, ""), line(12, n, "")].concat();
    let log = place.write("logs/a.log", (0..50).map(days).collect::<String>());
    let shipper = place.ship();
    let parked = |day: u32| format!("correlog_parked_bytes{{index=\"{}\"}}", index(day));
    let text = until("two parked lanes and the third day", 60, || {
        let text = http::get(&metrics).ok()?.text;
        let both = text.contains(&parked(10)) && text.contains(&parked(11));
        (both && text.contains("correlog_lines_stored_total 50\n")).then_some(text)
    });
    assert!(text.contains("correlog_lines_refused_total 0\n"), "{text}");
    let mut log = std::fs::OpenOptions::new().append(true).open(log).expect("the log is there");
    log.write_all(line(12, 50, "").as_bytes()).expect("it can be written");
    until("the third day goes on", 60, || {
        http::get(&metrics).ok().filter(|answer| answer.text.contains("correlog_lines_stored_total 51\n"))
    });

    block(false);
    assert_eq!(open("open").status, 200);
    until("what waited", 90, || (place.count_lines() == 151).then_some(()));
    assert_eq!(shipper.terminate(), Some(0));
}

#[test]
fn a_document_that_does_not_fit_goes_in_its_second_form() {
    let place = Place::new("second");
    let index = format!("{}/{}-logs-2026.11.11", place.url, place.prefix);
    put(&index, &json!({ "mappings": { "properties": { "message": { "type": "keyword" } } } }));
    // A keyword of more than 32,766 bytes is an immense term, whose type OpenSearch calls an illegal argument.
    let long = line(11, 1, &"x".repeat(40_000));
    place.write("logs/a.log", format!("{long}{}", line(11, 2, "fits")));
    let said = place.ship_once().expect(0).stderr;
    assert!(said.contains("2 stored, 0 refused"), "{said}");
    let documents = place.documents();
    let raw = documents.iter().find_map(|document| document.source["attributes"]["_raw"].as_str());
    let raw = raw.unwrap_or_else(|| panic!("no second form: {documents:?}"));
    assert!((1_000..=8 << 10).contains(&raw.len()) && raw.contains("line 1 xxx"), "{} bytes", raw.len());
    let whole = place.correlog(&["refused", "show", "--content"]).expect(0).stdout;
    assert!(whole.contains(long.trim_end()), "the whole line is kept where its form had to be cut");
    let state = place.path("state").to_string_lossy().into_owned();
    place.correlog(&["verify", "--state", &state]).expect(0);
}

/// nginx that takes no request of more than 20 KB; it ends with the value.
struct Narrow<'a>(&'a Place, String);

impl<'a> Narrow<'a> {
    fn start(place: &'a Place) -> Self {
        let (at, port) = (place.dir.path().display(), node::free_port().expect("a port"));
        let text = format!(
            "worker_processes 1; pid {at}/nginx.pid; error_log {at}/error.log; events {{}}\nhttp {{ access_log off; \
             client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; \
             scgi_temp_path {at}/s; server {{ listen 127.0.0.1:{port}; client_max_body_size 20k; location / {{ \
             proxy_pass {}; }} }} }}\n",
            place.url
        );
        place.write("nginx.conf", text);
        let narrow = Self(place, format!("http://127.0.0.1:{port}"));
        narrow.nginx(&[]);
        until("nginx listens", 20, || http::get(&narrow.1).ok());
        narrow
    }

    fn nginx(&self, words: &[&str]) {
        let mut command = Command::new("nginx");
        run(command.arg("-p").arg(self.0.dir.path()).arg("-c").arg(self.0.path("nginx.conf")).args(words))
            .expect(0);
    }
}

impl Drop for Narrow<'_> {
    fn drop(&mut self) {
        self.nginx(&["-s", "stop"]);
    }
}

#[test]
fn what_a_proxy_calls_too_large_goes_in_parts() {
    let place = Place::new("narrow");
    let narrow = Narrow::start(&place);
    let small = (0..500).map(|n| line(11, n, "of a few bytes"));
    let large = line(11, 500, &"x".repeat(30_000));
    place.write("logs/a.log", small.chain([large]).collect::<String>());
    let said = place.correlog(&["ship", "--once", "--url", &narrow.1]).expect(0).stderr;
    assert!(said.contains("501 stored, 0 refused"), "{said}");
    let documents = place.documents();
    let second = documents.iter().filter(|document| document.source["attributes"]["_raw"].is_string());
    assert_eq!((documents.len(), second.count()), (501, 1), "only what is too large alone is cut");
}

/// What is before the node says what a cluster says to lines of actions it cannot read. Ours it can, so the node itself
/// refuses no whole request for one document.
#[test]
fn a_request_that_is_refused_as_a_whole_is_cut_down_to_the_one_document() {
    const REFUSAL: &str =
        r#"{"error":{"type":"illegal_argument_exception","reason":"Malformed"},"status":400}"#;
    let place = Place::new("poison");
    let node = place.url.clone();
    let before = serve(move |request| match request.body.contains("poison") {
        true => (400, REFUSAL.to_owned()),
        false => forward(&node, request),
    });
    let text = |n: u32| if n == 217 { "poison" } else { "is well" };
    place.write("logs/a.log", (0..300).map(|n| line(11, n, text(n))).collect::<String>());
    let said = place.correlog(&["ship", "--once", "--url", &before]).expect(0).stderr;
    assert!(said.contains("299 stored, 1 refused"), "{said}");
    assert_eq!(place.count_lines(), 299);
    let kept = place.correlog(&["refused", "show", "--content"]).expect(0).stdout;
    assert!(kept.contains(line(11, 217, "poison").trim_end()) && kept.contains("request_refused"), "{kept}");
    let state = place.path("state").to_string_lossy().into_owned();
    let verified = place.correlog(&["verify", "--state", &state, "--json"]).expect(0).json();
    assert_eq!(verified["explained_by_refused"], 1, "{verified}");
}
