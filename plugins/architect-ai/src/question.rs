//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::earlier;
use rigor::talk::{bullets, is_deep};
use skep_sdk::prelude::{Brief, Scope};

fn depth(brief: &Brief, short: &str, deep: &str, form: &str) -> String {
    format!("{}\nJSON: {form}", if is_deep(brief) { deep } else { short })
}

pub(crate) fn research(brief: &Brief, places: &[String]) -> String {
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
    let question = depth(
        brief,
        "You design the change. Which parts of the project does it concern? Short.",
        "You design the change; another plans its steps at the same time. Which parts of the project does it concern, and how do they \
depend on each other? One part a line, with its file.",
        r#"{"parts":[""]}"#,
    );
    format!("{required}{found}{question}")
}

pub(crate) fn inspect(brief: &Brief) -> String {
    depth(
        brief,
        "What may the change break? Short.",
        "What may the change break: callers, formats, stored data, security, speed? One risk a line.",
        r#"{"risks":[""]}"#,
    )
}

pub(crate) fn generate(brief: &Brief) -> String {
    let deep = if brief.scope() >= Scope::Product {
        "Design the change. Files: each file to change or to make, with what changes in it or what it is for; as few as serve the \
requirements; tests and documentation too where they belong. Interfaces: each function, type, format or command where parts meet, with its signature, \
its errors and what stays compatible."
    } else {
        "Design the change. Files: each file to change or to make, with what changes in it or what it is for; as few as serve the \
requirements. Interfaces: each function, type, format or command where parts meet, with its signature."
    };
    depth(
        brief,
        "Design the change: one or two files with their purpose; interfaces (functions) that change.",
        deep,
        r#"{"files":[{"path":"","purpose":""}],"interfaces":[""]}"#,
    )
}

pub(crate) fn optimize(brief: &Brief) -> String {
    depth(
        brief,
        "Is there a simpler way? One short sentence.",
        "Is there a simpler way that serves all requirements? Say what it would save, or why there is none.",
        r#"{"simpler":""}"#,
    )
}

pub(crate) fn review(brief: &Brief) -> String {
    depth(
        brief,
        "What is the weakest point of the design? One short sentence.",
        "What is the weakest point of this design, and how would one notice that it fails?",
        r#"{"weakness":""}"#,
    )
}
