//! Whether an answer fits the JSON Schema that it was asked to fit.

use domain::effect::{CallError, ErrorKind};
use serde_json::Value;

/// A weak model's mistakes after these say the same.
const SHOWN: usize = 5;

/// # Errors
/// `invalid-input` for a schema that is none; `other` with code `schema` and the reasons for an answer that does not fit.
pub(crate) fn check(schema: &Value, content: &str) -> Result<(), CallError> {
    let value: Value = serde_json::from_str(content).map_err(|error| {
        CallError::new(ErrorKind::Other, "schema", format!("the answer is not JSON: {error}"))
    })?;
    let reasons = violations(schema, &value)?;
    if reasons.is_empty() {
        return Ok(());
    }
    Err(CallError::new(
        ErrorKind::Other,
        "schema",
        format!("the answer does not fit its schema: {}", reasons.join("; ")),
    ))
}

/// What is wrong with a value, each with its place.
pub(crate) fn violations(schema: &Value, value: &Value) -> Result<Vec<String>, CallError> {
    let validator = jsonschema::validator_for(schema).map_err(|error| {
        CallError::new(ErrorKind::InvalidInput, "schema", format!("the schema itself is wrong: {error}"))
    })?;
    let reasons = validator.iter_errors(value).take(SHOWN);
    Ok(reasons.map(|error| format!("{}: {error}", error.instance_path())).collect())
}
