//! Tokens.

use super::SqliteStore;
use crate::rows::{count, parse};
use app::ports::store_error::StoreError;
use app::ports::usage::{UsageReader, UsageRow};
use domain::effect::model::Usage;
use domain::id::{TaskId, UserId};
use rusqlite::{OptionalExtension as _, params};

#[async_trait::async_trait]
impl UsageReader for SqliteStore {
    async fn list_usage(&self, user: UserId, month: &str) -> Result<Vec<UsageRow>, StoreError> {
        let (user, month) = (user.to_string(), month.to_owned());
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT agent_id, month, model, input_tokens, output_tokens FROM usage
                 WHERE user_id = ?1 AND month = ?2 ORDER BY agent_id, model",
            )?;
            let mut rows = statement.query(params![user, month])?;
            let mut usage = Vec::new();
            while let Some(row) = rows.next()? {
                let agent: String = row.get(0)?;
                usage.push(UsageRow {
                    agent: parse("usage.agent_id", &agent)?,
                    month: row.get(1)?,
                    model: row.get(2)?,
                    usage: Usage { input_tokens: count(row.get(3)?), output_tokens: count(row.get(4)?) },
                });
            }
            Ok(usage)
        })
        .await
    }

    async fn task_usage(&self, task: &TaskId) -> Result<Usage, StoreError> {
        let task = task.clone();
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT input_tokens, output_tokens FROM task_usage WHERE task = ?1")?;
            let found = statement.query_row(params![task.as_str()], |row| {
                Ok(Usage { input_tokens: count(row.get(0)?), output_tokens: count(row.get(1)?) })
            });
            Ok(found.optional()?.unwrap_or_default())
        })
        .await
    }
}
