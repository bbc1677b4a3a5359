//! Values against JSON Schemas that a plugin's manifest brings.

use domain::component::{CallFailure, Output};
use domain::manifest::{Manifest, Personality};
use domain::rigor::phase::PhaseOutput;
use jsonschema::PatternOptions;
use serde_json::Value;

/// The schema that a manifest has for the details of a phase of this personality.
pub(super) fn of_phase<'a>(
    manifest: &'a Manifest,
    personality: &str,
    output: &PhaseOutput,
) -> Option<&'a Value> {
    let provided: &Personality = manifest.personalities.iter().find(|provided| provided.id == personality)?;
    provided.phases.get(output.phase().as_str())
}

/// An output that does not fit the manifest of its component is none. `personality` is whom a phase was asked of. Replay asks the same.
///
/// # Errors
/// `InvalidOutput`, naming the place.
pub(crate) async fn fitting(
    manifest: &Manifest,
    personality: Option<&str>,
    output: Output,
) -> Result<Output, CallFailure> {
    let (Output::Phase(phase), Some(personality)) = (&output, personality) else { return Ok(output) };
    let Some(schema) = of_phase(manifest, personality, phase).cloned() else { return Ok(output) };
    let details = phase.details().clone();
    // Schema and value are the plugin's: what they take is not for a thread that others wait on.
    let checked = tokio::task::spawn_blocking(move || check(&schema, &details)).await;
    match checked {
        Ok(Ok(())) => Ok(output),
        Ok(Err(problem)) => Err(CallFailure::InvalidOutput { message: format!("details: {problem}") }),
        Err(error) => {
            Err(CallFailure::InvalidOutput { message: format!("details could not be checked: {error}") })
        }
    }
}

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
        let problem = domain::effect::bounded(error.to_string(), 1000);
        if place.is_empty() { problem } else { format!("{place}: {problem}") }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]
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

    #[tokio::test]
    async fn an_output_that_breaks_its_own_schema_is_none() {
        use domain::rigor::phase::ResearchOutput;
        let manifest: Manifest = serde_json::from_value(json!({
            "abi": "0.1.0", "kind": "personality", "name": "one", "version": "0.1.0", "description": "One.",
            "personalities": [{ "id": "one-ai", "phases": { "research": { "type": "object", "required": ["facts"] } } }],
        }))
        .unwrap_or_else(|error| panic!("{error}"));
        let output = |details| Output::Phase(PhaseOutput::Research(ResearchOutput { details }));
        for (personality, details, fits) in [
            ("one-ai", json!({ "facts": 1 }), true),
            ("one-ai", json!({}), false),
            // A personality that the manifest says nothing of has nothing to fit.
            ("other-ai", json!({}), true),
        ] {
            let result = fitting(&manifest, Some(personality), output(details.clone())).await;
            assert_eq!(result.is_ok(), fits, "{personality} {details}: {result:?}");
            if let Err(failure) = result {
                assert!(failure.is_retryable() && failure.to_string().contains("facts"), "{failure}");
            }
        }
    }

    #[test]
    fn a_pattern_that_would_backtrack_for_ever_is_quick() {
        let schema = json!({ "type": "string", "pattern": "^(a+)+$" });
        let value = json!(format!("{}!", "a".repeat(5000)));
        assert!(check(&schema, &value).is_err());
    }
}
