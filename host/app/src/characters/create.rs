//! `POST /api/agents`.

use super::character::{address, check, shown};
use crate::context::App;
use crate::fields::{invalid, kind, object};
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::Error;
use domain::id::AgentId;
use serde_json::{Map, Value, json};

/// Other names that are tried when an agent has the name already.
const TRIES: u32 = 1000;

/// Make an agent with a character: `{characterJson}` or `{agent}`. It is inactive until it is started.
///
/// # Errors
/// 403 for an agent key; 400 naming the field; 409 when the id is taken.
pub async fn create(app: &App, caller: &Caller, request: &Value) -> Result<Value, Error> {
    rights::authorize(caller, Action::CreateAgent)?;
    let given = given(object(request)?)?;
    let id = match given.get("id") {
        None | Some(Value::Null) => AgentId(app.random_uuid()),
        Some(Value::String(id)) => AgentId(crate::fields::uuid_of("id", id)?),
        Some(other) => return Err(invalid("id", &format!("must be a string, not {}", kind(other)))),
    };
    let fields = check(given)?;
    let wanted = address(fields.get("name").and_then(Value::as_str).unwrap_or_default());
    let present = app.ports.agents.list_agents(caller.user).await?;
    let is_free = |name: &String| !present.iter().any(|agent| agent.name == *name);
    let numbered = (2..TRIES).map(|number| format!("{wanted}-{number}"));
    let name = std::iter::once(wanted.clone()).chain(numbered).find(is_free).unwrap_or(wanted.clone());
    let mut agent = Agent::new(id, caller.user, name, app.ports.clock.now());
    agent.character = Some(Value::Object(fields));
    app.ports.agents.insert_agents(vec![agent.clone()], Vec::new()).await?;
    Ok(json!({ "id": agent.id, "character": shown(&agent) }))
}

/// The character of a request.
fn given(fields: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let present = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let (name, value) = match (present("characterJson"), present("agent"), present("characterPath")) {
        (Some(value), _, _) => ("characterJson", value),
        (None, _, Some(_)) => {
            let problem =
                "is not read: a path names a file of the server; send the file's content as characterJson";
            return Err(invalid("characterPath", problem));
        }
        (None, Some(value), None) => ("agent", value),
        (None, None, None) => {
            return Err(invalid("characterJson", "is missing; give characterJson or agent"));
        }
    };
    match value {
        Value::Object(character) => Ok(character.clone()),
        // Some clients send the file as it is.
        Value::String(text) => {
            serde_json::from_str(text).map_err(|error| invalid(name, &format!("is no JSON object: {error}")))
        }
        other => Err(invalid(name, &format!("must be an object, not {}", kind(other)))),
    }
}
