//! Capabilities: requested by a manifest, granted by an operator, checked for each call. A refusal names the missing grant.

use super::credential::{CredentialGrant, Placement, place_name};
use crate::effect::files::FilesCall;
use crate::effect::http::{Credential, HttpRequest};
use crate::effect::model::Tier;
use crate::effect::{Call, CallError, ErrorKind};
use serde::{Deserialize, Serialize};
use url::Url;

/// One interface with its bounds: in a manifest what is asked for, in a policy what is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "interface", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Capability {
    /// Language models.
    Model {
        /// Why.
        #[serde(default)]
        reason: String,
        /// Which tiers.
        tiers: Vec<Tier>,
    },
    /// Outbound HTTP.
    Http {
        /// Why.
        #[serde(default)]
        reason: String,
        /// `api.example.com`, `*.example.com` or `*`.
        hosts: Vec<String>,
        /// Upper case; `*` for all.
        methods: Vec<String>,
        /// Which secret may go to which host in which place.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        credentials: Vec<CredentialGrant>,
    },
    /// Secrets by name.
    Secrets {
        /// Why.
        #[serde(default)]
        reason: String,
        /// Names.
        names: Vec<String>,
    },
    /// The workspace.
    Files {
        /// Why.
        #[serde(default)]
        reason: String,
        /// Read, or read and write.
        access: Access,
        /// Path prefixes; `""` is everything.
        paths: Vec<String>,
    },
    /// Small state.
    Kv {
        /// Why.
        #[serde(default)]
        reason: String,
        /// Bytes.
        quota: u64,
    },
    /// Tools of other skills.
    Tools {
        /// Why.
        #[serde(default)]
        reason: String,
        /// `skill.tool` or `skill.*`.
        names: Vec<String>,
    },
    /// Other agents.
    Agents {
        /// Why.
        #[serde(default)]
        reason: String,
        /// Names; `*` for all.
        names: Vec<String>,
    },
}

/// How far files are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Look.
    Read,
    /// Change.
    ReadWrite,
}

impl Capability {
    /// The WIT interface.
    #[must_use]
    pub fn interface(&self) -> &'static str {
        match self {
            Self::Model { .. } => "model",
            Self::Http { .. } => "http",
            Self::Secrets { .. } => "secrets",
            Self::Files { .. } => "files",
            Self::Kv { .. } => "kv",
            Self::Tools { .. } => "tools",
            Self::Agents { .. } => "agents",
        }
    }

    /// Whether a grant of `self` covers everything that `request` asks for. The reason does not count.
    #[must_use]
    pub fn covers(&self, request: &Self) -> bool {
        match (self, request) {
            (Self::Model { tiers: given, .. }, Self::Model { tiers: asked, .. }) => {
                asked.iter().all(|tier| given.contains(tier))
            }
            (
                Self::Http { hosts, methods, credentials, .. },
                Self::Http { hosts: asked_hosts, methods: asked_methods, credentials: asked, .. },
            ) => {
                cover_hosts(hosts, asked_hosts)
                    && asked_methods
                        .iter()
                        .all(|method| methods.iter().any(|given| given == "*" || given == method))
                    && asked.iter().all(|asked| credentials.iter().any(|given| given.covers(asked)))
            }
            (Self::Files { access, paths, .. }, Self::Files { access: asked, paths: asked_paths, .. }) => {
                access >= asked && asked_paths.iter().all(|path| paths.iter().any(|given| below(given, path)))
            }
            (Self::Kv { quota, .. }, Self::Kv { quota: asked, .. }) => quota >= asked,
            (Self::Secrets { names, .. }, Self::Secrets { names: asked, .. })
            | (Self::Tools { names, .. }, Self::Tools { names: asked, .. })
            | (Self::Agents { names, .. }, Self::Agents { names: asked, .. }) => {
                asked.iter().all(|name| names.iter().any(|given| name_matches(given, name)))
            }
            _ => false,
        }
    }
}

/// The requests that no grant covers: what is missing, or what widened.
#[must_use]
pub fn missing<'a>(requested: &'a [Capability], granted: &[Capability]) -> Vec<&'a Capability> {
    requested.iter().filter(|request| !granted.iter().any(|grant| grant.covers(request))).collect()
}

