//! `POST /api/v1/users`.

use crate::agents::start::{Models, start};
use crate::context::App;
use crate::fields::{invalid, object, text, word};
use crate::ports::keys::KeyRow;
use crate::rights::{self, Action};
use domain::agent::{Agent, DEFAULT_AGENT};
use domain::caller::{Caller, KeyKind};
use domain::error::Error;
use domain::id::{AgentId, UserId};
use domain::plan::Plan;
use domain::user::{RESERVED_NAMES, User, check_name};
use serde_json::{Map, Value, json};

/// RFC 5321: the longest address that mail can be sent to.
const LONGEST_EMAIL: usize = 254;

/// Make a user with its key and its started agent `manager`. The answer is the only place where the key's text ever is.
///
/// # Errors
/// 403; 400 naming the field; 409 when the name or email is taken.
pub async fn create(app: &App, caller: &Caller, request: &Value) -> Result<Value, Error> {
    rights::authorize(caller, Action::CreateUser)?;
    let fields = object(request)?;
    let name = text(fields, "name")?.ok_or_else(|| invalid("name", "is required"))?;
    check_name(name).map_err(Error::invalid)?;
    if RESERVED_NAMES.contains(&name) {
        return Err(invalid("name", &format!("{name:?} is reserved; choose another one")));
    }
    let now = app.ports.clock.now();
    let user = User {
        id: UserId(app.random_uuid()),
        name: name.to_owned(),
        email: email(fields)?,
        plan: word(fields, "tier", &Plan::ALL, Plan::as_str)?.unwrap_or_default(),
        created_at: now,
    };
    let manager =
        Agent { is_default: true, ..Agent::new(AgentId(app.random_uuid()), user.id, DEFAULT_AGENT, now) };
    let minted = app.ports.api_keys.mint();
    let key = KeyRow { id: minted.id, kind: KeyKind::User, user: user.id, agent: None, hash: minted.hash };
    app.ports.users.insert_user(user.clone(), vec![manager.clone()], vec![key]).await?;
    // Its failure is told by the agent's deploy status: the user is made all the same.
    if let Err(failure) = start(app, &manager, &json!({}), false, &mut Models::default()).await {
        tracing::error!(user = user.name, %failure, "the agent of a new user was not started");
    }
    let mut shown = super::shown(&user);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("apiKey".to_owned(), Value::String(minted.text));
    }
    Ok(shown)
}

fn email(fields: &Map<String, Value>) -> Result<Option<String>, Error> {
    let Some(email) = text(fields, "email")? else { return Ok(None) };
    let parts = email.split_once('@');
    let plain = email.chars().all(|letter| !letter.is_whitespace() && !letter.is_control());
    let valid = email.len() <= LONGEST_EMAIL
        && plain
        && parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    if valid {
        Ok(Some(email.to_owned()))
    } else {
        let shown = domain::effect::bounded(email.to_owned(), 80);
        Err(invalid("email", &format!("must be an address such as ada@example.com, not {shown:?}")))
    }
}
