//! The port `Outbound`: check, connect to what was checked, send, follow what may be followed, read under a limit.

use crate::connect::{Clients, Names, SystemNames, resolve};
use crate::credentials;
use crate::redirect::{self, Next};
use crate::rules::{Destination, Rules, invalid, parse_url, shown};
use crate::scrub::Scrubber;
use app::ports::outbound::{LEASE_ENDS, NOT_CONNECTED, Outbound, OutboundRequest, OutboundResponse, Purpose};
use bytes::Bytes;
use domain::effect::{CallError, ErrorKind};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

/// Guarded outbound HTTP. Cheap to share as an `Arc`.
pub struct Egress {
    rules: Arc<Rules>,
    names: Arc<dyn Names>,
    clients: Clients,
}

/// A request on its way, changed by each redirect.
struct Hop {
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

/// A hop that passed: the only addresses that it may use.
struct Checked {
    destination: Destination,
    addresses: Vec<SocketAddr>,
}

impl Egress {
    /// With the operator's rules and the system's resolver.
    #[must_use]
    pub fn new(rules: Arc<Rules>) -> Self {
        Self::with_names(rules, Arc::new(SystemNames))
    }

    pub(crate) fn with_names(rules: Arc<Rules>, names: Arc<dyn Names>) -> Self {
        Self { rules, names, clients: Clients::new() }
    }

    async fn check(&self, url: &Url, purpose: Purpose) -> Result<Checked, CallError> {
        let destination = self.rules.check_url(url, purpose)?;
        let addresses = resolve(self.names.as_ref(), &self.rules, &destination).await?;
        Ok(Checked { destination, addresses })
    }

    /// Everything until the head of the last answer.
    async fn head(
        &self,
        request: &OutboundRequest,
        purpose: Purpose,
    ) -> Result<(reqwest::Response, Destination), CallError> {
        let method = method(&request.method)?;
        let attached = credentials::attach(request, headers(&request.headers)?)?;
        let mut hop = Hop { url: attached.url, headers: attached.headers, body: attached.body };
        let mut checked = self.check(&hop.url, purpose).await?;
        if !request.credentials.is_empty() {
            // A plugin may read plain pages; a secret must not be read on its way.
            self.rules.check_url(&hop.url, Purpose::Webhook)?;
        }
        for followed in 0.. {
            // A final dot is legal and names the same host; without it the name is the one that was resolved.
            if hop.url.domain().is_some_and(|domain| domain.ends_with('.')) {
                hop.url
                    .set_host(Some(&checked.destination.host))
                    .map_err(|_| invalid("the URL's host is not valid"))?;
            }
            let Checked { destination, addresses } = &checked;
            let client =
                self.clients.get(purpose, &destination.host, addresses, hop.url.scheme() == "https")?;
            // The last look before something can leave: looking up the name may have taken seconds.
            if request.permission.as_ref().is_some_and(|permission| !permission.holds()) {
                return Err(lease_ends(destination));
            }
            let response = client
                .request(method.clone(), hop.url.clone())
                .headers(hop.headers.clone())
                .body(hop.body.clone())
                .send()
                .await
                .map_err(|error| failure(error, destination))?;
            let Some(location) = redirect::location(&response, &hop.url, &method, purpose) else {
                return Ok((response, checked.destination));
            };
            if followed == redirect::LIMIT {
                let message =
                    format!("{} redirected more than {} times", shown(&request.url), redirect::LIMIT);
                return Err(CallError::new(ErrorKind::Permanent, "redirects", message));
            }
            let next = self.check(&location, purpose).await?;
            let same_origin = redirect::same_origin(&hop.url, &location);
            match redirect::decide(purpose, &checked.destination, &next.destination) {
                Next::Answer => return Ok((response, checked.destination)),
                // No secret leaves its origin, and where else to go is for the plugin to decide.
                Next::Follow if !same_origin && !request.credentials.is_empty() => {
                    return Ok((response, checked.destination));
                }
                Next::Follow => {}
            }
            if !same_origin {
                redirect::strip(&mut hop.headers);
            }
            hop.url = location;
            checked = next;
        }
        // The loop has no end of its own: it returns at the limit.
        Err(CallError::new(ErrorKind::Permanent, "redirects", "too many redirects"))
    }
}

#[async_trait::async_trait]
impl Outbound for Egress {
    async fn send(&self, request: OutboundRequest, purpose: Purpose) -> Result<OutboundResponse, CallError> {
        if request.credentials.is_empty() {
            return self.send_as_it_is(&request, purpose).await;
        }
        let scrubber = Scrubber::new(&request.credentials);
        let answer = self.send_as_it_is(&request, purpose).await;
        let cleaned = match answer {
            Ok(answer) => credentials::clean(answer, &scrubber).await,
            Err(error) => Err(error),
        };
        cleaned.map_err(|error| CallError { message: scrubber.scrub_text(error.message), ..error })
    }

