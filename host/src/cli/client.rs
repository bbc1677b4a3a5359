//! Speaks HTTP to a running host, through the same egress module as everything else.

use super::serve::ADMIN_KEY_FILE;
use super::{Common, Failure};
use crate::config::Config;
use app::ports::outbound::{Outbound as _, OutboundRequest, OutboundResponse, Purpose, read_body};
use bytes::Bytes;
use egress::{Egress, Rules};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};
use vault::secret_file;

/// A plain answer comes within this; streams send a comment each 15 s.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The host takes its time for a submit with a large project and for a replay; whoever asks waits longer than that.
const LONG_TIMEOUT: Duration = api::LONGEST_ANSWER.saturating_add(Duration::from_secs(10));
/// The key for the host that `--url` or `SKEP_URL` names.
const KEY_VARIABLE: &str = "SKEP_API_KEY";
/// Larger than any answer of the API.
const LIMIT: u64 = 256 << 20;

/// A host and the key for it.
pub(crate) struct Client {
    base: Url,
    key: Option<String>,
    egress: Egress,
}

impl Client {
    /// `--url`, `SKEP_URL`, or the host that runs on the data directory.
    pub(crate) fn new(common: &Common) -> Result<Self, Failure> {
        let config = common.config()?;
        let text = common
            .url
            .clone()
            .or_else(|| std::env::var("SKEP_URL").ok())
            .map_or_else(|| running_host(&config), Ok)?;
        let base =
            Url::parse(&text).map_err(|error| Failure::new(format!("url {text:?} is not valid: {error}")))?;
        let is_own = is_running_host(&config, &base);
        let key = match common.key.clone().or_else(|| std::env::var(KEY_VARIABLE).ok()) {
            Some(key) => Some(key),
            // The keys of this data directory are for the host that runs on it, and for nobody else who is named.
            None if is_own => match config.admin_key.clone() {
                Some(key) => Some(key),
                None => kept_key(&config)?,
            },
            None => None,
        };
        if key.is_some() && !is_own && !is_private(&base) {
            return Err(Failure::new(format!(
                "{base} is plain http to another machine, where everybody on the way would read the key: use https, or a tunnel to a port of this machine"
            )));
        }
        // The person named this host, so it may be anywhere, loopback included.
        let rules = Rules { model_urls: vec![base.clone()], ..Rules::default() };
        Ok(Self { base, key, egress: Egress::new(Arc::new(rules)) })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.json("GET", path, None, None).await
    }

    /// Submits and replays.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> Result<Value, Failure> {
        self.json("POST", path, Some(body), idempotency_key).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.json("PUT", path, Some(body), None).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.json("PATCH", path, Some(body), None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.json("DELETE", path, None, None).await
    }

