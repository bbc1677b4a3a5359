//! `POST /api/v1/users/{user}/agents`.

use super::config::of_new;
use super::start::{Models, start};
use crate::context::App;
use crate::fields::{invalid, object, text};
use crate::ports::keys::KeyRow;
use crate::references;
use crate::rights::{self, Action};
use crate::skills::Toolbox;
use domain::agent::Agent;
use domain::caller::{Caller, KeyKind};
use domain::error::Error;
use domain::id::{AgentId, UserId};
use domain::time::Timestamp;
use domain::user::check_name;
use serde_json::{Map, Value, json};

/// Agents of one request: their starts end well within the time that a request has.
const MOST: usize = 100;
/// What of a request is configuration.
const CONFIGURATION: [&str; 7] =
    ["model", "temperature", "maxTokens", "tools", "autonomy", "acmfMode", "budget"];

/// Make one or several agents, all or none, and start them: `{agents:[…]}`, and the fields of the agent itself when one was asked for. The answer is the only place where the texts of their keys ever are.
///
/// # Errors
/// 404; 403 for an agent key; 400 naming the field; 409 when a name or id is taken.
pub async fn create(app: &App, caller: &Caller, user: &str, request: &Value) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::CreateAgent)?;
    let agents = accept(app, scoped.user.id, object(request)?).await?;
    let minted: Vec<_> = agents.iter().map(|_| app.ports.api_keys.mint()).collect();
    let keys = agents.iter().zip(&minted).map(|(agent, key)| KeyRow {
        id: key.id.clone(),
        kind: KeyKind::Agent,
        user: agent.user,
        agent: Some(agent.id),
        hash: key.hash,
    });
    app.ports.agents.insert_agents(agents.clone(), keys.collect()).await?;
    let mut models = Models::default();
    let toolbox = Toolbox::of(app, scoped.user.id).await?;
    let mut shown = Vec::with_capacity(agents.len());
    for (agent, key) in agents.into_iter().zip(minted) {
        let agent = match start(app, &agent, &json!({}), false, &mut models).await {
            Ok(started) => started,
            // It is made all the same: `deploy/status` says which step failed.
            Err(failure) => {
                tracing::error!(agent = %agent.id, %failure, "a new agent was not started");
                agent
            }
        };
        let mut body = super::shown(&toolbox, &agent);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("apiKey".to_owned(), Value::String(key.text));
        }
        shown.push(body);
    }
    let mut body = match shown.as_slice() {
        [Value::Object(one)] => one.clone(),
        _ => Map::new(),
    };
    body.insert("agents".to_owned(), Value::Array(shown));
    Ok(Value::Object(body))
}

async fn accept(app: &App, user: UserId, fields: &Map<String, Value>) -> Result<Vec<Agent>, Error> {
    let now = app.ports.clock.now();
    let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
    match (given("name"), given("agents"), given("count")) {
        (Some(_), None, None) => Ok(vec![one(app, user, fields, "", now)?]),
        (None, Some(Value::Array(items)), None) => {
            if items.is_empty() || items.len() > MOST {
                let problem = format!("must have 1 to {MOST} entries, it has {}", items.len());
                return Err(invalid("agents", &problem));
            }
            let each = |(index, item): (usize, &Value)| {
                let path = format!("agents[{index}]");
                let fields = item.as_object().ok_or_else(|| invalid(&path, "must be an object"))?;
                one(app, user, fields, &format!("{path}."), now)
            };
            items.iter().enumerate().map(each).collect()
        }
        (None, Some(_), None) => Err(invalid("agents", "must be a list of objects")),
        (None, None, Some(count)) => {
            let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
            let count = count.filter(|count| (1..=MOST).contains(count));
            let count =
                count.ok_or_else(|| invalid("count", &format!("must be a whole number from 1 to {MOST}")))?;
            numbered(app, user, count, now).await
        }
        (None, None, None) => Err(invalid("name", "is required, or `agents` (a list), or `count`")),
        _ => Err(Error::invalid("give one of name, agents and count, not several")),
    }
}

/// One agent of a request; `path` is where it is.
fn one(
    app: &App,
    user: UserId,
    fields: &Map<String, Value>,
    path: &str,
    now: Timestamp,
) -> Result<Agent, Error> {
    let at = |error: Error| if path.is_empty() { error } else { prefixed(error, path) };
    let name =
        text(fields, "name").map_err(at)?.ok_or_else(|| invalid(&format!("{path}name"), "is required"))?;
    check_name(name).map_err(|problem| Error::invalid(format!("{path}{problem}")))?;
    let id = match text(fields, "id").map_err(at)? {
        None => AgentId(app.random_uuid()),
        Some(id) => id.parse().map_err(|_| {
            let id = domain::effect::bounded(id.to_owned(), 64);
            invalid(&format!("{path}id"), &format!("must be a UUID, not {id:?}"))
        })?,
    };
    let mut agent = Agent::new(id, user, name, now);
    let mut configuration = fields.clone();
    configuration.retain(|name, _| CONFIGURATION.contains(&name.as_str()));
    of_new(&mut agent, &Value::Object(configuration), path)?;
    Ok(agent)
}

fn prefixed(error: Error, path: &str) -> Error {
    Error { message: format!("{path}{}", error.message), ..error }
}

/// `agent-1`, `agent-2`, … as far as these names are free.
async fn numbered(app: &App, user: UserId, count: usize, now: Timestamp) -> Result<Vec<Agent>, Error> {
    let present = app.ports.agents.list_agents(user).await?;
    let is_free = |name: &String| !present.iter().any(|agent| agent.name == *name);
    let names = (1_u64..).map(|number| format!("agent-{number}")).filter(is_free).take(count);
    Ok(names.map(|name| Agent::new(AgentId(app.random_uuid()), user, name, now)).collect())
}