    fn check_url(&self, url: &str, purpose: Purpose) -> Result<Url, CallError> {
        let url = parse_url(url)?;
        self.rules.check_url(&url, purpose)?;
        Ok(url)
    }
}

impl Egress {
    async fn send_as_it_is(
        &self,
        request: &OutboundRequest,
        purpose: Purpose,
    ) -> Result<OutboundResponse, CallError> {
        let deadline = Instant::now() + request.timeout;
        let late = || {
            let message =
                format!("{} did not answer within {} ms", shown(&request.url), request.timeout.as_millis());
            CallError::new(ErrorKind::Timeout, "egress", message)
        };
        let (response, destination) =
            timeout_at(deadline, self.head(request, purpose)).await.map_err(|_| late())??;
        let status = response.status().as_u16();
        let headers =
            response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let announced = if request.method == "HEAD" { None } else { response.content_length() };
        // Answers of models and downloads are long; what must not happen is that nothing comes any more.
        let patience = match purpose {
            Purpose::Model | Purpose::Registry => Patience::Each(request.timeout),
            Purpose::Plugin | Purpose::Webhook | Purpose::Source => Patience::Until(deadline),
        };
        let body =
            Body { response, destination, patience, limit: request.limit, announced, read: 0 }.into_stream();
        Ok(OutboundResponse { status, headers, body })
    }
}

/// How long to wait for the next piece of a body.
enum Patience {
    Until(Instant),
    Each(Duration),
}

struct Body {
    response: reqwest::Response,
    destination: Destination,
    patience: Patience,
    limit: u64,
    announced: Option<u64>,
    read: u64,
}

impl Body {
    fn into_stream(self) -> BoxStream<'static, Result<Bytes, CallError>> {
        stream::try_unfold(self, |mut body| async move { Ok(body.next().await?.map(|chunk| (chunk, body))) })
            .boxed()
    }

    async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        // Not before: who asks for the status alone gets it, however long the body is.
        if self.announced.is_some_and(|length| length > self.limit) {
            return Err(too_large(&self.destination, self.limit));
        }
        let chunk = self.response.chunk();
        let waited = match self.patience {
            Patience::Until(deadline) => timeout_at(deadline, chunk).await,
            Patience::Each(longest) => timeout(longest, chunk).await,
        };
        let chunk = waited
            .map_err(|_| {
                CallError::new(
                    ErrorKind::Timeout,
                    "egress",
                    format!("{} stopped sending its answer", self.destination.shown()),
                )
            })?
            .map_err(|error| failure(error, &self.destination))?;
        if let Some(chunk) = &chunk {
            self.read = self.read.saturating_add(chunk.len() as u64);
            if self.read > self.limit {
                return Err(too_large(&self.destination, self.limit));
            }
        }
        Ok(chunk)
    }
}

fn lease_ends(destination: &Destination) -> CallError {
    CallError::new(
        ErrorKind::Unavailable,
        LEASE_ENDS,
        format!(
            "{} was not connected: the worker's lease is about to end, and nothing was sent",
            destination.shown()
        ),
    )
}

fn too_large(destination: &Destination, limit: u64) -> CallError {
    CallError::new(
        ErrorKind::TooLarge,
        "body",
        format!("{} answered with more than {limit} bytes", destination.shown()),
    )
}

/// The URL may hold a secret in its query, so only the host is named.
fn failure(error: reqwest::Error, destination: &Destination) -> CallError {
    let error = error.without_url();
    let (kind, code, what) = match &error {
        error if error.is_timeout() && error.is_connect() => {
            (ErrorKind::Timeout, NOT_CONNECTED, "was not connected in time")
        }
        error if error.is_timeout() => (ErrorKind::Timeout, "egress", "did not answer in time"),
        error if error.is_connect() => (ErrorKind::Unavailable, NOT_CONNECTED, "could not be connected"),
        _ => (ErrorKind::Unavailable, "egress", "broke the connection"),
    };
    let mut reasons: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let reason = cause.to_string();
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
        source = cause.source();
    }
    CallError::new(kind, code, format!("{} {what}: {}", destination.shown(), reasons.join(": ")))
}

fn method(text: &str) -> Result<Method, CallError> {
    match Method::from_bytes(text.as_bytes()) {
        Ok(method) if method != Method::CONNECT && method != Method::TRACE => Ok(method),
        _ => Err(invalid(format!(
            "the method {text:?} is not sent; use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"
        ))),
    }
}

/// Headers that describe the connection, which is ours.
pub(crate) const OURS: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn headers(given: &[(String, String)]) -> Result<HeaderMap, CallError> {
    let mut headers = HeaderMap::with_capacity(given.len());
    for (name, value) in given {
        let wrong = |why: &str| {
            CallError::new(ErrorKind::InvalidInput, "header", format!("the header {name:?} {why}"))
        };
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| wrong("has a name that HTTP does not allow"))?;
        if OURS.contains(&parsed.as_str()) {
            return Err(wrong("belongs to the connection and is set by the host; leave it out"));
        }
        // The value may be a secret and is never shown.
        let value =
            HeaderValue::from_str(value).map_err(|_| wrong("has a value that HTTP does not allow"))?;
        headers.append(parsed, value);
    }
    Ok(headers)
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests;
