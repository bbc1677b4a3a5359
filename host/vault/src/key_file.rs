//! The key-encryption key: 32 bytes as 64 hex digits, in a file of its own or in the environment.

use crate::secret_file::{self, SecretFileError};
use app::ports::clock::Entropy;
use data_encoding::HEXLOWER_PERMISSIVE;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use zeroize::Zeroizing;

/// A key-encryption key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// The text. The value is not shown.
    #[error(
        "the key-encryption key is not 64 hex digits (32 bytes): take the one that this data was sealed with"
    )]
    Malformed,
}

/// The key that seals the data keys of users. Zeroized when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyEncryptionKey(Zeroizing<[u8; 32]>);

impl KeyEncryptionKey {
    /// From 64 hex digits.
    ///
    /// # Errors
    /// It is something else.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let bytes = Zeroizing::new(
            HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map_err(|_| KeyFileError::Malformed)?,
        );
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(KeyFileError::Malformed);
        }
        key.copy_from_slice(&bytes);
        Ok(Self(key))
    }

    /// From a text that nobody else has; it is overwritten.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn take(text: String) -> Result<Self, KeyFileError> {
        Self::parse(&Zeroizing::new(text))
    }

    /// For the envelope.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the database keeps, so that a host with another key refuses to start: 32 hex digits that say nothing about the key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.fingerprint_bytes())
    }

    /// The same as bytes.
    pub(crate) fn fingerprint_bytes(&self) -> [u8; 16] {
        let hash = Sha256::new()
            .chain_update(b"skep key-encryption key fingerprint 1\0")
            .chain_update(*self.0)
            .finalize();
        hash.first_chunk().copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "KeyEncryptionKey(fingerprint {})", self.fingerprint())
    }
}

/// The key in the file; none when there is no file.
///
/// # Errors
/// The file cannot be used, or does not hold a key.
pub fn load(path: &Path) -> Result<Option<KeyEncryptionKey>, KeyFileError> {
    secret_file::load(path)?.map(|text| KeyEncryptionKey::parse(&text)).transpose()
}

/// The key in the file; made with mode 0600 when there is none.
///
/// # Errors
/// The file cannot be used, or does not hold a key.
pub fn load_or_make(path: &Path, entropy: &dyn Entropy) -> Result<KeyEncryptionKey, KeyFileError> {
    let text = secret_file::load_or_make(path, || {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut_slice());
        Zeroizing::new(data_encoding::HEXLOWER.encode(bytes.as_slice()))
    })?;
    KeyEncryptionKey::parse(&text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn a_made_key_is_found_again_with_the_same_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = load_or_make(&path, &Sevens).unwrap();
        assert_eq!(load_or_make(&path, &Sevens).unwrap(), made);
        assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), "07".repeat(32));
        assert_eq!(made.fingerprint().len(), 32);
        assert_ne!(made.fingerprint(), KeyEncryptionKey::parse(&"08".repeat(32)).unwrap().fingerprint());
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = KeyEncryptionKey::parse(&"07".repeat(32)).unwrap();
        assert!(!format!("{key:?}").contains("0707"));
        let error = KeyEncryptionKey::parse("07secret").unwrap_err().to_string();
        assert!(!error.contains("07secret"), "{error}");
    }
}
