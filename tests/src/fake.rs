//! A small HTTP server whose answers a test decides, for servers that cannot be had here (Elasticsearch, OpenSearch
//! Dashboards) and for what stands before one that can. One request a connection; it stands for nobody's protocol but HTTP's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use xtask::http;

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// With its query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Serves until the process ends; answers the address. The handler answers status and JSON.
pub fn serve(handler: impl Fn(&Request) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away mid-request is its own business.
            let _ = answer(&stream, &handler);
        }
    });
    url
}

/// What the server at `url` answers to this request, for a handler that stands before it and answers some itself.
///
/// # Panics
/// When that server does not answer.
pub fn forward(url: &str, request: &Request) -> (u16, String) {
    let kind = request.header("content-type").unwrap_or("application/json");
    let url = format!("{url}{}", request.path);
    let answer = http::request(&request.method, &url, &[("content-type", kind)], Some(&request.body));
    let answer = answer.expect("the server behind answers");
    (answer.status, answer.text)
}

fn answer(stream: &TcpStream, handler: &impl Fn(&Request) -> (u16, String)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, path, headers, body: String::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    let (status, text) = handler(&request);
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    stream.write_all(text.as_bytes())
}
