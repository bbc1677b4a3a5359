//! Delivering a webhook: signed, keyed, never redirected.

use super::host::Performed;
use super::live::Live;
use crate::ports::outbound::{OutboundRequest, Purpose};
use domain::effect::webhook::{WebhookReport, WebhookRequest};
use domain::effect::{CallError, Reply};
use std::time::Duration;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The answer's body is not read; this much may come.
const BODY_LIMIT: u64 = 64 << 10;

pub(super) async fn deliver(live: &Live, request: &WebhookRequest) -> Performed {
    match try_deliver(live, request).await {
        Ok(status) => Performed::reply(Reply::Webhook(WebhookReport { status })),
        Err(error) => Performed::error(error),
    }
}

async fn try_deliver(live: &Live, request: &WebhookRequest) -> Result<u16, CallError> {
    let app = &live.host.attempt.app;
    let url = app.ports.outbound.check_url(&request.url, Purpose::Webhook)?;
    let mut headers = app.ports.webhook_signer.headers(&request.id, app.ports.clock.now(), &request.body);
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    headers.push(("idempotency-key".to_owned(), live.address.idempotency_key()));
    let body = bytes::Bytes::from(request.body.clone());
    let outgoing = OutboundRequest {
        method: "POST".to_owned(),
        url,
        headers,
        body,
        timeout: TIMEOUT,
        limit: BODY_LIMIT,
        permission: Some(live.permission()),
        credentials: Vec::new(),
    };
    Ok(app.ports.outbound.send(outgoing, Purpose::Webhook).await?.status)
}
