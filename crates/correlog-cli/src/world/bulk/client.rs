//! The HTTP client: TLS, time limits, sockets. One client and its pool live until a certificate file changes.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::tls::{Certificate, Identity, Version};
use reqwest::{Client, ClientBuilder, redirect, retry};

use crate::config::OpenSearch;
use crate::credential::{Stamp, secret, stamp};
use crate::error::{Error, Result};

/// Load balancers drop idle connections after 60 s and more, some without a word; ours go first.
const IDLE_MAX: Duration = Duration::from_secs(20);
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A peer that acknowledges nothing for this long is gone: the kernel ends the connection, whatever is queued.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(20);
const KEEPALIVE: Duration = Duration::from_secs(15);
const _: () = assert!(IDLE_MAX.as_secs() < 60, "load balancers would be first");

#[derive(Debug)]
pub struct Clients {
    ca_file: Option<PathBuf>,
    /// Certificate and key.
    identity: Option<(PathBuf, PathBuf)>,
    accept_any: bool,
    known: Mutex<Option<(Vec<Stamp>, Client)>>,
}

impl Clients {
    pub fn new(settings: &OpenSearch) -> Result<Self> {
        let clients = Self {
            ca_file: settings.ca_file.clone(),
            identity: settings.client_cert_file.clone().zip(settings.client_key_file.clone()),
            accept_any: settings.dangerously_accept_any_certificate,
            known: Mutex::new(None),
        };
        clients.get()?;
        Ok(clients)
    }

    /// The client that fits the files as they are now.
    pub fn get(&self) -> Result<Client> {
        let identity = self.identity.iter().flat_map(|(cert, key)| [cert, key]);
        let files: Vec<&PathBuf> = self.ca_file.iter().chain(identity).collect();
        let stamps = files
            .iter()
            .map(|file| stamp(file).map_err(|source| unreadable(file, source)))
            .collect::<Result<Vec<_>>>()?;
        let mut known = self.known.lock().expect("no panic while it is held");
        if let Some((_, client)) = known.as_ref().filter(|(then, _)| *then == stamps) {
            return Ok(client.clone());
        }
        let client = self.build()?;
        *known = Some((stamps, client.clone()));
        Ok(client)
    }

    /// The next request builds a new one.
    pub fn forget(&self) {
        if self.identity.is_some() {
            *self.known.lock().expect("no panic while it is held") = None;
        }
    }

    fn build(&self) -> Result<Client> {
        let mut builder = base(IDLE_MAX, FreshLookup);
        if let Some(file) = &self.ca_file {
            let pem = std::fs::read(file).map_err(|source| unreadable(file, source))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| no_certificate(file))?;
            if certificates.is_empty() {
                return Err(no_certificate(file));
            }
            builder = builder.tls_certs_only(certificates);
        }
        if let Some((cert, key)) = &self.identity {
            let mut pem = std::fs::read(cert).map_err(|source| unreadable(cert, source))?;
            pem.push(b'\n');
            pem.extend_from_slice(secret(key)?.as_bytes());
            builder = builder.identity(Identity::from_pem(&pem).map_err(|_| no_certificate(cert))?);
        }
        if self.accept_any {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        builder.build().map_err(|_| {
            Error::usage(
                "no client can be made of opensearch.ca_file and client_cert_file",
                "check both files",
            )
        })
    }
}

/// What holds for every client, whoever answers. Tests pass a shorter idle time and a resolver that changes its mind.
pub fn base(idle_max: Duration, resolver: impl Resolve + 'static) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("correlog/", env!("CARGO_PKG_VERSION")))
        // A redirect would carry the credential to wherever it points.
        .redirect(redirect::Policy::none())
        // Whether a request may be sent again is the judge's decision alone.
        .retry(retry::never())
        .no_proxy()
        .http1_only()
        .dns_resolver(resolver)
        .connect_timeout(CONNECT_MAX)
        .pool_idle_timeout(idle_max)
        .tcp_keepalive(KEEPALIVE)
        .tcp_user_timeout(UNACKNOWLEDGED_MAX)
        .tcp_nodelay(true)
        .tls_version_min(Version::TLS_1_2)
}

fn no_certificate(file: &Path) -> Error {
    Error::usage(format!("{} holds no certificate that can be used", file.display()), "PEM is expected")
}

fn unreadable(file: &Path, source: std::io::Error) -> Error {
    Error::io(format!("{} cannot be read", file.display()), "check the path and the permissions", source)
}

/// A name has no address, as a type: what is known by type needs no matching of texts.
#[derive(Debug)]
pub struct NoAddress;

impl std::fmt::Display for NoAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name has no address")
    }
}

impl std::error::Error for NoAddress {}

/// The system's resolver, asked for every connection: no address outlives a move of the cluster.
#[derive(Debug)]
pub struct FreshLookup;

impl Resolve for FreshLookup {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| NoAddress)?;
            let found: Vec<_> = found.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
