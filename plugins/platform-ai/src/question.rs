//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::{bullets, computed, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

use crate::details::Facts;

/// The facts as the model sees them.
pub(crate) fn told(brief: &Brief, facts: &Facts) -> String {
    let most = if is_deep(brief) { 3_000 } else { 150 };
    let files: Vec<String> =
        facts.files.iter().map(|file| format!("{} ({})", file.path, file.kind)).collect();
    let mut text = String::new();
    for (title, lines) in [
        ("Files of the platform", &files),
        ("Problems that were found in them", &facts.problems),
        ("Commands that a pipeline may call", &facts.commands),
        ("Languages", &facts.languages),
    ] {
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
        "You build the platform of the project. What does it need? Short.",
        "You build the platform of the project: images, manifests, pipelines. What does it need there: which runtime in which version, which services \
beside it, which ports and volumes, which steps before a release? One need a line.",
        r#"{"needs":[""]}"#,
        Tokens { demo: 90, deep: 600 },
    )
    .after(&format!("{required}{}", told(brief, facts)))
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "What may go wrong when this is built and deployed: an image that is not there, a cache that is stale, a migration that runs twice, a pod that \
never gets ready, rights that are too wide? One risk a line."
    } else {
        "What may go wrong when this is built and deployed? One risk a line."
    };
    Question::new(
        brief,
        "What may go wrong? Short.",
        deep,
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

/// What is asked for at demo.
pub(crate) const SHORT: &str = "Write the Dockerfile, compose file, pipeline or manifest that the TASK asks for. Images with an exact tag, a USER that is not root.";
/// Above.
pub(crate) const DEEP: &str = "Write the images, manifests and pipelines that the task asks for, and mend the problems that were found in those files. \
Each base image has an exact tag, never latest; the last stage has a USER that is not root; containers have `runAsNonRoot: true` and limits of memory and CPU, \
are not privileged and mount no docker.sock; steps of a pipeline call only commands that the project has; nothing secret stands in ENV or ARG. \
Do not change code.";
/// At production, too.
pub(crate) const STRICT: &str = " Images have a digest (`name:tag@sha256:…`), actions of pipelines a commit.";

pub(crate) fn optimize(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What makes the build faster or the image smaller? One short sentence.",
        "What would make the build faster or the image smaller: the order of layers, a cache, a stage, what is copied? Say what it saves.",
        r#"{"smaller":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
}

pub(crate) fn review(brief: &Brief, failed: &[String]) -> Question {
    Question::new(
        brief,
        "What only shows when it is deployed? One short sentence.",
        "What only shows when this is deployed, and how does one see it first? One or two sentences.",
        r#"{"unseen":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
    .after(&computed(failed))
}
