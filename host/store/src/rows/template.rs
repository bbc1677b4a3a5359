//! Templates as rows.

use super::unreadable;
use app::ports::store_error::StoreError;
use app::ports::templates::Level;
use domain::template::Template;

/// The column `templates.agent_id`: empty for the user's own level.
pub(crate) fn agent_key(level: Level) -> String {
    level.agent().map(|agent| agent.to_string()).unwrap_or_default()
}

/// The template of a name in the column `templates.name`.
pub(crate) fn template(name: &str) -> Result<Template, StoreError> {
    Template::parse(name).ok_or_else(|| unreadable("templates.name", name, &"unknown template"))
}
