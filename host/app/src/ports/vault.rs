//! Sealing and opening secrets: implemented by `vault`, which keeps nothing.

use domain::effect::SignAlgorithm;
use domain::id::UserId;
use domain::secret::{SecretPlace, SecretValue};

/// Bytes that do not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The data key was sealed under another key-encryption key.
    #[error(
        "the secrets of user {user} are sealed under the key-encryption key with the fingerprint {sealed}, and this host has {present}: \
         give it the right key (SKEP_KEY or the key file), or delete the user's secrets and store them again"
    )]
    OtherKey {
        /// Whose data key.
        user: UserId,
        /// The fingerprint that is in the row.
        sealed: String,
        /// That of this host.
        present: String,
    },
    /// The data key's row was changed, or is another user's.
    #[error(
        "the data key of user {user} does not open: its row was changed or belongs to another user; restore the database from a \
         backup, or delete the user's secrets and store them again"
    )]
    DataKey {
        /// Whose data key.
        user: UserId,
    },
    /// The secret's row was changed, or is another one's.
    #[error(
        "the secret {} of user {} does not open: its row was changed, or belongs to another name, version or user; store it again",
        .0.name, .0.user
    )]
    Secret(SecretPlace),
    /// The value is no key for this algorithm. It is not shown.
    #[error("the secret {0} is not an Ed25519 seed: store 32 bytes as 64 hex digits or in base64")]
    NoSeed(String),
}

/// Envelope encryption: a value is sealed under its user's data key, which is sealed under the host's key-encryption key.
pub trait Vault: Send + Sync + 'static {
    /// A new data key for a user, sealed.
    fn make_data_key(&self, user: UserId) -> Vec<u8>;

    /// Seal a value for its place.
    ///
    /// # Errors
    /// The data key does not open.
    fn seal(&self, data_key: &[u8], place: &SecretPlace, value: &SecretValue) -> Result<Vec<u8>, VaultError>;

    /// Open what was sealed for this place.
    ///
    /// # Errors
    /// The data key does not open, or these are not the bytes that were sealed for this place.
    fn open(&self, data_key: &[u8], place: &SecretPlace, sealed: &[u8]) -> Result<SecretValue, VaultError>;

    /// Sign bytes with a value as key; `name` is for the error.
    ///
    /// # Errors
    /// The value is no key for the algorithm.
    fn sign(
        &self,
        name: &str,
        value: &SecretValue,
        algorithm: SignAlgorithm,
        bytes: &[u8],
    ) -> Result<Vec<u8>, VaultError>;
}
