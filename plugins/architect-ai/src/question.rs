//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::{bullets, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

pub(crate) fn research(brief: &Brief, places: &[String]) -> Question {
    let fields: &[(&str, &str)] = if is_deep(brief) {
        &[("requirements", "Requirements"), ("constraints", "Constraints"), ("out_of_scope", "Out of scope")]
    } else {
        &[("requirements", "Requirements")]
    };
    let required = earlier::shown(brief, "req-ai", fields, if is_deep(brief) { 4_000 } else { 250 });
    let found = if places.is_empty() {
        String::new()
    } else {
        format!("Found in the project:\n{}", bullets(places, if is_deep(brief) { 3_000 } else { 250 }))
    };
    let question = Question::new(
        brief,
        "You design the change. Which parts of the project does it concern? Short.",
        "You design the change; another plans its steps at the same time. Which parts of the project does it concern, and how do they \
depend on each other? One part a line, with its file.",
        r#"{"parts":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    );
    question.after(&format!("{required}{found}"))
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What may the change break? Short.",
        "What may the change break: callers, formats, stored data, security, speed? One risk a line.",
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

pub(crate) fn generate(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "Design the change. Files: each file to change or to make, with what changes in it or what it is for; as few as serve the \
requirements; tests and documentation too where they belong. Interfaces: each function, type, format or command where parts meet, with its signature, \
its errors and what stays compatible."
    } else {
        "Design the change. Files: each file to change or to make, with what changes in it or what it is for; as few as serve the \
requirements. Interfaces: each function, type, format or command where parts meet, with its signature."
    };
    Question::new(
        brief,
        "Design the change: one or two files with their purpose; interfaces (functions) that change.",
        deep,
        r#"{"files":[{"path":"","purpose":""}],"interfaces":[""]}"#,
        Tokens { demo: 200, deep: 1_800 },
    )
}

pub(crate) fn optimize(brief: &Brief) -> Question {
    Question::new(
        brief,
        "Is there a simpler way? One short sentence.",
        "Is there a simpler way that serves all requirements? Say what it would save, or why there is none.",
        r#"{"simpler":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
}

pub(crate) fn review(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What is the weakest point of the design? One short sentence.",
        "What is the weakest point of this design, and how would one notice that it fails?",
        r#"{"weakness":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
}
