//! The client of everything but `_bulk`: a thin door over the `opensearch` crate for JSON requests, built from the
//! configuration (addresses, credential files, TLS). It decides nothing about a reply but whether it is JSON.

use crate::certificates::Files;
use crate::config::{Config, OpenSearch as Settings};
use crate::credential::Credential;
use crate::error::{Error, Result};
use opensearch::OpenSearch;
use opensearch::auth::{ClientCertificate, Credentials};
use opensearch::cert::{Certificate, CertificateValidation};
use opensearch::http::headers::{HeaderMap, HeaderValue};
use opensearch::http::transport::{SingleNodeConnectionPool, TransportBuilder};
use opensearch::http::{Method, Url};
use serde_json::Value;
use std::cell::Cell;
use std::time::Duration;

/// A connection for one command: its runtime, a client for each address, the first address for messages.
pub struct Cluster {
    runtime: tokio::runtime::Runtime,
    /// In the order of the configuration; not empty.
    clients: Vec<OpenSearch>,
    /// The one that answered last.
    current: Cell<usize>,
    /// Of any kind but a certificate. The crate's own form is read once, and knows only the older form of API keys.
    credential: Credential,
    pub url: String,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A reply: its status and its JSON (`Null` when the body is empty).
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    pub const fn ok(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// OpenSearch's own name of the error (`error.type`), never its text, which may hold content.
    pub fn error_type(&self) -> &str {
        self.body.pointer("/error/type").and_then(Value::as_str).unwrap_or("unknown")
    }
}

/// What answers at the address, from `GET /`.
#[derive(Clone, Debug)]
pub struct Version {
    pub distribution: String,
    pub number: String,
}

const TIMEOUT: Duration = Duration::from_secs(60);
/// The first version with `match_only_text`, which the templates need.
const OLDEST: (u64, u64) = (2, 12);

/// Why what answers at the address will not do.
#[derive(Debug)]
pub enum Unfit {
    /// It may be otherwise in a moment: nothing answers, or a status that is none of its own.
    Now(Error),
    /// It will not change by waiting: another product, or a version that is too old.
    Never(Error),
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Now(error) | Unfit::Never(error) => error,
        }
    }
}

