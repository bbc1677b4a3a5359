//! `http.send`: one request through the egress. Methods that change something carry the address as `Idempotency-Key`.

use super::host::Performed;
use super::live::{Live, no_secrets};
use crate::ports::outbound::{OutboundRequest, Purpose, read_body};
use bytes::Bytes;
use domain::effect::http::{HttpRequest, HttpResponse};
use domain::effect::{CallError, EffectClass, ErrorKind, Reply};
use domain::journal::REPLY_LIMIT;
use std::time::Duration;

/// When the plugin does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest that a plugin may ask for.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Largest response body: base64 in the journal must stay under the reply limit.
const BODY_LIMIT: u64 = (REPLY_LIMIT as u64) / 2;
/// Headers that belong to the host.
const RESERVED: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "idempotency-key", "proxy-authorization"];

pub(super) async fn send(live: &Live, request: &HttpRequest) -> Performed {
    match try_send(live, request).await {
        Ok(response) => Performed::reply(Reply::Http(response)),
        Err(error) => Performed::error(error),
    }
}

async fn try_send(live: &Live, request: &HttpRequest) -> Result<HttpResponse, CallError> {
    let outbound = &live.host.attempt.app.ports.outbound;
    let url = outbound.check_url(&request.url, Purpose::Plugin)?;
    if let Some(credential) = request.credentials.first() {
        let [_, _, _, secret] = credential.parts();
        return Err(no_secrets(secret));
    }
    if request.method.is_empty() || !request.method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let message = format!("method {:?} is not an upper-case HTTP method", request.method);
        return Err(CallError::new(ErrorKind::InvalidInput, "method", message));
    }
    if let Some((name, _)) =
        request.headers.iter().find(|(name, _)| RESERVED.contains(&name.to_lowercase().as_str()))
    {
        let message = format!("header {name} is set by the host; leave it out");
        return Err(CallError::new(ErrorKind::InvalidInput, "header", message));
    }
    let mut headers = request.headers.clone();
    if request.class() == EffectClass::Keyed {
        headers.push(("idempotency-key".to_owned(), live.address.idempotency_key()));
    }
    let timeout = request
        .timeout_ms
        .map_or(DEFAULT_TIMEOUT, |wanted| Duration::from_millis(wanted.into()))
        .min(LONGEST_TIMEOUT);
    let body = request.body.clone().map_or_else(Bytes::new, Bytes::from);
    let outgoing = OutboundRequest {
        method: request.method.clone(),
        url,
        headers,
        body,
        timeout,
        limit: BODY_LIMIT,
        permission: Some(live.permission()),
    };
    let response = outbound.send(outgoing, Purpose::Plugin).await?;
    let body = read_body(response.body).await?;
    Ok(HttpResponse { status: response.status, headers: response.headers, body: body.to_vec() })
}
