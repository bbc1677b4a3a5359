//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::earlier;
use rigor::talk::is_deep;
use skep_sdk::prelude::{Brief, Scope};

fn depth(brief: &Brief, short: &str, deep: &str, form: &str) -> String {
    format!("{}\nJSON: {form}", if is_deep(brief) { deep } else { short })
}

pub(crate) fn research(brief: &Brief, likely_files: &[String]) -> String {
    let fields: &[(&str, &str)] = if is_deep(brief) {
        &[("requirements", "Requirements"), ("constraints", "Constraints"), ("acceptance", "Done when")]
    } else {
        &[("requirements", "Requirements")]
    };
    let required = earlier::shown(brief, "req-ai", fields, if is_deep(brief) { 4_000 } else { 250 });
    let likely = if likely_files.is_empty() {
        String::new()
    } else {
        format!("Files that look relevant: {}\n", likely_files.join(", "))
    };
    let question = depth(
        brief,
        "You plan the work. How would you go about it? One short sentence.",
        "You plan the work; another plans its structure at the same time. How would you go about it: what comes first, and how will one \
see early whether it works? One or two sentences.",
        r#"{"approach":""}"#,
    );
    format!("{required}{likely}{question}")
}

pub(crate) fn inspect(brief: &Brief) -> String {
    depth(
        brief,
        "What may go wrong on the way? Short.",
        "What may go wrong on the way: a step that depends on another, something that cannot be undone, a file that others change? One risk a line.",
        r#"{"risks":[""]}"#,
    )
}

pub(crate) fn generate(brief: &Brief) -> String {
    let deep = if brief.scope() >= Scope::Product {
        "Write the plan: steps in order, each small enough to check alone, with the paths of the files that it touches (existing paths as \
they are listed; new ones where you would put them). Include the tests that show that it works, and documentation that would become wrong."
    } else {
        "Write the plan: steps in order, each small enough to check alone, with the paths of the files that it touches (existing paths as \
they are listed; new ones where you would put them). Include a test of the change where the project has tests."
    };
    depth(
        brief,
        "Write the plan: one or two short steps, each with the paths of the files that it touches.",
        deep,
        r#"{"steps":[{"do":"","files":[""]}]}"#,
    )
}

pub(crate) fn optimize(brief: &Brief) -> String {
    depth(
        brief,
        "What could be left out? One short sentence.",
        "What could be left out or joined without losing a requirement? Say what it saves.",
        r#"{"leaner":""}"#,
    )
}

pub(crate) fn review(brief: &Brief) -> String {
    depth(
        brief,
        "What does the plan forget? Nothing is a good answer.",
        "Hold the plan against the requirements: what does it forget? An empty list is a good answer.",
        r#"{"missing":[""]}"#,
    )
}
