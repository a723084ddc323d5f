//! The certificate files of the configuration, read and checked in one place for every client there is: `_bulk`'s own,
//! the `opensearch` crate's, the one for Dashboards. How a client verifies with them is the client's.

use std::path::{Path, PathBuf};

use reqwest::tls::{Certificate, Identity};

use crate::config::OpenSearch;
use crate::credential::{Stamp, secret, stamp, unreadable};
use crate::error::{Error, Result};

/// Where they are.
#[derive(Clone, Debug)]
pub struct Files {
    ca: Option<PathBuf>,
    /// Certificate and key.
    identity: Option<(PathBuf, PathBuf)>,
}

/// Those to trust instead of the system's; at least one.
pub struct Trusted {
    pub pem: Vec<u8>,
    pub certificates: Vec<Certificate>,
}

/// Our own, with its key: never shown, so neither form has a `Debug` of ours.
pub struct Own {
    pub pem: Vec<u8>,
    pub identity: Identity,
}

impl Files {
    pub fn of(settings: &OpenSearch) -> Self {
        let identity = settings.client_cert_file.clone().zip(settings.client_key_file.clone());
        Self { ca: settings.ca_file.clone(), identity }
    }

    pub const fn has_own(&self) -> bool {
        self.identity.is_some()
    }

    /// What changes when one of the files does.
    pub fn stamps(&self) -> Result<Vec<Stamp>> {
        let identity = self.identity.iter().flat_map(|(cert, key)| [cert, key]);
        let files = self.ca.iter().chain(identity);
        files.map(|file| stamp(file).map_err(|source| unreadable(file, source))).collect()
    }

    pub fn trusted(&self) -> Result<Option<Trusted>> {
        let Some(file) = &self.ca else { return Ok(None) };
        let pem = read(file)?;
        let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| no_certificate(file))?;
        if certificates.is_empty() {
            return Err(no_certificate(file));
        }
        Ok(Some(Trusted { pem, certificates }))
    }

    pub fn own(&self) -> Result<Option<Own>> {
        let Some((cert, key)) = &self.identity else { return Ok(None) };
        let mut pem = read(cert)?;
        pem.push(b'\n');
        pem.extend_from_slice(secret(key)?.as_bytes());
        let identity = Identity::from_pem(&pem).map_err(|_| no_certificate(cert))?;
        Ok(Some(Own { pem, identity }))
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|source| unreadable(file, source))
}

fn no_certificate(file: &Path) -> Error {
    Error::usage(format!("{} holds no certificate that can be used", file.display()), "PEM is expected")
}
