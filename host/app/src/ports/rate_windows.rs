//! What all hosts together have taken out of the windows of rate limits.

use super::store_error::StoreError;
use domain::id::UserId;
use domain::rate::{Counted, Quota, Window};
use domain::time::Timestamp;

/// What a take got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Requests that this host may admit now.
    pub got: u32,
    /// Gone out of the window after this, at all hosts.
    pub taken: u32,
}

/// Windows.
#[async_trait::async_trait]
pub trait RateWindows: Send + Sync + 'static {
    /// Take [`Quota::chunk`] out of each of these windows. Answers in their order.
    async fn take_chunks(
        &self,
        user: UserId,
        counted: Counted,
        wanted: &[(Window, Quota)],
    ) -> Result<Vec<Chunk>, StoreError>;

    /// How many are gone out of each of these windows, in their order.
    async fn read_windows(
        &self,
        user: UserId,
        counted: Counted,
        windows: &[Window],
    ) -> Result<Vec<u32>, StoreError>;

    /// Delete at most `limit` that have ended.
    async fn clean_windows(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
