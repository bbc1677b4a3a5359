//! HTTP through the host's guarded egress: `http::get("https://…").header("accept", "text/html").send()?`.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::imports::skep::plugin::http as wire;
use crate::{Error, Result, ResultExt as _};

pub use wire::{BasicCredential, Credential, FieldCredential, HeaderCredential};

/// A GET request.
pub fn get(url: impl Into<String>) -> Request {
    Request::new("GET", url)
}

/// A HEAD request.
pub fn head(url: impl Into<String>) -> Request {
    Request::new("HEAD", url)
}

/// A POST request.
pub fn post(url: impl Into<String>) -> Request {
    Request::new("POST", url)
}

/// A PUT request.
pub fn put(url: impl Into<String>) -> Request {
    Request::new("PUT", url)
}

/// A DELETE request.
pub fn delete(url: impl Into<String>) -> Request {
    Request::new("DELETE", url)
}

/// A request that is being built.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request(wire::Request);

impl Request {
    /// Any method, in upper case.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self(wire::Request {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            credentials: Vec::new(),
            once: false,
            timeout_ms: None,
        })
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = Some(body.into());
        self
    }

    /// Sets a JSON body and its content type.
    pub fn json(self, value: &impl Serialize) -> Result<Self> {
        Ok(self.body(serde_json::to_vec(value)?).header("content-type", "application/json"))
    }

    /// Has the host attach a secret; its value never enters the plugin, also not in the answer, where it becomes `****`.
    /// The plugin asks for it in its capability: `http(hosts("api.example.com"), header("authorization", "API_KEY"), "…")`.
    pub fn credential(mut self, credential: Credential) -> Self {
        self.0.credentials.push(credential);
        self
    }

    /// `authorization: Bearer` with a secret.
    pub fn bearer(self, secret: impl Into<String>) -> Self {
        self.credential(Credential::Header(HeaderCredential {
            header: "authorization".into(),
            prefix: "Bearer ".into(),
            secret: secret.into(),
        }))
    }

    /// HTTP basic authentication with a secret as the password.
    pub fn basic(self, user: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credential(Credential::Basic(BasicCredential { user: user.into(), secret: secret.into() }))
    }

    /// A header whose value is a secret, such as `x-api-key`.
    pub fn secret_header(self, header: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credential(Credential::Header(HeaderCredential {
            header: header.into(),
            prefix: String::new(),
            secret: secret.into(),
        }))
    }

    /// A query parameter whose value is a secret.
    pub fn secret_query(self, name: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credential(Credential::Query(FieldCredential { name: name.into(), secret: secret.into() }))
    }

    /// A field of the form body whose value is a secret.
    pub fn secret_form(self, name: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credential(Credential::Form(FieldCredential { name: name.into(), secret: secret.into() }))
    }

    /// A place in the JSON body, such as `/auth/token`, whose value is a secret. What it is in must be there.
    pub fn secret_json(self, pointer: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credential(Credential::JsonPointer(FieldCredential {
            name: pointer.into(),
            secret: secret.into(),
        }))
    }

    /// The other side has no idempotency key: after a crash the host answers `uncertain` instead of sending again.
    pub fn once(mut self) -> Self {
        self.0.once = true;
        self
    }

    /// How long to wait for the whole answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout_ms = Some(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Sends it. An answer of any status is a response, not an error.
    pub fn send(self) -> Result<Response> {
        let response =
            crate::host::http::send(&self.0).during(format_args!("{} {}", self.0.method, self.0.url))?;
        Ok(Response {
            status: response.status,
            headers: response.headers,
            body: response.body,
            url: self.0.url,
        })
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Such as 200.
    pub status: u16,
    /// Names and values as they came.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
    url: String,
}

impl Response {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The response itself for 2xx, an error with the right kind otherwise: 429 is `busy`, 404 `not-found`, 5xx `unavailable`.
    pub fn error_for_status(self) -> Result<Self> {
        if self.is_success() {
            return Ok(self);
        }
        let message = format!("{} answered {}", self.url, self.status);
        let error = match self.status {
            404 | 410 => Error::not_found(message),
            408 => Error::timeout(message),
            409 => Error::conflict(message),
            413 => Error::too_large(message),
            429 => Error::busy(message),
            500.. => Error::unavailable(message),
            _ => Error::permanent(message),
        };
        let error = error.code(format!("http-status-{}", self.status));
        let wait = self.header("retry-after").and_then(|value| value.trim().parse::<u64>().ok());
        Err(match wait {
            Some(seconds) => error.retry_after(seconds.saturating_mul(1000)),
            None => error,
        })
    }

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::other(format!("the answer of {} does not fit what is expected here: {error}", self.url))
        })
    }
}
