//! Users as rows.

use super::{parse, unreadable};
use app::ports::store_error::StoreError;
use domain::plan::Plan;
use domain::time::Timestamp;
use domain::user::User;

/// A row of `users`.
#[derive(Debug, Clone)]
pub(crate) struct UserRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) plan: String,
    pub(crate) created_at: i64,
}

impl UserRow {
    /// The user of a row.
    pub(crate) fn into_user(self) -> Result<User, StoreError> {
        Ok(User {
            id: parse("users.id", &self.id)?,
            plan: Plan::parse(&self.plan)
                .ok_or_else(|| unreadable("users.plan", &self.plan, &"unknown plan"))?,
            name: self.name,
            email: self.email,
            created_at: Timestamp(self.created_at),
        })
    }
}
