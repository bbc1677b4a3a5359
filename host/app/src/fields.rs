//! Reading the fields of a request: types and values are checked, and what is wrong is named by the field's path.

use domain::error::{Code, Error};
use domain::time::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// 400 that names the field in its message and in its details.
pub(crate) fn invalid(field: &str, problem: &str) -> Error {
    Error::invalid(format!("{field} {problem}")).with_details(json!({ "field": field }))
}

/// A body that must be an object.
pub(crate) fn object(body: &Value) -> Result<&Map<String, Value>, Error> {
    body.as_object().ok_or_else(|| Error::invalid("the body must be a JSON object"))
}

/// A text field; null is as good as none.
pub(crate) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Error> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.contains('\0') => Err(invalid(name, "must not contain NUL")),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(invalid(name, &format!("must be a string, not {}", kind(other)))),
    }
}

/// A field that holds a UUID; null is as good as none.
pub(crate) fn uuid(fields: &Map<String, Value>, name: &str) -> Result<Option<Uuid>, Error> {
    text(fields, name)?.map(|given| uuid_of(name, given)).transpose()
}

/// The UUID that was given; `what` is named when it is none.
pub(crate) fn uuid_of(what: &str, given: &str) -> Result<Uuid, Error> {
    // Without hyphens, in braces or as a URN it is another text for the same thing.
    Uuid::try_parse(given).ok().filter(|_| given.len() == 36).ok_or_else(|| {
        let given = domain::effect::bounded(given.to_owned(), 64);
        Error::new(Code::InvalidId, format!("{what} must be a UUID, not {given:?}"))
            .with_details(json!({ "field": what }))
    })
}

/// A client's own object of at most this many bytes of JSON; `{}` when there is none.
pub(crate) fn metadata(fields: &Map<String, Value>, most: usize) -> Result<Value, Error> {
    match fields.get("metadata") {
        None | Some(Value::Null) => Ok(json!({})),
        Some(given @ Value::Object(_)) => match given.to_string().len() {
            length if length > most => {
                Err(invalid("metadata", &format!("has {length} bytes as JSON, at most {most} are kept")))
            }
            _ => Ok(given.clone()),
        },
        Some(other) => Err(invalid("metadata", &format!("must be an object, not {}", kind(other)))),
    }
}

/// A text that must be there, with something to read, of at most this many characters.
pub(crate) fn content(fields: &Map<String, Value>, most: usize) -> Result<String, Error> {
    let given = text(fields, "content")?.ok_or_else(|| invalid("content", "is missing"))?;
    if given.trim().is_empty() {
        return Err(invalid("content", "must not be empty"));
    }
    match given.chars().count() {
        length if length > most => {
            Err(invalid("content", &format!("has {length} characters, at most {most} are taken")))
        }
        _ => Ok(given.to_owned()),
    }
}

/// One of a closed list of words.
pub(crate) fn word<T: Copy>(
    fields: &Map<String, Value>,
    name: &str,
    all: &[T],
    as_str: fn(T) -> &'static str,
) -> Result<Option<T>, Error> {
    text(fields, name)?.map(|given| one_of(name, given, all, as_str)).transpose()
}

/// The word that was given; 400 with the allowed ones.
pub(crate) fn one_of<T: Copy>(
    field: &str,
    given: &str,
    all: &[T],
    as_str: fn(T) -> &'static str,
) -> Result<T, Error> {
    all.iter().copied().find(|value| as_str(*value) == given).ok_or_else(|| {
        let allowed: Vec<&str> = all.iter().map(|value| as_str(*value)).collect();
        let given = domain::effect::bounded(given.to_owned(), 64);
        Error::invalid(format!("{field} must be one of {}, not {given:?}", allowed.join(", ")))
            .with_details(json!({ "field": field, "allowed": allowed }))
    })
}

/// A whole number of a query string.
pub(crate) fn number(name: &str, given: Option<&str>) -> Result<Option<usize>, Error> {
    let read = |text: &str| text.parse().map_err(|_| invalid(name, "must be a whole number"));
    given.map(read).transpose()
}

/// A time of a query string, as clients of elizaOS write it.
pub(crate) fn time(name: &str, given: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let read = |text: &str| match text.parse::<i64>() {
        Ok(milliseconds) => Ok(Timestamp(milliseconds)),
        Err(_) => {
            let read: Result<jiff::Timestamp, _> = text.parse();
            read.map(|time| Timestamp(time.as_millisecond())).map_err(|_| {
                invalid(name, "must be a time such as 2026-02-23T15:00:00Z, or milliseconds since 1970")
            })
        }
    };
    given.map(read).transpose()
}

/// What a JSON value is, for people.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
