//! Sealed secrets and data keys. No store sees a value.

use super::store_error::StoreError;
use domain::id::UserId;
use domain::secret::SecretPlace;
use domain::time::Timestamp;

/// A user's data key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyRow {
    /// Sealed under the key-encryption key.
    pub sealed: Vec<u8>,
    /// How often secrets were written with it. The next write has this and one as its version.
    pub writes: u64,
}

/// A secret as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// What it was sealed for.
    pub place: SecretPlace,
    /// Sealed under the data key.
    pub sealed: Vec<u8>,
    /// The last characters of a long value.
    pub suffix: Option<String>,
    /// When it was written.
    pub updated_at: Timestamp,
}

/// What a write does to one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretChange {
    /// Add or replace. Its version is that of the write.
    Put(SecretRow),
    /// Remove; nothing when it is not there.
    Remove(String),
}

/// Secrets.
#[async_trait::async_trait]
pub trait Secrets: Send + Sync + 'static {
    /// The user's data key; `sealed` is kept as such where there is none yet. `NotFound` when there is no such user.
    async fn keep_data_key(
        &self,
        user: UserId,
        sealed: Vec<u8>,
        now: Timestamp,
    ) -> Result<DataKeyRow, StoreError>;

    /// The user's data key; none before the first secret.
    async fn find_data_key(&self, user: UserId) -> Result<Option<DataKeyRow>, StoreError>;

    /// The changes of one write, all or nothing. `writes` is what the data key counted when they were sealed: false, and nothing done,
    /// when another write came before. `Exhausted` when there would be more than `limit` secrets then.
    async fn put_secrets(
        &self,
        user: UserId,
        writes: u64,
        changes: Vec<SecretChange>,
        limit: usize,
    ) -> Result<bool, StoreError>;

    /// All secrets of the user, by name.
    async fn list_secrets(&self, user: UserId) -> Result<Vec<SecretRow>, StoreError>;

    /// One secret with the data key that opens it.
    async fn find_secret(
        &self,
        user: UserId,
        name: &str,
    ) -> Result<Option<(DataKeyRow, SecretRow)>, StoreError>;

    /// Remove one. Answers whether it was there.
    async fn delete_secret(&self, user: UserId, name: &str) -> Result<bool, StoreError>;
}
