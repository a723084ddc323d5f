//! The sockets: a thread a connection, the few other requests a shipper makes, and the door for those who script it.
//!
//! `POST /_lying/tell?kind=K&place=P`, `/_lying/random?seed=S&one_in=N`, `/_lying/key?key=K`,
//! `/_lying/outage?on=1`, `/_lying/dump?file=F`, and `GET
//! /_lying/documents` (one JSON object a line), `/_lying/counts`.

use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::http::{self, Request};
use crate::kinds::{Place, Wire, named};
use crate::liar::{Liar, Lie, Reply};

/// A server in this process. Its threads live as long as the process.
#[derive(Clone, Debug)]
pub struct Server {
    pub address: SocketAddr,
    liar: Arc<Mutex<Liar>>,
}

impl Server {
    /// Listens at `address` (port 0 for a free one).
    pub fn start(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let server = Self { address: listener.local_addr()?, liar: Arc::default() };
        let liar = server.liar.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let liar = liar.clone();
                std::thread::spawn(move || serve(stream, &liar));
            }
        });
        Ok(server)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The state, between two requests.
    pub fn liar(&self) -> MutexGuard<'_, Liar> {
        lock(&self.liar)
    }
}

fn lock(liar: &Mutex<Liar>) -> MutexGuard<'_, Liar> {
    liar.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A broken connection is the client's business; it ends the thread and nothing else.
fn serve(stream: TcpStream, liar: &Mutex<Liar>) {
    let _ = stream.set_nodelay(true);
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = http::read(&mut reader) {
        let reply = answer(&request, liar);
        if !matches!(http::write(&mut writer, &reply), Ok(true)) {
            return;
        }
    }
}

fn answer(request: &Request, liar: &Mutex<Liar>) -> Reply {
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    if parts[0] == "_lying" {
        return door(request, &parts, &mut lock(liar));
    }
    let mut liar = lock(liar);
    if liar.outage {
        return Reply { wire: Some(Wire::Close), ..plain(503, String::new()) };
    }
    if liar.key.is_some() && liar.key != request.authorization {
        return plain(401, String::new());
    }
    match parts[..] {
        [index, "_bulk"] => liar.bulk(index, &String::from_utf8_lossy(&request.body)),
        [index, "_mget"] => {
            let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let ids = asked["ids"].as_array().cloned().unwrap_or_default();
            let docs: Vec<Value> =
                ids.iter().map(|id| liar.store.found(index, id.as_str().unwrap_or_default())).collect();
            plain(200, json!({ "docs": docs }).to_string())
        }
        [""] => plain(200, version()),
        [.., "_refresh"] => plain(200, "{}".to_owned()),
        _ => {
            plain(404, json!({"error": {"type": "resource_not_found_exception"}, "status": 404}).to_string())
        }
    }
}

fn version() -> String {
    json!({"name": "liar", "cluster_name": "liar", "version": {"distribution": "opensearch", "number": "3.8.0"}})
        .to_string()
}

fn plain(status: u16, body: String) -> Reply {
    Reply { status, body: body.into_bytes(), wire: None, place: Place::First }
}

fn door(request: &Request, parts: &[&str], liar: &mut Liar) -> Reply {
    let value = |name: &str| {
        let pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next()
    };
    let number = |name: &str| value(name).and_then(|text| text.parse().ok()).unwrap_or(0);
    match parts.get(1).copied().unwrap_or_default() {
        "tell" => {
            let kind = value("kind").and_then(|name| named(&name));
            let place = value("place").and_then(|name| Place::named(&name)).unwrap_or(Place::First);
            match kind {
                Some(kind) => liar.tell(Lie::new(kind, place)),
                None => return plain(400, "no such kind\n".to_owned()),
            }
        }
        "random" => liar.lie_at_random(number("seed"), number("one_in")),
        "key" => liar.key = value("key").map(|key| key.replace("%20", " ")),
        "counts" => return plain(200, counts(liar)),
        "documents" => return plain(200, documents(liar)),
        "dump" => {
            let file = value("file").unwrap_or_default();
            if let Err(error) = std::fs::write(&file, documents(liar)) {
                return plain(500, format!("{file}: {error}\n"));
            }
        }
        "outage" => liar.outage = number("on") == 1,
        _ => return plain(404, "tell, random, key, counts or documents\n".to_owned()),
    }
    plain(200, "{}\n".to_owned())
}

fn counts(liar: &Liar) -> String {
    json!({
        "documents": liar.store.documents.len(), "requests": liar.requests, "lies": liar.lies_told,
        "changed": liar.store.changed,
    })
    .to_string()
}

fn documents(liar: &Liar) -> String {
    let mut out = String::new();
    for ((index, id), stored) in &liar.store.documents {
        let head = json!({"index": index, "id": id, "writes": stored.writes}).to_string();
        out.push_str(&head[..head.len() - 1]);
        out.push_str(",\"source\":");
        out.push_str(&stored.source);
        out.push_str("}\n");
    }
    out
}
