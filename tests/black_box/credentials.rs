//! A credential that is refused, with the real `ship`: the file is read again, at the start and on the way, nothing is
//! lost meanwhile, and no redirect takes the credential to another address.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};

use correlog_tests::child::{Ended, Running, run};
use correlog_tests::crashloop::LyingServer;
use correlog_tests::place::Place;
use correlog_tests::wait::until;
use xtask::{http, node};

fn write_key(place: &Place, key: &str) {
    let path = place.write("key.new", format!("{key}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    std::fs::rename(path, place.path("key")).expect("a new file takes the old one's place");
}

fn line(n: u32) -> String {
    format!("{{\"ts\":\"2026-11-21T10:00:{:02}Z\",\"message\":\"line {n}\"}}\n", n % 60)
}

/// A place whose shipper has the key `old`, and the address at which it shows itself.
fn place(name: &str, url: &str) -> (Place, String) {
    let place = Place::at(name, url);
    let listen = format!("127.0.0.1:{}", node::free_port().expect("a port"));
    let file = place.path("correlog.toml");
    let text = std::fs::read_to_string(&file).expect("the place has a configuration");
    let text = text.replacen("[opensearch]\n", "[opensearch]\napi_key_file = \"key\"\n", 1).replacen(
        "[index]\n",
        "[index]\nrequire_template = false\n",
        1,
    );
    std::fs::write(file, format!("{text}[admin]\nlisten = \"{listen}\"\n")).expect("it can be written");
    write_key(&place, "old");
    (place, format!("http://{listen}"))
}

#[test]
fn a_key_that_changes_on_the_way_is_read_again() {
    let server = LyingServer::start();
    let (place, admin) = place("key", &server.url);
    server.only_with("ApiKey%20old");
    let log = place.write("logs/a.log", (0..100).map(line).collect::<String>());
    let shipper = place.ship();
    until("the first lines", 60, || (server.count("documents") == 100).then_some(()));

    server.only_with("ApiKey%20new");
    let mut log = std::fs::OpenOptions::new().append(true).open(log).expect("the log is there");
    log.write_all((100..200).map(line).collect::<String>().as_bytes()).expect("it can be written");
    until("the refused key to be said", 60, || {
        let metrics = http::get(&format!("{admin}/metrics")).ok()?.text;
        metrics.contains("correlog_trouble{kind=\"credential\"} 1").then_some(())
    });
    assert_eq!(server.count("documents"), 100, "nothing goes with the old key");
    write_key(&place, "new");
    until("the other lines", 60, || (server.count("documents") == 200).then_some(()));
    assert_eq!(shipper.terminate(), Some(0), "every line read is settled");
}

#[test]
fn a_key_that_is_wrong_at_the_start_is_read_again() {
    let server = LyingServer::start();
    let (place, _) = place("wrongkey", &server.url);
    server.only_with("ApiKey%20new");
    place.write("logs/a.log", (0..100).map(line).collect::<String>());
    let said = place.path("stderr");
    let out = std::fs::File::create(&said).expect("a file for what is said");
    let _shipper = Running::spawn(place.command().arg("ship").stderr(out));
    until("the refused key to be said", 60, || {
        std::fs::read_to_string(&said).ok().filter(|text| text.contains("401"))
    });
    write_key(&place, "new");
    until("the lines", 60, || (server.count("documents") == 100).then_some(()));
}

/// Answers every request with a redirect and hands over the head of each request.
fn redirecting(to: &str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let reply =
        format!("HTTP/1.1 307 X\r\nlocation: {to}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let _ = stream.write_all(reply.as_bytes());
            let _ = sender.send(head.join("\n"));
        }
    });
    (url, requests)
}

#[test]
fn no_redirect_takes_the_key_to_another_address() {
    let (elsewhere, reached) = redirecting("http://127.0.0.1:1");
    let (url, asked) = redirecting(&elsewhere);
    let (place, _) = place("redirect", &url);
    place.write("logs/a.log", line(1));
    let ended: Ended = run(place.command().args(["ship", "--once", "--timeout", "2"]));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(asked.try_iter().any(|head| head.contains("ApiKey old")), "the key goes to its own address");
    assert!(reached.try_iter().all(|head| !head.contains("ApiKey")), "and to no other");
}

#[test]
fn the_second_address_serves_when_the_first_is_down() {
    let server = LyingServer::start();
    let (place, _) = place("second", &server.url);
    let down = format!("http://127.0.0.1:{}", node::free_port().expect("a port"));
    let file = place.path("correlog.toml");
    let text = std::fs::read_to_string(&file).expect("the place has a configuration");
    let both = format!("urls = [\"{down}\", \"{}\"]\n", server.url);
    std::fs::write(file, text.replacen(&format!("url = \"{}\"\n", server.url), &both, 1)).expect("written");
    place.write("logs/a.log", (0..100).map(line).collect::<String>());
    place.ship_once().expect(0);
    assert_eq!(server.count("documents"), 100);
}
