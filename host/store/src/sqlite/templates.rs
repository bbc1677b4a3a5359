//! Templates by level.

use super::SqliteStore;
use super::failure::Outcome;
use super::writer::Lane;
use crate::rows::{agent_key, template};
use app::ports::store_error::StoreError;
use app::ports::templates::{Level, Templates, Texts};
use domain::template::Template;
use domain::time::Timestamp;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

#[async_trait::async_trait]
impl Templates for SqliteStore {
    async fn list_templates(&self, level: Level) -> Result<Texts, StoreError> {
        self.read(move |connection| texts(connection, level)).await
    }

    async fn put_templates(
        &self,
        level: Level,
        changes: BTreeMap<Template, Option<String>>,
        now: Timestamp,
    ) -> Result<Texts, StoreError> {
        let weight = 512 + changes.values().flatten().map(String::len).sum::<usize>();
        self.write(Lane::Normal, weight, move |connection| {
            let (user, agent) = (level.user().to_string(), agent_key(level));
            for (template, text) in &changes {
                match text {
                    Some(text) => connection
                        .prepare_cached(
                            "INSERT INTO templates (user_id, agent_id, name, text, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
                             ON CONFLICT (user_id, agent_id, name) DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at",
                        )?
                        .execute(params![user, agent, template.as_str(), text, now.0])?,
                    None => connection
                        .prepare_cached("DELETE FROM templates WHERE user_id = ?1 AND agent_id = ?2 AND name = ?3")?
                        .execute(params![user, agent, template.as_str()])?,
                };
            }
            texts(connection, level)
        })
        .await
    }
}

fn texts(connection: &Connection, level: Level) -> Outcome<Texts> {
    let mut statement =
        connection.prepare_cached("SELECT name, text FROM templates WHERE user_id = ?1 AND agent_id = ?2")?;
    let mut rows = statement.query(params![level.user().to_string(), agent_key(level)])?;
    let mut texts = Texts::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        texts.insert(template(&name)?, row.get(1)?);
    }
    Ok(texts)
}
