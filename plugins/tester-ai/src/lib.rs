//! The personality `tester-ai`: verification. It reads again what coder-ai or another maker says that it wrote and computes its gates from the bytes; the
//! model only adds ideas for tests, risks, and how to undo the change. It writes nothing.
//!
//! The verdict follows from the gates. Running the project's tests is the host's gate, in a sandbox.
//!
//! Start reading at [`TesterAi`]; what is computed is in `facts.rs`.

mod answer;
mod details;
mod facts;
mod question;
#[cfg(test)]
mod tests;

use answer::{Cheaper, Ideas, Remark, Verification};
use rigor::{Question, ResearchOf, Risks, Talk, Trade};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct TesterAi;

rigor::phases! {
    /// Verifies the change: computes checks from the files, says what to test and how to undo it.
    #[personality(
        id = "tester-ai",
        capabilities(
            model("says what to test and how to undo the change"),
            files(read, "reads again what was written"),
        ),
        limits(wall_ms = 600000)
    )]
    TesterAi
}

impl Trade for TesterAi {
    const ID: &'static str = "tester-ai";
    const DOING: [&'static str; 5] = [
        "reading what was written",
        "looking for risks of the change",
        "writing how to verify and undo it",
        "looking for what need not be tested",
        "checking the change",
    ];

    type Facts = details::Facts;
    type Work = details::Verified;
    type Measures = details::Measures;
    type Researched = (Ideas<false>, Ideas<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Cheaper<false>, Cheaper<true>);
    type Reviewed = (Remark<false>, Remark<true>);

    fn facts(brief: &Brief) -> Result<details::Facts> {
        facts::gather(brief)
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, facts)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(_brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        let (changed, tests) = (research.facts.changed.len(), research.facts.tests.len());
        format!("{changed} changed file(s) to verify, {tests} test file(s)")
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Verified>> {
        let asked =
            talk.ask::<(Verification<false>, Verification<true>)>("generate", &question::generate(brief))?;
        let confidence = asked.confidence();
        let (tests, rollback) = match &asked.answer {
            Some(answer) => (answer.tests.texts(), answer.rollback.trim().to_owned()),
            None => (Vec::new(), facts::rollback(&research.facts)),
        };
        let gates = facts::judge(brief, &research.facts)?.iter().map(facts::shown).collect();
        let details = details::Verified { tests, rollback, gates, model: asked.model };
        Ok(Generation::new(details).confidence(confidence))
    }

    fn retold(brief: &Brief, verified: &details::Verified, talk: Talk) -> Talk {
        talk.turn("generate", &question::generate(brief), Some(&answer::said(verified)))
    }

    fn measures(facts: &details::Facts, _verified: &details::Verified) -> details::Measures {
        details::Measures { existing_tests: facts.tests.clone() }
    }

    fn optimize(brief: &Brief, _verified: &details::Verified) -> Question {
        question::optimize(brief)
    }

    // They stand in the review: a condition that fails would end the task instead of sending the work back. The files are read
    // once more: what counts is what is there at the end.
    fn gates(
        brief: &Brief,
        facts: &details::Facts,
        _made: &Generation<details::Verified>,
    ) -> Result<Vec<Gate>> {
        facts::judge(brief, facts)
    }

    fn review(brief: &Brief, _verified: &details::Verified, failed: &[String]) -> Question {
        question::review(brief, failed)
    }
}
