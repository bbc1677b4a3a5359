//! The port `Users`.

use super::PostgresStore;
use super::agents::insert_agent;
use super::failure::Failure;
use super::keys::insert_key;
use super::row::task_ids;
use super::transaction::{Write, transact};
use crate::rows::{UserRow, count};
use app::ports::keys::KeyRow;
use app::ports::store_error::StoreError;
use app::ports::users::{UserPage, UserReference, Users};
use domain::agent::Agent;
use domain::id::{TaskId, UserId};
use domain::plan::Plan;
use domain::time::Timestamp;
use domain::user::User;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// What has the user on its row and no foreign key to `users`, in an order in which nothing is named by what stays.
const OWNED: [&str; 16] = [
    "DELETE FROM entry_blobs WHERE task IN (SELECT id FROM tasks WHERE user_id = $1)",
    "DELETE FROM entries WHERE user_id = $1",
    "DELETE FROM events WHERE user_id = $1",
    "DELETE FROM personality_work WHERE user_id = $1",
    "DELETE FROM task_usage WHERE user_id = $1",
    "DELETE FROM workspace_files WHERE user_id = $1",
    "DELETE FROM leases WHERE user_id = $1",
    "DELETE FROM tasks WHERE user_id = $1",
    "DELETE FROM kv WHERE user_id = $1",
    "DELETE FROM messages WHERE user_id = $1",
    "DELETE FROM usage WHERE user_id = $1",
    "DELETE FROM logs WHERE user_id = $1",
    "DELETE FROM rate_windows WHERE user_id = $1",
    "DELETE FROM jobs WHERE user_id = $1",
    "DELETE FROM agent_files WHERE user_id = $1",
    // Kept answers to the user (a caller is `USER/KIND` or `USER/KIND/AGENT`), and those to an admin about the user and its agents.
    "DELETE FROM answers WHERE caller LIKE $1 || '/%' OR path LIKE '/api/v1/users/' || $1 || '/%'
     OR path LIKE '/api/v1/users/' || (SELECT name FROM users WHERE id = $1) || '/%'
     OR position(convert_to($1, 'UTF8') IN body) > 0",
];

#[async_trait::async_trait]
impl Users for PostgresStore {
    async fn insert_user(&self, user: User, agents: Vec<Agent>, keys: Vec<KeyRow>) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write.identify().await?;
            insert_user(&mut write, &user).await?;
            for agent in &agents {
                insert_agent(&mut write, agent).await?;
            }
            for key in &keys {
                insert_key(&mut write, key, user.created_at).await?;
            }
            Ok(())
        })
    }

    async fn find_user(&self, reference: &UserReference) -> Result<Option<User>, StoreError> {
        transact!(self.database(), write => find(&mut write, reference))
    }

    async fn list_users(&self, limit: u32, cursor: Option<&str>) -> Result<UserPage, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(
                    "SELECT id, name, email, plan, created_at FROM users WHERE name COLLATE \"C\" > $1
                     ORDER BY name COLLATE \"C\" LIMIT $2",
                )
                .bind(cursor.unwrap_or_default().to_owned())
                .bind(i64::from(limit.max(1)))
                .fetch_all(write.connection())
                .await?;
            let users = rows.iter().map(user_of).collect::<Result<Vec<User>, Failure>>()?;
            let total: i64 = write.query("SELECT count(*) FROM users").fetch_one(write.connection()).await?.try_get(0)?;
            let next = users.last().filter(|_| users.len() >= limit as usize).map(|user| user.name.clone());
            Ok(UserPage { users, total: count(total), next })
        })
    }

    async fn set_plan(&self, user: UserId, plan: Plan) -> Result<Option<User>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query("UPDATE users SET plan = $2 WHERE id = $1 RETURNING id, name, email, plan, created_at")
                .bind(user.to_string())
                .bind(plan.as_str())
                .fetch_optional(write.connection())
                .await?;
            row.as_ref().map(user_of).transpose()
        })
    }

    async fn delete_user(&self, user: UserId, _now: Timestamp) -> Result<Option<Vec<TaskId>>, StoreError> {
        transact!(self.database(), write => delete(&mut write, user))
    }
}

async fn insert_user(write: &mut Write, user: &User) -> Result<(), Failure> {
    let inserted = write
        .query("INSERT INTO users (id, name, email, plan, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
        .bind(user.id.to_string())
        .bind(user.name.clone())
        .bind(user.email.clone())
        .bind(user.plan.as_str())
        .bind(user.created_at.0)
        .execute(write.connection())
        .await?;
    if inserted.rows_affected() == 1 {
        return Ok(());
    }
    let named = find(write, &UserReference::Name(user.name.clone())).await?.is_some();
    let what = match (&user.email, named) {
        (Some(email), false) => format!("email {email:?} is taken"),
        (_, true) | (None, false) => format!("name {:?} is taken", user.name),
    };
    Err(StoreError::Conflict(what).into())
}

async fn find(write: &mut Write, reference: &UserReference) -> Result<Option<User>, Failure> {
    let (statement, value) = match reference {
        UserReference::Id(id) => {
            ("SELECT id, name, email, plan, created_at FROM users WHERE id = $1", id.to_string())
        }
        UserReference::Name(name) => {
            ("SELECT id, name, email, plan, created_at FROM users WHERE name = $1", name.clone())
        }
    };
    let row = write.query(statement).bind(value).fetch_optional(write.connection()).await?;
    row.as_ref().map(user_of).transpose()
}

async fn delete(write: &mut Write, user: UserId) -> Result<Option<Vec<TaskId>>, Failure> {
    write.identify().await?;
    // Workers lock a lease before a task: the same order here, so that neither waits for the other for ever.
    write
        .query("SELECT task FROM leases WHERE user_id = $1 ORDER BY task FOR UPDATE")
        .bind(user.to_string())
        .execute(write.connection())
        .await?;
    // A turn that is being stored is stored before this goes on, and goes, too; a later one finds no agent.
    write
        .query("SELECT id FROM agents WHERE user_id = $1 ORDER BY id FOR UPDATE")
        .bind(user.to_string())
        .execute(write.connection())
        .await?;
    let running = write
        .query("SELECT id FROM tasks WHERE user_id = $1 AND state = 'running'")
        .bind(user.to_string())
        .fetch_all(write.connection())
        .await?;
    for statement in OWNED {
        write.query(statement).bind(user.to_string()).execute(write.connection()).await?;
    }
    let deleted = write
        .query("DELETE FROM users WHERE id = $1")
        .bind(user.to_string())
        .execute(write.connection())
        .await?;
    if deleted.rows_affected() == 1 { task_ids(&running).map(Some) } else { Ok(None) }
}

fn user_of(row: &PgRow) -> Result<User, Failure> {
    let row = UserRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        plan: row.try_get("plan")?,
        created_at: row.try_get("created_at")?,
    };
    Ok(row.into_user()?)
}
