//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::{bullets, computed, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

use crate::check::shown;
use crate::details::Facts;

pub(crate) fn research(brief: &Brief, facts: &Facts) -> Question {
    let deep = is_deep(brief);
    let mut text = String::new();
    if deep {
        let required: &[(&str, &str)] = &[("requirements", "Requirements"), ("constraints", "Constraints")];
        text.push_str(&earlier::shown(brief, "req-ai", required, 3_000));
    }
    let found: Vec<String> = facts.findings.iter().map(shown).collect();
    let title = if found.is_empty() {
        "A scan of the project found nothing.\n"
    } else {
        "A scan of the project found:\n"
    };
    text.push_str(title);
    text.push_str(&bullets(&found, if deep { 5_000 } else { 300 }));
    Question::new(
        brief,
        "You secure the project. Who could do harm here, and how? Short.",
        "You secure the project. Who could do what here: which input reaches which place without being checked, what is kept that must not be \
read, who may call what? One threat a line, with its file. Patterns have found what they can; think of what they cannot see.",
        r#"{"threats":[""]}"#,
        Tokens { demo: 90, deep: 700 },
    )
    .after(&text)
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "What may break when these findings are mended: callers that rely on it, stored values, keys that have to be revoked and given out anew, \
deployments that need a new setting? One risk a line."
    } else {
        "What may break when these findings are mended? One risk a line."
    };
    Question::new(
        brief,
        "What may break when it is mended? Short.",
        deep,
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

pub(crate) fn generate(brief: &Brief) -> Question {
    Question::new(
        brief,
        "Say for each file with a finding how it is mended.",
        "Say for each file with a finding how it is mended, so that a programmer can do it without asking: which call stands there instead, where \
the value comes from, what has to be revoked. Name only files that the scan named.",
        r#"{"fixes":[{"path":"","fix":""}]}"#,
        Tokens { demo: 200, deep: 1_600 },
    )
}

pub(crate) fn optimize(brief: &Brief) -> Question {
    Question::new(
        brief,
        "What is to be mended first? One short sentence.",
        "What is to be mended first, because it is easiest to use against the project, and what can wait?",
        r#"{"first":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
}

pub(crate) fn review(brief: &Brief, failed: &[String]) -> Question {
    Question::new(
        brief,
        "What can no pattern see here? One short sentence.",
        "What can no pattern see here and has to be looked at by a person: rights, sessions, races, what is logged? One or two sentences.",
        r#"{"remark":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
    .after(&computed(failed))
}
