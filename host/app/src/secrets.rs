//! Secrets of a user (api.md §4): written, listed by name, deleted; never read.

use crate::context::App;
use crate::fields::{invalid, kind};
use crate::ports::secrets::{SecretChange, SecretRow};
use crate::ports::store_error::StoreError;
use crate::references;
use crate::rights::{self, Action};
use domain::caller::Caller;
use domain::effect::bounded;
use domain::error::Error;
use domain::id::UserId;
use domain::secret::{
    COUNT_LIMIT, HOSTS_LIMIT, SecretPlace, SecretValue, check_value, is_secret_name, masked, parse_host,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Another host may write the same user's secrets between reading and writing; so often it is tried again.
const TRIES: u32 = 20;

/// What a request says of one name.
struct Given {
    value: SecretValue,
    hosts: Option<Vec<String>>,
}

/// Null removes.
type Changes = BTreeMap<String, Option<Given>>;

/// `PUT …/secrets`: add or replace those that are named, null removes one; all or nothing. Answers the list.
///
/// # Errors
/// 404; 403 for an agent key; 400 for a name, value or host that cannot be, and beyond the number of secrets of a user.
pub async fn put(app: &App, caller: &Caller, user: &str, request: Value) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSecrets)?;
    let changes = accept(request)?;
    if !changes.is_empty() {
        write(app, scoped.user.id, &changes).await?;
    }
    shown(app, scoped.user.id).await
}

/// `GET …/secrets`: names, the ends of long values, times.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn list(app: &App, caller: &Caller, user: &str) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSecrets)?;
    shown(app, scoped.user.id).await
}

/// `DELETE …/secrets/{key}`.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn delete(app: &App, caller: &Caller, user: &str, name: &str) -> Result<(), Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageSecrets)?;
    let was_there = is_secret_name(name) && app.ports.secrets.delete_secret(scoped.user.id, name).await?;
    if was_there {
        Ok(())
    } else {
        Err(Error::not_found(format!("secret {:?} not found", bounded(name.to_owned(), 128))))
    }
}

/// Seal and keep. What another write did meanwhile gives the values another version, so they are sealed again.
async fn write(app: &App, user: UserId, changes: &Changes) -> Result<(), Error> {
    let (secrets, vault) = (&app.ports.secrets, &app.ports.vault);
    for _try in 0..TRIES {
        let now = app.ports.clock.now();
        let data_key = match secrets.find_data_key(user).await? {
            Some(data_key) => data_key,
            None => secrets.keep_data_key(user, vault.make_data_key(user), now).await?,
        };
        let mut sealed = Vec::with_capacity(changes.len());
        for (name, given) in changes {
            let Some(Given { value, hosts }) = given else {
                sealed.push(SecretChange::Remove(name.clone()));
                continue;
            };
            let version = data_key.writes.saturating_add(1);
            let place = SecretPlace { user, agent: None, name: name.clone(), version, hosts: hosts.clone() };
            let bytes = vault
                .seal(&data_key.sealed, &place, value)
                .map_err(|error| Error::internal(error.to_string()))?;
            let row = SecretRow { place, sealed: bytes, suffix: value.suffix(), updated_at: now };
            sealed.push(SecretChange::Put(row));
        }
        match secrets.put_secrets(user, data_key.writes, sealed, COUNT_LIMIT).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(StoreError::Exhausted(message)) => return Err(Error::invalid(message)),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::unavailable("other requests write the user's secrets all the time; try again"))
}

async fn shown(app: &App, user: UserId) -> Result<Value, Error> {
    let rows = app.ports.secrets.list_secrets(user).await?;
    let shown = |row: &SecretRow| {
        json!({
            "key": row.place.name,
            "masked": masked(row.suffix.as_deref()),
            "updatedAt": row.updated_at.rfc3339(),
        })
    };
    Ok(json!({ "secrets": rows.iter().map(shown).collect::<Vec<_>>() }))
}

/// `{KEY: "value"}` or `{"secrets": {KEY: "value" | {value, hosts}}}`. Values are moved out, not copied.
fn accept(request: Value) -> Result<Changes, Error> {
    let Value::Object(mut fields) = request else {
        return Err(Error::invalid("the body must be a JSON object"));
    };
    let named = match fields.remove("secrets") {
        Some(Value::Object(named)) => named,
        Some(other) => return Err(invalid("secrets", &format!("must be an object, not {}", kind(&other)))),
        None => fields,
    };
    if named.len() > COUNT_LIMIT {
        let problem = format!("has {} secrets, at most {COUNT_LIMIT} are kept for a user", named.len());
        return Err(Error::invalid(format!("the body {problem}")));
    }
    let mut changes = Changes::new();
    for (name, value) in named {
        let name = checked(name)?;
        let given = given(&name, value)?;
        changes.insert(name, given);
    }
    Ok(changes)
}

fn checked(name: String) -> Result<String, Error> {
    if is_secret_name(&name) {
        return Ok(name);
    }
    let name = bounded(name, 128);
    Err(Error::invalid(format!(
        "{name:?} is not a secret's name: it has 1 to 128 of A-Z, 0-9 and _ and does not begin with a digit"
    ))
    .with_details(json!({ "field": name })))
}

fn given(name: &str, value: Value) -> Result<Option<Given>, Error> {
    let (value, hosts) = match value {
        Value::Null => return Ok(None),
        Value::String(text) => (text, None),
        Value::Object(mut fields) => {
            let hosts = hosts(name, &fields)?;
            match fields.remove("value") {
                Some(Value::String(text)) => (text, hosts),
                Some(other) => {
                    let field = format!("{name}.value");
                    return Err(invalid(&field, &format!("must be a string, not {}", kind(&other))));
                }
                None => return Err(invalid(&format!("{name}.value"), "is missing")),
            }
        }
        other => {
            let problem =
                format!("must be a string, an object with value and hosts, or null, not {}", kind(&other));
            return Err(invalid(name, &problem));
        }
    };
    let value = SecretValue::new(value);
    check_value(name, &value)?;
    Ok(Some(Given { value, hosts }))
}

fn hosts(name: &str, fields: &Map<String, Value>) -> Result<Option<Vec<String>>, Error> {
    let field = format!("{name}.hosts");
    let list = match fields.get("hosts") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(list)) if (1..=HOSTS_LIMIT).contains(&list.len()) => list,
        Some(Value::Array(list)) => {
            let problem = format!(
                "has {} hosts; give 1 to {HOSTS_LIMIT}, or leave it out where the plugins' grants alone shall say",
                list.len()
            );
            return Err(invalid(&field, &problem));
        }
        Some(other) => return Err(invalid(&field, &format!("must be a list, not {}", kind(other)))),
    };
    let parsed: Result<BTreeSet<String>, Error> = list
        .iter()
        .map(|host| match host {
            Value::String(host) => parse_host(name, host),
            other => Err(invalid(&field, &format!("must hold strings, not {}", kind(other)))),
        })
        .collect();
    Ok(Some(parsed?.into_iter().collect()))
}
