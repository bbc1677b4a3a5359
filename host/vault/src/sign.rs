//! Signing with a secret, so that a plugin never needs its value.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use domain::effect::SignAlgorithm;
use domain::secret::SecretValue;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::Ed25519KeyPair;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The signature; none where the value is no key for the algorithm.
pub(crate) fn sign(value: &SecretValue, algorithm: SignAlgorithm, bytes: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        SignAlgorithm::HmacSha256 => {
            let mut mac = Hmac::<Sha256>::new_from_slice(value.reveal().as_bytes()).ok()?;
            mac.update(bytes);
            Some(mac.finalize().into_bytes().to_vec())
        }
        SignAlgorithm::Ed25519 => {
            let seed = seed(value.reveal().trim())?;
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
            Some(pair.sign(bytes).as_ref().to_vec())
        }
    }
}

/// 32 bytes in hex or any base64.
fn seed(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    [HEXLOWER_PERMISSIVE, BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD]
        .iter()
        .filter_map(|encoding| encoding.decode(text.as_bytes()).ok())
        .map(Zeroizing::new)
        .find(|seed| seed.len() == 32)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use data_encoding::HEXLOWER;

    fn signed(value: &str, algorithm: SignAlgorithm, bytes: &[u8]) -> Option<String> {
        let value = SecretValue::new(value.to_owned());
        sign(&value, algorithm, bytes).map(|signature| HEXLOWER.encode(&signature))
    }

    /// RFC 4231, case 2.
    #[test]
    fn hmac_is_that_of_the_rfc() {
        let signature = signed("Jefe", SignAlgorithm::HmacSha256, b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature.as_deref(), Some(expected));
    }

    /// RFC 8032, 7.1, test 2.
    #[test]
    fn ed25519_is_that_of_the_rfc_whatever_the_seed_is_written_in() {
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let bytes = HEXLOWER.decode(seed.as_bytes()).unwrap();
        let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        for text in [
            seed.to_owned(),
            seed.to_uppercase(),
            format!("{seed}\n"),
            BASE64.encode(&bytes),
            BASE64URL_NOPAD.encode(&bytes),
        ] {
            assert_eq!(signed(&text, SignAlgorithm::Ed25519, &[0x72]).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "not a seed", &seed[..62]] {
            assert_eq!(signed(text, SignAlgorithm::Ed25519, &[0x72]), None, "{text}");
        }
    }
}
