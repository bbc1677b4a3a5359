//! Secrets of a user: what they may be called, how large they are, where they may go, and what people are shown of them.

use crate::effect::bounded;
use crate::error::Error;
use crate::id::{AgentId, UserId};
use crate::manifest::grant::host_matches;
use serde_json::json;
use zeroize::Zeroizing;

/// Bytes of one value: keys and certificates fit, files are files.
pub const VALUE_LIMIT: usize = 16 << 10;
/// Secrets of one user.
pub const COUNT_LIMIT: usize = 200;
/// Hosts of one secret.
pub const HOSTS_LIMIT: usize = 50;
/// Characters of a name.
const NAME_LIMIT: usize = 128;
/// The last characters are shown only of values that are longer than this.
const MASK_WHOLE: usize = 11;
/// So many of them.
const SHOWN: usize = 4;

/// A value that is shown nowhere and overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// From a text that nobody else has.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The value itself: for sealing, signing and for the request that it goes out with.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last characters of a long value.
    #[must_use]
    pub fn suffix(&self) -> Option<String> {
        let length = self.0.chars().count();
        (length > MASK_WHOLE).then(|| self.0.chars().skip(length - SHOWN).collect())
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretValue(****)")
    }
}

/// Where a sealed value belongs. It opens nowhere else: all of this is authenticated with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPlace {
    /// Whose.
    pub user: UserId,
    /// Of which agent; none for what all agents of the user may use.
    pub agent: Option<AgentId>,
    /// Its name.
    pub name: String,
    /// Which of the user's writes stored it. None comes twice, also not after a deletion.
    pub version: u64,
    /// The hosts that it may go to; none where only the plugins' grants say.
    pub hosts: Option<Vec<String>>,
}

/// `[A-Z_][A-Z0-9_]{0,127}`.
#[must_use]
pub fn is_secret_name(text: &str) -> bool {
    let starts = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    (1..=NAME_LIMIT).contains(&text.len())
        && text.bytes().next().is_some_and(starts)
        && text.bytes().all(|byte| starts(byte) || byte.is_ascii_digit())
}

/// What people see in place of a value.
#[must_use]
pub fn masked(suffix: Option<&str>) -> String {
    format!("****{}", suffix.unwrap_or_default())
}

/// A value as it was given for the secret `name`.
///
/// # Errors
/// It is empty or too large.
pub fn check_value(name: &str, value: &SecretValue) -> Result<(), Error> {
    let problem = match value.reveal().len() {
        0 => "is empty; delete the secret when it is not needed any more".to_owned(),
        size if size > VALUE_LIMIT => format!("has {size} bytes, which is over the limit of {VALUE_LIMIT}"),
        _ => return Ok(()),
    };
    Err(Error::invalid(format!("the value of {name} {problem}")).with_details(json!({ "field": name })))
}

/// One host of the secret `name`, in lower case: `api.example.com`, `*.example.com` or an address.
///
/// # Errors
/// It is something else.
pub fn parse_host(name: &str, text: &str) -> Result<String, Error> {
    let host = text.to_ascii_lowercase();
    let bare = host.strip_prefix("*.").unwrap_or(&host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_name =
        bare.len() <= 253 && bare.split('.').all(|part| !part.is_empty() && part.bytes().all(plain));
    let is_address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    if is_name || is_address {
        return Ok(host);
    }
    let shown = bounded(text.to_owned(), 100);
    Err(Error::invalid(format!(
        "{name}: {shown:?} is not a host; write `api.example.com`, `*.example.com` or an address (`[::1]` for IPv6), without scheme and port; \
         leave `hosts` out where the plugins' grants alone shall say"
    ))
    .with_details(json!({ "field": format!("{name}.hosts") })))
}

/// Whether a secret with these hosts may go to this one.
#[must_use]
pub fn may_go_to(hosts: Option<&[String]>, host: &str) -> bool {
    hosts.is_none_or(|hosts| hosts.iter().any(|given| host_matches(given, host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> SecretValue {
        SecretValue::new(text.to_owned())
    }

    #[test]
    fn only_the_end_of_a_long_value_is_shown() {
        for (text, shown) in [
            ("", "****"),
            ("12345678901", "****"),
            ("123456789012", "****9012"),
            ("äöüäöüäöüäö", "****"),
            ("äöüäöüäöüäöü", "****üäöü"),
        ] {
            assert_eq!(masked(value(text).suffix().as_deref()), shown, "{text}");
        }
        assert_eq!(format!("{:?}", value("123456789012")), "SecretValue(****)");
    }

    #[test]
    fn names_are_those_of_environment_variables() {
        for (name, good) in [
            ("A", true),
            ("_", true),
            ("API_KEY_2", true),
            ("", false),
            ("2A", false),
            ("api_key", false),
            ("A-B", false),
            ("Ä", false),
            (&"A".repeat(128), true),
            (&"A".repeat(129), false),
        ] {
            assert_eq!(is_secret_name(name), good, "{name}");
        }
    }

    #[test]
    fn a_secret_goes_only_to_its_hosts() {
        for (host, good) in [
            ("api.example.com", true),
            ("*.example.com", true),
            ("API.example.com", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("*", false),
            ("", false),
            ("a..b", false),
            ("https://a.com", false),
            ("a.com:443", false),
            ("a.com/x", false),
            ("a.*", false),
        ] {
            assert_eq!(parse_host("KEY", host).is_ok(), good, "{host}");
        }
        let hosts = ["a.com".to_owned(), "*.b.com".to_owned()];
        for (host, may) in [("a.com", true), ("x.a.com", false), ("x.b.com", true), ("b.com", false)] {
            assert_eq!(may_go_to(Some(&hosts), host), may, "{host}");
            assert!(may_go_to(None, host));
        }
    }
}
