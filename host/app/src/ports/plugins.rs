//! Installed plugins in the database, so that a second host can run them.

use super::store_error::StoreError;
use domain::id::Digest;
use domain::manifest::Manifest;
use domain::time::Timestamp;

/// An installed component.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginRecord {
    /// The identity of its bytes, which are a blob.
    pub digest: Digest,
    /// Its manifest.
    pub manifest: Manifest,
    /// Bytes.
    pub size: u64,
    /// When this host or another first installed it.
    pub installed_at: Timestamp,
}

/// Plugin records. Bytes stay while an unfinished task or a retained journal names them.
#[async_trait::async_trait]
pub trait Plugins: Send + Sync + 'static {
    /// Record a component whose bytes are already a blob. Recording it again is a no-op.
    async fn insert_plugin(&self, record: PluginRecord) -> Result<(), StoreError>;

    /// By identity.
    async fn find_plugin(&self, digest: Digest) -> Result<Option<PluginRecord>, StoreError>;
}