    /// The bytes of a file.
    pub(crate) async fn get_bytes(&self, path: &str) -> Result<Bytes, Failure> {
        let response = self.send("GET", path, None, &[]).await?;
        let status = response.status;
        let bytes = read_body(response.body).await.map_err(|error| self.unreachable(&error.message))?;
        if status == 200 {
            return Ok(bytes);
        }
        Err(refused(status, &serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// Write the bytes of a file.
    pub(crate) async fn put_bytes(&self, path: &str, bytes: Bytes) -> Result<Value, Failure> {
        let body = Some(("application/octet-stream", bytes));
        let response = self.send_bytes("PUT", path, body, &[]).await?;
        let status = response.status;
        let bytes = read_body(response.body).await.map_err(|error| self.unreachable(&error.message))?;
        accepted(status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// POST to a path that names no user: with an admin key as that user, with any other key as its own.
    pub(crate) async fn post_as(&self, user: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let (status, value) = self.answer("POST", path, Some(body), &[]).await?;
        if status != 404 {
            return accepted(status, value);
        }
        let act_as = [("x-skep-user".to_owned(), user.to_owned())];
        let (status, value) = self.answer("POST", path, Some(body), &act_as).await?;
        accepted(status, value)
    }

    /// A request to a path that names no user, as this user. It counts with an admin key only; any other key is its user.
    pub(crate) async fn act_as(
        &self,
        user: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let act_as = [("x-skep-user".to_owned(), user.to_owned())];
        let (status, value) = self.answer(method, path, body, &act_as).await?;
        accepted(status, value)
    }

    /// All pages of a list; `key` is where its items are.
    pub(crate) async fn all(&self, path: &str, key: &str) -> Result<Vec<Value>, Failure> {
        let (mut items, mut query) = (Vec::new(), "?limit=200".to_owned());
        loop {
            let page = self.get(&format!("{path}{query}")).await?;
            items.extend(page.get(key).and_then(Value::as_array).into_iter().flatten().cloned());
            match page.get("nextCursor").and_then(Value::as_str) {
                Some(cursor) => query = format!("?limit=200&cursor={}", encoded(cursor)),
                None => return Ok(items),
            }
        }
    }

    async fn json(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        idempotency_key: Option<&str>,
    ) -> Result<Value, Failure> {
        let extra: Vec<_> =
            idempotency_key.map(|key| ("idempotency-key".to_owned(), key.to_owned())).into_iter().collect();
        let (status, value) = match self.answer(method, path, body, &extra).await {
            // The same key, so that the host answers what it has done, should it have done it.
            Err(_) if idempotency_key.is_some() => self.answer(method, path, body, &extra).await?,
            answer => answer?,
        };
        accepted(status, value)
    }

    async fn answer(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        extra: &[(String, String)],
    ) -> Result<(u16, Value), Failure> {
        let response = self.send(method, path, body, extra).await?;
        let bytes = read_body(response.body).await.map_err(|error| self.unreachable(&error.message))?;
        let value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Ok((response.status, value))
    }

    /// Open an event stream.
    pub(crate) async fn stream(
        &self,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Result<OutboundResponse, Failure> {
        self.events("GET", path, None, last_event_id).await
    }

    /// Ask for something that is answered by an event stream.
    pub(crate) async fn post_stream(&self, path: &str, body: &Value) -> Result<OutboundResponse, Failure> {
        self.events("POST", path, Some(body), None).await
    }

    async fn events(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        last_event_id: Option<&str>,
    ) -> Result<OutboundResponse, Failure> {
        let mut headers = vec![("accept".to_owned(), "text/event-stream".to_owned())];
        headers.extend(last_event_id.map(|id| ("last-event-id".to_owned(), id.to_owned())));
        let response = self.send(method, path, body, &headers).await?;
        if response.status == 200 {
            return Ok(response);
        }
        let status = response.status;
        let bytes = read_body(response.body).await.map_err(|error| self.unreachable(&error.message))?;
        Err(refused(status, &serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        extra: &[(String, String)],
    ) -> Result<OutboundResponse, Failure> {
        let body = body.map(|body| ("application/json", Bytes::from(body.to_string())));
        self.send_bytes(method, path, body, extra).await
    }

    /// `body` has its type.
    async fn send_bytes(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, Bytes)>,
        extra: &[(String, String)],
    ) -> Result<OutboundResponse, Failure> {
        let url = self
            .base
            .join(path)
            .map_err(|error| Failure::new(format!("path {path:?} is not valid: {error}")))?;
        let mut headers = extra.to_vec();
        if let Some(key) = &self.key {
            headers.push(("authorization".to_owned(), format!("Bearer {key}")));
        }
        headers.extend(body.iter().map(|(kind, _)| ("content-type".to_owned(), (*kind).to_owned())));
        let request = OutboundRequest {
            method: method.to_owned(),
            url,
            headers,
            body: body.map(|(_, bytes)| bytes).unwrap_or_default(),
            timeout: if method == "POST" { LONG_TIMEOUT } else { TIMEOUT },
            limit: LIMIT,
            permission: None,
            credentials: Vec::new(),
        };
        self.egress.send(request, Purpose::Model).await.map_err(|error| self.unreachable(&error.message))
    }

    fn unreachable(&self, reason: &str) -> Failure {
        Failure::new(format!("no answer from {}: {reason}; start a host with `skep up`", self.base))
    }
}

/// The address that a running host wrote into its data directory.
fn running_host(config: &Config) -> Result<String, Failure> {
    let file = config.data_dir.join("listen");
    std::fs::read_to_string(&file).map(|text| text.trim().to_owned()).map_err(|_| {
        Failure::new(format!(
            "no host runs on {} (no {}); start one with `skep up`, or give --url",
            config.data_dir.display(),
            file.display()
        ))
    })
}

/// Whether the URL is that of the host that runs on the data directory.
fn is_running_host(config: &Config, base: &Url) -> bool {
    let listens = running_host(config).ok().and_then(|text| Url::parse(&text).ok());
    listens.is_some_and(|url| url.origin() == base.origin())
}

/// Whether nobody on the way reads along.
fn is_private(base: &Url) -> bool {
    base.scheme() == "https"
        || match base.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

fn kept_key(config: &Config) -> Result<Option<String>, Failure> {
    let key = secret_file::load(&config.data_dir.join(ADMIN_KEY_FILE));
    Ok(key.map_err(|error| Failure::new(error.to_string()))?.map(|key| key.to_string()))
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    if text.bytes().all(|byte| byte == b'.') {
        // URLs give these a meaning of their own, encoded or not. Nothing is called so, nor like this.
        return "-".to_owned();
    }
    encoded(text)
}

/// A path of a workspace, segment by segment. URLs have no way to name `.` and `..`, so a path with such a part is refused here.
pub(crate) fn path_of(path: &str) -> Result<String, Failure> {
    if path.split('/').any(|part| part == "." || part == "..") {
        return Err(Failure::new(format!(
            "path {path:?} has a part `.` or `..`; give it from the root of the workspace"
        )));
    }
    Ok(path.split('/').map(encoded).collect::<Vec<_>>().join("/"))
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn accepted(status: u16, value: Value) -> Result<Value, Failure> {
    if (200..300).contains(&status) { Ok(value) } else { Err(refused(status, &value)) }
}

fn refused(status: u16, body: &Value) -> Failure {
    let message = body.pointer("/error/message").or_else(|| body.get("error")).and_then(Value::as_str);
    Failure::new(match message {
        Some(message) if status == 401 => format!(
            "{message} (HTTP 401); give its key with --key or {KEY_VARIABLE}; for the host that runs on the data directory also SKEP_ADMIN_KEY, or what {ADMIN_KEY_FILE} in the directory holds (--data-dir)"
        ),
        Some(message) => format!("{message} (HTTP {status})"),
        None => format!("the host answered HTTP {status}"),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn plain_http_is_private_on_this_machine_only() {
        for (url, expected) in [
            ("http://127.0.0.1:3000", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:3000", true),
            ("http://localhost:3000", true),
            ("https://skep.example.com", true),
            ("http://skep.example.com", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://0x7f000001", true),
        ] {
            assert_eq!(is_private(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
