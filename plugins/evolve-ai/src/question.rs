//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::{bullets, computed, cut, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

use crate::details::{Evolved, Facts};

/// The facts as the model sees them.
pub(crate) fn told(brief: &Brief, facts: &Facts) -> String {
    let deep = is_deep(brief);
    let most = if deep { 3_000 } else { 150 };
    let offered: Vec<String> = facts
        .offered
        .iter()
        .map(|offered| {
            let names: Vec<String> =
                offered.items.iter().map(|item| format!("{}{}", item.name, item.form)).collect();
            format!("{}: {}", offered.path, cut(&names.join(", "), 400))
        })
        .collect();
    let manifests: Vec<String> = facts
        .manifests
        .iter()
        .map(|manifest| {
            let names: Vec<String> =
                manifest.dependencies.iter().map(|one| format!("{} {}", one.name, one.requirement)).collect();
            let version = manifest.version.as_deref().unwrap_or("no version");
            format!("{} ({version}): {}", manifest.path, cut(&names.join(", "), 400))
        })
        .collect();
    let mut text = String::new();
    for (title, lines) in [("Public names", &offered), ("Manifests", &manifests)] {
        if !lines.is_empty() {
            text.push_str(&format!("{title}:\n{}", bullets(lines, most)));
        }
    }
    text
}

pub(crate) fn research(brief: &Brief, facts: &Facts) -> Question {
    let deep = is_deep(brief);
    let required = if deep {
        let design: &[(&str, &str)] = &[("files", "Design"), ("interfaces", "Interfaces")];
        format!(
            "{}{}",
            earlier::shown(
                brief,
                "req-ai",
                &[("requirements", "Requirements"), ("constraints", "Constraints")],
                2_500
            ),
            earlier::shown(brief, "architect-ai", design, 2_000)
        )
    } else {
        String::new()
    };
    Question::new(
        brief,
        "You move the project on. Who uses what will change? Short.",
        "You move the project on without losing those who use it. Who uses what is going to change: callers in other files, other programs, stored \
data, settings, documents? One line each, with the name that they use.",
        r#"{"users":[""]}"#,
        Tokens { demo: 90, deep: 600 },
    )
    .after(&format!("{required}{}", told(brief, facts)))
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "What breaks for them, at which moment: at build, at start, when old data is read, when an old and a new version run side by side? How would they \
notice? One risk a line."
    } else {
        "What breaks for them, and how would they notice? One risk a line."
    };
    Question::new(
        brief,
        "What breaks for them? Short.",
        deep,
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

/// What is asked for at demo.
pub(crate) const SHORT: &str = "Make the change. If a public name goes or changes, say in CHANGELOG.md what to use instead and raise the version.";
/// Above.
pub(crate) const DEEP: &str = "Make the change of interface or dependency that the task asks for, in all files that use it. Keep old names where \
that is cheap, as a call of the new one that says it is deprecated. Where a public name goes, is renamed or is called otherwise, write a migration note into \
CHANGELOG.md or MIGRATION.md that names the old name and what stands there instead, and raise the version in the manifest: its first number (the second \
before 1.0) when something breaks, its second when something is new. Requirements of dependencies have an end: no `*`, no `latest`. Do not change tests \
to make them pass.";

pub(crate) fn optimize(brief: &Brief, evolved: &Evolved) -> Question {
    let difference = &evolved.difference;
    let found = format!(
        "Names that do not work any more: {}\n",
        if difference.broken.is_empty() { "none".to_owned() } else { difference.broken.join(", ") }
    );
    Question::new(
        brief,
        "Could users change less? One short sentence.",
        "How could the same be reached with less to change for users, and what would that cost?",
        r#"{"gentler":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
    .after(&format!("{}\n", cut(&found, 600)))
}

pub(crate) fn review(brief: &Brief, failed: &[String]) -> Question {
    Question::new(
        brief,
        "What changes for users that is no name? One short sentence.",
        "What changes for users and is no name: a default, an order, an error, a format, how long it takes? One or two sentences.",
        r#"{"unseen":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
    .after(&computed(failed))
}
