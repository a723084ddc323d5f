//! The HTTP client: TLS, time limits, sockets. One client and its pool live until a certificate file changes.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::tls::Version;
use reqwest::{Client, ClientBuilder, redirect, retry};

use crate::certificates::Files;
use crate::config::OpenSearch;
use crate::credential::Stamp;
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
    files: Files,
    accept_any: bool,
    known: Mutex<Option<(Vec<Stamp>, Client)>>,
}

impl Clients {
    pub fn new(settings: &OpenSearch) -> Result<Self> {
        let clients = Self {
            files: Files::of(settings),
            accept_any: settings.dangerously_accept_any_certificate,
            known: Mutex::new(None),
        };
        clients.get()?;
        Ok(clients)
    }

    /// The client that fits the files as they are now.
    pub fn get(&self) -> Result<Client> {
        let stamps = self.files.stamps()?;
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
        if self.files.has_own() {
            *self.known.lock().expect("no panic while it is held") = None;
        }
    }

    fn build(&self) -> Result<Client> {
        let mut builder = base(IDLE_MAX, FreshLookup);
        if let Some(trusted) = self.files.trusted()? {
            builder = builder.tls_certs_only(trusted.certificates);
        }
        if let Some(own) = self.files.own()? {
            builder = builder.identity(own.identity);
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
