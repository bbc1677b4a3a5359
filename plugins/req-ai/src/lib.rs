//! The personality `req-ai`: what is asked for, in words that can be checked. It reads no file and writes none; those after it work
//! from its `generate` details.
//!
//! Whether the task says anything at all is computed. What a model thinks of the task becomes a recorded risk, never a refusal.
//!
//! Start reading at [`ReqAi`]; the questions are in `question.rs`, the answers in `answer.rs`.

mod answer;
mod check;
mod details;
mod question;
#[cfg(test)]
mod tests;

use answer::{Covers, Doable, Goal, Open, Requirements};
use rigor::{Asked, Talk, Tokens, task};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct ReqAi;

/// States what a task requires: requirements, constraints, how one sees that it is done, and what is not asked for.
#[personality(
    id = "req-ai",
    capabilities(model("states the requirements of the task")),
    limits(wall_ms = 600000)
)]
impl Personality for ReqAi {
    fn research(brief: &Brief, _context: &Context) -> Result<details::Research> {
        progress::report(10, "reading the task");
        if task::stated(&brief.task).is_failed() {
            let asked: Asked<Goal<true>> = Asked::not_asked("the task says nothing that can be done");
            return Ok(details::Research { answer: None, model: asked.model });
        }
        let question = question::research(brief);
        let asked = talk(brief).ask::<Goal<false>, Goal<true>>(
            "research",
            &question,
            Tokens { demo: 120, deep: 700 },
        )?;
        Ok(details::Research { answer: asked.answer, model: asked.model })
    }

    fn inspect(input: &InspectInput<Self>, _context: &Context) -> Result<Inspection<details::Inspect>> {
        let brief = &input.brief;
        let gate = task::stated(&brief.task);
        let reason = gate.evidence.clone();
        if gate.is_failed() {
            let asked: Asked<Doable<true>> = Asked::not_asked(&reason);
            let details = details::Inspect { reason, risks: Vec::new(), answer: None, model: asked.model };
            return Ok(Inspection::no_go(details).gate(gate));
        }
        progress::report(10, "looking for risks");
        let asked = after_research(brief, &input.research).ask::<Doable<false>, Doable<true>>(
            "inspect",
            &question::inspect(brief),
            Tokens { demo: 90, deep: 500 },
        )?;
        let mut risks = Vec::new();
        if let Some(answer) = &asked.answer {
            risks = answer.risks.texts();
            if !answer.doable {
                risks.push("the model doubts that the task can be done".into());
            }
        }
        let mut inspection =
            Inspection::go(details::Inspect { reason, risks, answer: asked.answer, model: asked.model })
                .gate(gate);
        if rigor::talk::is_deep(brief) {
            inspection = inspection.gate(check::named_files(brief));
        }
        Ok(inspection)
    }

    fn generate(input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<details::Generate>> {
        progress::report(10, "writing the requirements");
        let brief = &input.brief;
        let asked = after_inspect(brief, &input.research, &input.inspect.details)
            .ask::<Requirements<false>, Requirements<true>>(
                "generate",
                &question::generate(brief),
                Tokens { demo: 240, deep: 1_800 },
            )?;
        let confidence = asked.confidence();
        let details = match asked.answer {
            Some(answer) => details::Generate {
                requirements: answer.requirements.texts(),
                constraints: answer.constraints.texts(),
                acceptance: answer.acceptance.texts(),
                out_of_scope: answer.out_of_scope.texts(),
                model: asked.model,
            },
            // The words of the person who asked are a requirement, though a coarse one.
            None => details::Generate {
                requirements: vec![rigor::talk::cut(&brief.task, 400)],
                constraints: Vec::new(),
                acceptance: Vec::new(),
                out_of_scope: Vec::new(),
                model: asked.model,
            },
        };
        Ok(Generation::new(details).confidence(confidence))
    }

    fn optimize(input: &OptimizeInput<Self>, _context: &Context) -> Result<Optimization<details::Optimize>> {
        progress::report(10, "looking for open questions");
        let brief = &input.brief;
        let talk = after_generate(brief, &input.research, &input.inspect.details, &input.generate.details);
        let asked = talk.ask::<Open<false>, Open<true>>(
            "optimize",
            &question::optimize(brief),
            Tokens { demo: 90, deep: 500 },
        )?;
        let vague = check::vague(&input.generate.details);
        let cost = if vague.is_empty() { 0.0 } else { 0.1 };
        let confidence = (input.generate.confidence - cost).min(asked.confidence().max(0.7));
        Ok(Optimization::new(details::Optimize { vague, answer: asked.answer, model: asked.model })
            .confidence(confidence))
    }

    fn review(input: &ReviewInput<Self>, _context: &Context) -> Result<Review<details::Review>> {
        progress::report(10, "checking the requirements");
        let brief = &input.brief;
        let talk = after_generate(brief, &input.research, &input.inspect.details, &input.generate.details);
        let asked = talk.ask::<Covers<false>, Covers<true>>(
            "review",
            &question::review(brief),
            Tokens { demo: 60, deep: 400 },
        )?;
        let review = Review::accept(details::Review { answer: asked.answer, model: asked.model });
        Ok(check::gates(brief, &input.generate.details).into_iter().fold(review, Review::gate))
    }
}

fn talk(brief: &Brief) -> Talk {
    Talk::new("req-ai", brief)
}

fn after_research(brief: &Brief, research: &details::Research) -> Talk {
    talk(brief).turn("research", &question::research(brief), research.answer.as_ref())
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
    after_inspect(brief, research, inspect).turn(
        "generate",
        &question::generate(brief),
        Some(&answer::said(generate)),
    )
}
