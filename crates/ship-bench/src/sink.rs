//! An OpenSearch that takes everything and stores nothing: it counts the documents of each `_bulk` and answers in the
//! cheapest true way. It can play dead. It does not look into documents.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct Counted {
    pub documents: AtomicU64,
    /// Of the bodies, unpacked.
    pub bytes: AtomicU64,
    pub requests: AtomicU64,
    health: AtomicU8,
}

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Health {
    Well,
    /// The connection is cut.
    Gone,
    /// The request is read and never answered.
    Silent,
}

#[derive(Clone, Debug)]
pub struct Sink {
    pub address: SocketAddr,
    pub counted: Arc<Counted>,
}

impl Sink {
    /// Serves in threads of its own until the process ends.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start() -> std::io::Result<Sink> {
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
        Ok(Sink { address, counted })
    }

    pub fn be(&self, health: Health) {
        self.counted.health.store(health as u8, Ordering::SeqCst);
    }

    pub fn documents(&self) -> u64 {
        self.counted.documents.load(Ordering::SeqCst)
    }
}

impl Counted {
    fn is(&self, health: Health) -> bool {
        self.health.load(Ordering::SeqCst) == health as u8
    }
}

fn serve(stream: TcpStream, counted: &Counted) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::with_capacity(1 << 20, stream);
    let (mut body, mut packed) = (Vec::new(), Vec::new());
    loop {
        let head = head(&mut reader)?;
        if counted.is(Health::Gone) {
            return None;
        }
        body.clear();
        packed.clear();
        let into = if head.is_packed { &mut packed } else { &mut body };
        reader.by_ref().take(head.length).read_to_end(into).ok()?;
        if head.is_packed {
            flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut body).ok()?;
        }
        // Who is silent keeps the connection, as a host without power does.
        while counted.is(Health::Silent) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        if counted.is(Health::Gone) {
            return None;
        }
        // The shipper's own account of each minute names its indices itself; it is no line.
        let reply = match head.request.starts_with("POST /_bulk") {
            true => reply(&body).0,
            false if head.request.contains("/_bulk") => bulk(&body, counted),
            false => other(&head.request),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            reply.len()
        );
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(&reply).ok()?;
    }
}

struct Head {
    request: String,
    length: u64,
    is_packed: bool,
}

fn head(reader: &mut BufReader<TcpStream>) -> Option<Head> {
    let mut request = String::new();
    if reader.read_line(&mut request).ok()? == 0 {
        return None;
    }
    let mut head = Head { request, length: 0, is_packed: false };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            return Some(head);
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            head.length = value.trim().parse().ok()?;
        }
        head.is_packed |= name.eq_ignore_ascii_case("content-encoding") && value.trim() == "gzip";
    }
}

fn bulk(body: &[u8], counted: &Counted) -> Vec<u8> {
    let (reply, documents) = reply(body);
    counted.documents.fetch_add(documents, Ordering::SeqCst);
    counted.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
    counted.requests.fetch_add(1, Ordering::Relaxed);
    reply
}

/// The reply to a body, every document stored, in order; and how many there are.
pub fn reply(body: &[u8]) -> (Vec<u8>, u64) {
    let mut reply = br#"{"took":1,"errors":false,"items":["#.to_vec();
    let mut documents = 0;
    let mut rest = body;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let (action, behind) = (&rest[..end], &rest[end + 1..]);
        let source = memchr::memchr(b'\n', behind).map_or(behind.len(), |end| end + 1);
        rest = &behind[source..];
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
    (reply, documents)
}

fn other(request: &str) -> Vec<u8> {
    if request.starts_with("GET / ") {
        return br#"{"version":{"distribution":"opensearch","number":"3.8.0"}}"#.to_vec();
    }
    b"{}".to_vec()
}