/// What is asked for and not given, in words: (interface, what of it).
#[must_use]
pub fn widened(requested: &[Capability], granted: &[Capability]) -> Vec<(&'static str, String)> {
    let lacks = |request: &&Capability| (request.interface(), lacking(request, granted));
    missing(requested, granted).iter().map(lacks).collect()
}

/// The parts of one request that nothing of what is given has; all of it where only the combination is new.
fn lacking(request: &Capability, granted: &[Capability]) -> String {
    let parts = parts(request);
    let has = |part: &&(String, Capability)| !granted.iter().any(|given| given.covers(&part.1));
    let new: Vec<&str> = parts.iter().filter(has).map(|(words, _)| words.as_str()).collect();
    if new.is_empty() { parts.iter().map(|(words, _)| words.as_str()).collect::<Vec<_>>() } else { new }
        .join(", ")
}

/// A request as its smallest parts, each with words for it.
fn parts(request: &Capability) -> Vec<(String, Capability)> {
    let reason = String::new;
    match request {
        Capability::Model { tiers, .. } => tiers
            .iter()
            .map(|tier| {
                (
                    format!("tier {}", tier.as_str()),
                    Capability::Model { reason: reason(), tiers: vec![*tier] },
                )
            })
            .collect(),
        Capability::Http { hosts, methods, credentials, .. } => hosts
            .iter()
            .flat_map(|host| methods.iter().map(move |method| (host, method)))
            .map(|(host, method)| {
                let part = Capability::Http {
                    reason: reason(),
                    hosts: vec![host.clone()],
                    methods: vec![method.clone()],
                    credentials: Vec::new(),
                };
                (format!("{method} {host}"), part)
            })
            .chain(credentials.iter().map(|credential| {
                let part = Capability::Http {
                    reason: reason(),
                    hosts: Vec::new(),
                    methods: Vec::new(),
                    credentials: vec![credential.clone()],
                };
                (format!("secret {} to {}", credential.secret, credential.hosts.join(" ")), part)
            }))
            .collect(),
        Capability::Secrets { names, .. } => names
            .iter()
            .map(|name| (name.clone(), Capability::Secrets { reason: reason(), names: vec![name.clone()] }))
            .collect(),
        Capability::Files { access, paths, .. } => paths
            .iter()
            .map(|path| {
                let word = if *access == Access::ReadWrite { "read and write" } else { "read" };
                let part = Capability::Files { reason: reason(), access: *access, paths: vec![path.clone()] };
                (format!("{word} {path:?}"), part)
            })
            .collect(),
        Capability::Kv { quota, .. } => vec![(format!("{quota} bytes"), request.clone())],
        Capability::Tools { names, .. } => names
            .iter()
            .map(|name| (name.clone(), Capability::Tools { reason: reason(), names: vec![name.clone()] }))
            .collect(),
        Capability::Agents { names, .. } => names
            .iter()
            .map(|name| (name.clone(), Capability::Agents { reason: reason(), names: vec![name.clone()] }))
            .collect(),
    }
}

/// Check a call of `plugin` against its grants.
///
/// # Errors
/// `denied`, naming the missing grant.
pub fn authorize(
    plugin: &str,
    call: &Call,
    default_tier: Tier,
    granted: &[Capability],
) -> Result<(), CallError> {
    if let Call::Http(request) = call {
        check_credentials(plugin, request, granted)?;
    }
    let allowed = granted.iter().any(|grant| match (grant, call) {
        (Capability::Model { tiers, .. }, Call::Model(request)) => {
            tiers.contains(&request.tier.unwrap_or(default_tier))
        }
        (Capability::Http { hosts, methods, .. }, Call::Http(request)) => {
            let host = url_host(&request.url);
            host.is_some_and(|host| hosts.iter().any(|given| host_matches(given, &host)))
                && methods.iter().any(|given| given == "*" || *given == request.method)
        }
        (Capability::Secrets { names, .. }, Call::SecretExists { name } | Call::SecretSign { name, .. }) => {
            names.contains(name)
        }
        (Capability::Files { access, paths, .. }, Call::Files(files)) => {
            (*access == Access::ReadWrite || !files.writes())
                && paths.iter().any(|given| below(given, files.path()))
        }
        (Capability::Kv { .. }, Call::Kv(_)) => true,
        (Capability::Tools { .. }, Call::Tools(crate::effect::tools::ToolsCall::Available)) => true,
        (
            Capability::Tools { names, .. },
            Call::Tools(crate::effect::tools::ToolsCall::Call { name, .. }),
        ) => names.iter().any(|given| name_matches(given, name)),
        (
            Capability::Agents { names, .. },
            Call::AgentSend { agent, .. } | Call::AgentStart { agent, .. },
        ) => names.iter().any(|given| name_matches(given, agent)),
        _ => false,
    });
    if allowed { Ok(()) } else { Err(denied(plugin, call, default_tier)) }
}

