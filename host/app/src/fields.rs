//! Reading the fields of a request: types and values are checked, and what is wrong is named by the field's path.

use domain::error::Error;
use serde_json::{Map, Value, json};

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
