//! What an operator allows beyond the public internet: entries of `[egress] allow`.

use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// `host`, `*.suffix`, an address or a range (CIDR); each optionally with `:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    target: Target,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// Exactly this name.
    Name(String),
    /// Any name below: holds `.suffix`.
    Below(String),
    /// These addresses.
    Range(IpNet),
}

/// Text that is not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an egress entry: write `host`, `*.suffix`, an address or a range like `10.0.0.0/8`, each with `:port` where only one port is meant (`[::1]:80` for IPv6)"
)]
pub struct InvalidAllowed(String);

impl Allowed {
    /// Whether the entry names this host (lower case, without brackets) at this port.
    #[must_use]
    pub fn names(&self, host: &str, port: u16) -> bool {
        let named = match &self.target {
            Target::Name(name) => name == host,
            Target::Below(suffix) => host.strip_suffix(suffix.as_str()).is_some_and(|rest| !rest.is_empty()),
            Target::Range(_) => false,
        };
        named && self.is_port(port)
    }

    /// Whether the entry holds this address at this port.
    #[must_use]
    pub fn holds(&self, address: IpAddr, port: u16) -> bool {
        matches!(&self.target, Target::Range(range) if range.contains(&address)) && self.is_port(port)
    }

    fn is_port(&self, port: u16) -> bool {
        self.port.is_none_or(|allowed| allowed == port)
    }
}

impl FromStr for Allowed {
    type Err = InvalidAllowed;

    fn from_str(text: &str) -> Result<Self, InvalidAllowed> {
        let wrong = || InvalidAllowed(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        if let Ok(address) = lower.parse::<SocketAddr>() {
            return Ok(Self { target: Target::Range(address.ip().into()), port: Some(address.port()) });
        }
        let bare = lower.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&lower);
        if let Some(range) = range(bare) {
            return Ok(Self { target: Target::Range(range), port: None });
        }
        let (target, port) = match lower.rsplit_once(':') {
            Some((target, port)) => (target, Some(port.parse().map_err(|_| wrong())?)),
            None => (lower.as_str(), None),
        };
        if let Some(range) = range(target.trim_matches(['[', ']'])) {
            return Ok(Self { target: Target::Range(range), port });
        }
        let (name, below) = match target.strip_prefix("*.") {
            Some(suffix) => (suffix, true),
            None => (target, false),
        };
        let plain =
            |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
        // A name whose last part is a number is an address that somebody mistyped; browsers and resolvers would read it as one.
        let mistyped =
            name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if mistyped || !name.split('.').all(|part| !part.is_empty() && part.chars().all(plain)) {
            return Err(wrong());
        }
        let target = if below { Target::Below(format!(".{name}")) } else { Target::Name(name.to_owned()) };
        Ok(Self { target, port })
    }
}

fn range(text: &str) -> Option<IpNet> {
    text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse::<IpNet>()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_entry_covers_its_names_addresses_and_ports_and_no_others() {
        for (entry, host, port, named) in [
            ("api.internal", "api.internal", 1, true),
            ("API.internal:80", "api.internal", 80, true),
            ("api.internal:80", "api.internal", 81, false),
            ("*.internal", "a.b.internal", 1, true),
            ("*.internal", "internal", 1, false),
            ("*.internal", "evilinternal", 1, false),
            ("*.internal:443", "a.internal", 80, false),
            ("127.0.0.1", "127.0.0.1", 1, false),
        ] {
            assert_eq!(entry.parse::<Allowed>().unwrap().names(host, port), named, "{entry} {host}:{port}");
        }
        for (entry, address, port, held) in [
            ("127.0.0.1:9000", "127.0.0.1", 9000, true),
            ("127.0.0.1:9000", "127.0.0.1", 9001, false),
            ("127.0.0.1:9000", "127.0.0.2", 9000, false),
            ("10.0.0.0/8", "10.200.0.1", 1, true),
            ("10.0.0.0/8:443", "10.200.0.1", 443, true),
            ("10.0.0.0/8:443", "10.200.0.1", 444, false),
            ("10.0.0.0/8", "11.0.0.1", 1, false),
            ("::1", "::1", 7, true),
            ("[::1]", "::1", 7, true),
            ("[::1]:7", "::1", 8, false),
            ("fd00::/8", "fd12::1", 1, true),
            ("[fd00::/8]:9", "fd12::1", 9, true),
            ("api.internal", "10.0.0.1", 1, false),
        ] {
            assert_eq!(
                entry.parse::<Allowed>().unwrap().holds(address.parse().unwrap(), port),
                held,
                "{entry} {address}:{port}"
            );
        }
    }

    #[test]
    fn text_that_is_no_entry_is_refused_with_the_forms() {
        for text in [
            "",
            "*",
            "*.",
            "http://a.b",
            "a b",
            "a..b",
            "a:port",
            "a:70000",
            "10.0.0.0/33",
            "10.0.0",
            "a/b",
            "*.*.internal",
        ] {
            let error = text.parse::<Allowed>().unwrap_err().to_string();
            assert!(error.contains("`host`, `*.suffix`"), "{text}: {error}");
        }
    }
}
