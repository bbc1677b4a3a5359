//! Answers kept for `Idempotency-Key` (api.md §0).

use super::store_error::StoreError;
use domain::time::Timestamp;

/// The scope of a key: caller, method and path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyScope {
    /// User and key kind (and agent) of the caller.
    pub caller: String,
    /// Upper case.
    pub method: String,
    /// Without query.
    pub path: String,
    /// The header's value.
    pub key: String,
}

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Location`, if any.
    pub location: Option<String>,
    /// Other headers that belong to the answer, such as its type: lower-case names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What `begin` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// New: go on, then `complete` or `abandon`.
    Fresh,
    /// The same request is running.
    Running,
    /// The same key came with another body.
    OtherBody,
    /// The answer of the first.
    Kept(KeptAnswer),
}

/// Kept answers.
#[async_trait::async_trait]
pub trait Idempotency: Send + Sync + 'static {
    /// Reserve a key for 24 hours. A reservation without an answer older than 5 minutes counts as abandoned.
    async fn begin(
        &self,
        scope: &IdempotencyScope,
        body_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Begin, StoreError>;

    /// Keep the answer.
    async fn complete(
        &self,
        scope: &IdempotencyScope,
        answer: KeptAnswer,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forget the reservation (5xx, streams).
    async fn abandon(&self, scope: &IdempotencyScope) -> Result<(), StoreError>;

    /// Delete at most `limit` that are older than 24 hours.
    async fn clean_answers(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