fn denied(plugin: &str, call: &Call, default_tier: Tier) -> CallError {
    let grant = match call {
        Call::Model(request) => format!("model tier {}", request.tier.unwrap_or(default_tier).as_str()),
        Call::Http(HttpRequest { method, url, .. }) => {
            format!("http {method} {}", url_host(url).unwrap_or_else(|| "(no host)".to_owned()))
        }
        Call::SecretExists { name } | Call::SecretSign { name, .. } => format!("secrets {name}"),
        Call::Files(files) => {
            let access = if files.writes() { "read-write" } else { "read" };
            format!("files {access} {:?}", FilesCall::path(files))
        }
        Call::Kv(_) => "kv".to_owned(),
        Call::Tools(crate::effect::tools::ToolsCall::Call { name, .. }) => format!("tools {name}"),
        Call::Tools(_) => "tools".to_owned(),
        Call::AgentSend { agent, .. } | Call::AgentStart { agent, .. } => format!("agents {agent}"),
        Call::Source(_) | Call::Gates(_) | Call::Webhook(_) | Call::Turn(_) => {
            format!("{} (host only)", call.interface())
        }
    };
    CallError::new(
        ErrorKind::Denied,
        "missing-grant",
        format!(
            "plugin {plugin} lacks the grant `{grant}`; an operator can add it to the policy file for this plugin's digest"
        ),
    )
}

/// Each credential must be granted for the request's host, by any of the plugin's grants.
fn check_credentials(plugin: &str, request: &HttpRequest, granted: &[Capability]) -> Result<(), CallError> {
    let host = url_host(&request.url).unwrap_or_default();
    let given = |credential: &Credential| {
        granted.iter().any(|grant| match grant {
            Capability::Http { credentials, .. } => {
                credentials.iter().any(|grant| grant.allows(credential, &host))
            }
            _ => false,
        })
    };
    let Some(credential) = request.credentials.iter().find(|credential| !given(credential)) else {
        return Ok(());
    };
    let (placement, name) = (Placement::of(credential).as_str(), place_name(credential));
    let [_, _, _, secret] = credential.parts();
    Err(CallError::new(
        ErrorKind::Denied,
        "missing-grant",
        format!(
            "plugin {plugin} lacks the grant to send the secret {secret} to {} as {placement} {name:?}; an operator can add \
             `credentials = [{{ secret = {secret:?}, hosts = [{host:?}], placement = {placement:?}, name = {name:?} }}]` to its http grant \
             in the policy file for this plugin's digest",
            if host.is_empty() { "no host" } else { &host },
        ),
    ))
}

/// Whether all these hosts are given.
pub(super) fn cover_hosts(given: &[String], asked: &[String]) -> bool {
    asked.iter().all(|host| {
        given
            .iter()
            .any(|given| given == host || (!host.contains('*') && host_matches(given, host)) || given == "*")
    })
}

/// The host of an absolute http or https URL, read by the parser that the egress uses: another reading of the same text would let a
/// plugin name one host here and reach another there.
fn url_host(url: &str) -> Option<String> {
    let begins =
        |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if !begins("http://") && !begins("https://") {
        return None;
    }
    Url::parse(url).ok()?.host_str().map(str::to_lowercase)
}

