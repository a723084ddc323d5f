//! The `Authorization` header, from a file that only its owner may read; read again when the file changes and when
//! the server refuses it. The secret is in the header value alone, which shows itself to nobody.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use crate::config::OpenSearch;
use crate::error::{Error, Result};

#[derive(Debug)]
pub struct Credential {
    kind: Kind,
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
enum Kind {
    None,
    Basic { user: String, file: PathBuf },
    ApiKey(PathBuf),
    Bearer(PathBuf),
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    header: HeaderValue,
}

/// What changes when a file is replaced or written.
pub type Stamp = (u64, u64, i64, i64);

pub fn stamp(path: &Path) -> std::io::Result<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(path)?;
    Ok((meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))
}

impl Credential {
    pub fn new(settings: &OpenSearch) -> Result<Self> {
        let kind = match (&settings.username, &settings.password_file) {
            (Some(user), Some(file)) => Kind::Basic { user: user.clone(), file: file.clone() },
            _ => match (&settings.api_key_file, &settings.bearer_token_file) {
                (Some(file), _) => Kind::ApiKey(file.clone()),
                (None, Some(file)) => Kind::Bearer(file.clone()),
                (None, None) => Kind::None,
            },
        };
        let credential = Self { kind, known: Mutex::new(None) };
        credential.header()?;
        Ok(credential)
    }

    /// The header to send, `None` where no credential is configured.
    pub fn header(&self) -> Result<Option<HeaderValue>> {
        let Some(file) = self.file() else { return Ok(None) };
        let now = stamp(file).map_err(|source| unreadable(file, source))?;
        let mut known = self.known.lock().expect("no panic while it is held");
        if let Some(known) = known.as_ref().filter(|known| known.stamp == now) {
            return Ok(Some(known.header.clone()));
        }
        let header = self.read(file)?;
        *known = Some(Known { stamp: now, header: header.clone() });
        Ok(Some(header))
    }

    /// The server refused it: the next request reads the file whatever its stamp says.
    pub fn forget(&self) {
        *self.known.lock().expect("no panic while it is held") = None;
    }

    fn file(&self) -> Option<&Path> {
        match &self.kind {
            Kind::None => None,
            Kind::Basic { file, .. } | Kind::ApiKey(file) | Kind::Bearer(file) => Some(file),
        }
    }

    fn read(&self, file: &Path) -> Result<HeaderValue> {
        let secret = secret(file)?;
        let text = match &self.kind {
            Kind::None => String::new(),
            Kind::Basic { user, .. } => format!("Basic {}", STANDARD.encode(format!("{user}:{secret}"))),
            Kind::ApiKey(_) => format!("ApiKey {secret}"),
            Kind::Bearer(_) => format!("Bearer {secret}"),
        };
        let mut header = HeaderValue::from_str(&text).map_err(|_| {
            Error::usage(
                format!("{} holds what no header can carry", file.display()),
                "one line of plain text",
            )
        })?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// A secret from a file that only its owner may read; its last newline is not part of it.
pub fn secret(path: &Path) -> Result<String> {
    use std::os::unix::fs::PermissionsExt;
    let meta = std::fs::metadata(path).map_err(|source| unreadable(path, source))?;
    if meta.permissions().mode() & 0o077 != 0 {
        let what = format!("{} can be read by others than its owner", path.display());
        return Err(Error::usage(what, format!("chmod 600 {}", path.display())));
    }
    let bytes = std::fs::read(path).map_err(|source| unreadable(path, source))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::usage(format!("{} is not UTF-8 text", path.display()), ""))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

pub fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::io(format!("{} cannot be read", path.display()), "check the path and the permissions", source)
}
