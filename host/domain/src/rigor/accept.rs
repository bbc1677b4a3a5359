//! From the body of `POST /v1/agents/tasks` to an [`AgentTask`]: types, enum words and lengths. Whether the source and the callback
//! may be reached is the use case's business.

use super::line::line;
use super::request::{AgentTask, Capability, Priority, RigorScope, Source};
use crate::effect::model::Tier;
use crate::error::Error;
use serde_json::{Value, json};

/// Longest task in characters.
const TASK_LIMIT: usize = 32_768;

/// Read and check a request. Unknown fields are ignored.
///
/// # Errors
/// 400 naming the field, the value and what is allowed.
pub fn accept(body: &Value) -> Result<AgentTask, Error> {
    if !body.is_object() {
        return Err(wrong("body", "body must be a JSON object"));
    }
    let task = text(body, "task")?.ok_or_else(|| wrong("task", "task is required: say what is to be done"))?;
    let length = task.chars().count();
    if task.trim().is_empty() || length > TASK_LIMIT {
        return Err(wrong("task", &format!("task must have 1 to 32,768 characters; it has {length}")));
    }
    let source = text(body, "source")?.map(|source| parse_source(&source));
    Ok(AgentTask {
        capabilities: capabilities(body)?,
        intelligence: word(body, "intelligence", Tier::parse, &Tier::ALL.map(Tier::as_str))?.unwrap_or_default(),
        scope: word(body, "scope", RigorScope::parse, &RigorScope::ALL.map(RigorScope::as_str))?.unwrap_or_default(),
        priority: word(body, "priority", Priority::parse, &Priority::ALL.map(Priority::as_str))?.unwrap_or_default(),
        callback_url: text(body, "callbackUrl")?,
        source,
        task,
    })
}

/// The group in which durations are compared: line and tier.
#[must_use]
pub fn estimate_key(task: &AgentTask) -> String {
    let stations: Vec<&str> = line(&task.capabilities).into_iter().map(|station| station.personality).collect();
    format!("{}|{}|{}", stations.join(","), task.intelligence.as_str(), task.scope.as_str())
}

/// A git URL has a scheme (`#ref` names a branch or tag); everything else is a folder.
fn parse_source(text: &str) -> Source {
    if !text.contains("://") {
        return Source::Folder { path: text.to_owned() };
    }
    match text.split_once('#') {
        Some((url, reference)) if !reference.is_empty() => Source::Git { url: url.to_owned(), reference: Some(reference.to_owned()) },
        Some((url, _)) => Source::Git { url: url.to_owned(), reference: None },
        None => Source::Git { url: text.to_owned(), reference: None },
    }
}

fn capabilities(body: &Value) -> Result<Vec<Capability>, Error> {
    let allowed = Capability::ALL.map(Capability::as_str);
    let list = match body.get("capabilities") {
        Some(Value::Array(list)) => list,
        None | Some(Value::Null) => {
            return Err(wrong("capabilities", &format!("capabilities is required: 1 to 7 of {}", allowed.join(", "))));
        }
        Some(other) => return Err(wrong("capabilities", &format!("capabilities must be an array; it is {}", type_of(other)))),
    };
    let mut found = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let field = format!("capabilities[{index}]");
        let Some(name) = value.as_str() else {
            return Err(wrong(&field, &format!("{field} must be a string; it is {}", type_of(value))));
        };
        let Some(capability) = Capability::parse(name) else {
            return Err(not_allowed(&field, name, &allowed));
        };
        if found.contains(&capability) {
            return Err(wrong(&field, &format!("{field} repeats {name}: give each capability once")));
        }
        found.push(capability);
    }
    if found.is_empty() {
        return Err(wrong("capabilities", &format!("capabilities is empty: give 1 to 7 of {}", allowed.join(", "))));
    }
    Ok(found)
}

fn text(body: &Value, field: &str) -> Result<Option<String>, Error> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong(field, &format!("{field} must be a string; it is {}", type_of(other)))),
    }
}

fn word<T>(body: &Value, field: &str, parse: impl Fn(&str) -> Option<T>, allowed: &[&str]) -> Result<Option<T>, Error> {
    match text(body, field)? {
        None => Ok(None),
        Some(text) => parse(&text).map(Some).ok_or_else(|| not_allowed(field, &text, allowed)),
    }
}

fn not_allowed(field: &str, value: &str, allowed: &[&str]) -> Error {
    let shown = crate::effect::bounded(value.to_owned(), 100);
    Error::invalid(format!("{field} must be one of {}; it is {shown:?}", allowed.join(", ")))
        .with_details(json!({ "field": field, "allowed": allowed }))
}

fn wrong(field: &str, message: &str) -> Error {
    Error::invalid(message).with_details(json!({ "field": field }))
}

/// The JSON type of a value, for messages.
#[must_use]
pub fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_documented_request_is_accepted_with_its_defaults() {
        let task = accept(&json!({ "task": "Add user authentication", "capabilities": ["BUILD"], "unknown": 1 })).unwrap();
        assert_eq!((task.intelligence, task.scope, task.priority), (Tier::Core, RigorScope::Mvp, Priority::Normal));
        assert_eq!(task.source, None);
        let git = accept(&json!({ "task": "x", "capabilities": ["BUILD"], "source": "https://example.com/a.git#v1" })).unwrap();
        assert_eq!(git.source, Some(Source::Git { url: "https://example.com/a.git".into(), reference: Some("v1".into()) }));
    }

    #[test]
    fn every_wrong_field_is_named_with_what_is_allowed() {
        for (body, message) in [
            (json!({ "capabilities": ["BUILD"] }), "task is required"),
            (json!({ "task": 1, "capabilities": ["BUILD"] }), "task must be a string; it is a number"),
            (json!({ "task": "  ", "capabilities": ["BUILD"] }), "task must have 1 to 32,768 characters"),
            (json!({ "task": "x".repeat(32_769), "capabilities": ["BUILD"] }), "it has 32769"),
            (json!({ "task": "x" }), "capabilities is required"),
            (json!({ "task": "x", "capabilities": [] }), "capabilities is empty"),
            (json!({ "task": "x", "capabilities": "BUILD" }), "capabilities must be an array; it is a string"),
            (json!({ "task": "x", "capabilities": ["build"] }), "capabilities[0] must be one of BUILD, OPERATE"),
            (json!({ "task": "x", "capabilities": ["BUILD", "BUILD"] }), "capabilities[1] repeats BUILD"),
            (json!({ "task": "x", "capabilities": ["BUILD"], "scope": "prod" }), "scope must be one of demo, poc, mvp, product, production; it is \"prod\""),
            (json!({ "task": "x", "capabilities": ["BUILD"], "intelligence": "max" }), "intelligence must be one of core, pro, ultra"),
            (json!({ "task": "x", "capabilities": ["BUILD"], "priority": 1 }), "priority must be a string; it is a number"),
            (json!([]), "body must be a JSON object"),
        ] {
            let error = accept(&body).unwrap_err();
            assert!(error.message.contains(message), "{body}: {}", error.message);
        }
    }
}
