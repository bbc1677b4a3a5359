//! Texts that make an agent what it is, by level.

use super::store_error::StoreError;
use domain::id::{AgentId, UserId};
use domain::template::Template;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// The texts of a level.
pub type Texts = BTreeMap<Template, String>;

/// Whose templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Of all agents of the user.
    User(UserId),
    /// Of one agent.
    Agent(UserId, AgentId),
}

impl Level {
    /// Whose.
    #[must_use]
    pub fn user(self) -> UserId {
        match self {
            Self::User(user) | Self::Agent(user, _) => user,
        }
    }

    /// Of which agent; none for the user's own level.
    #[must_use]
    pub fn agent(self) -> Option<AgentId> {
        match self {
            Self::User(_) => None,
            Self::Agent(_, agent) => Some(agent),
        }
    }
}

/// Templates.
#[async_trait::async_trait]
pub trait Templates: Send + Sync + 'static {
    /// The texts of a level.
    async fn list_templates(&self, level: Level) -> Result<Texts, StoreError>;

    /// Set texts of a level, or remove them (none), all or nothing. Answers the texts that are there then.
    async fn put_templates(
        &self,
        level: Level,
        changes: BTreeMap<Template, Option<String>>,
        now: Timestamp,
    ) -> Result<Texts, StoreError>;
}
