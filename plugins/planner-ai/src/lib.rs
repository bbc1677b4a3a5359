//! The personality `planner-ai`: ordered steps, each with the files that it touches. It works from the requirements and runs beside
//! architect-ai, so it knows nothing of the architecture. It reads no file's content and writes none.
//!
//! Which files look relevant and which steps are sound is computed; the model words the steps.
//!
//! Start reading at [`PlannerAi`]; the questions are in `question.rs`, the answers in `answer.rs`.

mod answer;
mod check;
mod details;
mod question;
#[cfg(test)]
mod tests;

use answer::{Approach, Leaner, Missing, Plan};
use rigor::{Question, ResearchOf, Risks, Talk, Trade};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct PlannerAi;

rigor::phases! {
    /// Plans a task as ordered steps, each with the files that it touches.
    #[personality(
        id = "planner-ai",
        capabilities(model("plans the steps of the task")),
        limits(wall_ms = 600000)
    )]
    PlannerAi
}

impl Trade for PlannerAi {
    const ID: &'static str = "planner-ai";
    const DOING: [&'static str; 5] = [
        "finding an approach",
        "looking for risks of the order",
        "writing the steps",
        "looking for steps to leave out",
        "checking the plan",
    ];

    type Facts = details::Facts;
    type Work = details::Plan;
    type Measures = details::Measures;
    type Researched = (Approach<false>, Approach<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Leaner<false>, Leaner<true>);
    type Reviewed = (Missing<false>, Missing<true>);

    fn facts(brief: &Brief) -> Result<details::Facts> {
        Ok(details::Facts { likely_files: check::likely_files(brief) })
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, &facts.likely_files)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(brief: &Brief, _research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        format!("{} requirement(s) to plan for", check::requirements(brief))
    }

    fn conditions(brief: &Brief) -> Vec<Gate> {
        vec![check::requirements_known(brief)]
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Plan>> {
        let asked = talk.ask::<(Plan<false>, Plan<true>)>("generate", &question::generate(brief))?;
        let confidence = asked.confidence();
        let steps = match &asked.answer {
            Some(plan) => check::steps(brief, plan),
            None => check::fallback(brief, &research.facts.likely_files),
        };
        Ok(Generation::new(details::Plan { steps, model: asked.model }).confidence(confidence))
    }

    fn retold(brief: &Brief, plan: &details::Plan, talk: Talk) -> Talk {
        talk.turn("generate", &question::generate(brief), Some(&answer::said(plan)))
    }

    fn measures(_facts: &details::Facts, plan: &details::Plan) -> details::Measures {
        details::Measures { touched: check::touched(plan) }
    }

    fn optimize(brief: &Brief, _plan: &details::Plan) -> Question {
        question::optimize(brief)
    }

    fn gates(brief: &Brief, _facts: &details::Facts, made: &Generation<details::Plan>) -> Result<Vec<Gate>> {
        Ok(check::gates(brief, &made.details))
    }

    fn review(brief: &Brief, _plan: &details::Plan, _failed: &[String]) -> Question {
        question::review(brief)
    }
}
