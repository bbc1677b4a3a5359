//! Redirects: each is a new decision, and only for requests that change nothing.

use crate::rules::Destination;
use app::ports::outbound::Purpose;
use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

/// Enough for every honest chain.
pub(crate) const LIMIT: u32 = 5;

/// Headers that say nothing about who asks; only these go to another origin.
const HARMLESS: [&str; 8] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "range",
    "user-agent",
];

/// What to do with a redirect whose target passed the address rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send there.
    Follow,
    /// Give the redirect itself to who asked.
    Answer,
}

/// Where the answer redirects to, when a request of this method and purpose is followed at all.
pub(crate) fn location(
    response: &reqwest::Response,
    from: &Url,
    method: &Method,
    purpose: Purpose,
) -> Option<Url> {
    let followed = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let reads = *method == Method::GET || *method == Method::HEAD;
    if !followed || !reads || matches!(purpose, Purpose::Webhook | Purpose::Model) {
        return None;
    }
    from.join(response.headers().get(header::LOCATION)?.to_str().ok()?).ok()
}

/// A plugin's grant names hosts. This crate knows no grants, so a redirect to another host goes back to the plugin, whose next call is
/// authorized and journaled like any other. Denied addresses have been refused before.
pub(crate) fn decide(purpose: Purpose, from: &Destination, to: &Destination) -> Next {
    if purpose == Purpose::Plugin && from.host != to.host { Next::Answer } else { Next::Follow }
}

/// Scheme, host and port.
pub(crate) fn same_origin(from: &Url, to: &Url) -> bool {
    from.origin() == to.origin()
}

/// Drop everything that may be a credential, cookies and the idempotency key among it.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let kept: HeaderMap = HARMLESS
        .iter()
        .filter_map(|name| header::HeaderName::from_bytes(name.as_bytes()).ok())
        .filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)))
        .collect();
    *headers = kept;
}
