//! One request through the guarded egress.

use super::{EffectClass, summary};
use crate::canonical::{Canonical, Encoder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where the host puts a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// `header: prefix + value`.
    Header {
        /// Header name.
        header: String,
        /// Such as `Bearer `.
        prefix: String,
        /// Secret name.
        secret: String,
    },
    /// HTTP basic authentication.
    Basic {
        /// User name.
        user: String,
        /// Secret name.
        secret: String,
    },
    /// A query parameter.
    Query {
        /// Parameter name.
        name: String,
        /// Secret name.
        secret: String,
    },
    /// A field of a form body.
    Form {
        /// Field name.
        name: String,
        /// Secret name.
        secret: String,
    },
    /// A place in a JSON body.
    JsonPointer {
        /// RFC 6901.
        pointer: String,
        /// Secret name.
        secret: String,
    },
}

impl Credential {
    /// The parts that make its identity; never a value.
    #[must_use]
    pub fn parts(&self) -> [&str; 4] {
        match self {
            Self::Header { header, prefix, secret } => ["header", header, prefix, secret],
            Self::Basic { user, secret } => ["basic", user, "", secret],
            Self::Query { name, secret } => ["query", name, "", secret],
            Self::Form { name, secret } => ["form", name, "", secret],
            Self::JsonPointer { pointer, secret } => ["json-pointer", pointer, "", secret],
        }
    }
}

/// A request of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpRequest {
    /// Upper case.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// As given.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// Secrets to attach.
    pub credentials: Vec<Credential>,
    /// The other side has no idempotency key.
    pub once: bool,
    /// How long to wait; not part of the identity.
    pub timeout_ms: Option<u32>,
}

impl HttpRequest {
    /// GET and HEAD are reads, others carry a key, unless declared as once.
    #[must_use]
    pub fn class(&self) -> EffectClass {
        match self.method.as_str() {
            _ if self.once => EffectClass::Once,
            "GET" | "HEAD" => EffectClass::Read,
            _ => EffectClass::Keyed,
        }
    }

    /// For people.
    #[must_use]
    pub fn describe(&self) -> Value {
        json!({
            "method": self.method,
            "url": self.url,
            "headers": self.headers,
            "body": self.body.as_deref().map(summary),
            "credentials": self.credentials,
            "once": self.once,
        })
    }
}

impl Canonical for HttpRequest {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.text(&self.method);
        encoder.text(&self.url);
        let mut headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        headers.sort();
        encoder.number(headers.len() as u64);
        for (name, value) in headers {
            encoder.text(&name);
            encoder.text(value);
        }
        encoder.option(self.body.as_deref(), Encoder::bytes);
        encoder.number(self.credentials.len() as u64);
        for credential in &self.credentials {
            credential.parts().into_iter().for_each(|part| encoder.text(part));
        }
        encoder.flag(self.once);
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(with = "crate::base64")]
    pub body: Vec<u8>,
}
