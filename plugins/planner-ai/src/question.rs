//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::is_deep;
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

pub(crate) fn research(brief: &Brief, likely_files: &[String]) -> Question {
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
    let question = Question::new(
        brief,
        "You plan the work. How would you go about it? One short sentence.",
        "You plan the work; another plans its structure at the same time. How would you go about it: what comes first, and how will one \
see early whether it works? One or two sentences.",
        r#"{"approach":""}"#,
        Tokens { demo: 60, deep: 400 },
    );
    question.after(&format!("{required}{likely}"))
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What may go wrong on the way? Short.",
        "What may go wrong on the way: a step that depends on another, something that cannot be undone, a file that others change? One risk a line.",
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

pub(crate) fn generate(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "Write the plan: steps in order, each small enough to check alone, with the paths of the files that it touches (existing paths as \
they are listed; new ones where you would put them). Include the tests that show that it works, and documentation that would become wrong."
    } else {
        "Write the plan: steps in order, each small enough to check alone, with the paths of the files that it touches (existing paths as \
they are listed; new ones where you would put them). Include a test of the change where the project has tests."
    };
    Question::new(
        brief,
        "Write the plan: one or two short steps, each with the paths of the files that it touches.",
        deep,
        r#"{"steps":[{"do":"","files":[""]}]}"#,
        Tokens { demo: 200, deep: 1_800 },
    )
}

pub(crate) fn optimize(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What could be left out? One short sentence.",
        "What could be left out or joined without losing a requirement? Say what it saves.",
        r#"{"leaner":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
}

pub(crate) fn review(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What does the plan forget? Nothing is a good answer.",
        "Hold the plan against the requirements: what does it forget? An empty list is a good answer.",
        r#"{"missing":[""]}"#,
        Tokens { demo: 90, deep: 400 },
    )
}
