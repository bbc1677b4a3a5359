//! Values against JSON Schemas that a plugin's manifest brings.

use jsonschema::PatternOptions;
use serde_json::Value;

/// Whether `value` fits. Patterns run on an engine without backtracking: schema and value are both a plugin's.
///
/// # Errors
/// The place and what is wrong there, or that the schema itself is not valid.
pub(super) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    let validator = jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .map_err(|error| format!("the schema itself is not valid: {error}"))?;
    validator.validate(value).map_err(|error| {
        let place = error.instance_path().to_string();
        if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_problem_names_its_place() {
        let schema =
            json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] });
        assert_eq!(check(&schema, &json!({ "a": 1 })), Ok(()));
        let problem = check(&schema, &json!({ "a": "x" })).err().unwrap_or_default();
        assert!(problem.starts_with("/a: "), "{problem}");
        assert!(check(&schema, &json!({})).is_err());
        assert!(
            check(&json!({ "type": 7 }), &json!({})).is_err_and(|problem| problem.contains("schema itself"))
        );
    }

    #[test]
    fn a_pattern_that_would_backtrack_for_ever_is_quick() {
        let schema = json!({ "type": "string", "pattern": "^(a+)+$" });
        let value = json!(format!("{}!", "a".repeat(5000)));
        assert!(check(&schema, &value).is_err());
    }
}
