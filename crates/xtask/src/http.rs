//! Small JSON requests for the demo and the tests. Any status is an answer; only silence is an error.

use crate::exec::Result;
use serde_json::Value;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A node that is silent for longer does not answer; only work that is known to be long may take more (`within`).
const LIMIT: Duration = Duration::from_secs(60);

/// One request; `body` is sent as it is.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Result<Answer> {
    within(LIMIT, method, url, headers, body)
}

/// One request that may take as long as `limit`, such as the merge of an index.
pub fn within(
    limit: Duration,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Result<Answer> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(limit)).http_status_as_error(false).build().into();
    let mut builder = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let request = builder.body(body.unwrap_or_default().to_owned()).map_err(|error| error.to_string())?;
    let mut response = agent.run(request).map_err(|error| format!("{method} {url}: {error}"))?;
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let text = response
        .body_mut()
        .with_config()
        .limit(512 << 20)
        .read_to_string()
        .map_err(|error| error.to_string())?;
    Ok(Answer { status: response.status().as_u16(), headers, text })
}

pub fn get(url: &str) -> Result<Answer> {
    request("GET", url, &[], None)
}

pub fn post(url: &str, body: &Value) -> Result<Answer> {
    send("POST", url, body)
}

pub fn put(url: &str, body: &Value) -> Result<Answer> {
    send("PUT", url, body)
}

fn send(method: &str, url: &str, body: &Value) -> Result<Answer> {
    request(method, url, &[("content-type", "application/json")], Some(&body.to_string()))
}