pub(crate) fn host_matches(given: &str, host: &str) -> bool {
    match given.strip_prefix("*.") {
        Some(suffix) => host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1),
        None => given == "*" || given.eq_ignore_ascii_case(host),
    }
}

fn below(prefix: &str, path: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    prefix.is_empty()
        || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a pattern (`*`, `PLUGIN.*` or a whole name) covers a name.
pub(crate) fn name_matches(given: &str, name: &str) -> bool {
    given == "*"
        || given == name
        || given.strip_suffix('*').is_some_and(|prefix| prefix.ends_with('.') && name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(hosts: &[&str]) -> Capability {
        Capability::Http {
            reason: String::new(),
            hosts: hosts.iter().map(ToString::to_string).collect(),
            methods: vec!["GET".into()],
            credentials: vec![],
        }
    }

    fn get(url: &str) -> Call {
        Call::Http(HttpRequest { method: "GET".into(), url: url.into(), ..HttpRequest::default() })
    }

    #[test]
    fn a_host_grant_covers_only_its_hosts() {
        for (given, url, allowed) in [
            ("api.example.com", "https://api.example.com/x", true),
            ("api.example.com", "https://API.example.com:444/x", true),
            ("api.example.com", "https://evil.com/api.example.com", false),
            ("api.example.com", "https://api.example.com@evil.com/", false),
            ("api.example.com", "https://evil.com\\@api.example.com/", false),
            ("*.example.com", "https://a.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://evilexample.com/", false),
            ("*", "https://anything.test/", true),
            ("api.example.com", "HTTPS://api.example.com/", true),
            ("api.example.com", "https:evil.example/?://api.example.com/", false),
            ("api.example.com", "https:/evil.example/?://api.example.com/", false),
            ("api.example.com", "https:\\\\evil.example/?://api.example.com/", false),
            ("api.example.com", "https://evil.example\t/?://api.example.com/", false),
            ("api.example.com", " https://evil.example/?://api.example.com/", false),
            ("api.example.com", "https:///evil.example/?@api.example.com/", false),
            ("api.example.com", "https://api.example.com:pass@evil.example/", false),
            ("api.example.com", "https://api.exa\u{ad}mple.com/", true),
            ("*", "https:anything.test/", false),
            ("*", "ftp://anything.test/", false),
            ("*", "file:///etc/passwd", false),
        ] {
            assert_eq!(
                authorize("p", &get(url), Tier::Core, &[http(&[given])]).is_ok(),
                allowed,
                "{given} {url}"
            );
        }
    }

    #[test]
    fn a_refusal_names_the_missing_grant() {
        let call = Call::Files(FilesCall::Write { path: "src/a.py".into(), content: vec![] });
        let read =
            Capability::Files { reason: String::new(), access: Access::Read, paths: vec![String::new()] };
        let error = authorize("files@0.1.0", &call, Tier::Core, &[read]).expect_err("denied");
        assert_eq!(error.kind, ErrorKind::Denied);
        assert!(error.message.contains("files read-write \"src/a.py\""), "{}", error.message);
    }

    #[test]
    fn a_prefix_ends_at_a_path_part() {
        for (prefix, path, inside) in [
            ("", "a", true),
            ("src", "src/a", true),
            ("src/", "src/a", true),
            ("src", "srcx/a", false),
            ("src", "src", true),
        ] {
            assert_eq!(below(prefix, path), inside, "{prefix} {path}");
        }
    }

    #[test]
    fn widened_requests_are_found() {
        let asked = [http(&["a.com", "b.com"])];
        assert!(missing(&asked, &[http(&["a.com", "b.com", "c.com"])]).is_empty());
        assert_eq!(missing(&asked, &[http(&["a.com"])]).len(), 1);
        assert_eq!(missing(&[http(&["*"])], &[http(&["a.com"])]).len(), 1);
        assert_eq!(widened(&asked, &[http(&["a.com"])]), [("http", "GET b.com".to_owned())]);
        assert_eq!(widened(&asked, &[]), [("http", "GET a.com, GET b.com".to_owned())]);
        assert_eq!(widened(&asked, &asked), []);
    }
}
