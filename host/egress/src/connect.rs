//! Clients that can reach only what was checked: one for each (host, addresses), kept while it is used.

use crate::rules::{Destination, Rules};
use app::ports::outbound::{NOT_CONNECTED, Purpose};
use domain::effect::{CallError, ErrorKind};
use reqwest::dns::{Name, Resolve, Resolving};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// A resolver that takes longer is down.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
/// A host that takes longer to accept is down.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Providers close idle connections after about a minute; ours go first.
const IDLE: Duration = Duration::from_secs(30);
/// Destinations whose connections are kept.
const CLIENTS: usize = 32;

/// Looking up names.
#[async_trait::async_trait]
pub(crate) trait Names: Send + Sync + 'static {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
pub(crate) struct SystemNames;

#[async_trait::async_trait]
impl Names for SystemNames {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Look the destination up once, and answer those of its addresses that may be connected to.
pub(crate) async fn resolve(
    names: &dyn Names,
    rules: &Rules,
    destination: &Destination,
) -> Result<Vec<SocketAddr>, CallError> {
    let addresses = match destination.literal {
        Some(address) => vec![address],
        None => {
            let host = &destination.host;
            let unavailable = |why: String| {
                CallError::new(
                    ErrorKind::Unavailable,
                    NOT_CONNECTED,
                    format!("{host} could not be resolved: {why}"),
                )
            };
            tokio::time::timeout(RESOLVE_TIMEOUT, names.lookup(host))
                .await
                .map_err(|_| {
                    CallError::new(
                        ErrorKind::Timeout,
                        NOT_CONNECTED,
                        format!("{host} was not resolved within {} s", RESOLVE_TIMEOUT.as_secs()),
                    )
                })?
                .map_err(|error| unavailable(error.to_string()))
                .and_then(|found| {
                    if found.is_empty() {
                        Err(unavailable("it has no address".to_owned()))
                    } else {
                        Ok(found)
                    }
                })?
        }
    };
    let mut refusal = None;
    let mut open = Vec::new();
    for address in addresses {
        match rules.check_address(destination, address) {
            Ok(()) => open.push(SocketAddr::new(address, destination.port)),
            Err(rule) => refusal = refusal.or(Some((address, rule))),
        }
    }
    match refusal {
        Some((address, rule)) if open.is_empty() => Err(Rules::refusal(destination, address, rule)),
        _ => Ok(open),
    }
}

/// The clients.
pub(crate) struct Clients {
    tls: OnceLock<Result<Tls, String>>,
    kept: Mutex<VecDeque<(Key, reqwest::Client)>>,
}

/// Connections made for one purpose are never reused for another: what one may reach the other may not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    purpose: Purpose,
    host: String,
    addresses: Vec<SocketAddr>,
}

impl Clients {
    pub(crate) fn new() -> Self {
        Self { tls: OnceLock::new(), kept: Mutex::new(VecDeque::with_capacity(CLIENTS)) }
    }

    /// A client whose only addresses for `host` are `addresses`, and that resolves no other name.
    pub(crate) fn get(
        &self,
        purpose: Purpose,
        host: &str,
        addresses: &[SocketAddr],
        encrypted: bool,
    ) -> Result<reqwest::Client, CallError> {
        let tls = self.tls.get_or_init(Tls::new).as_ref().map_err(|why| internal(why.clone()))?;
        if let (true, Some(why)) = (encrypted, &tls.trouble) {
            return Err(internal(why.clone()));
        }
        let mut sorted = addresses.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let key = Key { purpose, host: host.to_owned(), addresses: sorted };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(other, _)| *other == key);
        if let Some(entry) = place.and_then(|place| kept.remove(place)) {
            let client = entry.1.clone();
            kept.push_back(entry);
            return Ok(client);
        }
        let client = build(host, addresses, tls.config.clone())?;
        if kept.len() >= CLIENTS {
            kept.pop_front();
        }
        kept.push_back((key, client.clone()));
        Ok(client)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that makes HTTP clients")]
fn build(
    host: &str,
    addresses: &[SocketAddr],
    tls: rustls::ClientConfig,
) -> Result<reqwest::Client, CallError> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("skep/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .resolve_to_addrs(host, addresses)
        .dns_resolver(Arc::new(NoOtherName))
        .build()
        .map_err(|error| internal(format!("an HTTP client could not be made: {error}")))
}

fn internal(why: String) -> CallError {
    CallError::new(ErrorKind::Other, "egress", why)
}

/// ring's cryptography, the system's certificate authorities (or `SSL_CERT_FILE`), no client certificate.
struct Tls {
    config: rustls::ClientConfig,
    /// A machine without certificate authorities can still reach a model on plain http.
    trouble: Option<String>,
}

impl Tls {
    fn new() -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS could not be set up: {error}"))?;
        let (mut config, trouble) = match rustls_platform_verifier::Verifier::new(provider) {
            Ok(verifier) => (
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(verifier))
                    .with_no_client_auth(),
                None,
            ),
            Err(error) => {
                let why = format!(
                    "no certificate authorities could be loaded ({error}): install ca-certificates or set SSL_CERT_FILE"
                );
                (
                    builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth(),
                    Some(why),
                )
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config, trouble })
    }
}

/// Were a client ever asked to resolve, it would be for a host that was not checked.
struct NoOtherName;

impl Resolve for NoOtherName {
    fn resolve(&self, name: Name) -> Resolving {
        let refusal = format!("{} was not checked", name.as_str());
        Box::pin(async move { Err(refusal.into()) })
    }
}
