//! Keys of the form `skep_<id>_<secret>`: the id finds the row, the sha256 of the whole text proves the secret.

use app::ports::api_keys::{ApiKeys, MintedKey};
use app::ports::clock::Entropy;
use data_encoding::{Encoding, Specification};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, LazyLock};
use subtle::ConstantTimeEq as _;

/// So that a key is recognized where it should not be: in a log, in a repository.
const PREFIX: &str = "skep";
/// 60 bits: no two keys of a host share it by chance, and it is short enough to read out.
const ID_LENGTH: usize = 12;
/// 32 random bytes in base32.
const SECRET_LENGTH: usize = 52;

/// Lower-case base32 without padding (RFC 4648 alphabet): one double click selects the whole key.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    // The specification is constant; a test makes sure that it is accepted.
    specification.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
});

/// Makes and checks keys. A fast hash is right here: the secret has 256 random bits, so there is nothing to guess.
pub struct SkepKeys {
    entropy: Arc<dyn Entropy>,
}

impl SkepKeys {
    /// Keys drawn from `entropy`.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }

    fn draw<const LENGTH: usize>(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

impl ApiKeys for SkepKeys {
    fn mint(&self) -> MintedKey {
        let mut id = BASE32.encode(&self.draw::<8>());
        id.truncate(ID_LENGTH);
        let secret = BASE32.encode(&self.draw::<32>());
        let text = format!("{PREFIX}_{id}_{secret}");
        let hash = self.hash(&text);
        MintedKey { id, text, hash }
    }

    fn id_of(&self, text: &str) -> Option<String> {
        let (id, secret) = text.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?;
        let base32 =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte));
        let formed = id.len() == ID_LENGTH && secret.len() == SECRET_LENGTH && base32(id) && base32(secret);
        formed.then(|| id.to_owned())
    }

    fn verify(&self, text: &str, hash: &[u8; 32]) -> bool {
        self.hash(text).ct_eq(hash).into()
    }

    fn hash(&self, text: &str) -> [u8; 32] {
        Sha256::digest(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Another byte at each draw.
    #[derive(Default)]
    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(37, Ordering::Relaxed));
        }
    }

    fn keys() -> SkepKeys {
        SkepKeys::new(Arc::new(Counting::default()))
    }

    #[test]
    fn a_minted_key_is_recognized_by_its_id_and_proved_by_its_hash() {
        let keys = keys();
        let key = keys.mint();
        assert_eq!(key.text.len(), "skep_".len() + ID_LENGTH + 1 + SECRET_LENGTH);
        assert_eq!(keys.id_of(&key.text), Some(key.id.clone()));
        assert!(keys.verify(&key.text, &key.hash));
        assert!(!keys.verify(&format!("{}a", key.text), &key.hash));
        assert_ne!(keys.mint().text, key.text);
    }

    #[test]
    fn the_alphabet_is_the_lower_case_one() {
        assert_eq!(BASE32.encode(&[0xff; 5]), "77777777");
        assert_eq!(BASE32.encode(&[0; 5]), "aaaaaaaa");
    }

    #[test]
    fn text_of_another_form_has_no_id() {
        let keys = keys();
        let key = keys.mint().text;
        for text in [
            "",
            "skep",
            "skep_",
            "skep__",
            "skep_abc_def",
            &key.to_uppercase(),
            &key.replace('_', "-"),
            &format!("{key}="),
            &format!("x{key}"),
        ] {
            assert_eq!(keys.id_of(text), None, "{text}");
        }
    }
}
