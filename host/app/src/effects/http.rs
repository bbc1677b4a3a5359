//! `http.send`: one request through the egress. Methods that change something carry the address as `Idempotency-Key`.

use super::host::{Halt, Performed};
use super::live::Live;
use super::secrets;
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
/// Secrets of one request.
const CREDENTIALS_LIMIT: usize = 8;
/// Headers that belong to the host.
const RESERVED: [&str; 6] =
    ["host", "content-length", "transfer-encoding", "connection", "idempotency-key", "proxy-authorization"];

pub(super) async fn send(live: &Live, request: &HttpRequest) -> Result<Performed, Halt> {
    let outgoing = match prepare(live, request) {
        Ok(outgoing) => outgoing,
        Err(error) => return Ok(Performed::error(error)),
    };
    // Opened last, dropped with the request.
    let credentials = match secrets::attachments(live, request, &outgoing.url).await? {
        Ok(credentials) => credentials,
        Err(error) => return Ok(Performed::error(error)),
    };
    Ok(match try_send(live, OutboundRequest { credentials, ..outgoing }).await {
        Ok(response) => Performed::reply(Reply::Http(response)),
        Err(error) => Performed::error(error),
    })
}

/// The request as the plugin made it, without secrets.
fn prepare(live: &Live, request: &HttpRequest) -> Result<OutboundRequest, CallError> {
    let url = live.host.attempt.app.ports.outbound.check_url(&request.url, Purpose::Plugin)?;
    if request.credentials.len() > CREDENTIALS_LIMIT {
        let message = format!(
            "the request names {} credentials, at most {CREDENTIALS_LIMIT} are attached",
            request.credentials.len()
        );
        return Err(CallError::new(ErrorKind::InvalidInput, "credential", message));
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
    Ok(OutboundRequest {
        method: request.method.clone(),
        url,
        headers,
        body,
        timeout,
        limit: BODY_LIMIT,
        permission: Some(live.permission()),
        credentials: Vec::new(),
    })
}

async fn try_send(live: &Live, outgoing: OutboundRequest) -> Result<HttpResponse, CallError> {
    let outbound = &live.host.attempt.app.ports.outbound;
    let response = outbound.send(outgoing, Purpose::Plugin).await?;
    let body = read_body(response.body).await?;
    Ok(HttpResponse { status: response.status, headers: response.headers, body: body.to_vec() })
}
