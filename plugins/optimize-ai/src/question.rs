//! The questions. Each ends with the form of the answer, for servers that do not hold a model to a schema.

use rigor::talk::{bullets, computed, is_deep};
use rigor::{Question, Tokens, earlier};
use skep_sdk::prelude::{Brief, Scope};

use crate::details::{Facts, Optimized};

/// The facts as the model sees them.
pub(crate) fn told(brief: &Brief, facts: &Facts) -> String {
    let most = if is_deep(brief) { 3_000 } else { 250 };
    if facts.hot.is_empty() {
        return "No loop and no long function was found.\n".to_owned();
    }
    format!("Where the work is, computed:\n{}", bullets(&facts.hot, most))
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
        "You make the code cheaper. Which work need not be done? Short.",
        "You make the code cheaper and nothing else. Which work need not be done, or not so often: a loop in a loop, a query for each row, a text that \
grows piece by piece, the same value computed again, a list searched where a set knows? One line each, with file and function.",
        r#"{"waste":[""]}"#,
        Tokens { demo: 90, deep: 600 },
    )
    .after(&format!("{required}{}", told(brief, facts)))
}

pub(crate) fn inspect(brief: &Brief) -> Question {
    let deep = if brief.scope() >= Scope::Product {
        "Where may the result become another one: order, duplicates, empty input, equal keys, errors half-way, what is cached and gets stale, memory \
instead of time? One risk a line."
    } else {
        "Where may the result become another one: order, duplicates, empty input, errors? One risk a line."
    };
    Question::new(
        brief,
        "Where may the result change? Short.",
        deep,
        r#"{"risks":[""]}"#,
        Tokens { demo: 90, deep: 500 },
    )
}

/// What is asked for at demo.
pub(crate) const SHORT: &str = "Make the code do less work for the same result. Do not change tests. find: copied exactly from a file above.";
/// Above.
pub(crate) const DEEP: &str = "Make the code do less work for exactly the same result: same values, same order, same errors, same public names and \
parameters. Do not change tests. Prefer to take work out of loops, to look up in a set or map, to ask once for many, to join pieces at the end. Change \
nothing that is not about cost.";

pub(crate) fn optimize(brief: &Brief, optimized: &Optimized) -> Question {
    let figures: Vec<String> = optimized
        .compared
        .iter()
        .map(|one| {
            format!(
                "{}: work {} -> {}, size {} -> {}",
                one.before.path, one.before.work, one.after.work, one.before.size, one.after.size
            )
        })
        .collect();
    Question::new(
        brief,
        "What would come next? One short sentence.",
        "What would come next, how much would it save, and what would it cost to read?",
        r#"{"next":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
    .after(&bullets(&figures, if is_deep(brief) { 1_500 } else { 200 }))
}

pub(crate) fn review(brief: &Brief, failed: &[String]) -> Question {
    Question::new(
        brief,
        "How does one measure it? One short sentence.",
        "How does one measure that it is cheaper: which call with how much input, which figure before and after? One or two sentences.",
        r#"{"measure":""}"#,
        Tokens { demo: 60, deep: 300 },
    )
    .after(&computed(failed))
}
