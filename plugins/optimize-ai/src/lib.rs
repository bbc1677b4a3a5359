//! The personality `optimize-ai`: the same behaviour for less work. Before and after are measured from the text (how deep loops are nested,
//! what is expensive inside of them, how much there is to read); a change that makes the measure worse, touches tests or changes
//! what others call is sent back.
//!
//! It measures no time: the last question asks how one would.
//!
//! Start reading at [`OptimizeAi`], then `measure.rs` and `check.rs`.

mod answer;
mod check;
mod details;
mod measure;
mod question;
#[cfg(test)]
mod tests;

use std::cell::RefCell;

use answer::{Measured, Next, Waste};
use rigor::maker::{self, Order};
use rigor::{Question, ResearchOf, Risks, Talk, Trade, earlier, paths};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct OptimizeAi;

rigor::phases! {
    /// Makes code do less work for the same result, and shows it with figures before and after.
    #[personality(
        id = "optimize-ai",
        capabilities(
            model("writes the cheaper code"),
            files(read_write, "measures the code, writes the cheaper form"),
        ),
        limits(wall_ms = 900000)
    )]
    OptimizeAi
}

impl Trade for OptimizeAi {
    const ID: &'static str = "optimize-ai";
    const DOING: [&'static str; 5] = [
        "measuring the code",
        "looking for what may change the result",
        "writing the cheaper form",
        "comparing before and after",
        "measuring again",
    ];

    type Facts = details::Facts;
    type Work = details::Optimized;
    type Measures = details::Measures;
    type Researched = (Waste<false>, Waste<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Next<false>, Next<true>);
    type Reviewed = (Measured<false>, Measured<true>);

    fn facts(_brief: &Brief) -> Result<details::Facts> {
        check::facts()
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, facts)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(_brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        format!(
            "{} file(s) measured, {} place(s) with work",
            research.facts.measured,
            research.facts.hot.len()
        )
    }

    fn make(
        brief: &Brief,
        research: &ResearchOf<Self>,
        talk: Talk,
    ) -> Result<Generation<details::Optimized>> {
        let told = question::told(brief, &research.facts);
        let read = read(brief, &research.facts);
        // Tests that the last answer wanted to change: the maker tries each answer once, the kept one last or alone.
        let refused: RefCell<Vec<String>> = RefCell::new(Vec::new());
        let order = Order {
            personality: Self::ID,
            read: &read,
            facts: &told,
            short: question::SHORT,
            deep: question::DEEP,
            refuse: &|path, _piece| {
                if !paths::is_test(path) {
                    return Ok(None);
                }
                refused.borrow_mut().push(path.to_owned());
                Ok(Some(format!("`{path}` is a test; a cheaper form passes the tests as they are")))
            },
        };
        let made = maker::make(brief, &talk, &order)?;
        // Only what the kept answer still wants counts.
        let tests_refused: Vec<String> = refused
            .into_inner()
            .into_iter()
            .filter(|path| made.unused.iter().any(|line| line.starts_with(&format!("`{path}` is a test"))))
            .collect();
        let mut compared: Vec<details::Compared> =
            made.pieces.iter().filter_map(|(path, piece)| check::compared(brief, path, piece)).collect();
        for first in check::earlier(brief) {
            let again = compared.iter().any(|one| one.before.path == first.before.path);
            if !again && made.changes.iter().any(|change| change.path == first.before.path) {
                compared.push(first);
            }
        }
        let details = details::Optimized {
            summary: made.summary,
            changes: made.changes,
            restored: made.restored,
            compared,
            tests_refused,
            unused: made.unused,
            model: made.model,
        };
        Ok(Generation::new(details).artifacts(made.artifacts).confidence(made.confidence))
    }

    fn measures(_facts: &details::Facts, optimized: &details::Optimized) -> details::Measures {
        check::measures(optimized)
    }

    fn optimize(brief: &Brief, optimized: &details::Optimized) -> Question {
        question::optimize(brief, optimized)
    }

    fn gates(
        brief: &Brief,
        _facts: &details::Facts,
        made: &Generation<details::Optimized>,
    ) -> Result<Vec<Gate>> {
        check::gates(brief, &made.details)
    }

    fn review(brief: &Brief, _optimized: &details::Optimized, failed: &[String]) -> Question {
        question::review(brief, failed)
    }
}

/// Files to show: those with the most work, those that the task or a failed check names, then tests about them.
fn read(brief: &Brief, facts: &details::Facts) -> Vec<String> {
    let low = brief.task.to_lowercase();
    let texts = || brief.files.iter().filter(|path| paths::is_text(path));
    let mut chosen: Vec<String> = texts()
        .filter(|path| {
            earlier::is_in_findings(brief, path) || low.contains(&paths::name(path).to_lowercase())
        })
        .cloned()
        .collect();
    chosen.extend(facts.hot.iter().filter_map(|line| line.split(':').next()).map(str::to_owned));
    if texts().count() <= 6 {
        chosen.extend(texts().filter(|path| measure::is_measured(path)).cloned());
    }
    let mut seen: Vec<String> = Vec::new();
    chosen.retain(|path| {
        let new = !seen.contains(path);
        seen.push(path.clone());
        new
    });
    chosen.truncate(8);
    let about = |test: &&String| chosen.iter().any(|path| paths::stem(test).contains(paths::stem(path)));
    let tests: Vec<String> = facts.tests.iter().filter(about).take(2).cloned().collect();
    chosen.extend(tests);
    chosen
}
