//! The decision: may a request with this purpose go to this URL, and to which of its addresses.

use crate::addresses::{self, Rule};
use crate::allowed::Allowed;
use app::ports::outbound::Purpose;
use domain::effect::{CallError, ErrorKind, bounded};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// What the operator configured.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// `[egress] allow`.
    pub allow: Vec<Allowed>,
    /// Base URLs of the configured model providers: their host and port may be anywhere, for models alone.
    pub model_urls: Vec<Url>,
    /// `[source] allow_http`: clone over plain http, from public hosts too.
    pub source_http: bool,
}

/// A URL that passed all checks that need no DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// Lower case, no brackets, no final dot.
    pub(crate) host: String,
    /// Where the URL has an address for a name.
    pub(crate) literal: Option<IpAddr>,
    /// Explicit or the scheme's.
    pub(crate) port: u16,
    named: Named,
}

/// How far the operator named this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    /// Not.
    No,
    /// By an entry with its name.
    ByName,
    /// As a model's base URL.
    AsModel,
}

impl Rules {
    /// Check scheme, user information, and the host as far as it is known without DNS.
    pub(crate) fn check_url(&self, url: &Url, purpose: Purpose) -> Result<Destination, CallError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "the URL carries user information before its host; leave it out and name a credential",
            ));
        }
        let shown = shown(url);
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(invalid(format!("{shown} has no host; give an absolute http or https URL")));
        };
        let (literal, host) = match host {
            Host::Domain(name) => (None, name.trim_end_matches('.').to_ascii_lowercase()),
            Host::Ipv4(address) => (Some(IpAddr::V4(address)), address.to_string()),
            Host::Ipv6(address) => (Some(IpAddr::V6(address)), address.to_string()),
        };
        if host.is_empty() {
            return Err(invalid(format!("{shown} has no host; give an absolute http or https URL")));
        }
        let named = self.named(&host, port, purpose);
        let destination = Destination { host, literal, port, named };
        self.check_known_addresses(&destination)?;
        match url.scheme() {
            "https" => Ok(destination),
            "http" if self.may_be_plain(&destination, purpose) => Ok(destination),
            "http" if purpose == Purpose::Source => Err(denied(format!(
                "{shown} is not encrypted: use https, or let the operator set `allow_http = true` under `[source]` in the policy"
            ))),
            "http" => Err(denied(format!(
                "{shown} is not encrypted: use https, or let the operator add {:?} to `[egress] allow`",
                destination.entry()
            ))),
            other => Err(invalid(format!("{shown} has the scheme {other:?}; only http and https are sent"))),
        }
    }

    /// Whether this address of the destination may be connected to.
    pub(crate) fn check_address(&self, destination: &Destination, address: IpAddr) -> Result<(), Rule> {
        let Some(rule) = addresses::denied(address) else { return Ok(()) };
        let lifted = match destination.named {
            Named::AsModel => true,
            Named::ByName if rule.lifted_by_name() => true,
            Named::No | Named::ByName => {
                self.allow.iter().any(|entry| entry.holds(address, destination.port))
            }
        };
        if lifted { Ok(()) } else { Err(rule) }
    }

    /// The refusal of a destination none of whose addresses passed.
    pub(crate) fn refusal(destination: &Destination, address: IpAddr, rule: Rule) -> CallError {
        let Destination { host, port, literal, .. } = destination;
        let what = if literal.is_some() {
            format!("{address} is {rule}")
        } else {
            format!("{host} is at {address}, {rule}")
        };
        let entry =
            if rule.lifted_by_name() { destination.entry() } else { entry(&address.to_string(), *port) };
        denied(format!(
            "{what}; nothing may reach it unless the operator adds {entry:?} to `[egress] allow` in the policy"
        ))
    }

    /// A literal address, and `localhost`, which no resolver may send elsewhere (RFC 6761).
    fn check_known_addresses(&self, destination: &Destination) -> Result<(), CallError> {
        let known = match destination.literal {
            Some(address) => vec![address],
            None if destination.host == "localhost" || destination.host.ends_with(".localhost") => {
                vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            }
            None => return Ok(()),
        };
        let mut refusals = known.iter().map(|address| (*address, self.check_address(destination, *address)));
        match refusals.clone().any(|(_, verdict)| verdict.is_ok()) {
            true => Ok(()),
            false => match refusals.next() {
                Some((address, Err(rule))) => Err(Self::refusal(destination, address, rule)),
                _ => Ok(()),
            },
        }
    }

    fn named(&self, host: &str, port: u16, purpose: Purpose) -> Named {
        let is_base = |base: &&Url| {
            let base_host = base.host_str().unwrap_or_default().trim_matches(['[', ']']);
            base_host.trim_end_matches('.').eq_ignore_ascii_case(host)
                && base.port_or_known_default() == Some(port)
        };
        if purpose == Purpose::Model && self.model_urls.iter().any(|base| is_base(&base)) {
            return Named::AsModel;
        }
        if self.allow.iter().any(|entry| entry.names(host, port)) { Named::ByName } else { Named::No }
    }

    /// Plugins may read plain pages where their grant names the host; what the host itself sends is encrypted, or the operator's choice.
    fn may_be_plain(&self, destination: &Destination, purpose: Purpose) -> bool {
        let known = match destination.literal {
            Some(address) => self.allow.iter().any(|entry| entry.holds(address, destination.port)),
            // It passed `check_known_addresses`, so an entry holds it.
            None => destination.host == "localhost" || destination.host.ends_with(".localhost"),
        };
        known
            || destination.named != Named::No
            || match purpose {
                Purpose::Plugin => true,
                Purpose::Source => self.source_http,
                Purpose::Model | Purpose::Registry | Purpose::Webhook => false,
            }
    }
}

