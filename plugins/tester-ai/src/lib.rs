//! The personality `tester-ai`: verification. It reads again what coder-ai says that it wrote and computes its gates from the bytes; the
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
use rigor::{Risks, Talk, Tokens, task};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct TesterAi;

/// Verifies the change: computes checks from the files, says what to test and how to undo it.
#[personality(
    id = "tester-ai",
    capabilities(
        model("says what to test and how to undo the change"),
        files(read, "reads again what was written"),
    ),
    limits(wall_ms = 600000)
)]
impl Personality for TesterAi {
    fn research(brief: &Brief, _context: &Context) -> Result<details::Research> {
        progress::report(10, "reading what was written");
        let facts = facts::gather(brief)?;
        let question = question::research(brief, &facts);
        let asked = talk(brief).ask::<Ideas<false>, Ideas<true>>(
            "research",
            &question,
            Tokens { demo: 90, deep: 600 },
        )?;
        Ok(details::Research { facts, answer: asked.answer, model: asked.model })
    }

    fn inspect(input: &InspectInput<Self>, _context: &Context) -> Result<Inspection<details::Inspect>> {
        progress::report(10, "looking for risks of the change");
        let brief = &input.brief;
        let asked = after_research(brief, &input.research).ask::<Risks<false>, Risks<true>>(
            "inspect",
            &question::inspect(brief),
            Tokens { demo: 90, deep: 500 },
        )?;
        let facts = &input.research.facts;
        let details = details::Inspect {
            reason: format!(
                "{} changed file(s) to verify, {} test file(s)",
                facts.changed.len(),
                facts.tests.len()
            ),
            answer: asked.answer,
            model: asked.model,
        };
        // A failed check of the change stands in the review: here it would end the task instead of sending the work back.
        Ok(Inspection::go(details).gate(task::stated(&brief.task)))
    }

    fn generate(input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<details::Generate>> {
        progress::report(10, "writing how to verify and undo it");
        let brief = &input.brief;
        let asked = after_inspect(brief, &input.research, &input.inspect.details)
            .ask::<Verification<false>, Verification<true>>(
                "generate",
                &question::generate(brief),
                Tokens { demo: 140, deep: 1_200 },
            )?;
        let confidence = asked.confidence();
        let facts = &input.research.facts;
        let (tests, rollback) = match &asked.answer {
            Some(answer) => (answer.tests.texts(), answer.rollback.trim().to_owned()),
            None => (Vec::new(), facts::rollback(facts)),
        };
        let gates = facts::judge(brief, facts)?.iter().map(facts::shown).collect();
        let details = details::Generate { tests, rollback, gates, model: asked.model };
        Ok(Generation::new(details).confidence(confidence))
    }

    fn optimize(input: &OptimizeInput<Self>, _context: &Context) -> Result<Optimization<details::Optimize>> {
        progress::report(10, "looking for what need not be tested");
        let brief = &input.brief;
        let talk = after_generate(brief, &input.research, &input.inspect.details, &input.generate.details);
        let asked = talk.ask::<Cheaper<false>, Cheaper<true>>(
            "optimize",
            &question::optimize(brief),
            Tokens { demo: 60, deep: 300 },
        )?;
        let existing = input.research.facts.tests.clone();
        let details =
            details::Optimize { existing_tests: existing, answer: asked.answer, model: asked.model };
        Ok(Optimization::new(details).confidence(input.generate.confidence))
    }

    fn review(input: &ReviewInput<Self>, _context: &Context) -> Result<Review<details::Review>> {
        progress::report(10, "checking the change");
        let brief = &input.brief;
        // The files are read once more: what counts is what is there at the end.
        let gates = facts::judge(brief, &input.research.facts)?;
        let failed: Vec<String> =
            gates.iter().filter(|gate| gate.is_failed()).map(|gate| gate.name.clone()).collect();
        let talk = after_generate(brief, &input.research, &input.inspect.details, &input.generate.details);
        let asked = talk.ask::<Remark<false>, Remark<true>>(
            "review",
            &question::review(brief, &failed),
            Tokens { demo: 60, deep: 300 },
        )?;
        let reason = if failed.is_empty() {
            format!("{} check(s), none failed", gates.len())
        } else {
            format!("failed: {}", failed.join(", "))
        };
        let review = Review::accept(details::Review { reason, answer: asked.answer, model: asked.model });
        Ok(gates.into_iter().fold(review, Review::gate))
    }
}

fn talk(brief: &Brief) -> Talk {
    Talk::new("tester-ai", brief)
}

fn after_research(brief: &Brief, research: &details::Research) -> Talk {
    talk(brief).turn("research", &question::research(brief, &research.facts), research.answer.as_ref())
}

fn after_inspect(brief: &Brief, research: &details::Research, inspect: &details::Inspect) -> Talk {
    after_research(brief, research).turn("inspect", &question::inspect(brief), inspect.answer.as_ref())
}

fn after_generate(
    brief: &Brief,
    research: &details::Research,
    inspect: &details::Inspect,
    generate: &details::Generate,
) -> Talk {
    let said = answer::said(generate);
    after_inspect(brief, research, inspect).turn("generate", &question::generate(brief), Some(&said))
}
