//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::{bullets, cut, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

use crate::details::Facts;

/// The facts as the model sees them.
pub(crate) fn told(brief: &Brief, facts: &Facts) -> String {
    let most = if is_deep(brief) { 3_000 } else { 200 };
    let rules: Vec<String> = facts
        .rules
        .iter()
        .map(|rule| format!("{} {}: {} {}", rule.id, rule.outcome, rule.text, rule.evidence))
        .collect();
    let mut text = format!("Policy: {}\n", facts.policy);
    for (title, lines) in [("Rules", &rules), ("Files about it", &facts.files)] {
        if !lines.is_empty() {
            text.push_str(&format!("{title}:\n{}", bullets(lines, most)));
        }
    }
    text
}

pub(crate) fn research(brief: &Brief, facts: &Facts) -> Question {
    let required = if is_deep(brief) {
        earlier::shown(
            brief,
            "req-ai",
            &[("requirements", "Requirements"), ("constraints", "Constraints")],
            2_500,
        )
    } else {
        String::new()
    };
    Question::new(
        brief,
        "You hold the project to its rules. What does it owe to whom? Short.",
        "You hold the project to its rules. What does it owe to whom: authors of dependencies, users, customers, those who report a weakness, those who \
maintain it, the law? One obligation a line, with the file in which it is met or would be.",
        r#"{"obligations":[""]}"#,
        Tokens { demo: 90, deep: 600 },
    )
    .after(&format!("{required}{}", told(brief, facts)))
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "What happens if a rule is broken and nobody notices: who is harmed, who is liable, what can still be undone then? One risk a line."
    } else {
        "What happens if a rule is broken and nobody notices? One risk a line."
    };
    Question::new(
        brief,
        "What if a rule is broken? Short.",
        deep,
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

/// What is asked for at demo.
pub(crate) const SHORT: &str = "Write the file about governance that the TASK or a broken rule asks for (SECURITY.md, CHANGELOG.md, CODEOWNERS, RISKS.md).";
/// Above.
pub(crate) const DEEP: &str = "Write what the task asks for and what mends broken rules, in the files about governance: NOTICE, SECURITY.md (how a weakness is \
reported, and when one hears back), CHANGELOG.md, CODEOWNERS, CONTRIBUTING.md, RISKS.md (a table with the columns Risk, Likelihood, Impact, Owner, Mitigation). \
Use only people, addresses, versions and licences that the project names; where it names none, say who has to decide. Change no code, no policy and no text of \
a licence; leave the lists empty if nothing has to be written.";

pub(crate) fn optimize(brief: &Brief) -> Question {
    Question::new(
        brief,
        "Which rule could a program hold? One short sentence.",
        "Which rule is held by people and could be held by a program in the pipeline, and how?",
        r#"{"lighter":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
}

pub(crate) fn review(brief: &Brief, failed: &[String]) -> Question {
    let computed = if failed.is_empty() {
        "All rules hold.\n".to_owned()
    } else {
        format!("Rules that do not hold: {}\n", cut(&failed.join(", "), 400))
    };
    Question::new(
        brief,
        "What has a person to decide? One short sentence.",
        "What has a person to decide here, and who is it? One or two sentences.",
        r#"{"decide":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
    .after(&computed)
}
