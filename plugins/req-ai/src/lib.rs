//! The personality `req-ai`: what is asked for, in words that can be checked. It reads no file and writes none; those after it work
//! from its `generate` details.
//!
//! Whether the task says anything at all is computed. What a model thinks of the task is recorded, and never a
//! refusal.
//!
//! Start reading at [`ReqAi`]; the questions are in `question.rs`, the answers in `answer.rs`.

mod answer;
mod check;
mod details;
mod question;
#[cfg(test)]
mod tests;

use answer::{Covers, Doable, Goal, Open, Requirements};
use rigor::details::Nothing;
use rigor::{Question, ResearchOf, Talk, Trade, task};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct ReqAi;

rigor::phases! {
    /// States what a task requires: requirements, constraints, how one sees that it is done, and what is not asked for.
    #[personality(
        id = "req-ai",
        capabilities(model("states the requirements of the task")),
        limits(wall_ms = 600000)
    )]
    ReqAi
}

impl Trade for ReqAi {
    const ID: &'static str = "req-ai";
    const DOING: [&'static str; 5] = [
        "reading the task",
        "looking for risks",
        "writing the requirements",
        "looking for open questions",
        "checking the requirements",
    ];

    type Facts = Nothing;
    type Work = details::Required;
    type Measures = details::Measures;
    type Researched = (Goal<false>, Goal<true>);
    type Inspected = (Doable<false>, Doable<true>);
    type Optimized = (Open<false>, Open<true>);
    type Reviewed = (Covers<false>, Covers<true>);

    fn facts(_brief: &Brief) -> Result<Nothing> {
        Ok(Nothing {})
    }

    fn research(brief: &Brief, _facts: &Nothing) -> Question {
        question::research(brief)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(brief: &Brief, _research: &ResearchOf<Self>, answer: Option<&Doable<true>>) -> String {
        let stated = task::stated(&brief.task).evidence;
        match answer {
            Some(answer) if !answer.doable => {
                format!("{stated}; the model doubts that the task can be done")
            }
            _ => stated,
        }
    }

    fn conditions(brief: &Brief) -> Vec<Gate> {
        if rigor::talk::is_deep(brief) { vec![check::named_files(brief)] } else { Vec::new() }
    }

    fn make(
        brief: &Brief,
        _research: &ResearchOf<Self>,
        talk: Talk,
    ) -> Result<Generation<details::Required>> {
        let asked =
            talk.ask::<(Requirements<false>, Requirements<true>)>("generate", &question::generate(brief))?;
        let confidence = asked.confidence();
        let details = match asked.answer {
            Some(answer) => details::Required {
                requirements: answer.requirements.texts(),
                constraints: answer.constraints.texts(),
                acceptance: answer.acceptance.texts(),
                out_of_scope: answer.out_of_scope.texts(),
                model: asked.model,
            },
            // The words of the person who asked are a requirement, though a coarse one.
            None => details::Required {
                requirements: vec![rigor::talk::cut(&brief.task, 400)],
                constraints: Vec::new(),
                acceptance: Vec::new(),
                out_of_scope: Vec::new(),
                model: asked.model,
            },
        };
        Ok(Generation::new(details).confidence(confidence))
    }

    fn retold(brief: &Brief, required: &details::Required, talk: Talk) -> Talk {
        talk.turn("generate", &question::generate(brief), Some(&answer::said(required)))
    }

    fn measures(_facts: &Nothing, required: &details::Required) -> details::Measures {
        details::Measures { vague: check::vague(required) }
    }

    fn optimize(brief: &Brief, _required: &details::Required) -> Question {
        question::optimize(brief)
    }

    fn confidence(before: f32, measures: &details::Measures) -> f32 {
        if measures.vague.is_empty() { before } else { before - 0.1 }
    }

    fn gates(brief: &Brief, _facts: &Nothing, made: &Generation<details::Required>) -> Result<Vec<Gate>> {
        Ok(check::gates(brief, &made.details))
    }

    fn review(brief: &Brief, _required: &details::Required, _failed: &[String]) -> Question {
        question::review(brief)
    }
}
