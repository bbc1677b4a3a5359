//! Which secret may go to which host in which place of a request: a part of an http grant.

use super::grant::{cover_hosts, host_matches};
use crate::effect::http::Credential;
use serde::{Deserialize, Serialize};

/// One secret, some hosts, one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialGrant {
    /// The secret's name.
    pub secret: String,
    /// As the hosts of the http grant, which the request must have besides.
    pub hosts: Vec<String>,
    /// In what kind of place.
    pub placement: Placement,
    /// Which header, user, parameter or field, or the pointer; any where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Kinds of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// A header.
    Header,
    /// HTTP basic authentication.
    Basic,
    /// A query parameter.
    Query,
    /// A form field.
    Form,
    /// A place in a JSON body.
    JsonPointer,
}

impl Placement {
    /// Where a credential is to be put.
    #[must_use]
    pub fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Header { .. } => Self::Header,
            Credential::Basic { .. } => Self::Basic,
            Credential::Query { .. } => Self::Query,
            Credential::Form { .. } => Self::Form,
            Credential::JsonPointer { .. } => Self::JsonPointer,
        }
    }

    /// The word in manifests and policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Basic => "basic",
            Self::Query => "query",
            Self::Form => "form",
            Self::JsonPointer => "json-pointer",
        }
    }
}

/// The name of a credential's place; that of a header in lower case.
pub(super) fn place_name(credential: &Credential) -> String {
    match credential {
        Credential::Header { header, .. } => header.to_lowercase(),
        Credential::Basic { user: name, .. }
        | Credential::Query { name, .. }
        | Credential::Form { name, .. }
        | Credential::JsonPointer { pointer: name, .. } => name.clone(),
    }
}

impl CredentialGrant {
    /// Whether a credential may go to this host.
    pub(super) fn allows(&self, credential: &Credential, host: &str) -> bool {
        let [_, _, _, secret] = credential.parts();
        self.secret == secret
            && self.placement == Placement::of(credential)
            && self.names(&place_name(credential))
            && self.hosts.iter().any(|given| host_matches(given, host))
    }

    /// Whether a grant of `self` covers the request `asked`.
    pub(super) fn covers(&self, asked: &Self) -> bool {
        self.secret == asked.secret
            && self.placement == asked.placement
            && match &asked.name {
                Some(name) => self.names(name),
                None => self.name.is_none(),
            }
            && cover_hosts(&self.hosts, &asked.hosts)
    }

    fn names(&self, name: &str) -> bool {
        let is_header = self.placement == Placement::Header;
        self.name
            .as_deref()
            .is_none_or(|given| given == name || (is_header && given.eq_ignore_ascii_case(name)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use crate::effect::http::{Credential, HttpRequest};
    use crate::effect::model::Tier;
    use crate::effect::{Call, ErrorKind};
    use crate::manifest::grant::{Capability, authorize};
    use serde_json::json;

    fn grant(credentials: serde_json::Value) -> Capability {
        serde_json::from_value(json!({
            "interface": "http", "hosts": ["*"], "methods": ["*"], "credentials": credentials,
        }))
        .unwrap()
    }

    fn call(url: &str, credential: Credential) -> Call {
        let credentials = vec![credential];
        Call::Http(HttpRequest {
            method: "GET".into(),
            url: url.into(),
            credentials,
            ..HttpRequest::default()
        })
    }

    fn header(header: &str, secret: &str) -> Credential {
        Credential::Header { header: header.into(), prefix: "Bearer ".into(), secret: secret.into() }
    }

    #[test]
    fn a_secret_goes_only_to_its_host_in_its_place() {
        let given =
            json!([{ "secret": "KEY", "hosts": ["a.com"], "placement": "header", "name": "Authorization" }]);
        let any_name = json!([{ "secret": "KEY", "hosts": ["*.a.com"], "placement": "query" }]);
        let query = |name: &str| Credential::Query { name: name.into(), secret: "KEY".into() };
        for (grants, url, credential, allowed) in [
            (&given, "https://a.com/", header("authorization", "KEY"), true),
            (&given, "https://a.com/", header("AUTHORIZATION", "KEY"), true),
            (&given, "https://b.com/", header("authorization", "KEY"), false),
            (&given, "https://x.a.com/", header("authorization", "KEY"), false),
            (&given, "https://a.com/", header("x-key", "KEY"), false),
            (&given, "https://a.com/", header("authorization", "OTHER"), false),
            (&given, "https://a.com/", query("authorization"), false),
            (&any_name, "https://x.a.com/", query("anything"), true),
            (&any_name, "https://a.com/", query("anything"), false),
            (&any_name, "https://x.a.com/", header("anything", "KEY"), false),
        ] {
            let verdict =
                authorize("p@1.0.0", &call(url, credential.clone()), Tier::Core, &[grant(grants.clone())]);
            assert_eq!(verdict.is_ok(), allowed, "{url} {credential:?}");
            if let Err(error) = verdict {
                assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Denied, "missing-grant"));
                let [_, _, _, secret] = credential.parts();
                assert!(
                    error.message.contains(secret) && error.message.contains("credentials = [{"),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn a_credential_needs_the_host_and_the_method_besides() {
        let credentials = json!([{ "secret": "KEY", "hosts": ["a.com"], "placement": "header" }]);
        let narrow: Capability = serde_json::from_value(json!({
            "interface": "http", "hosts": ["b.com"], "methods": ["GET"], "credentials": credentials,
        }))
        .unwrap();
        let error =
            authorize("p", &call("https://a.com/", header("x", "KEY")), Tier::Core, &[narrow]).unwrap_err();
        assert!(error.message.contains("http GET a.com"), "{error}");
    }

    #[test]
    fn more_credentials_are_a_wider_request() {
        let of = |hosts: &[&str], name: Option<&str>| {
            grant(json!([{ "secret": "KEY", "hosts": hosts, "placement": "header", "name": name }]))
        };
        let none = grant(json!([]));
        assert!(of(&["a.com"], None).covers(&none) && !none.covers(&of(&["a.com"], None)));
        assert!(of(&["*.a.com"], None).covers(&of(&["x.a.com"], Some("x-key"))));
        assert!(!of(&["a.com"], Some("x-key")).covers(&of(&["a.com"], None)));
        assert!(!of(&["a.com"], Some("x-key")).covers(&of(&["a.com", "b.com"], Some("x-key"))));
    }
}
