//! The part of a plugin's manifest that packaging needs. The host validates the rest at install.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a component says about itself in its `skep:plugin` section.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// Version of the plugin ABI, such as `0.1.0`.
    pub abi: semver::Version,
    /// Which world it exports.
    pub kind: Kind,
    /// The plugin's name, unique on a host.
    pub name: String,
    /// The plugin's own version.
    pub version: semver::Version,
    /// What it asks for: objects with `interface`, `reason` and what the interface needs.
    #[serde(default)]
    pub capabilities: Vec<Map<String, Value>>,
}

/// The three plugin kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Tools that agents call.
    Skill,
    /// The five phases of RIGOR.
    Personality,
    /// A step of a workflow.
    Step,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Skill => "skill",
            Self::Personality => "personality",
            Self::Step => "step",
        })
    }
}

/// A name becomes a file name and a part of `name@version`, hence these few characters.
const NAME_LIMIT: usize = 64;

impl Manifest {
    /// Reads a manifest and checks its name; the error is what serde or the rule says.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let allowed = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || "-_".contains(character)
        };
        let name = &manifest.name;
        if name.is_empty()
            || name.len() > NAME_LIMIT
            || !name.chars().all(allowed)
            || !name.starts_with(|first: char| first.is_ascii_lowercase())
        {
            return Err(format!(
                "the name `{name}` is not a plugin name: a lowercase letter, then at most {} lowercase letters, digits, `-` and `_`",
                NAME_LIMIT - 1
            ));
        }
        if let Some(nameless) =
            manifest.capabilities.iter().find(|capability| interface(capability).is_none())
        {
            return Err(format!(
                "the capability {} has no text `interface`",
                serde_json::to_string(nameless).unwrap_or_default()
            ));
        }
        Ok(manifest)
    }

    /// The interfaces that it requests.
    pub(crate) fn requested(&self) -> impl Iterator<Item = &str> {
        self.capabilities.iter().filter_map(interface)
    }
}

fn interface(capability: &Map<String, Value>) -> Option<&str> {
    capability.get("interface").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn with_name(name: &str) -> String {
        format!(r#"{{"abi":"0.1.0","kind":"skill","name":"{name}","version":"1.2.3"}}"#)
    }

    #[test]
    fn a_manifest_needs_no_capabilities() {
        let manifest = Manifest::parse(with_name("hello-2").as_bytes()).unwrap();
        assert_eq!(manifest.kind, Kind::Skill);
        assert_eq!(manifest.requested().count(), 0);
    }

    #[test]
    fn names_that_are_no_file_names_are_refused() {
        for bad in ["", "Hello", "2fast", "../up", "a b", "a/b", "é", &"x".repeat(65)] {
            let error = Manifest::parse(with_name(bad).as_bytes()).unwrap_err();
            assert!(error.contains("not a plugin name"), "{bad}: {error}");
        }
        assert!(Manifest::parse(with_name(&"x".repeat(64)).as_bytes()).is_ok());
    }

    #[test]
    fn unknown_kinds_and_versions_and_nameless_capabilities_are_refused() {
        for (bad, expected) in [
            (r#"{"abi":"0.1.0","kind":"gadget","name":"a","version":"1.0.0"}"#, "gadget"),
            (r#"{"abi":"0.1","kind":"skill","name":"a","version":"1.0.0"}"#, "line 1"),
            (r#"{"abi":"0.1.0","kind":"skill","name":"a"}"#, "version"),
            (
                r#"{"abi":"0.1.0","kind":"skill","name":"a","version":"1.0.0","capabilities":[{"reason":"x"}]}"#,
                "interface",
            ),
        ] {
            let error = Manifest::parse(bad.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }
}
