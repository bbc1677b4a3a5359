//! What an export answered, before limits are applied: JSON texts parsed, sizes counted.

use domain::component::{CallEnd, CallFailure, LimitKind, Limits, Output};
use domain::effect::CallError;
use domain::rigor::phase::PhaseOutput;
use serde_json::Value;

/// An answer of an export.
pub(crate) enum Answered {
    /// A good one, and its size in bytes.
    Output(Output, u64),
    /// The guest's typed error.
    Error(CallError),
    /// An output that breaks the interface.
    Invalid(String),
    /// A call of an export that this kind of component does not have.
    WrongKind(String),
}

impl Answered {
    /// The call's result under its limits.
    pub(crate) fn within(self, limits: &Limits) -> Result<Output, CallEnd> {
        let failure = match self {
            Self::Output(output, size) if size <= limits.output_bytes => return Ok(output),
            Self::Output(_, size) => too_large(size, limits),
            Self::Error(error) => CallFailure::Error(error),
            Self::Invalid(message) => CallFailure::InvalidOutput { message },
            Self::WrongKind(message) => CallFailure::Unloadable { message },
        };
        Err(CallEnd::Failed(failure))
    }
}

fn too_large(size: u64, limits: &Limits) -> CallFailure {
    CallFailure::Limit {
        kind: LimitKind::Output,
        message: format!("the result has {size} bytes, at most {} are allowed", limits.output_bytes),
    }
}

/// The JSON result of a tool or a step.
pub(crate) fn json_output(text: String) -> Answered {
    let size = text.len() as u64;
    match serde_json::from_str::<Value>(&text) {
        Ok(value) => Answered::Output(Output::Json(value), size),
        Err(error) => Answered::Invalid(format!("the result is not JSON: {error}")),
    }
}

/// The `details` of a phase: a JSON object.
pub(crate) fn details(text: &str) -> Result<Value, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(value) => Err(format!("details is {}, not a JSON object", kind_of(&value))),
        Err(error) => Err(format!("details is not JSON: {error}")),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The result of a phase with its size: that of its JSON form, which is what gets stored.
pub(crate) fn phase_output(output: PhaseOutput) -> Answered {
    let size = serde_json::to_vec(&output).map_or(u64::MAX, |text| text.len() as u64);
    Answered::Output(Output::Phase(output), size)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_result_of_exactly_the_limit_passes_and_one_more_byte_does_not() {
        let limits = Limits { output_bytes: 4, ..Limits::default() };
        assert_eq!(json_output("\"ab\"".to_owned()).within(&limits), Ok(Output::Json("ab".into())));
        let end = json_output("\"abc\"".to_owned()).within(&limits).unwrap_err();
        assert!(
            matches!(end, CallEnd::Failed(CallFailure::Limit { kind: LimitKind::Output, .. })),
            "{end:?}"
        );
    }

    #[test]
    fn details_must_be_an_object() {
        assert!(details("{}").is_ok());
        assert_eq!(details("[]").unwrap_err(), "details is an array, not a JSON object");
        assert!(details("{").unwrap_err().starts_with("details is not JSON"));
    }
}
