//! Who makes a request.

use crate::id::{AgentId, UserId};
use serde::{Deserialize, Serialize};

/// What a key may do, before any rule looks at the thing itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// Everything; acts as the user `default` or the one that it names.
    Admin,
    /// Everything of one user, except users and plans.
    User,
    /// Little of one agent.
    Agent,
}

impl KeyKind {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Agent => "agent",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::User, Self::Agent].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The caller of a use case, after authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Of the key.
    pub kind: KeyKind,
    /// Whose things it works on.
    pub user: UserId,
    /// Of an agent key: that agent. Else the agent that its tasks run as (the user's default agent).
    pub agent: AgentId,
    /// The key's public id, for logs; none under `--no-auth`.
    pub key_id: Option<String>,
}
