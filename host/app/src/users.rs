//! Users as the API manages them (document Autonomis, "User Management").

mod create;
mod delete;
mod list;
mod tier;

pub use create::create;
pub use delete::delete;
pub use list::{get, list};
pub use tier::set_tier;

use domain::user::User;
use serde_json::{Value, json};

/// A user on the wire.
fn shown(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "tier": user.plan,
        "createdAt": user.created_at.rfc3339(),
    })
}
