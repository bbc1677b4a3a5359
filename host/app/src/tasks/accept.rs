//! What a person asks for, checked: types and values with the path of the field, no I/O.

use crate::context::App;
use crate::fields::{invalid, kind, object, one_of, text, word};
use crate::ports::outbound::Purpose;
use domain::effect::model::Tier;
use domain::effect::{CallError, ErrorKind};
use domain::error::{Code, Error};
use domain::rigor::line::line;
use domain::rigor::request::{AgentTask, Capability, Priority, RigorScope, Source};
use serde_json::{Map, Value, json};

/// Longest task text in characters (api.md): a page of instructions, not a project.
pub const TASK_LIMIT: usize = 32_768;
/// Every capability at most once.
pub const CAPABILITIES_LIMIT: usize = Capability::ALL.len();
/// No address that a client uses is longer.
const URL_LIMIT: usize = 2048;

/// Check a request body.
///
/// # Errors
/// 400 with the field's path and the allowed values; 422 for a `callbackUrl` that may not be called.
pub fn accept(app: &App, request: &Value) -> Result<AgentTask, Error> {
    let fields = object(request)?;
    let task = text(fields, "task")?
        .ok_or_else(|| invalid("task", "is required: a description of the development task"))?;
    let length = task.chars().count();
    if task.trim().is_empty() || length > TASK_LIMIT {
        return Err(invalid("task", &format!("must have 1 to {TASK_LIMIT} characters, it has {length}")));
    }
    Ok(AgentTask {
        task: task.to_owned(),
        capabilities: capabilities(fields)?,
        intelligence: word(fields, "intelligence", &Tier::ALL, Tier::as_str)?.unwrap_or_default(),
        scope: word(fields, "scope", &RigorScope::ALL, RigorScope::as_str)?.unwrap_or_default(),
        priority: word(fields, "priority", &Priority::ALL, Priority::as_str)?.unwrap_or_default(),
        source: text(fields, "source")?.map(|source| self::source(app, source)).transpose()?,
        callback_url: text(fields, "callbackUrl")?.map(|url| callback_url(app, url)).transpose()?,
    })
}

/// The group for estimates: line and model tier.
#[must_use]
pub fn estimate_key(task: &AgentTask) -> String {
    let personalities: Vec<&str> =
        line(&task.capabilities).iter().map(|station| station.personality).collect();
    format!("{}|{}", personalities.join("+"), task.intelligence.as_str())
}

fn capabilities(fields: &Map<String, Value>) -> Result<Vec<Capability>, Error> {
    const FIELD: &str = "capabilities";
    let allowed: Vec<&str> = Capability::ALL.iter().map(|capability| capability.as_str()).collect();
    let list = match fields.get(FIELD) {
        None | Some(Value::Null) => {
            return Err(invalid(FIELD, &format!("is required: a list of {}", allowed.join(", "))));
        }
        Some(Value::Array(list)) => list,
        Some(other) => {
            return Err(invalid(
                FIELD,
                &format!("must be a list of {}, not {}", allowed.join(", "), kind(other)),
            ));
        }
    };
    if list.is_empty() || list.len() > CAPABILITIES_LIMIT {
        let problem = format!(
            "must have 1 to {CAPABILITIES_LIMIT} entries of {}, it has {}",
            allowed.join(", "),
            list.len()
        );
        return Err(invalid(FIELD, &problem));
    }
    let mut capabilities = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let field = format!("{FIELD}[{index}]");
        let given = value
            .as_str()
            .ok_or_else(|| invalid(&field, &format!("must be a string, not {}", kind(value))))?;
        let capability = one_of(&field, given, &Capability::ALL, Capability::as_str)?;
        if capabilities.contains(&capability) {
            return Err(invalid(&field, &format!("repeats {given}: each capability may be there once")));
        }
        capabilities.push(capability);
    }
    Ok(capabilities)
}

/// A git URL (`#` parts the branch or tag) or a path; the path itself is looked at when it is imported.
fn source(app: &App, given: &str) -> Result<Source, Error> {
    const FIELD: &str = "source";
    if given.is_empty() || given.len() > 4096 {
        return Err(invalid(FIELD, &format!("must have 1 to 4096 bytes, it has {}", given.len())));
    }
    let Some((scheme, _)) = given.split_once("://") else {
        // `git@example.com:project.git`, as `git clone` takes it.
        let is_scp =
            given.split_once(':').is_some_and(|(before, _)| before.contains('@') && !before.contains('/'));
        if is_scp {
            return Err(invalid(
                FIELD,
                "has the form of an ssh address; use a path below an allowed root or an https:// URL",
            ));
        }
        return Ok(Source::Folder { path: given.to_owned() });
    };
    if !["https", "http", "file"].contains(&scheme.to_ascii_lowercase().as_str()) {
        let scheme = domain::effect::bounded(scheme.to_owned(), 32);
        return Err(invalid(
            FIELD,
            &format!(
                "has the unknown scheme {scheme:?}; use a path below an allowed root or an https:// URL"
            ),
        ));
    }
    let (url, reference) = match given.split_once('#') {
        Some((_, "")) => return Err(invalid(FIELD, "ends with an empty #ref")),
        Some((url, reference)) => (url, Some(reference.to_owned())),
        None => (given, None),
    };
    app.ports.sources.check_git(url).map_err(|error| from_source(&error))?;
    Ok(Source::Git { url: url.to_owned(), reference })
}

/// How a source that cannot be imported is answered.
pub(super) fn from_source(error: &CallError) -> Error {
    match error.kind {
        ErrorKind::TooLarge | ErrorKind::Exhausted => {
            Error::new(Code::TooLarge, format!("source is too large: {}", error.message))
                .with_details(json!({ "field": "source" }))
        }
        kind if kind.is_retryable() => Error::unavailable(format!("source: {error}")),
        _ => Error::invalid(format!("source: {}", error.message)).with_details(json!({ "field": "source" })),
    }
}

fn callback_url(app: &App, given: &str) -> Result<String, Error> {
    const FIELD: &str = "callbackUrl";
    let refused = |problem: &str| {
        Error::new(Code::Unprocessable, format!("{FIELD}: {problem}")).with_details(json!({ "field": FIELD }))
    };
    if given.len() > URL_LIMIT {
        return Err(refused(&format!("must have at most {URL_LIMIT} bytes, it has {}", given.len())));
    }
    let url =
        app.ports.outbound.check_url(given, Purpose::Webhook).map_err(|error| refused(&error.message))?;
    Ok(url.into())
}
