//! The rules that a project is held to: `governance.toml` of the project, over those that are built in.
//!
//! ```toml
//! [licences]
//! allow = ["MIT", "Apache-2.0"]        # takes the place of the built-in list
//! deny = ["AGPL-3.0"]                  # whatever else is allowed
//! [licences.known]                     # where no file says it
//! requests = "Apache-2.0"
//! [files]
//! required = ["LICENSE", "SECURITY.md"]
//! [[rule]]
//! id = "POL-1"
//! text = "No code speaks of customers by name."
//! reference = "Privacy policy 4.2"
//! forbids = "(?i)acme corp"            # or `requires = "PATTERN"`, or `file = "PATH"`
//! in = "src/"
//! stop = true                          # ends a task before anything is made
//! ```

use rigor::{form, project};
use serde::Deserialize;
use skep_sdk::Result;
use skep_sdk::prelude::Scope;
use std::collections::BTreeMap;

/// Where a project writes its rules.
pub(crate) const PATH: &str = "governance.toml";

/// Licences that ask for no more than to be named.
const ALLOWED: [&str; 18] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "0BSD",
    "Zlib",
    "Unlicense",
    "CC0-1.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "BSL-1.0",
    "MPL-2.0",
    "Python-2.0",
    "PSF-2.0",
    "BlueOak-1.0.0",
    "CC-BY-4.0",
];

/// The whole policy.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    #[serde(default)]
    pub(crate) licences: Licences,
    #[serde(default)]
    pub(crate) files: Files,
    #[serde(default)]
    pub(crate) rule: Vec<Own>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Licences {
    pub(crate) allow: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) deny: Vec<String>,
    #[serde(default)]
    pub(crate) known: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Files {
    pub(crate) required: Option<Vec<String>>,
}

/// A rule of the project's own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Own {
    pub(crate) id: String,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) reference: String,
    pub(crate) forbids: Option<String>,
    pub(crate) requires: Option<String>,
    pub(crate) file: Option<String>,
    #[serde(default, rename = "in")]
    pub(crate) within: String,
    #[serde(default)]
    pub(crate) stop: bool,
}

/// The policy of the project, or why it cannot be read; and whether it has one.
///
/// # Errors
/// When the workspace cannot be read.
pub(crate) fn read() -> Result<(Result<Policy, String>, bool)> {
    let Some(text) = project::text(PATH)? else { return Ok((Ok(Policy::default()), false)) };
    let policy = form::toml(&text)
        .and_then(|value| serde_json::from_value(value).map_err(|error| format!("not a policy: {error}")))
        .map_err(|why| format!("{PATH} is {why}"));
    Ok((policy, true))
}

impl Policy {
    /// True if this licence may be used.
    pub(crate) fn allows(&self, licence: &str) -> bool {
        let is = |other: &str| crate::spdx::family(other) == crate::spdx::family(licence);
        if self.licences.deny.iter().any(|denied| is(denied)) {
            return false;
        }
        match &self.licences.allow {
            Some(allow) => allow.iter().any(|allowed| is(allowed)),
            None => ALLOWED.iter().any(|allowed| is(allowed)),
        }
    }

    /// Files that have to be there at a scope.
    pub(crate) fn required(&self, scope: Scope) -> Vec<String> {
        if let Some(required) = &self.files.required {
            return required.clone();
        }
        let names: &[&str] = match scope {
            Scope::Demo => &[],
            Scope::Poc | Scope::Mvp => &["LICENSE"],
            Scope::Product => &["LICENSE", "SECURITY.md", "CHANGELOG.md"],
            Scope::Production => &["LICENSE", "SECURITY.md", "CHANGELOG.md", "CODEOWNERS"],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }
}
