//! `skep users`: accounts, their plans and keys, on a running host.

use super::client::{Client, segment};
use super::show::{confirm, table};
use super::{Common, Failure};
use clap::Subcommand;
use serde_json::{Map, Value, json};

#[derive(Debug, Subcommand)]
pub(crate) enum UsersVerb {
    /// List all users.
    List,
    /// Create a user; its key is shown this once.
    Create {
        /// Lower-case letters, digits and hyphens.
        name: String,
        /// Unique.
        #[arg(long)]
        email: Option<String>,
        /// startup, growth, scale or enterprise.
        #[arg(long)]
        tier: Option<String>,
    },
    /// Show a user and its agents.
    Show {
        /// Id or name.
        user: String,
    },
    /// Change a user's plan.
    Tier {
        /// Id or name.
        user: String,
        /// startup, growth, scale or enterprise.
        tier: String,
    },
    /// Delete a user and everything of it.
    Delete {
        /// Id or name.
        user: String,
        /// There is no way back.
        #[arg(long)]
        yes: bool,
    },
}

pub(crate) async fn run(common: &Common, verb: UsersVerb) -> Result<(), Failure> {
    let client = Client::new(common)?;
    match verb {
        UsersVerb::List => {
            let users = client.all("/api/v1/users", "users").await?;
            common.show(&json!({ "users": users, "total": users.len() }), |_| {
                table(&users, &["name", "tier", "email", "id", "createdAt"]);
            });
        }
        UsersVerb::Create { name, email, tier } => {
            let mut request = Map::from_iter([("name".to_owned(), json!(name))]);
            for (key, value) in [("email", email), ("tier", tier)] {
                request.extend(value.map(|value| (key.to_owned(), json!(value))));
            }
            let made = client.post("/api/v1/users", &Value::Object(request), None).await?;
            common.show(&made, |made| {
                println!("user {} ({}) with its agent manager", word(made, "name"), word(made, "tier"));
                println!("key {}", word(made, "apiKey"));
                println!("The key is not shown again.");
            });
        }
        UsersVerb::Show { user } => {
            let found = client.get(&path(&user)).await?;
            common.show(&found, |found| {
                println!("{} {} {}", word(found, "name"), word(found, "tier"), word(found, "id"));
                println!("email {}, since {}", word(found, "email"), word(found, "createdAt"));
                let agents = found.get("agents").and_then(Value::as_array).cloned().unwrap_or_default();
                table(&agents, &["name", "status", "model", "id"]);
            });
        }
        UsersVerb::Tier { user, tier } => {
            let path = format!("{}/tier", path(&user));
            let changed = client.put(&path, &json!({ "tier": tier })).await?;
            common.show(&changed, |changed| println!("{} {}", word(changed, "name"), word(changed, "tier")));
        }
        UsersVerb::Delete { user, yes } => {
            confirm(yes, &format!("deletes the user {user:?} and everything of it"))?;
            client.delete(&path(&user)).await?;
            common.show(&json!({ "deleted": user }), |_| println!("{user} is deleted"));
        }
    }
    Ok(())
}

fn path(user: &str) -> String {
    format!("/api/v1/users/{}", segment(user))
}

/// A text of an answer for people.
fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}
