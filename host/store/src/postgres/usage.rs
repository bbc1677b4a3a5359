//! The port `UsageReader`.

use super::PostgresStore;
use super::failure::Failure;
use super::transaction::transact;
use crate::rows::{count, parse};
use app::ports::store_error::StoreError;
use app::ports::usage::{UsageReader, UsageRow};
use domain::effect::model::Usage;
use domain::id::{TaskId, UserId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

#[async_trait::async_trait]
impl UsageReader for PostgresStore {
    async fn list_usage(&self, user: UserId, month: &str) -> Result<Vec<UsageRow>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT agent_id, month, model, input_tokens, output_tokens FROM usage
                     WHERE user_id = $1 AND month = $2 ORDER BY agent_id, model",
                )
                .bind(user.to_string())
                .bind(month.to_owned())
                .fetch_all(write.connection())
                .await?;
            rows.iter().map(usage_row).collect()
        })
    }

    async fn task_usage(&self, task: &TaskId) -> Result<Usage, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query("SELECT input_tokens, output_tokens FROM task_usage WHERE task = $1")
                .bind(task.to_string())
                .fetch_optional(write.connection())
                .await?;
            row.as_ref().map_or_else(|| Ok(Usage::default()), usage_of)
        })
    }
}

fn usage_row(row: &PgRow) -> Result<UsageRow, Failure> {
    let agent: String = row.try_get("agent_id")?;
    Ok(UsageRow {
        agent: parse("usage.agent_id", &agent)?,
        month: row.try_get("month")?,
        model: row.try_get("model")?,
        usage: usage_of(row)?,
    })
}

fn usage_of(row: &PgRow) -> Result<Usage, Failure> {
    Ok(Usage {
        input_tokens: count(row.try_get("input_tokens")?),
        output_tokens: count(row.try_get("output_tokens")?),
    })
}
