//! Talks to OpenSearch Dashboards: saved objects and settings. It compares nothing and decides nothing.

use super::object::{Kind, Object};
use super::plan::Found;
use crate::certificates::Files;
use crate::config::Config;
use crate::error::{Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

const SETTINGS: &str = "/api/opensearch-dashboards/settings";
/// Any text that is in no saved object's file: JSON escapes every control character.
const BOUNDARY: &str = "correlog-boundary-7d1c5e0a";

pub struct Dashboards {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    basic: Option<(String, String)>,
    /// The tenant whose saved objects are meant, where the security plugin has tenants.
    tenant: Option<String>,
    pub url: String,
}

impl std::fmt::Debug for Dashboards {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dashboards").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Dashboards {
    pub fn connect(config: &Config, url: &str, tenant: Option<&str>) -> Result<Self> {
        let settings = &config.opensearch;
        let mut builder = reqwest::Client::builder()
            .timeout(std::time::Duration::from_secs(60))
            .no_proxy()
            // A redirect would carry the password to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .tls_version_min(reqwest::tls::Version::TLS_1_2);
        if settings.dangerously_accept_any_certificate {
            builder = builder.danger_accept_invalid_certs(true);
        } else if let Some(trusted) = Files::of(settings).trusted()? {
            // Beside the system's: Dashboards may stand elsewhere, with a certificate that everyone trusts.
            builder = builder.tls_certs_merge(trusted.certificates);
        }
        let client = builder
            .build()
            .map_err(|error| Error::usage(format!("no client can be made for {url}: {error}"), ""))?;
        let basic = match (&settings.username, &settings.password_file) {
            (Some(user), Some(file)) => Some((user.clone(), crate::credential::secret(file)?)),
            _ => None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::io("no runtime can be started", "", source))?;
        let tenant = tenant.map(str::to_owned);
        Ok(Self { runtime, client, basic, tenant, url: url.trim_end_matches('/').to_owned() })
    }

    pub fn read(&self, object: &Object) -> Result<Option<Found>> {
        if object.kind == Kind::Setting {
            let (status, body) = self.send(Method::GET, SETTINGS, None)?;
            let value = body.get("settings").and_then(|all| all.get(&object.name)?.get("userValue").cloned());
            self.check(status, &body, &object.name)?;
            return Ok(value.map(|value| Found { body: json!({ "value": value }), token: None }));
        }
        let (status, body) = self.send(Method::GET, &super::store::path(object), None)?;
        if status == 404 {
            return Ok(None);
        }
        self.check(status, &body, &object.name)?;
        Ok(Some(Found { body, token: None }))
    }

    /// Writes one setting; saved objects are imported together by [`Dashboards::import`].
    pub fn write(&self, object: &Object) -> Result<()> {
        match object.kind {
            Kind::Setting => self.change(&object.name, &object.body["value"]),
            _ => self.import(&[object]),
        }
    }

    pub fn delete(&self, object: &Object) -> Result<()> {
        if object.kind == Kind::Setting {
            return self.change(&object.name, &Value::Null);
        }
        let (status, body) = self.send(Method::DELETE, &super::store::path(object), None)?;
        if status == 404 { Ok(()) } else { self.check(status, &body, &object.name) }
    }

    /// Imports saved objects in one request, replacing those of the same id.
    pub fn import(&self, objects: &[&Object]) -> Result<()> {
        if objects.is_empty() {
            return Ok(());
        }
        let lines: String = objects.iter().map(|object| format!("{}\n", object.marked())).collect();
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"correlog.ndjson\"\r\n\
             Content-Type: application/ndjson\r\n\r\n{lines}\r\n--{BOUNDARY}--\r\n"
        );
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let path = "/api/saved_objects/_import?overwrite=true";
        let (status, reply) = self.send(Method::POST, path, Some((content_type, body)))?;
        self.check(status, &reply, "the import")?;
        if reply["success"] == json!(true) {
            return Ok(());
        }
        let failed = reply["errors"].as_array().cloned().unwrap_or_default();
        let name = |error: &Value| format!("{} ({})", text(&error["id"]), text(&error["error"]["type"]));
        let list: Vec<String> = failed.iter().map(name).collect();
        let what = format!("Dashboards imported only {} objects: {}", reply["successCount"], list.join(", "));
        Err(Error::stopped(what, "`correlog setup diff` shows what is there"))
    }

    fn change(&self, name: &str, value: &Value) -> Result<()> {
        let body = json!({ "changes": { name: value } }).to_string();
        let (status, reply) =
            self.send(Method::POST, SETTINGS, Some(("application/json".to_owned(), body)))?;
        self.check(status, &reply, name)
    }

    fn send(&self, method: Method, path: &str, body: Option<(String, String)>) -> Result<(u16, Value)> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.url)).header("osd-xsrf", "true");
        if let Some((user, password)) = &self.basic {
            request = request.basic_auth(user, Some(password));
        }
        if let Some(tenant) = &self.tenant {
            request = request.header("securitytenant", tenant);
        }
        if let Some((content_type, body)) = body {
            request = request.header("content-type", content_type).body(body);
        }
        let work = async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>((status, response.bytes().await?))
        };
        let (status, bytes) = self.runtime.block_on(work).map_err(|error| {
            let hint = "is OpenSearch Dashboards running there? leave --dashboards-url out to do without it";
            Error::unreachable(format!("{} does not answer: {}", self.url, error.without_url()), hint)
        })?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    fn check(&self, status: u16, body: &Value, name: &str) -> Result<()> {
        if (200..300).contains(&status) && !body.is_null() {
            return Ok(());
        }
        let message = text(&body["message"]);
        let what = format!("{} answered {status} for {name}: {message}", self.url);
        Err(Error::stopped(what, "check the address, the user's rights and the base path"))
    }
}

fn text(value: &Value) -> String {
    crate::print::harmless(value.as_str().unwrap_or("unknown"))
}
