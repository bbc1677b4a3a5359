//! The encoding under a request hash: ours, independent of the WIT version, so that journals outlive ABI versions.
//!
//! Fields in declared order; text and bytes length-prefixed (u64 little-endian); JSON re-encoded by RFC 8785.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Something that has a canonical encoding.
pub trait Canonical {
    /// Add the fields in declared order.
    fn encode(&self, encoder: &mut Encoder);
}

/// Feeds a sha256.
#[derive(Debug)]
pub struct Encoder(Sha256);

impl Encoder {
    /// The encoding of a call of `function` (`interface.function`).
    #[must_use]
    pub fn new(function: &str) -> Self {
        let mut encoder = Self(Sha256::new());
        encoder.text(function);
        encoder
    }

    /// Bytes with their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    /// Text as its UTF-8 bytes with their length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A number, or the count before a list's items.
    pub fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    /// A flag.
    pub fn flag(&mut self, flag: bool) {
        self.0.update([u8::from(flag)]);
    }

    /// Presence, then the value.
    pub fn option<T>(&mut self, value: Option<T>, encode: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            encode(self, value);
        }
    }

    /// A JSON value in RFC 8785 form.
    pub fn json(&mut self, value: &Value) {
        // RFC 8785 cannot fail on a `Value`: it has no non-finite numbers and no non-text keys.
        let text = serde_json_canonicalizer::to_string(value).unwrap_or_else(|_| value.to_string());
        self.text(&text);
    }

    /// Text that the interface declares as JSON; text that is not JSON counts as it is.
    pub fn json_text(&mut self, text: &str) {
        match serde_json::from_str(text) {
            Ok(value) => self.json(&value),
            Err(_) => self.text(text),
        }
    }

    /// `h1:` and 64 hex digits.
    #[must_use]
    pub fn finish(self) -> String {
        format!("h1:{}", data_encoding::HEXLOWER.encode(&self.0.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use crate::effect::{Call, KvCall, http::HttpRequest, tools::ToolsCall};
    use serde_json::json;

    fn request(headers: &[(&str, &str)]) -> Call {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Call::Http(HttpRequest {
            method: "GET".into(),
            url: "https://example.com/".into(),
            headers,
            ..HttpRequest::default()
        })
    }

    #[test]
    fn header_case_and_order_do_not_change_the_hash() {
        let left = request(&[("Accept", "a"), ("x-b", "1")]).request_hash();
        assert_eq!(left, request(&[("X-B", "1"), ("accept", "a")]).request_hash());
        assert_ne!(left, request(&[("X-B", "2"), ("accept", "a")]).request_hash());
    }

    #[test]
    fn json_arguments_hash_by_value_and_not_by_spelling() {
        let call = |arguments| Call::Tools(ToolsCall::Call { name: "files.read".into(), arguments });
        let left = call(json!({ "a": 1, "b": 2.0 })).request_hash();
        assert_eq!(left, call(json!({ "b": 2, "a": 1 })).request_hash());
        assert_ne!(left, call(json!({ "b": 3, "a": 1 })).request_hash());
    }

    #[test]
    fn fields_cannot_run_into_each_other() {
        let put = |key: &str, value: &str| {
            Call::Kv(KvCall::Put { key: key.into(), value: value.into() }).request_hash()
        };
        assert_ne!(put("ab", "c"), put("a", "bc"));
        assert_ne!(
            Call::Kv(KvCall::Get { key: "a".into() }).request_hash(),
            Call::Kv(KvCall::Delete { key: "a".into() }).request_hash()
        );
    }
}
