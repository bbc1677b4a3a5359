//! Secrets as rows.

use super::{decode, encode};
use app::ports::secrets::SecretRow;
use app::ports::store_error::StoreError;
use domain::id::UserId;
use domain::secret::SecretPlace;
use domain::time::Timestamp;

/// A row of `secrets` of a user.
pub(crate) struct StoredSecret {
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) sealed: Vec<u8>,
    pub(crate) suffix: Option<String>,
    pub(crate) hosts: Option<String>,
    pub(crate) updated_at: i64,
}

impl StoredSecret {
    /// What the row says.
    pub(crate) fn into_row(self, user: UserId) -> Result<SecretRow, StoreError> {
        let hosts = self.hosts.map(|hosts| decode("secrets.hosts", &hosts)).transpose()?;
        let version = super::count(self.version);
        Ok(SecretRow {
            place: SecretPlace { user, agent: None, name: self.name, version, hosts },
            sealed: self.sealed,
            suffix: self.suffix,
            updated_at: Timestamp(self.updated_at),
        })
    }
}

/// The column `secrets.hosts`.
pub(crate) fn hosts_text(place: &SecretPlace) -> Result<Option<String>, StoreError> {
    place.hosts.as_ref().map(encode).transpose()
}

/// More secrets than a user may have.
pub(crate) fn too_many_secrets(limit: usize) -> StoreError {
    StoreError::Exhausted(format!("a user has at most {limit} secrets; delete one before storing another"))
}
