//! The port against sockets that answer as told, byte for byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use correlog_pipeline::ports::{Ask, Bulk, Lost, NotSent, Outcome, Submission, Ticket};

use super::HttpBulk;
use crate::config::{Bytes, Millis, OpenSearch};

pub fn settings(urls: Vec<String>) -> OpenSearch {
    OpenSearch {
        urls,
        username: None,
        password_file: None,
        api_key_file: None,
        bearer_token_file: None,
        ca_file: None,
        client_cert_file: None,
        client_key_file: None,
        dangerously_accept_any_certificate: false,
        gzip: false,
        batch_bytes: Bytes(1 << 20),
        concurrency_max: 4,
        in_flight_bytes: Bytes(1 << 24),
        request_timeout: Millis(5_000),
    }
}

/// A server that reads each whole request, hands its text over and answers with the next script, then closes.
fn server(scripts: Vec<&'static [u8]>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for script in scripts {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let request = request(&mut stream);
            let _ = sender.send(request);
            let _ = stream.write_all(script);
        }
    });
    (url, requests)
}

fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize =
                length.and_then(|value| value.trim().parse().ok()).expect("Content-Length is sent");
            if bytes.len() >= head + 4 + length {
                return text;
            }
        }
        let count = stream.read(&mut block).expect("the request comes");
        assert!(count > 0, "the request is cut: {text}");
        bytes.extend_from_slice(&block[..count]);
    }
}

fn submission(deadline_ms: u64) -> Submission {
    let body = b"{\"create\":{\"_id\":\"a\"}}\n{}\n".to_vec();
    Submission { ticket: Ticket(7), ask: Ask::Write, index: "app-logs-2026.11.21".into(), body, deadline_ms }
}

fn outcome(bulk: &mut HttpBulk, deadline_ms: u64) -> Outcome {
    let sent = submission(deadline_ms);
    bulk.submit(sent.clone()).expect("there is room");
    bulk.wait(Duration::from_secs(60));
    let completion = bulk.poll().expect("a completion within its deadline");
    assert_eq!((completion.ticket, completion.body), (sent.ticket, sent.body), "the body comes back");
    completion.outcome
}

fn replied(status: u16, retry_after_ms: Option<u64>, reply: &str) -> Outcome {
    Outcome::Replied { status, retry_after_ms, reply: reply.as_bytes().to_vec() }
}

#[test]
fn replies_and_losses_are_told_apart() {
    let rows: [(&[u8], Outcome); 8] = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", replied(200, None, "{}")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", Outcome::Unknown(Lost::CutReply)),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            Outcome::Unknown(Lost::CutReply),
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            Outcome::Unknown(Lost::CutReply),
        ),
        (b"", Outcome::Unknown(Lost::Reset)),
        (b"SSH-2.0-OpenSSH\r\n", Outcome::Unknown(Lost::Reset)),
        (
            b"HTTP/1.1 429 Too Many\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n",
            replied(429, Some(3000), ""),
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            replied(302, None, ""),
        ),
    ];
    for (script, expect) in rows {
        let (url, requests) = server(vec![script]);
        let mut bulk = HttpBulk::new(&settings(vec![url])).expect("a port");
        assert_eq!(outcome(&mut bulk, 5_000), expect, "{}", String::from_utf8_lossy(script));
        let request = requests.recv().expect("one request");
        assert!(request.starts_with("POST /app-logs-2026.11.21/_bulk?filter_path="), "{request}");
    }
}

#[test]
fn silence_ends_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let mut bulk = HttpBulk::new(&settings(vec![url])).expect("a port");
    let start = Instant::now();
    assert_eq!(outcome(&mut bulk, 300), Outcome::Unknown(Lost::Timeout));
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[test]
fn nobody_and_nothing_at_the_address_are_not_sent() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let (plain, _requests) = server(vec![b"HTTP/1.1 400 Bad\r\n\r\n"]);
    for (url, expect) in [
        (format!("http://{closed}"), NotSent::Refused),
        ("http://no-such-name.invalid:9200".to_owned(), NotSent::NoAddress),
    ] {
        let mut bulk = HttpBulk::new(&settings(vec![url.clone()])).expect("a port");
        assert_eq!(outcome(&mut bulk, 5_000), Outcome::NotSent(expect), "{url}");
    }
    drop(plain);
}

#[test]
fn the_next_node_takes_what_did_not_leave() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let (good, _requests) = server(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]);
    let mut bulk = HttpBulk::new(&settings(vec![format!("http://{closed}"), good])).expect("a port");
    assert_eq!(outcome(&mut bulk, 5_000), replied(200, None, "{}"));
}

#[test]
fn a_refused_credential_is_read_again_and_a_readable_file_is_none() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("key");
    let write = |text: &str, mode: u32| {
        std::fs::write(&file, text).expect("the key is written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its mode");
    };
    let ok: &[u8] = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (url, requests) = server(vec![ok, ok]);
    let settings = OpenSearch { api_key_file: Some(file.clone()), ..settings(vec![url]) };
    write("first\n", 0o644);
    let error = HttpBulk::new(&settings).expect_err("others can read it");
    assert!(error.to_string().contains("can be read by others"), "{error}");
    write("first\n", 0o600);
    let mut bulk = HttpBulk::new(&settings).expect("a port");
    assert!(!format!("{bulk:?}").contains("first"), "no secret in Debug");
    outcome(&mut bulk, 5_000);
    write("second\n", 0o600);
    bulk.renew_credential();
    outcome(&mut bulk, 5_000);
    let keys: Vec<String> = requests.iter().take(2).collect();
    assert!(keys[0].contains("authorization: ApiKey first\r\n"), "{}", keys[0]);
    assert!(keys[1].contains("authorization: ApiKey second\r\n"), "{}", keys[1]);
    write("third\n", 0o644);
    assert_eq!(outcome(&mut bulk, 5_000), Outcome::NotSent(NotSent::Credential));
}

#[test]
fn bodies_are_compressed_as_configured() {
    let (url, requests) = server(vec![b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]);
    let settings = OpenSearch { gzip: true, ..settings(vec![url]) };
    let mut bulk = HttpBulk::new(&settings).expect("a port");
    assert_eq!(outcome(&mut bulk, 5_000), replied(200, None, "{}"));
    assert!(requests.recv().expect("one request").contains("content-encoding: gzip\r\n"));
}

#[test]
fn no_more_than_asked_for_is_under_way() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let settings = OpenSearch { concurrency_max: 2, ..settings(vec![url]) };
    let mut bulk = HttpBulk::new(&settings).expect("a port");
    bulk.submit(submission(200)).expect("room for one");
    bulk.submit(submission(200)).expect("room for two");
    assert!(bulk.submit(submission(200)).is_err(), "no room for three");
    bulk.wait(Duration::from_secs(60));
    bulk.poll().expect("one is back");
    bulk.submit(submission(200)).expect("room again");
}
