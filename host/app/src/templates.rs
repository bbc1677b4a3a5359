//! Templates: agent over user over built-in (api.md §4).

use crate::context::App;
use crate::fields::{invalid, kind, object};
use crate::ports::store_error::StoreError;
use crate::ports::templates::{Level, Texts};
use crate::references;
use crate::rights::{self, Action};
use domain::agent::Agent;
use domain::caller::Caller;
use domain::error::{Code, Error};
use domain::template::Template;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// `GET …/agent-templates`: the texts of the user's level, or with `resolved` what its agents read where they say nothing themselves.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn get_of_user(app: &App, caller: &Caller, user: &str, resolved: bool) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageTemplates)?;
    let of_user = app.ports.templates.list_templates(Level::User(scoped.user.id)).await?;
    Ok(if resolved { shown_resolved(&[("user", &of_user)]) } else { shown(&of_user) })
}

/// `PUT …/agent-templates`: merge; null removes. Answers the texts of the level.
///
/// # Errors
/// 404; 403 for an agent key; 400 for another name or type; 413.
pub async fn put_of_user(app: &App, caller: &Caller, user: &str, request: &Value) -> Result<Value, Error> {
    let scoped = references::user(app, caller, user).await?;
    rights::authorize(&scoped.caller, Action::ManageTemplates)?;
    put(app, Level::User(scoped.user.id), request).await
}

/// `GET …/agents/{agent}/templates`: the texts of the agent's level, or with `resolved` what it reads.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn get_of_agent(
    app: &App,
    caller: &Caller,
    user: &str,
    agent: &str,
    resolved: bool,
) -> Result<Value, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::ManageAgent(&agent))?;
    let (of_agent, of_user) = levels(app, &agent).await?;
    Ok(if resolved { shown_resolved(&[("agent", &of_agent), ("user", &of_user)]) } else { shown(&of_agent) })
}

/// `PUT …/agents/{agent}/templates`.
///
/// # Errors
/// As [`put_of_user`].
pub async fn put_of_agent(
    app: &App,
    caller: &Caller,
    user: &str,
    agent: &str,
    request: &Value,
) -> Result<Value, Error> {
    let (scoped, agent) = references::user_and_agent(app, caller, user, agent).await?;
    rights::authorize(&scoped.caller, Action::ManageAgent(&agent))?;
    put(app, Level::Agent(agent.user, agent.id), request).await
}

/// What the agent reads, in the order in which it is read.
pub(crate) async fn effective(app: &App, agent: &Agent) -> Result<Vec<(Template, String)>, StoreError> {
    let (mut of_agent, mut of_user) = levels(app, agent).await?;
    let text = |template: Template| {
        let own = of_agent.remove(&template).or_else(|| of_user.remove(&template));
        own.unwrap_or_else(|| template.built_in().to_owned())
    };
    Ok(Template::ALL
        .map(text)
        .into_iter()
        .zip(Template::ALL)
        .map(|(text, template)| (template, text))
        .collect())
}

async fn levels(app: &App, agent: &Agent) -> Result<(Texts, Texts), StoreError> {
    let templates = &app.ports.templates;
    let of_agent = templates.list_templates(Level::Agent(agent.user, agent.id)).await?;
    Ok((of_agent, templates.list_templates(Level::User(agent.user)).await?))
}

async fn put(app: &App, level: Level, request: &Value) -> Result<Value, Error> {
    let changes = accept(request)?;
    let texts = app.ports.templates.put_templates(level, changes, app.ports.clock.now()).await?;
    Ok(shown(&texts))
}

/// A map of names to texts, or the same within `templates`.
fn accept(request: &Value) -> Result<BTreeMap<Template, Option<String>>, Error> {
    let fields = match object(request)?.get("templates") {
        Some(Value::Object(templates)) => templates,
        Some(other) => return Err(invalid("templates", &format!("must be an object, not {}", kind(other)))),
        None => object(request)?,
    };
    fields.iter().map(|(name, value)| Ok((known(name)?, text(name, value)?))).collect()
}

fn known(name: &str) -> Result<Template, Error> {
    Template::parse(name).ok_or_else(|| {
        let all: Vec<&str> = Template::ALL.iter().map(|template| template.as_str()).collect();
        let name = domain::effect::bounded(name.to_owned(), 64);
        Error::invalid(format!("{name:?} is not a template; there are {}", all.join(", ")))
            .with_details(json!({ "field": name, "allowed": all }))
    })
}

fn text(name: &str, value: &Value) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.len() > Template::LIMIT => {
            let message =
                format!("{name} has {} bytes, which is over the limit of {}", text.len(), Template::LIMIT);
            Err(Error::new(Code::TooLarge, message).with_details(json!({ "field": name })))
        }
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(invalid(name, &format!("must be a string or null, not {}", kind(other)))),
    }
}

/// The documented four, empty where the level says nothing, and of the others those that are there.
fn shown(texts: &Texts) -> Value {
    let mut map = Map::new();
    for template in Template::SHOWN {
        map.insert(template.as_str().to_owned(), json!(texts.get(&template).map_or("", String::as_str)));
    }
    for (template, text) in texts {
        map.insert(template.as_str().to_owned(), json!(text));
    }
    Value::Object(map)
}

/// Each with the first level that has it.
fn shown_resolved(levels: &[(&str, &Texts)]) -> Value {
    let resolve = |template: Template| {
        let found = levels.iter().find_map(|(source, texts)| Some((*source, texts.get(&template)?.as_str())));
        let (source, text) = found.unwrap_or(("built-in", template.built_in()));
        (template.as_str().to_owned(), json!({ "text": text, "source": source }))
    };
    Value::Object(Template::ALL.into_iter().map(resolve).collect())
}
