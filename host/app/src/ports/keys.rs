//! Users, agents and keys, as far as authentication needs them.

use super::store_error::StoreError;
use domain::caller::KeyKind;
use domain::id::{AgentId, UserId};
use domain::time::Timestamp;

/// A key as it is stored: never the secret, only its sha256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The public part of `skep_<id>_<secret>`.
    pub id: String,
    /// What it may do.
    pub kind: KeyKind,
    /// Whose it is.
    pub user: UserId,
    /// Of an agent key.
    pub agent: Option<AgentId>,
    /// sha256 of the whole key.
    pub hash: [u8; 32],
}

/// A user with the agent that its tasks run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Identity.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// `startup`, `growth`, `scale` or `enterprise`.
    pub plan: String,
    /// The user's agent `manager`.
    pub default_agent: AgentId,
}

/// Accounts and keys.
#[async_trait::async_trait]
pub trait Keys: Send + Sync + 'static {
    /// At start: make the user (and its agent `manager`) if it is not there. Answers what is there.
    async fn ensure_account(&self, account: Account, now: Timestamp) -> Result<Account, StoreError>;

    /// By name.
    async fn find_account(&self, name: &str) -> Result<Option<Account>, StoreError>;

    /// By identity.
    async fn get_account(&self, user: UserId) -> Result<Option<Account>, StoreError>;

    /// A key that has not been revoked.
    async fn find_key(&self, id: &str) -> Result<Option<KeyRow>, StoreError>;

    /// Keep a key.
    async fn insert_key(&self, key: KeyRow, now: Timestamp) -> Result<(), StoreError>;

    /// Revoke a key at once. Answers whether it was there.
    async fn delete_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// Keys of a kind that have not been revoked.
    async fn list_keys_of(&self, kind: KeyKind) -> Result<Vec<KeyRow>, StoreError>;
}
