//! The port `Templates`.

use super::PostgresStore;
use super::failure::Failure;
use super::transaction::{Write, transact};
use crate::rows::{agent_key, template, text_of};
use app::ports::store_error::StoreError;
use app::ports::templates::{Level, Templates, Texts};
use domain::template::Template;
use domain::time::Timestamp;
use sqlx::Row as _;
use std::collections::BTreeMap;

#[async_trait::async_trait]
impl Templates for PostgresStore {
    async fn list_templates(&self, level: Level) -> Result<Texts, StoreError> {
        transact!(self.database(), write => texts(&mut write, level))
    }

    async fn put_templates(
        &self,
        level: Level,
        changes: BTreeMap<Template, Option<String>>,
        now: Timestamp,
    ) -> Result<Texts, StoreError> {
        transact!(self.database(), write => put(&mut write, level, &changes, now))
    }
}

async fn put(
    write: &mut Write,
    level: Level,
    changes: &BTreeMap<Template, Option<String>>,
    now: Timestamp,
) -> Result<Texts, Failure> {
    for (template, text) in changes {
        let statement = match text {
            Some(text) => write
                .query(
                    "INSERT INTO templates (user_id, agent_id, name, text, updated_at) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (user_id, agent_id, name) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at",
                )
                .bind(level.user().to_string())
                .bind(agent_key(level))
                .bind(template.as_str())
                .bind(text.as_bytes().to_vec())
                .bind(now.0),
            None => write
                .query("DELETE FROM templates WHERE user_id = $1 AND agent_id = $2 AND name = $3")
                .bind(level.user().to_string())
                .bind(agent_key(level))
                .bind(template.as_str()),
        };
        statement.execute(write.connection()).await?;
    }
    texts(write, level).await
}

async fn texts(write: &mut Write, level: Level) -> Result<Texts, Failure> {
    let rows = write
        .query("SELECT name, text FROM templates WHERE user_id = $1 AND agent_id = $2")
        .bind(level.user().to_string())
        .bind(agent_key(level))
        .fetch_all(write.connection())
        .await?;
    let mut texts = Texts::new();
    for row in rows {
        let name: String = row.try_get("name")?;
        texts.insert(template(&name)?, text_of("templates.text", row.try_get("text")?)?);
    }
    Ok(texts)
}
