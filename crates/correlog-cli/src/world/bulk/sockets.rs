//! What the client does with its connections, asked of real sockets: when it drops them, what the kernel was told of
//! them, whom it asks for an address. What is said over them is in `tests.rs`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustix::net::sockopt;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use super::client::{FreshLookup, base};
use super::remind;

const LONG: Duration = Duration::from_secs(3600);
/// Only a client that never does what is waited for gets here.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers one request with `body` and keeps the connection.
fn answer(stream: &mut TcpStream, body: &str) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a whole request");
        head.push(byte[0]);
    }
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("a reply");
}

async fn get(client: &reqwest::Client, url: &str) -> String {
    client.get(url).send().await.expect("a reply").text().await.expect("its body")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_idle_connection_is_dropped_by_us() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("its address"));
    let (closed, seen) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the client");
        answer(&mut stream, "1");
        let _ = closed.send(stream.read(&mut [0]).map_err(|error| error.kind()));
    });
    let client = base(Duration::from_millis(100), FreshLookup).build().expect("a client");
    assert_eq!(get(&client, &url).await, "1");
    let seen = tokio::task::spawn_blocking(move || seen.recv_timeout(PATIENCE)).await.expect("no panic");
    assert_eq!(seen, Ok(Ok(0)), "the connection ends while the client lives");
    drop(client);
}

/// A second handle of this process's socket that is connected to `peer`.
fn socket_to(peer: SocketAddr) -> OwnedFd {
    let me = pidfd_open(getpid(), PidfdFlags::empty()).expect("this process");
    let numbers = std::fs::read_dir("/proc/self/fd").expect("/proc");
    let numbers = numbers.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers
        .filter_map(|number| pidfd_getfd(&me, number, PidfdGetfdFlags::empty()).ok())
        .find(|fd| {
            let at = rustix::net::getpeername(fd).ok().flatten().and_then(|at| SocketAddr::try_from(at).ok());
            at == Some(peer)
        })
        .expect("the client is connected")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_kernel_ends_connections_whose_peer_is_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("its address");
    let (done, wait) = channel::<()>();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the client");
        answer(&mut stream, "1");
        let _ = wait.recv();
    });
    let client = base(LONG, FreshLookup).build().expect("a client");
    assert_eq!(get(&client, &format!("http://{at}/")).await, "1");
    let socket = socket_to(at);
    assert_eq!(sockopt::tcp_user_timeout(&socket), Ok(20_000), "milliseconds without an acknowledgement");
    assert_eq!(sockopt::socket_keepalive(&socket), Ok(true));
    assert_eq!(sockopt::tcp_keepidle(&socket), Ok(Duration::from_secs(15)));
    assert_eq!(sockopt::tcp_nodelay(&socket), Ok(true));
    drop(done);
}

/// Names the next address at each question, as a cluster that moves.
struct Moving(AtomicU8);

impl Resolve for Moving {
    fn resolve(&self, _: Name) -> Resolving {
        let at = Ipv4Addr::new(127, 0, 0, self.0.fetch_add(1, Ordering::Relaxed));
        Box::pin(async move { Ok(Box::new(std::iter::once(SocketAddr::from((at, 0)))) as Addrs) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_connection_asks_for_the_address_anew() {
    let listener = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("the client");
            let at = stream.local_addr().expect("where it came to").ip().to_string();
            // It is closed after the reply, so that the next request needs a new connection.
            answer(&mut stream, &at);
        }
    });
    let client = base(Duration::ZERO, Moving(AtomicU8::new(1))).build().expect("a client");
    for expect in ["127.0.0.1", "127.0.0.2", "127.0.0.3"] {
        assert_eq!(get(&client, &format!("http://cluster.test:{port}/")).await, expect);
    }
}

#[tokio::test(start_paused = true)]
async fn who_switched_checks_off_is_reminded_each_minute() {
    let (say, said) = channel();
    let until = Duration::from_secs(3 * 60 + 1);
    let reminding = remind(move |text| say.send(text.to_owned()).expect("the test listens"));
    tokio::time::timeout(until, reminding).await.expect_err("it never ends by itself");
    let said: Vec<String> = said.try_iter().collect();
    assert_eq!(said.len(), 4, "at the start and after each of three minutes: {said:?}");
    assert!(said.iter().all(|text| text.contains("dangerously_accept_any_certificate is on")), "{said:?}");
}
