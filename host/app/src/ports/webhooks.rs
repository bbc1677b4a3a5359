//! Signing deliveries (Standard Webhooks).

use domain::time::Timestamp;

/// Signs webhook bodies. The secret is the host's, made at first start and shown by `skep doctor`.
pub trait WebhookSigner: Send + Sync + 'static {
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    fn headers(&self, id: &str, now: Timestamp, body: &str) -> Vec<(String, String)>;
}
