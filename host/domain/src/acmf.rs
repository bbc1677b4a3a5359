//! How much an agent may do on its own (ACMF).

use serde::{Deserialize, Serialize};

/// What happens to a tool call that destroys something or leaves the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AcmfMode {
    /// It is only described.
    Observe,
    /// It is held for review.
    Learning,
    /// A person approves it.
    #[default]
    Assisted,
    /// It is done and written down.
    Autonomous,
}

impl AcmfMode {
    /// All, from the most careful.
    pub const ALL: [Self; 4] = [Self::Observe, Self::Learning, Self::Assisted, Self::Autonomous];

    /// The word on the wire and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "OBSERVE",
            Self::Learning => "LEARNING",
            Self::Assisted => "ASSISTED",
            Self::Autonomous => "AUTONOMOUS",
        }
    }

    /// The mode of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}
