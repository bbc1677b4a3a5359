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
use rigor::{Risks, Talk, Tokens, task};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct PlannerAi;

/// Plans a task as ordered steps, each with the files that it touches.
#[personality(
    id = "planner-ai",
    capabilities(model("plans the steps of the task")),
    limits(wall_ms = 600000)
)]
impl Personality for PlannerAi {
    fn research(brief: &Brief, _context: &Context) -> Result<details::Research> {
        progress::report(10, "finding an approach");
        let likely_files = check::likely_files(brief);
        let question = question::research(brief, &likely_files);
        let asked = talk(brief).ask::<Approach<false>, Approach<true>>(
            "research",
            &question,
            Tokens { demo: 60, deep: 400 },
        )?;
        Ok(details::Research { likely_files, answer: asked.answer, model: asked.model })
    }

    fn inspect(input: &InspectInput<Self>, _context: &Context) -> Result<Inspection<details::Inspect>> {
        progress::report(10, "looking for risks of the order");
        let brief = &input.brief;
        let asked = after_research(brief, &input.research).ask::<Risks<false>, Risks<true>>(
            "inspect",
            &question::inspect(brief),
            Tokens { demo: 90, deep: 500 },
        )?;
        let required = check::requirements(brief);
        let details = details::Inspect {
            reason: format!("{required} requirement(s) to plan for"),
            answer: asked.answer,
            model: asked.model,
        };
        // A line without req-ai is planned from the task alone.
        let known = if required > 0 {
            Gate::passed("requirements-known", format!("{required} requirement(s)"))
        } else {
            Gate::not_run(
                "requirements-known",
                "no requirements came; the plan follows the words of the task",
            )
        };
        Ok(Inspection::go(details).gate(task::stated(&brief.task)).gate(known))
    }

    fn generate(input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<details::Generate>> {
        progress::report(10, "writing the steps");
        let brief = &input.brief;
        let asked = after_inspect(brief, &input.research, &input.inspect.details)
            .ask::<Plan<false>, Plan<true>>(
                "generate",
                &question::generate(brief),
                Tokens { demo: 200, deep: 1_800 },
            )?;
        let confidence = asked.confidence();
        let steps = match &asked.answer {
            Some(plan) => check::steps(brief, plan),
            None => check::fallback(brief, &input.research.likely_files),
        };
        Ok(Generation::new(details::Generate { steps, model: asked.model }).confidence(confidence))
    }

    fn optimize(input: &OptimizeInput<Self>, _context: &Context) -> Result<Optimization<details::Optimize>> {
        progress::report(10, "looking for steps to leave out");
        let brief = &input.brief;
        let talk = after_generate(brief, &input.research, &input.inspect.details, &input.generate.details);
        let asked = talk.ask::<Leaner<false>, Leaner<true>>(
            "optimize",
            &question::optimize(brief),
            Tokens { demo: 60, deep: 300 },
        )?;
        let touched = check::touched(&input.generate.details);
        let details = details::Optimize { touched, answer: asked.answer, model: asked.model };
        Ok(Optimization::new(details).confidence(input.generate.confidence))
    }

    fn review(input: &ReviewInput<Self>, _context: &Context) -> Result<Review<details::Review>> {
        progress::report(10, "checking the plan");
        let brief = &input.brief;
        let talk = after_generate(brief, &input.research, &input.inspect.details, &input.generate.details);
        let asked = talk.ask::<Missing<false>, Missing<true>>(
            "review",
            &question::review(brief),
            Tokens { demo: 90, deep: 400 },
        )?;
        let review = Review::accept(details::Review { answer: asked.answer, model: asked.model });
        Ok(check::gates(brief, &input.generate.details).into_iter().fold(review, Review::gate))
    }
}

fn talk(brief: &Brief) -> Talk {
    Talk::new("planner-ai", brief)
}

fn after_research(brief: &Brief, research: &details::Research) -> Talk {
    talk(brief).turn("research", &question::research(brief, &research.likely_files), research.answer.as_ref())
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
    let plan = answer::said(generate);
    after_inspect(brief, research, inspect).turn("generate", &question::generate(brief), Some(&plan))
}