impl Cluster {
    pub fn connect(config: &Config) -> Result<Self> {
        let settings = &config.opensearch;
        if settings.dangerously_accept_any_certificate {
            crate::print::note("certificates are not checked: dangerously_accept_any_certificate is on");
        }
        let clients = settings.urls.iter().map(|url| client(url, settings)).collect::<Result<Vec<_>>>()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::io("no runtime can be started", "", source))?;
        let (credential, current) = (Credential::new(settings)?, Cell::new(0));
        let url = settings.urls.first().cloned().unwrap_or_default();
        Ok(Self { runtime, clients, current, credential, url })
    }

    /// One request with a JSON body. A reply of any status is a reply; only silence is an error.
    pub fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Reply> {
        let text = body.map(Value::to_string);
        self.send_raw(method, path, "application/json", text.map(String::into_bytes))
    }

    pub fn get(&self, path: &str) -> Result<Reply> {
        self.send(Method::Get, path, None)
    }

    /// One request with a body of another type (NDJSON).
    pub fn send_raw(
        &self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Option<Vec<u8>>,
    ) -> Result<Reply> {
        let body = body.map(bytes::Bytes::from);
        let first = self.current.get();
        let mut answer = self.ask(first, method, path, content_type, body.clone());
        for step in 1..self.clients.len() {
            // Only what did not reach anybody goes to the next address.
            if !answer.as_ref().is_err_and(|failure| failure.unheard) {
                break;
            }
            let next = (first + step) % self.clients.len();
            answer = self.ask(next, method, path, content_type, body.clone());
            if answer.is_ok() {
                self.current.set(next);
            }
        }
        let (status, bytes) = answer.map_err(|failure| failure.error)?;
        if status == 401 {
            self.credential.forget();
        }
        if bytes.is_empty() {
            return Ok(Reply { status, body: Value::Null });
        }
        let body = serde_json::from_slice(&bytes).map_err(|_| {
            let hint = "is this address OpenSearch itself, or a proxy or login page in front of it?";
            Error::unreachable(
                format!("{} answered {status} with something that is not JSON", self.url),
                hint,
            )
        })?;
        Ok(Reply { status, body })
    }

    fn ask(
        &self,
        at: usize,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: Option<bytes::Bytes>,
    ) -> std::result::Result<(u16, bytes::Bytes), Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        if let Some(header) = self.credential.header().map_err(|error| Failure { error, unheard: false })? {
            headers.insert("authorization", header);
        }
        let work = async {
            // The path carries its own query: the typed query argument would encode it a second time.
            let query: Option<&()> = None;
            let response =
                self.clients[at].transport().send(method, path, headers, query, body, None).await?;
            let status = response.status_code().as_u16();
            Ok::<_, opensearch::Error>((status, response.bytes().await?))
        };
        self.runtime.block_on(work).map_err(|error| self.silent(&error))
    }

    fn silent(&self, error: &opensearch::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        let mut unheard = false;
        while let Some(deeper) = cause.source() {
            cause = deeper;
            unheard |= cause.downcast_ref().is_some_and(reqwest::Error::is_connect);
        }
        let hint = "is OpenSearch running there? give its address with --url or opensearch.url";
        let what = format!("{} does not answer: {cause}", self.addresses());
        Failure { error: Error::unreachable(what, hint), unheard }
    }

    fn addresses(&self) -> String {
        match self.clients.len() {
            1 => self.url.clone(),
            count => format!("none of {count} addresses ({}, …)", self.url),
        }
    }

    /// What answers; Elasticsearch and anything older than what the templates need is refused with a sentence.
    pub fn version(&self) -> std::result::Result<Version, Unfit> {
        let reply = self.get("/").map_err(Unfit::Now)?;
        if !reply.ok() {
            let hint = "check username, password_file or api_key_file, and the user's rights";
            let what = format!("{} answered {} to GET /", self.url, reply.status);
            return Err(Unfit::Now(Error::unreachable(what, hint)));
        }
        let text = |pointer: &str| {
            reply.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (distribution, number) = (text("/version/distribution"), text("/version/number"));
        let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
        let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if distribution != "opensearch" {
            let what = format!(
                "{} is not OpenSearch (it says distribution {distribution:?}, version {number:?})",
                self.url
            );
            let hint = "correlog works with OpenSearch 2.12 and later; Elasticsearch is another product";
            return Err(Unfit::Never(Error::unreachable(what, hint)));
        }
        if (major, minor) < OLDEST {
            let what = format!(
                "{} is OpenSearch {number}; correlog needs {}.{} or later",
                self.url, OLDEST.0, OLDEST.1
            );
            let hint = "upgrade the cluster: match_only_text and flat_object are needed";
            return Err(Unfit::Never(Error::unreachable(what, hint)));
        }
        Ok(Version { distribution, number })
    }
}

/// No answer, and whether the request certainly reached nobody.
struct Failure {
    error: Error,
    unheard: bool,
}

fn client(url: &str, settings: &Settings) -> Result<OpenSearch> {
    let parsed =
        Url::parse(url).map_err(|error| Error::usage(format!("{url} is no address: {error}"), ""))?;
    let mut builder =
        TransportBuilder::new(SingleNodeConnectionPool::new(parsed)).timeout(TIMEOUT).disable_proxy();
    let files = Files::of(settings);
    if let Some(own) = files.own()? {
        builder = builder.auth(Credentials::Certificate(ClientCertificate::Pem(own.pem)));
    }
    if settings.dangerously_accept_any_certificate {
        builder = builder.cert_validation(CertificateValidation::None);
    } else if let Some(trusted) = files.trusted()? {
        let chain = Certificate::from_pem(&trusted.pem)
            .map_err(|error| Error::usage(format!("opensearch.ca_file cannot be used: {error}"), ""))?;
        builder = builder.cert_validation(CertificateValidation::Full(chain));
    }
    let transport = builder.build().map_err(|error| {
        Error::usage(format!("no client can be made for {url}: {error}"), "check opensearch.*")
    })?;
    Ok(OpenSearch::new(transport))
}
