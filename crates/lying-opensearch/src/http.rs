//! As much HTTP/1.1 as a bulk client speaks, byte by byte, so that it can be broken at any byte.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::kinds::{Place, Wire};
use crate::liar::Reply;

#[derive(Debug)]
pub struct Request {
    /// Without the query.
    pub path: String,
    pub query: String,
    pub authorization: Option<String>,
    pub body: Vec<u8>,
}

const BODY_MAX_BYTES: usize = 256 << 20;

/// The next request; `None` when the client closed.
pub fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut first = String::new();
    if stream.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split_whitespace();
    let target = words.nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (mut length, mut gzip, mut authorization) = (0, false, None);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = value.parse::<usize>().unwrap_or(0).min(BODY_MAX_BYTES),
            ("content-encoding", "gzip") => gzip = true,
            ("authorization", value) => authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    if gzip {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(body.as_slice()).read_to_end(&mut plain)?;
        body = plain;
    }
    let (path, query) = (path.to_owned(), query.to_owned());
    Ok(Some(Request { path, query, authorization, body }))
}

/// Answers; `false` when the connection is at its end.
pub fn write(stream: &mut TcpStream, reply: &Reply) -> io::Result<bool> {
    let location = if (300..400).contains(&reply.status) { "Location: http://127.0.0.1:1/\r\n" } else { "" };
    let retry = if matches!(reply.status, 429 | 503) { "Retry-After: 1\r\n" } else { "" };
    let start =
        format!("HTTP/1.1 {} Said\r\nContent-Type: application/json\r\n{location}{retry}", reply.status);
    let head = format!("{start}Content-Length: {}\r\n\r\n", reply.body.len());
    let whole = [head.as_bytes(), &reply.body].concat();
    let Some(wire) = reply.wire else {
        stream.write_all(&whole)?;
        return Ok(true);
    };
    let body = &reply.body;
    match wire {
        Wire::CloseUnread | Wire::Close => {}
        Wire::Reset => {
            let _ = rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO));
            return Ok(false);
        }
        Wire::Cut => stream.write_all(&whole[..cut(reply.place, head.len(), whole.len())])?,
        Wire::ChunksWithoutEnd => {
            write!(stream, "{start}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len())?;
            stream.write_all(body)?;
            stream.write_all(b"\r\n")?;
        }
        Wire::TooShort => {
            write!(stream, "{start}Content-Length: {}\r\n\r\n", body.len() + 9)?;
            stream.write_all(body)?;
        }
        Wire::BadGzip => {
            write!(stream, "{start}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len())?;
            stream.write_all(body)?;
        }
        Wire::Hang => wait_for_close(stream),
        Wire::HangInside => {
            stream.write_all(&whole[..head.len() + body.len() / 2])?;
            wait_for_close(stream);
        }
        Wire::Dribble => {
            for byte in whole.chunks(whole.len() / 10 + 1) {
                stream.write_all(byte)?;
                std::thread::sleep(Duration::from_millis(2));
            }
            return Ok(true);
        }
        Wire::Delay => {
            std::thread::sleep(Duration::from_millis(20));
            stream.write_all(&whole)?;
            return Ok(true);
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
    Ok(false)
}

const fn cut(place: Place, head: usize, whole: usize) -> usize {
    match place {
        Place::First => 9,
        Place::Middle => head - 4,
        Place::Last => whole - 1,
    }
}

/// Until the client gives up.
fn wait_for_close(stream: &mut TcpStream) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte), Ok(count) if count > 0) {}
}
