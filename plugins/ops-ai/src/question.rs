//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::{bullets, computed, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

use crate::details::Facts;

/// The facts as the model sees them.
pub(crate) fn told(brief: &Brief, facts: &Facts) -> String {
    let most = if is_deep(brief) { 2_000 } else { 150 };
    let mut text = String::new();
    let ports: Vec<String> =
        facts.ports.iter().map(|port| format!("{} ({})", port.port, port.place)).collect();
    for (title, lines) in [
        ("Commands of the project", &facts.commands),
        ("Scripts", &facts.scripts),
        ("Ports", &ports),
        ("Health", &facts.health),
        ("What it keeps", &facts.state),
        ("Runbooks there are", &facts.runbooks),
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
        earlier::shown(
            brief,
            "req-ai",
            &[("requirements", "Requirements"), ("acceptance", "Done when")],
            3_000,
        )
    } else {
        String::new()
    };
    Question::new(
        brief,
        "You run the project. What has to be done to run it? Short.",
        "You run the project. What has to be done, by whom, how often: start, stop, deploy, look whether it is well, save, bring back, rotate, scale? \
One duty a line; name only commands that are listed.",
        r#"{"duties":[""]}"#,
        Tokens { demo: 90, deep: 700 },
    )
    .after(&format!("{required}{}", told(brief, facts)))
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "How does it fail in operation: what fills up, what expires, what cannot be undone, what loses data, what nobody notices? One risk a line."
    } else {
        "How does it fail in operation, and who notices? One risk a line."
    };
    Question::new(brief, "How may it fail? Short.", deep, r#"{"risks":[""]}"#, Tokens { demo: 90, deep: 500 })
}

/// What is asked for at demo.
pub(crate) const SHORT: &str = "Write one runbook docs/runbooks/NAME.md with the sections Steps, Verification and Rollback. Use only commands that are listed.";
/// Above.
pub(crate) const DEEP: &str = "Write what is needed to run the project: runbooks in docs/runbooks/*.md and, where a step has many commands, scripts in \
scripts/*.sh. Each runbook has the sections Purpose, Steps, Verification (what one must see) and Rollback (how it is undone); one about data has Backup and \
Restore. Name only commands, services, files and ports that the project has or that you write. Scripts begin with `#!/usr/bin/env bash` and \
`set -euo pipefail`. No placeholders for hosts, names or values.";
/// At product and above, too.
pub(crate) const STRICT: &str = " Each runbook also says who is asked when it does not work (Escalation).";

pub(crate) fn optimize(brief: &Brief) -> Question {
    Question::new(
        brief,
        "Which step could a program do? One short sentence.",
        "Which step of these runbooks is done by hand and could be done by a program, and what would that save?",
        r#"{"automate":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
}

pub(crate) fn review(brief: &Brief, failed: &[String]) -> Question {
    Question::new(
        brief,
        "What should be rehearsed? One short sentence.",
        "What should be rehearsed once before it is needed at night? One or two sentences.",
        r#"{"rehearse":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
    .after(&computed(failed))
}
