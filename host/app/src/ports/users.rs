//! Users as the API manages them.

use super::keys::KeyRow;
use super::store_error::StoreError;
use domain::agent::Agent;
use domain::id::{TaskId, UserId};
use domain::plan::Plan;
use domain::time::Timestamp;
use domain::user::User;

/// How a request names a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserReference {
    /// By identity.
    Id(UserId),
    /// By name.
    Name(String),
}

/// A page of users, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// How many there are in all.
    pub total: u64,
    /// Give it to get the next page; none at the end.
    pub next: Option<String>,
}

/// Users.
#[async_trait::async_trait]
pub trait Users: Send + Sync + 'static {
    /// Keep a user with its first agents and keys, in one transaction. `Conflict` names what is taken: `name …` or `email …`.
    async fn insert_user(&self, user: User, agents: Vec<Agent>, keys: Vec<KeyRow>) -> Result<(), StoreError>;

    /// One user.
    async fn find_user(&self, reference: &UserReference) -> Result<Option<User>, StoreError>;

    /// Users by name; `cursor` is `next` of the page before.
    async fn list_users(&self, limit: u32, cursor: Option<&str>) -> Result<UserPage, StoreError>;

    /// Another plan. Answers the user as it is now.
    async fn set_plan(&self, user: UserId, plan: Plan) -> Result<Option<User>, StoreError>;

    /// Cancel the user's unfinished tasks and delete every row of it: agents, keys, files, secrets and the data key, skills, grants,
    /// tasks with journals and workspaces, templates, rooms, sessions, jobs, approvals, deliveries, usage, logs, kept answers. Running
    /// tasks of it find their lease gone. Answers those that were running, so that their workers can be told; none when there is no such
    /// user.
    async fn delete_user(&self, user: UserId, now: Timestamp) -> Result<Option<Vec<TaskId>>, StoreError>;
}
