//! Signing webhooks by Standard Webhooks 1.0 (`v1`, HMAC-SHA256).

use app::ports::clock::Entropy;
use app::ports::webhooks::WebhookSigner;
use data_encoding::BASE64;
use domain::time::Timestamp;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

/// What the specification puts before a secret.
const PREFIX: &str = "whsec_";
/// What the specification allows.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that is not one. The value is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the webhook secret is not `{PREFIX}` and the base64 of 24 to 64 bytes; delete its file to have a new one made"
)]
pub struct InvalidSecret;

/// A new secret: `whsec_` and 32 random bytes in base64.
pub fn make_secret(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    format!("{PREFIX}{}", BASE64.encode(&bytes))
}

/// Signs with one secret.
pub struct StandardWebhooks {
    webhook: Webhook,
}

impl StandardWebhooks {
    /// With `whsec_…`.
    ///
    /// # Errors
    /// The text is not a secret of that form.
    pub fn new(secret: &str) -> Result<Self, InvalidSecret> {
        let encoded = secret.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let key = BASE64.decode(encoded.as_bytes()).map_err(|_| InvalidSecret)?;
        if !SECRET_BYTES.contains(&key.len()) {
            return Err(InvalidSecret);
        }
        Ok(Self { webhook: Webhook::from_bytes(key).map_err(|_| InvalidSecret)? })
    }
}

impl WebhookSigner for StandardWebhooks {
    fn headers(&self, id: &str, now: Timestamp, body: &str) -> Vec<(String, String)> {
        let seconds = now.0.div_euclid(1000);
        // Fails only for a body that is not UTF-8, which a `str` always is.
        let signature = self.webhook.sign(id, seconds, body.as_bytes()).unwrap_or_default();
        vec![
            (HEADER_WEBHOOK_ID.to_owned(), id.to_owned()),
            (HEADER_WEBHOOK_TIMESTAMP.to_owned(), seconds.to_string()),
            (HEADER_WEBHOOK_SIGNATURE.to_owned(), signature),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    struct Fives;

    impl Entropy for Fives {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(5);
        }
    }

    #[test]
    fn the_specification_s_example_has_the_specification_s_signature() {
        let signer = StandardWebhooks::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let headers = signer.headers(
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            Timestamp(1_649_367_553_999),
            r#"{"email":"test@example.com","username":"test_user"}"#,
        );
        assert_eq!(headers[0], ("webhook-id".into(), "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk".into()));
        assert_eq!(headers[1], ("webhook-timestamp".into(), "1649367553".into()));
        assert_eq!(
            headers[2],
            ("webhook-signature".into(), "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=".into())
        );
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the verifier of the receiving side reads the clock")]
    fn a_receiver_accepts_the_signed_body_and_no_other() {
        let secret = make_secret(&Fives);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = Timestamp(i64::try_from(now.as_millis()).unwrap());
        let headers: HeaderMap = StandardWebhooks::new(&secret)
            .unwrap()
            .headers("dlv_1", now, "{\"ü\":1}")
            .into_iter()
            .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let receiver = Webhook::new(&secret).unwrap();
        assert!(receiver.verify("{\"ü\":1}".as_bytes(), &headers).is_ok());
        assert!(receiver.verify(b"{\"u\":1}", &headers).is_err());
    }

    #[test]
    fn text_that_is_no_secret_is_refused_without_showing_it() {
        for text in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!"] {
            let error = StandardWebhooks::new(text).err().expect("refused").to_string();
            assert!(text.is_empty() || text == "whsec_" || !error.contains(text), "{error}");
        }
    }
}
