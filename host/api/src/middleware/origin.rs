//! Browsers: the host answers only to its own names (a rebound DNS name is 421), and a foreign origin may not call it (403) unless listed.

use crate::error::ApiError;
use crate::extract::ReachedAs;
use crate::middleware::forwarded;
use crate::settings::HttpSettings;
use crate::state::ApiState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::error::{Code, Error};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::net::IpAddr;

/// What a listed origin may send.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Accept, X-API-Key, X-Eliza-Token, X-Skep-User, X-Request-Id, Idempotency-Key, Last-Event-ID, If-Match, If-None-Match, Range";
/// What it may read besides the plain headers.
const EXPOSED_HEADERS: &str = "Location, Retry-After, ETag, X-Request-Id, Idempotent-Replayed, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset";
/// Seconds that a browser may keep the answer to a preflight.
const PREFLIGHT_AGE: &str = "600";

pub(crate) async fn check(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let settings = &state.settings;
    let (mut scheme, mut host) = (None, None);
    if forwarded::is_proxied(&request, settings) {
        scheme = first(request.headers(), "x-forwarded-proto");
        host = first(request.headers(), "x-forwarded-host");
    }
    let host = host.or_else(|| authority(&request).map(str::to_owned));
    if !host.as_deref().is_some_and(|host| answers_to(settings, host)) {
        let host = domain::effect::bounded(host.unwrap_or_default(), 128);
        return misdirected(&host).into_response();
    }
    if let Some(host) = host.clone() {
        let is_secure = match scheme {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => is_public_and_secure(settings, &host),
        };
        request.extensions_mut().insert(ReachedAs { host, is_secure });
    }
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let listed = origin.to_str().is_ok_and(|origin| {
        settings.cors_origins.iter().any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(origin))
    });
    if listed
        && request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        return preflight(&origin);
    }
    if !listed && !is_own(settings, &origin, host.as_deref()) {
        return ApiError(Error::new(
            Code::Forbidden,
            "the Origin of this request may not call this host; SKEP_CORS_ORIGINS can list it",
        ))
        .into_response();
    }
    let mut response = next.run(request).await;
    if listed {
        allow(response.headers_mut(), &origin);
        response
            .headers_mut()
            .insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

/// Whether a request without forwarded headers names this host.
pub(crate) fn is_own_name(settings: &HttpSettings, request: &Request) -> bool {
    authority(request).is_some_and(|host| answers_to(settings, host))
}

fn misdirected(host: &str) -> ApiError {
    ApiError(Error::new(
        Code::MisdirectedRequest,
        format!("this host does not answer to the name {host:?}; SKEP_PUBLIC_URL can add it"),
    ))
}

fn first(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(HeaderName::from_bytes(name.as_bytes()).ok()?)?.to_str().ok()?;
    value.split(',').next().map(|host| host.trim().to_owned()).filter(|host| !host.is_empty())
}

/// `Host`, or the authority of an absolute request target. Two hosts are none.
fn authority(request: &Request) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str());
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

/// Whether the name is one that the host listens as. The port does not count: it may be forwarded.
fn answers_to(settings: &HttpSettings, host: &str) -> bool {
    let name = without_port(host);
    let name = name.strip_suffix('.').unwrap_or(name);
    let public = settings.public_url.as_ref().and_then(|url| url.host_str());
    if public.is_some_and(|public| public.eq_ignore_ascii_case(name)) {
        return true;
    }
    let bound = settings.listen.ip();
    match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        // Bound to every address: any literal is one of ours. DNS rebinding needs a name.
        Ok(address) => {
            bound.is_unspecified()
                || address.to_canonical() == bound.to_canonical()
                || (bound.is_loopback() && address.is_loopback())
        }
        Err(_) => name.eq_ignore_ascii_case("localhost") && (bound.is_loopback() || bound.is_unspecified()),
    }
}

/// Whether the name is that of the public URL, and its TLS ends before this host.
fn is_public_and_secure(settings: &HttpSettings, host: &str) -> bool {
    settings.public_url.as_ref().is_some_and(|url| {
        url.scheme() == "https"
            && url.host_str().is_some_and(|public| public.eq_ignore_ascii_case(without_port(host)))
    })
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit())
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

/// A page of this very host.
fn is_own(settings: &HttpSettings, origin: &HeaderValue, host: Option<&str>) -> bool {
    let Some((_, authority)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    let public = settings.public_url.as_ref().map(|url| url.origin().ascii_serialization());
    host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
        || public.is_some_and(|public| origin.as_bytes().eq_ignore_ascii_case(public.as_bytes()))
}

fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
}

fn preflight(origin: &HeaderValue) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    allow(headers, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
    );
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_AGE));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn settings(listen: &str, public: Option<&str>) -> HttpSettings {
        let mut settings = HttpSettings::new(listen.parse().unwrap(), tokio::sync::watch::channel(false).1);
        settings.public_url = public.map(|url| url.parse().unwrap());
        settings
    }

    #[test]
    fn a_host_answers_to_its_own_names_only() {
        for (listen, public, host, answers) in [
            ("127.0.0.1:3000", None, "127.0.0.1:3000", true),
            ("127.0.0.1:3000", None, "localhost:3000", true),
            ("127.0.0.1:3000", None, "LOCALHOST", true),
            ("127.0.0.1:3000", None, "localhost.", true),
            ("127.0.0.1:3000", None, "[::1]:3000", true),
            ("127.0.0.1:3000", None, "evil.example:3000", false),
            ("127.0.0.1:3000", None, "localhost.evil.example", false),
            ("127.0.0.1:3000", None, "10.0.0.1:3000", false),
            ("127.0.0.1:3000", None, "", false),
            ("10.0.0.1:3000", None, "10.0.0.1", true),
            ("10.0.0.1:3000", None, "localhost", false),
            ("0.0.0.0:3000", None, "192.168.1.5:3000", true),
            ("0.0.0.0:3000", None, "skep.example", false),
            ("0.0.0.0:3000", Some("https://skep.example"), "skep.example", true),
            ("127.0.0.1:3000", Some("https://skep.example"), "skep.example:443", true),
        ] {
            assert_eq!(answers_to(&settings(listen, public), host), answers, "{listen} {public:?} {host}");
        }
    }

    #[test]
    fn only_this_hosts_own_pages_are_no_foreign_origin() {
        let settings = settings("127.0.0.1:3000", Some("https://skep.example"));
        for (origin, own) in [
            ("http://localhost:3000", true),
            ("http://localhost:5173", false),
            ("https://skep.example", true),
            ("http://skep.example", false),
            ("https://skep.example.evil", false),
            ("null", false),
        ] {
            assert_eq!(
                is_own(&settings, &HeaderValue::from_static(origin), Some("localhost:3000")),
                own,
                "{origin}"
            );
        }
    }
}
