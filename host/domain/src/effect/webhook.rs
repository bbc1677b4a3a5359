//! Delivering a webhook (Standard Webhooks).

use super::summary;
use crate::canonical::{Canonical, Encoder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Deliver this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRequest {
    /// Where to.
    pub url: String,
    /// `webhook-id`: the same for every delivery of one event.
    pub id: String,
    /// The body, byte for byte.
    pub body: String,
}

impl WebhookRequest {
    /// For people.
    #[must_use]
    pub fn describe(&self) -> Value {
        json!({ "url": self.url, "id": self.id, "body": summary(self.body.as_bytes()) })
    }
}

impl Canonical for WebhookRequest {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.text(&self.url);
        encoder.text(&self.id);
        encoder.text(&self.body);
    }
}

/// What the other side answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookReport {
    /// HTTP status.
    pub status: u16,
}
