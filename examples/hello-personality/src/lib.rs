//! A personality in one file: it asks the model for a plan and writes it into the workspace.
//!
//! Only `generate` has to be written. Research, inspection, optimization and review have defaults: they sum the task up, go on
//! if it says anything, leave the plan as it is, and check that the file in the workspace has the bytes that were reported.

use serde::{Deserialize, Serialize};
use skep_sdk::prelude::*;

/// The answer of the model, and what later personalities get from this one.
/// Comments become descriptions in the JSON Schema, which the host holds the model to.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Plan {
    /// The goal in one sentence.
    pub goal: String,
    /// Steps in order, each one a sentence.
    #[schema(min_items = 1, max_items = 7)]
    pub steps: Vec<String>,
}

/// The type itself is empty: each call is a fresh instance.
pub struct HelloPersonality;

/// Writes a short plan for any task.
#[personality(capabilities(
    model(tiers("core"), "writes the plan"),
    files(read_write, paths("docs/"), "keeps the plan in docs/plan.md"),
))]
impl Personality for HelloPersonality {
    fn generate(input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<Plan>> {
        progress::report(10, "planning");
        let plan = model::conversation()
            .system("You plan small pieces of work. Be brief.")
            .user(&input.brief.task)
            .max_tokens(400)
            .structured::<Plan>()?;
        let steps: String = plan.value.steps.iter().map(|step| format!("- {step}\n")).collect();
        let artifact =
            files::write_artifact("docs/plan.md", format!("# {}\n\n{steps}", plan.value.goal), "document")?;
        // Confidence is computed: each time that the model had to be asked again costs some.
        let confidence = if plan.repairs == 0 { 0.9 } else { 0.6 };
        Ok(Generation::new(plan.value).artifact(artifact).confidence(confidence))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use skep_sdk::testing::{Host, brief};

    #[test]
    fn the_plan_is_written_and_reviewed() {
        let host = Host::new().model_answers(&json!({"goal": "Fix it", "steps": ["Look.", "Mend."]}));
        let outcome = host.run_personality::<Plugin>("hello-personality", brief("fix the login")).unwrap();
        assert_eq!(host.text("docs/plan.md").unwrap(), "# Fix it\n\n- Look.\n- Mend.\n");
        let review = outcome.review.unwrap();
        assert_eq!(review.verdict, Verdict::Accept);
        assert_eq!(review.gates[0].status, GateStatus::Passed);
        assert_eq!(outcome.generate.unwrap().confidence, 0.9);
    }

    #[test]
    fn an_empty_task_stops_before_the_model_is_asked() {
        let host = Host::new();
        let outcome = host.run_personality::<Plugin>("hello-personality", brief("  ")).unwrap();
        assert_eq!(outcome.inspect.decision, Decision::NoGo);
        assert_eq!(outcome.generate, None);
    }
}
