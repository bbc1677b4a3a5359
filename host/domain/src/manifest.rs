//! What a plugin says about itself, what it requests, and whether a call is granted. Read from the `skep:plugin` section without running anything.

pub mod credential;
pub mod grant;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The ABI version that this host speaks.
pub const ABI: &str = "0.1.0";
/// The custom section's name.
pub const SECTION: &str = "skep:plugin";
/// The custom section's largest size.
pub const SECTION_LIMIT: usize = 256 << 10;

/// Which of the three worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginKind {
    /// Tools.
    Skill,
    /// The five phases.
    Personality,
    /// A workflow step.
    Step,
}

impl PluginKind {
    /// The word in the manifest and the name of the WIT world.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skill => "skill",
            Self::Personality => "personality",
            Self::Step => "step",
        }
    }
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The version of `skep:plugin` that it was built for.
    pub abi: String,
    /// Its world.
    pub kind: PluginKind,
    /// `[a-z0-9][a-z0-9-]{0,62}`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// For people and models.
    #[serde(default)]
    pub description: String,
    /// Of a skill.
    #[serde(default)]
    pub tools: Vec<Tool>,
    /// What it asks for.
    #[serde(default)]
    pub capabilities: Vec<grant::Capability>,
    /// JSON Schema of its configuration.
    #[serde(default)]
    pub config: Option<Value>,
    /// Of a personality component.
    #[serde(default)]
    pub personalities: Vec<Personality>,
    /// Less or more than the defaults, under the operator's ceiling.
    #[serde(default)]
    pub limits: ManifestLimits,
}

/// A tool of a skill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// Within the skill.
    pub name: String,
    /// For people and models.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of the arguments.
    pub schema: Value,
    /// JSON Schema of the result.
    #[serde(default)]
    pub output: Option<Value>,
    /// What it does to the world.
    #[serde(default)]
    pub effects: ToolEffects,
}

/// What a tool does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ToolEffects {
    /// Changes nothing.
    pub read_only: bool,
    /// Twice is the same as once.
    pub idempotent: bool,
    /// Removes or overwrites.
    pub destructive: bool,
    /// Sends something out.
    pub egress: bool,
    /// Whether a failed try may be made again after effects.
    pub retry: RetrySafety,
}

/// Whether a failed try may be made again after effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetrySafety {
    /// No.
    #[default]
    Never,
    /// Yes.
    Safe,
}

/// A personality of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Personality {
    /// Such as `coder-ai`.
    pub id: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of each phase's `details`, by phase.
    #[serde(default)]
    pub phases: std::collections::BTreeMap<String, Value>,
}

/// Limits that a plugin asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManifestLimits {
    /// Mebibytes of linear memory.
    #[serde(rename = "memoryMiB")]
    pub memory_mib: Option<u32>,
    /// Running time.
    pub wall_ms: Option<u64>,
}

impl Manifest {
    /// `name@version`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// Whether text is a name of the form `[a-z0-9][a-z0-9-]{0,62}`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.bytes().next().is_some_and(plain)
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
}
