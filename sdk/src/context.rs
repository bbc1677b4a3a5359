//! In whose name a call runs.

use serde::de::DeserializeOwned;

use crate::bindings::imports::skep::plugin::types;
use crate::{Error, Result};

/// Ids of the call, never keys. Tools, phases and steps take it as `&Context`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The durable task, `task_` and 12 hex digits.
    pub task: String,
    /// The user's UUID.
    pub user: String,
    /// The agent's UUID.
    pub agent: String,
    /// The personality that is asked for.
    pub personality: Option<String>,
    pub(crate) config: String,
}

impl Context {
    /// The plugin's configuration for this agent; name the type in `#[skill(config = Type)]` too, so that the host checks it.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T> {
        let text = if self.config.is_empty() { "{}" } else { &self.config };
        serde_json::from_str(text).map_err(|error| {
            Error::invalid_input(format!("the plugin's configuration does not fit: {error}"))
        })
    }

    /// The same context with another configuration, for tests.
    #[must_use]
    pub fn with_config(mut self, config: impl serde::Serialize) -> Self {
        self.config = serde_json::to_string(&config).unwrap_or_default();
        self
    }
}

impl From<types::Context> for Context {
    fn from(context: types::Context) -> Self {
        Self {
            task: context.task,
            user: context.user,
            agent: context.agent,
            personality: context.personality,
            config: context.config,
        }
    }
}
