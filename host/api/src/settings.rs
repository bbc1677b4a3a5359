//! What the HTTP side needs of the configuration.

use ipnet::IpNet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::watch;
use url::Url;

/// Set once at start.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The address that the host is bound to.
    pub listen: SocketAddr,
    /// Another name that it is reached by.
    pub public_url: Option<Url>,
    /// Foreign origins that browsers may call from, such as `https://app.example.com`.
    pub cors_origins: Vec<String>,
    /// Whose `X-Forwarded-*` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// No key is needed; only for loopback.
    pub no_auth: bool,
    /// Largest request body in bytes. A task of 32,768 characters, all escaped, has 400 KB.
    pub body_limit: usize,
    /// Largest request head in bytes.
    pub head_limit: usize,
    /// Until a handler must have answered, unless its route says otherwise.
    pub timeout: Duration,
    /// Becomes true when the host stops: nothing new is taken and streams end. The sender is the host's.
    pub draining: watch::Receiver<bool>,
}

impl HttpSettings {
    /// Defaults for an address.
    #[must_use]
    pub fn new(listen: SocketAddr, draining: watch::Receiver<bool>) -> Self {
        Self {
            listen,
            public_url: None,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            no_auth: false,
            body_limit: 1 << 20,
            head_limit: 32 << 10,
            timeout: Duration::from_secs(30),
            draining,
        }
    }
}
