//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::{bullets, cut, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

use crate::details::Facts;

pub(crate) fn research(brief: &Brief, facts: &Facts) -> Question {
    let deep = is_deep(brief);
    let mut text = String::new();
    if deep {
        let fields: &[(&str, &str)] = &[("requirements", "Requirements"), ("acceptance", "Done when")];
        text.push_str(&earlier::shown(brief, "req-ai", fields, 3_000));
    }
    if !facts.summary.is_empty() {
        text.push_str(&format!("Change: {}\n", cut(&facts.summary, if deep { 600 } else { 150 })));
    }
    let changed: Vec<String> =
        facts.changed.iter().map(|file| format!("{} {}", file.change, file.path)).collect();
    text.push_str(&bullets(&changed, if deep { 2_000 } else { 200 }));
    if deep && !facts.tests.is_empty() {
        text.push_str(&format!("Tests about these files: {}\n", cut(&facts.tests.join(", "), 1_000)));
    }
    let question = Question::new(
        brief,
        "You verify the change. What should be tested? Short.",
        "You verify the change. What should be tested: the case that was wrong, the cases at the edge, what must not have changed? One idea a line.",
        r#"{"test_ideas":[""]}"#,
        Tokens { demo: 90, deep: 600 },
    );
    question.after(&text)
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "What may still be wrong with the change: errors that are not handled, security, load, data that is stored already, users of an older version? One risk a line."
    } else {
        "What may still be wrong with the change? One risk a line."
    };
    Question::new(
        brief,
        "What may still be wrong? Short.",
        deep,
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

pub(crate) fn generate(brief: &Brief) -> Question {
    Question::new(
        brief,
        "Write one or two tests in words (do this, see that), and how to undo the change.",
        "Write the verification. Tests: what one does, with values, and what one must see then; the command that runs the project's tests, if you see one. \
Rollback: how the change is undone, with what has to be restored.",
        r#"{"tests":[""],"rollback":""}"#,
        Tokens { demo: 140, deep: 1_200 },
    )
}

pub(crate) fn optimize(brief: &Brief) -> Question {
    Question::new(
        brief,
        "How can this be verified with less? One short sentence.",
        "How can the same be verified with less: which test shows most, which need not be made?",
        r#"{"cheaper":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
}

pub(crate) fn review(brief: &Brief, failed: &[String]) -> Question {
    let computed = if failed.is_empty() {
        "All computed checks of the files hold.\n".to_owned()
    } else {
        format!("Computed checks that failed: {}\n", cut(&failed.join(", "), 400))
    };
    let question = Question::new(
        brief,
        "What is left to check by hand? One short sentence.",
        "What is left to check by hand before this is used? One or two sentences.",
        r#"{"remark":""}"#,
        Tokens { demo: 60, deep: 300 },
    );
    question.after(&computed)
}
