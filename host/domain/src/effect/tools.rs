//! Calls between skills of one agent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call of the interface `tools`.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolsCall {
    /// What may be called.
    Available,
    /// Call one.
    Call {
        /// `skill.tool`.
        name: String,
        /// Valid against the tool's schema.
        arguments: Value,
    },
}

impl ToolsCall {
    /// `interface.function`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Available => "tools.available",
            Self::Call { .. } => "tools.call",
        }
    }
}

/// A tool as its callers see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolDescription {
    /// `skill.tool`.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Value,
    /// Changes nothing.
    pub read_only: bool,
}
