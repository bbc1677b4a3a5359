//! All outbound HTTP: implemented by `egress` with one set of address rules.

use bytes::Bytes;
use domain::effect::CallError;
use domain::effect::http::Credential;
use domain::secret::SecretValue;
use futures_util::stream::BoxStream;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Why a request leaves: decides which addresses it may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A plugin's request.
    Plugin,
    /// A model provider; only its configured base URL may be on loopback or private.
    Model,
    /// A registry or model hub that the operator configured.
    Registry,
    /// A webhook delivery; never follows redirects.
    Webhook,
    /// A task's git source.
    Source,
}

/// Code of the error when a connection was refused because the lease of the worker that asked is about to end. Nothing was sent.
pub const LEASE_ENDS: &str = "lease-ends";

/// Code of the error when no connection came about: the name has no address, or nobody answered there. Nothing was sent.
pub const NOT_CONNECTED: &str = "not-connected";

/// Whether a connection may still be made for whoever asked: a worker's lease may end while a name is looked up, or between redirects.
#[derive(Clone)]
pub struct Permission(Arc<dyn Fn() -> bool + Send + Sync>);

impl Permission {
    /// `holds` is asked after the name was resolved, right before each connection.
    pub fn new(holds: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    /// Whether a connection may be made now.
    #[must_use]
    pub fn holds(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Permission").finish_non_exhaustive()
    }
}

/// A secret and where it goes.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Where.
    pub credential: Credential,
    /// What; never shown.
    pub value: SecretValue,
}

/// A request.
#[derive(Debug, Clone)]
pub struct OutboundRequest {
    /// Upper case.
    pub method: String,
    /// Absolute, http or https.
    pub url: url::Url,
    /// As they go out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// From first byte out to last byte in; for streams, between two chunks.
    pub timeout: Duration,
    /// Largest body that is read; more is `too-large`.
    pub limit: u64,
    /// Asked before each connection; without one it is made.
    pub permission: Option<Permission>,
    /// Put in right before the request leaves, never shown to whoever asked: the answer and every error come without these values. Only a
    /// plugin's request has some. It is encrypted, or goes to a host that the operator allowed.
    pub credentials: Vec<Attachment>,
}

/// An answer whose body is read as it comes.
pub struct OutboundResponse {
    /// HTTP status.
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: BoxStream<'static, Result<Bytes, CallError>>,
}

/// Guarded outbound HTTP.
#[async_trait::async_trait]
pub trait Outbound: Send + Sync + 'static {
    /// Check the address, connect to what was checked, send. Any status is an answer. Refused addresses are `denied`; no answer is
    /// `unavailable` or `timeout`. Redirects (GET and HEAD, at most 5, not for webhooks and models) are each a new decision.
    /// A permission that does not hold any more is `unavailable` with the code [`LEASE_ENDS`], and nothing was sent.
    async fn send(&self, request: OutboundRequest, purpose: Purpose) -> Result<OutboundResponse, CallError>;

    /// Check a URL without DNS: scheme, user information, literal addresses.
    fn check_url(&self, url: &str, purpose: Purpose) -> Result<url::Url, CallError>;
}

/// Read a whole body.
///
/// # Errors
/// The stream's own error.
pub async fn read_body(mut body: BoxStream<'static, Result<Bytes, CallError>>) -> Result<Bytes, CallError> {
    use futures_util::StreamExt as _;
    let mut whole = Vec::new();
    while let Some(chunk) = body.next().await {
        whole.extend_from_slice(&chunk?);
    }
    Ok(whole.into())
}