impl Destination {
    /// What an operator would write to allow it.
    fn entry(&self) -> String {
        entry(&self.host, self.port)
    }

    /// For messages: `host:port`.
    pub(crate) fn shown(&self) -> String {
        self.entry()
    }
}

fn entry(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A URL for messages, without what may be secret: user information, query, fragment.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Fails only where there is no host, and then there is no user information either.
    let _no_host = url.set_username("").and_then(|()| url.set_password(None));
    bounded(url.into(), 300)
}

/// Parse an absolute URL of any scheme.
pub(crate) fn parse_url(text: &str) -> Result<Url, CallError> {
    // The text is not repeated: what is not a URL may be a pasted secret.
    Url::parse(text)
        .map_err(|error| invalid(format!("not an absolute URL ({error}); give one like https://host/path")))
}

pub(crate) fn invalid(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::InvalidInput, "url", message)
}

pub(crate) fn denied(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::Denied, "egress", message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn rules(allow: &[&str]) -> Rules {
        Rules {
            allow: allow.iter().map(|entry| entry.parse().unwrap()).collect(),
            model_urls: vec!["http://127.0.0.1:11434/v1".parse().unwrap()],
            source_http: false,
        }
    }

    fn check(rules: &Rules, url: &str, purpose: Purpose) -> Result<Destination, CallError> {
        rules.check_url(&parse_url(url)?, purpose)
    }

    #[test]
    fn urls_that_reach_inside_are_denied_however_they_are_written() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://0/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost:8080/",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/",
            "https://①②⑦.0.0.1/",
        ] {
            for purpose in
                [Purpose::Plugin, Purpose::Webhook, Purpose::Registry, Purpose::Source, Purpose::Model]
            {
                let error = check(&rules(&[]), url, purpose).unwrap_err();
                assert_eq!(error.kind, ErrorKind::Denied, "{url}: {error}");
                assert!(error.message.contains("[egress] allow"), "{error}");
            }
        }
    }

    #[test]
    fn urls_that_are_no_plain_http_urls_are_invalid() {
        for url in [
            "",
            "x",
            "/path",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://u:p@example.com/",
            "https://u@example.com/",
            "data:,x",
            "https://",
        ] {
            assert_eq!(
                check(&rules(&[]), url, Purpose::Plugin).unwrap_err().kind,
                ErrorKind::InvalidInput,
                "{url}"
            );
        }
    }

    #[test]
    fn plain_http_is_for_plugins_and_for_what_the_operator_named() {
        let open = rules(&["hooks.internal", "127.0.0.1:9000"]);
        for (url, purpose, allowed) in [
            ("http://example.com/", Purpose::Plugin, true),
            ("http://example.com/", Purpose::Webhook, false),
            ("http://example.com/", Purpose::Registry, false),
            ("http://example.com/", Purpose::Model, false),
            ("http://example.com/", Purpose::Source, false),
            ("http://hooks.internal/", Purpose::Webhook, true),
            ("http://127.0.0.1:9000/", Purpose::Webhook, true),
            ("http://localhost:9000/", Purpose::Webhook, true),
            ("http://127.0.0.1:9001/", Purpose::Webhook, false),
            ("http://127.0.0.1:11434/v1/chat", Purpose::Model, true),
            ("http://127.0.0.1:11434/v1/chat", Purpose::Plugin, false),
            ("http://127.0.0.1:11435/v1/chat", Purpose::Model, false),
        ] {
            assert_eq!(check(&open, url, purpose).is_ok(), allowed, "{url} {purpose:?}");
        }
        let plain_sources = Rules { source_http: true, ..rules(&[]) };
        assert!(check(&plain_sources, "http://example.com/x.git", Purpose::Source).is_ok());
        assert!(check(&plain_sources, "http://example.com/x", Purpose::Webhook).is_err());
    }

    #[test]
    fn a_name_lifts_private_ranges_and_never_the_metadata_address() {
        let rules = rules(&["*.internal", "169.254.10.0/24"]);
        let destination = check(&rules, "https://metadata.internal/", Purpose::Plugin).unwrap();
        for (address, verdict) in [
            ("10.0.0.7", Ok(())),
            ("127.0.0.1", Ok(())),
            ("8.8.8.8", Ok(())),
            ("169.254.169.254", Err(Rule::Metadata)),
            ("169.254.11.1", Err(Rule::LinkLocal)),
            ("169.254.10.1", Ok(())),
            ("::ffff:10.0.0.7", Err(Rule::Mapped)),
        ] {
            assert_eq!(rules.check_address(&destination, address.parse().unwrap()), verdict, "{address}");
        }
    }

    #[test]
    fn messages_show_neither_query_nor_user_information() {
        let error =
            check(&rules(&[]), "ftp://example.com/x?token=s3cret#s3cret", Purpose::Plugin).unwrap_err();
        assert!(
            error.message.contains("ftp://example.com/x") && !error.message.contains("s3cret"),
            "{error}"
        );
        let error = check(&rules(&[]), "https://u:s3cret@example.com/", Purpose::Plugin).unwrap_err();
        assert!(!error.message.contains("s3cret"), "{error}");
    }
}
