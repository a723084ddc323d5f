//! The yardstick: the least that a shipper of native lines must do, written straight down. Each line is checked by
//! serde_json, its time is read, its id made, its place spliced in, and the body sent over loopback.
//!
//! It keeps no promise of the shipper's: it looks for no secrets, knows no broken line, no rotation, no place to go on
//! from, and takes any reply for a success. What it costs says how fast the machine is in this hour.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;

use crate::Row;
use crate::encode::thread_seconds;
use ship_bench::ship::write_corpus;
use ship_bench::sink::Sink;

const KEY: &[u8; 32] = b"correlog public document id key1";
const BLOCK_BYTES: usize = 256 << 10;
const BODY_BYTES: usize = 4 << 20;
const PLACE: &str = ",\"lineage\":\"00000000000000000000000000000000\",\"offset\":";
const REST: &str = ",\"file\":{\"path\":\"/tmp/.tmpAbCdEf/logs/api.jsonl\"}},\"severity_number\":9,\"record\":\"log\",\"host\":{\"name\":\"host\"}}\n";

/// Ships so many bytes of native lines from a file. Its time is that of its one thread, kernel included.
pub fn measure(seed: u64, bytes: u64) -> Result<Row, String> {
    let sink = Sink::start().map_err(|error| format!("no sink: {error}"))?;
    let dir = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let path = dir.path().join("api.jsonl");
    let (lines, bytes) = write_corpus(&path, seed, bytes)?;
    let (start, wall) = (thread_seconds(), std::time::Instant::now());
    let file = File::open(&path).map_err(|error| format!("the corpus: {error}"))?;
    ship(file, sink.address).map_err(|error| format!("the prototype: {error}"))?;
    let (cpu_seconds, wall_seconds) = (thread_seconds() - start, wall.elapsed().as_secs_f64());
    if sink.documents() != lines {
        return Err(format!("the prototype: {} of {lines} lines arrived", sink.documents()));
    }
    let (allocs_per_line, memory_peak_mib) = (None, None);
    Ok(Row { name: "prototype", lines, bytes, cpu_seconds, wall_seconds, allocs_per_line, memory_peak_mib })
}

fn ship(mut file: File, sink: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(sink)?;
    let (mut block, mut kept, mut offset) = (vec![0; BLOCK_BYTES + (1 << 16)], 0, 0);
    let (mut body, mut reply) = (Vec::with_capacity(BODY_BYTES + (1 << 16)), Vec::new());
    loop {
        let got = file.read(&mut block[kept..])?;
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', &block[..kept + got]) {
            let next = offset + (end + 1 - from) as u64;
            document(&block[from..end], offset, next, &mut body)?;
            (from, offset) = (end + 1, next);
            if body.len() >= BODY_BYTES {
                send(&mut stream, &mut body, &mut reply)?;
            }
        }
        block.copy_within(from..kept + got, 0);
        kept = kept + got - from;
        if got == 0 {
            return send(&mut stream, &mut body, &mut reply);
        }
    }
}

fn document(line: &[u8], offset: u64, next: u64, body: &mut Vec<u8>) -> std::io::Result<()> {
    serde_json::from_slice::<IgnoredAny>(line)?;
    let stamp = std::str::from_utf8(&line[15..45]).map_err(std::io::Error::other)?;
    let time = chrono::DateTime::parse_from_rfc3339(stamp).map_err(std::io::Error::other)?;
    let mut id = [0; 15];
    id[..6].copy_from_slice(&time.timestamp_millis().to_be_bytes()[2..]);
    id[6..].copy_from_slice(&blake3::keyed_hash(KEY, line).as_bytes()[..9]);
    let mut text = [0; 20];
    URL_SAFE_NO_PAD.encode_slice(id, &mut text).map_err(std::io::Error::other)?;
    body.extend_from_slice(b"{\"create\":{\"_id\":\"");
    body.extend_from_slice(&text);
    body.extend_from_slice(b"\"}}\n");
    body.extend_from_slice(&line[..line.len() - 2]);
    write!(body, "{PLACE}{offset},\"next\":{next},\"skipped\":0{REST}")
}

/// One request, and its reply read to the end.
fn send(stream: &mut TcpStream, body: &mut Vec<u8>, reply: &mut Vec<u8>) -> std::io::Result<()> {
    write!(
        stream,
        "POST /app-logs-2026.11.21/_bulk HTTP/1.1\r\nhost: sink\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    body.clear();
    reply.clear();
    while !reply.ends_with(b"]}") {
        let before = reply.len();
        reply.resize(before + (64 << 10), 0);
        let got = stream.read(&mut reply[before..])?;
        reply.truncate(before + got);
        if got == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
