//! An OpenSearch that takes everything and stores nothing: it counts the documents of each `_bulk` and answers in the
//! cheapest true way. It does not look into documents.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct Counted {
    pub documents: AtomicU64,
    pub bytes: AtomicU64,
    pub requests: AtomicU64,
}

/// Serves in threads of its own until the process ends.
pub fn start() -> std::io::Result<(SocketAddr, Arc<Counted>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let counted = Arc::new(Counted::default());
    let shared = Arc::clone(&counted);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counted = Arc::clone(&shared);
            std::thread::spawn(move || serve(stream, &counted));
        }
    });
    Ok((address, counted))
}

fn serve(stream: TcpStream, counted: &Counted) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::with_capacity(1 << 20, stream);
    let mut body = Vec::new();
    loop {
        let (request, length) = head(&mut reader)?;
        body.clear();
        reader.by_ref().take(length).read_to_end(&mut body).ok()?;
        let reply = if request.contains("/_bulk") { bulk(&body, counted) } else { other(&request) };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            reply.len()
        );
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(&reply).ok()?;
    }
}

/// The request line, and how long the body is.
fn head(reader: &mut BufReader<TcpStream>) -> Option<(String, u64)> {
    let mut request = String::new();
    if reader.read_line(&mut request).ok()? == 0 {
        return None;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            return Some((request, length));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
}

/// The reply to a body: every document stored, in order.
fn bulk(body: &[u8], counted: &Counted) -> Vec<u8> {
    let mut reply = br#"{"took":1,"errors":false,"items":["#.to_vec();
    let mut documents = 0;
    for action in body.split(|&byte| byte == b'\n').step_by(2).filter(|line| !line.is_empty()) {
        let verb: &[u8] = if action.starts_with(b"{\"create\"") { b"create" } else { b"index" };
        let id = action.split(|&byte| byte == b'"').nth(5).unwrap_or_default();
        if documents > 0 {
            reply.push(b',');
        }
        reply.extend_from_slice(b"{\"");
        reply.extend_from_slice(verb);
        reply.extend_from_slice(b"\":{\"_id\":\"");
        reply.extend_from_slice(id);
        reply.extend_from_slice(b"\",\"status\":201}}");
        documents += 1;
    }
    reply.extend_from_slice(b"]}");
    counted.documents.fetch_add(documents, Ordering::Relaxed);
    counted.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
    counted.requests.fetch_add(1, Ordering::Relaxed);
    reply
}

fn other(request: &str) -> Vec<u8> {
    if request.starts_with("GET / ") {
        return br#"{"version":{"distribution":"opensearch","number":"3.8.0"}}"#.to_vec();
    }
    b"{}".to_vec()
}
