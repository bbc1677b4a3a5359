//! Envelope encryption with XChaCha20-Poly1305: a value under its user's data key, the data key under the key-encryption key.
//!
//! Sealed bytes are a format byte, 16 bytes of the key-encryption key's fingerprint (data keys only), a random nonce of 24 bytes and the
//! ciphertext with its tag. What they belong to is authenticated with them, so that a row opens only in its own place.

use crate::key_file::KeyEncryptionKey;
use app::ports::clock::Entropy;
use app::ports::vault::{Vault, VaultError};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{Key, KeyInit as _, XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER;
use domain::effect::SignAlgorithm;
use domain::id::UserId;
use domain::secret::{SecretPlace, SecretValue};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The first byte of everything that is sealed.
const FORMAT: u8 = 1;
const NONCE: usize = 24;

/// A user's key, opened for one use.
type DataKey = Zeroizing<[u8; 32]>;

/// The vault of a host.
pub struct Envelope {
    key: KeyEncryptionKey,
    entropy: Arc<dyn Entropy>,
}

impl Envelope {
    /// Under this key-encryption key.
    pub fn new(key: KeyEncryptionKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { key, entropy }
    }

    fn open_data_key(&self, user: UserId, sealed: &[u8]) -> Result<DataKey, VaultError> {
        let broken = || VaultError::DataKey { user };
        let ([FORMAT], rest) = split::<1>(sealed).ok_or_else(broken)? else { return Err(broken()) };
        let (fingerprint, rest) = split::<16>(rest).ok_or_else(broken)?;
        if *fingerprint != self.key.fingerprint_bytes() {
            let (sealed, present) = (HEXLOWER.encode(fingerprint), self.key.fingerprint());
            return Err(VaultError::OtherKey { user, sealed, present });
        }
        let plain = open(self.key.bytes(), rest, &data_key_place(user)).ok_or_else(broken)?;
        let mut key = DataKey::new([0; 32]);
        if plain.len() != key.len() {
            return Err(broken());
        }
        key.copy_from_slice(&plain);
        Ok(key)
    }

    /// Nonce and ciphertext behind `sealed`.
    fn seal_into(&self, key: &[u8; 32], mut sealed: Vec<u8>, plain: &[u8], place: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        self.entropy.fill(&mut nonce);
        sealed.extend_from_slice(&nonce);
        let payload = Payload { msg: plain, aad: place };
        // It fails for more than 256 GiB only; then nothing follows, and nothing opens.
        let ciphertext = XChaCha20Poly1305::new(&Key::from(*key))
            .encrypt(&XNonce::from(nonce), payload)
            .unwrap_or_default();
        sealed.extend_from_slice(&ciphertext);
        sealed
    }
}

impl Vault for Envelope {
    fn make_data_key(&self, user: UserId) -> Vec<u8> {
        let mut key = DataKey::new([0; 32]);
        self.entropy.fill(key.as_mut_slice());
        let mut head = vec![FORMAT];
        head.extend_from_slice(&self.key.fingerprint_bytes());
        self.seal_into(self.key.bytes(), head, key.as_slice(), &data_key_place(user))
    }

    fn seal(&self, data_key: &[u8], place: &SecretPlace, value: &SecretValue) -> Result<Vec<u8>, VaultError> {
        let key = self.open_data_key(place.user, data_key)?;
        Ok(self.seal_into(&key, vec![FORMAT], value.reveal().as_bytes(), &secret_place(place)))
    }

    fn open(&self, data_key: &[u8], place: &SecretPlace, sealed: &[u8]) -> Result<SecretValue, VaultError> {
        let key = self.open_data_key(place.user, data_key)?;
        let broken = || VaultError::Secret(place.clone());
        let ([FORMAT], rest) = split::<1>(sealed).ok_or_else(broken)? else { return Err(broken()) };
        let mut plain = open(&key, rest, &secret_place(place)).ok_or_else(broken)?;
        String::from_utf8(std::mem::take(&mut *plain)).map(SecretValue::new).map_err(|error| {
            // It was sealed as text, so this cannot be; if it is, it is overwritten all the same.
            drop(Zeroizing::new(error.into_bytes()));
            broken()
        })
    }

    fn sign(
        &self,
        name: &str,
        value: &SecretValue,
        algorithm: SignAlgorithm,
        bytes: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        crate::sign::sign(value, algorithm, bytes).ok_or_else(|| VaultError::NoSeed(name.to_owned()))
    }
}

fn open(key: &[u8; 32], sealed: &[u8], place: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = split::<NONCE>(sealed)?;
    let payload = Payload { msg: ciphertext, aad: place };
    let plain = XChaCha20Poly1305::new(&Key::from(*key)).decrypt(&XNonce::from(*nonce), payload).ok()?;
    Some(Zeroizing::new(plain))
}

fn split<const LENGTH: usize>(bytes: &[u8]) -> Option<(&[u8; LENGTH], &[u8])> {
    bytes.split_first_chunk::<LENGTH>()
}

fn data_key_place(user: UserId) -> Vec<u8> {
    encoded(&[b"skep data key 1", user.to_string().as_bytes()])
}

fn secret_place(place: &SecretPlace) -> Vec<u8> {
    let SecretPlace { user, agent, name, version, hosts } = place;
    let (user, agent) = (user.to_string(), agent.map(|agent| agent.to_string()).unwrap_or_default());
    let version = version.to_be_bytes();
    let mut parts: Vec<&[u8]> =
        vec![b"skep secret 1", user.as_bytes(), agent.as_bytes(), name.as_bytes(), &version];
    // No hosts and any hosts are not the same.
    if let Some(hosts) = hosts {
        parts.push(b"hosts");
        parts.extend(hosts.iter().map(|host| host.as_bytes()));
    }
    encoded(&parts)
}

/// Each part with its length before it: no two lists of parts have the same bytes.
fn encoded(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    #[derive(Default)]
    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(37, Ordering::Relaxed));
        }
    }

    fn envelope(key: &str) -> Envelope {
        Envelope::new(KeyEncryptionKey::parse(&key.repeat(32)).unwrap(), Arc::new(Counting::default()))
    }

    fn place(name: &str) -> SecretPlace {
        SecretPlace {
            user: "0b7e3f7c-6a3f-4a55-9d0e-3f1f6f0c8f11".parse().unwrap(),
            agent: None,
            name: name.to_owned(),
            version: 3,
            hosts: None,
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_alone() {
        let vault = envelope("07");
        let here = place("API_KEY");
        let data_key = vault.make_data_key(here.user);
        let value = SecretValue::new("canary-value".to_owned());
        let sealed = vault.seal(&data_key, &here, &value).unwrap();
        assert_eq!(vault.open(&data_key, &here, &sealed).unwrap(), value);
        assert!(!String::from_utf8_lossy(&sealed).contains("canary"));
        assert_ne!(vault.seal(&data_key, &here, &value).unwrap(), sealed, "nonces are random");
        let other: UserId = "1b7e3f7c-6a3f-4a55-9d0e-3f1f6f0c8f11".parse().unwrap();
        let agent = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        for there in [
            SecretPlace { name: "API_KEX".into(), ..here.clone() },
            SecretPlace { version: 4, ..here.clone() },
            SecretPlace { agent: Some(agent), ..here.clone() },
            SecretPlace { hosts: Some(vec![]), ..here.clone() },
            SecretPlace { hosts: Some(vec!["evil.example".into()]), ..here.clone() },
        ] {
            let error = vault.open(&data_key, &there, &sealed).unwrap_err();
            assert!(matches!(error, VaultError::Secret(_)), "{error}");
        }
        let there = SecretPlace { user: other, ..here.clone() };
        assert!(matches!(vault.open(&data_key, &there, &sealed).unwrap_err(), VaultError::DataKey { .. }));
        let error = vault.open(&vault.make_data_key(other), &there, &sealed).unwrap_err();
        assert!(matches!(error, VaultError::Secret(_)), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[test]
    fn each_flipped_byte_is_found() {
        let vault = envelope("07");
        let here = place("API_KEY");
        let data_key = vault.make_data_key(here.user);
        let sealed = vault.seal(&data_key, &here, &SecretValue::new("value".to_owned())).unwrap();
        for index in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[index] ^= 1;
            assert!(vault.open(&data_key, &here, &flipped).is_err(), "{index}");
            assert!(vault.open(&data_key, &here, &sealed[..index]).is_err(), "{index}");
        }
        for index in 0..data_key.len() {
            let mut flipped = data_key.clone();
            flipped[index] ^= 1;
            assert!(vault.open(&flipped, &here, &sealed).is_err(), "{index}");
            assert!(vault.open(&data_key[..index], &here, &sealed).is_err(), "{index}");
        }
    }

    #[test]
    fn another_key_encryption_key_is_named() {
        let here = place("API_KEY");
        let data_key = envelope("07").make_data_key(here.user);
        let error = envelope("08").seal(&data_key, &here, &SecretValue::new("x".to_owned())).unwrap_err();
        let text = error.to_string();
        for key in ["07", "08"] {
            assert!(text.contains(&envelope(key).key.fingerprint()), "{text}");
        }
    }
}
