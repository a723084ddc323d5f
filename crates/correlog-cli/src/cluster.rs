//! The client of everything but `_bulk`: a thin door over the `opensearch` crate for JSON requests, built from the
//! configuration (addresses, credential files, TLS). It decides nothing about a reply but whether it is JSON.

use crate::config::{Config, OpenSearch as Settings};
use crate::error::{Error, Result};
use opensearch::OpenSearch;
use opensearch::auth::{ClientCertificate, Credentials};
use opensearch::cert::{Certificate, CertificateValidation};
use opensearch::http::headers::{HeaderMap, HeaderValue};
use opensearch::http::transport::{SingleNodeConnectionPool, TransportBuilder};
use opensearch::http::{Method, Url};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A connection for one command: its runtime, its client, its address for messages.
pub struct Cluster {
    runtime: tokio::runtime::Runtime,
    client: OpenSearch,
    /// An API key's header. The crate's own form knows only the older `id:key` pair.
    api_key: Option<HeaderValue>,
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

impl Cluster {
    pub fn connect(config: &Config) -> Result<Self> {
        let settings = &config.opensearch;
        let url = settings.urls.first().cloned().unwrap_or_default();
        let parsed =
            Url::parse(&url).map_err(|error| Error::usage(format!("{url} is no address: {error}"), ""))?;
        let mut builder =
            TransportBuilder::new(SingleNodeConnectionPool::new(parsed)).timeout(TIMEOUT).disable_proxy();
        if let Some(credentials) = credentials(settings)? {
            builder = builder.auth(credentials);
        }
        if settings.dangerously_accept_any_certificate {
            crate::print::note("certificates are not checked: dangerously_accept_any_certificate is on");
            builder = builder.cert_validation(CertificateValidation::None);
        } else if let Some(path) = &settings.ca_file {
            let chain = Certificate::from_pem(&read(path)?).map_err(|error| {
                Error::usage(format!("{} holds no certificate: {error}", path.display()), "")
            })?;
            builder = builder.cert_validation(CertificateValidation::Full(chain));
        }
        let transport = builder.build().map_err(|error| {
            Error::usage(format!("no client can be made for {url}: {error}"), "check opensearch.*")
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::io("no runtime can be started", "", source))?;
        Ok(Self { runtime, client: OpenSearch::new(transport), api_key: api_key(settings)?, url })
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
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        if let Some(key) = &self.api_key {
            headers.insert("authorization", key.clone());
        }
        let body = body.map(bytes::Bytes::from);
        let work = async {
            // The path carries its own query: the typed query argument would encode it a second time.
            let query: Option<&()> = None;
            let response = self.client.transport().send(method, path, headers, query, body, None).await?;
            let status = response.status_code().as_u16();
            Ok::<_, opensearch::Error>((status, response.bytes().await?))
        };
        let (status, bytes) = self.runtime.block_on(work).map_err(|error| self.silent(&error))?;
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

    fn silent(&self, error: &opensearch::Error) -> Error {
        let mut cause: &dyn std::error::Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let hint = "is OpenSearch running there? give its address with --url or opensearch.url";
        Error::unreachable(format!("{} does not answer: {cause}", self.url), hint)
    }

    /// What answers; Elasticsearch and anything older than what the templates need is refused with a sentence.
    pub fn version(&self) -> Result<Version> {
        let reply = self.get("/")?;
        if !reply.ok() {
            let hint = "check username, password_file or api_key_file, and the user's rights";
            return Err(Error::unreachable(format!("{} answered {} to GET /", self.url, reply.status), hint));
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
            return Err(Error::unreachable(
                what,
                "correlog works with OpenSearch 2.12 and later; Elasticsearch is another product",
            ));
        }
        if (major, minor) < OLDEST {
            let what = format!(
                "{} is OpenSearch {number}; correlog needs {}.{} or later",
                self.url, OLDEST.0, OLDEST.1
            );
            return Err(Error::unreachable(
                what,
                "upgrade the cluster: match_only_text and flat_object are needed",
            ));
        }
        Ok(Version { distribution, number })
    }
}

fn credentials(settings: &Settings) -> Result<Option<Credentials>> {
    if let (Some(user), Some(file)) = (&settings.username, &settings.password_file) {
        return Ok(Some(Credentials::Basic(user.clone(), secret(file)?)));
    }
    if let Some(file) = &settings.bearer_token_file {
        return Ok(Some(Credentials::Bearer(secret(file)?)));
    }
    if let (Some(cert), Some(key)) = (&settings.client_cert_file, &settings.client_key_file) {
        let mut pem = read(cert)?;
        pem.extend(read(key)?);
        return Ok(Some(Credentials::Certificate(ClientCertificate::Pem(pem))));
    }
    Ok(None)
}

fn api_key(settings: &Settings) -> Result<Option<HeaderValue>> {
    let Some(file) = &settings.api_key_file else { return Ok(None) };
    let mut value = HeaderValue::from_str(&format!("ApiKey {}", secret(file)?))
        .map_err(|_| Error::usage(format!("{} holds what no header can carry", file.display()), ""))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// A secret from a file that only its owner may read; its last newline is not part of it.
pub fn secret(path: &Path) -> Result<String> {
    use std::os::unix::fs::PermissionsExt;
    let meta = std::fs::metadata(path).map_err(|source| unreadable(path, source))?;
    if meta.permissions().mode() & 0o077 != 0 {
        let what = format!("{} can be read by others than its owner", path.display());
        return Err(Error::usage(what, format!("chmod 600 {}", path.display())));
    }
    let text = String::from_utf8(read(path)?)
        .map_err(|_| Error::usage(format!("{} is not UTF-8 text", path.display()), ""))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| unreadable(path, source))
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::io(format!("{} cannot be read", path.display()), "check the path and the permissions", source)
}
