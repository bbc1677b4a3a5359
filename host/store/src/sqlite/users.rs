//! Users.

use super::SqliteStore;
use super::agents::insert_agent;
use super::failure::Outcome;
use super::keys::insert_key;
use super::row::running_tasks;
use super::writer::Lane;
use crate::rows::{UserRow, count};
use app::ports::keys::KeyRow;
use app::ports::store_error::StoreError;
use app::ports::users::{UserPage, UserReference, Users};
use domain::agent::Agent;
use domain::id::{TaskId, UserId};
use domain::plan::Plan;
use domain::time::Timestamp;
use domain::user::User;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// What hangs on a task goes with it, what hangs on a user or agent with that; these are the others.
const OWNED: [&str; 8] = ["tasks", "kv", "messages", "usage", "logs", "rate_windows", "jobs", "agent_files"];

/// Kept answers to the user (a caller is `USER/KIND` or `USER/KIND/AGENT`), and those to an admin about the user and its agents.
const DELETE_ANSWERS: &str = "DELETE FROM answers WHERE caller LIKE ?1 || '/%' OR path LIKE '/api/v1/users/' || ?1 || '/%'
     OR path LIKE '/api/v1/users/' || (SELECT name FROM users WHERE id = ?1) || '/%' OR instr(body, CAST(?1 AS BLOB)) > 0";

#[async_trait::async_trait]
impl Users for SqliteStore {
    async fn insert_user(&self, user: User, agents: Vec<Agent>, keys: Vec<KeyRow>) -> Result<(), StoreError> {
        self.write(Lane::Normal, 2048, move |connection| {
            insert_user(connection, &user)?;
            agents.iter().try_for_each(|agent| insert_agent(connection, agent))?;
            keys.iter().try_for_each(|key| insert_key(connection, key, user.created_at))
        })
        .await
    }

    async fn find_user(&self, reference: &UserReference) -> Result<Option<User>, StoreError> {
        let reference = reference.clone();
        self.read(move |connection| match reference {
            UserReference::Id(id) => user_where(connection, "id = ?1", &id.to_string()),
            UserReference::Name(name) => user_where(connection, "name = ?1", &name),
        })
        .await
    }

    async fn list_users(&self, limit: u32, cursor: Option<&str>) -> Result<UserPage, StoreError> {
        let cursor = cursor.unwrap_or_default().to_owned();
        self.read(move |connection| list(connection, limit.max(1), &cursor)).await
    }

    async fn set_plan(&self, user: UserId, plan: Plan) -> Result<Option<User>, StoreError> {
        self.write(Lane::Normal, 512, move |connection| {
            connection
                .prepare_cached("UPDATE users SET plan = ?2 WHERE id = ?1")?
                .execute(params![user.to_string(), plan.as_str()])?;
            user_where(connection, "id = ?1", &user.to_string())
        })
        .await
    }

    async fn delete_user(&self, user: UserId, _now: Timestamp) -> Result<Option<Vec<TaskId>>, StoreError> {
        self.write(Lane::Normal, 64 << 10, move |connection| delete(connection, user)).await
    }
}

fn insert_user(connection: &Connection, user: &User) -> Outcome<()> {
    for (column, value) in [("name", Some(&user.name)), ("email", user.email.as_ref())] {
        let taken: Option<i64> = connection
            .prepare_cached(&format!("SELECT 1 FROM users WHERE {column} = ?1"))?
            .query_row(params![value], |row| row.get(0))
            .optional()?;
        if let (Some(_), Some(value)) = (taken, value) {
            return Err(StoreError::Conflict(format!("{column} {value:?} is taken")).into());
        }
    }
    connection
        .prepare_cached("INSERT INTO users (id, name, email, plan, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            user.id.to_string(),
            user.name,
            user.email,
            user.plan.as_str(),
            user.created_at.0
        ])?;
    Ok(())
}

fn list(connection: &Connection, limit: u32, cursor: &str) -> Outcome<UserPage> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, email, plan, created_at FROM users WHERE name > ?1 ORDER BY name LIMIT ?2",
    )?;
    let mut rows = statement.query(params![cursor, limit])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        users.push(user(row)?);
    }
    let total: i64 =
        connection.prepare_cached("SELECT count(*) FROM users")?.query_row([], |row| row.get(0))?;
    let next = users.last().filter(|_| users.len() >= limit as usize).map(|user| user.name.clone());
    Ok(UserPage { users, total: count(total), next })
}

fn delete(connection: &Connection, user: UserId) -> Outcome<Option<Vec<TaskId>>> {
    let id = user.to_string();
    let running = running_tasks(connection, "user_id = ?1", &id)?;
    for table in OWNED {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE user_id = ?1"))?
            .execute(params![id])?;
    }
    connection.prepare_cached(DELETE_ANSWERS)?.execute(params![id])?;
    let deleted = connection.prepare_cached("DELETE FROM users WHERE id = ?1")?.execute(params![id])?;
    Ok((deleted == 1).then_some(running))
}

/// `condition` is one of the constants above, never a caller's text.
fn user_where(connection: &Connection, condition: &'static str, value: &str) -> Outcome<Option<User>> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT id, name, email, plan, created_at FROM users WHERE {condition}"))?;
    let mut rows = statement.query(params![value])?;
    rows.next()?.map(user).transpose()
}

fn user(row: &Row<'_>) -> Outcome<User> {
    let row = UserRow {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        plan: row.get(3)?,
        created_at: row.get(4)?,
    };
    Ok(row.into_user()?)
}
