//! The personality `architect-ai`: which files change, what each is for, and the interfaces where they meet. It works from the
//! requirements and the list of files and runs beside planner-ai, so it knows nothing of the steps. It writes nothing.
//!
//! Whether a file is changed or made follows from the workspace, not from what a model says of it.
//!
//! Start reading at [`ArchitectAi`]; the questions are in `question.rs`, the answers in `answer.rs`.

mod answer;
mod check;
mod details;
mod question;
#[cfg(test)]
mod tests;

use answer::{Architecture, Parts, Simpler, Weakness};
use rigor::{Risks, Talk, Tokens, task};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct ArchitectAi;

/// Says which files a task changes or makes, what each is for, and the interfaces where they meet.
#[personality(
    id = "architect-ai",
    capabilities(
        model("designs the change"),
        files(read, "looks where the project defines what the task names")
    ),
    limits(wall_ms = 600000)
)]
impl Personality for ArchitectAi {
    fn research(brief: &Brief, _context: &Context) -> Result<details::Research> {
        progress::report(10, "looking at the parts");
        let places = check::places(brief)?;
        let question = question::research(brief, &places);
        let asked = talk(brief).ask::<Parts<false>, Parts<true>>(
            "research",
            &question,
            Tokens { demo: 90, deep: 500 },
        )?;
        Ok(details::Research { places, answer: asked.answer, model: asked.model })
    }

    fn inspect(input: &InspectInput<Self>, _context: &Context) -> Result<Inspection<details::Inspect>> {
        progress::report(10, "looking for what may break");
        let brief = &input.brief;
        let asked = after_research(brief, &input.research).ask::<Risks<false>, Risks<true>>(
            "inspect",
            &question::inspect(brief),
            Tokens { demo: 90, deep: 500 },
        )?;
        let details = details::Inspect {
            reason: format!(
                "{} place(s) of the project have what the task names",
                input.research.places.len()
            ),
            answer: asked.answer,
            model: asked.model,
        };
        Ok(Inspection::go(details).gate(task::stated(&brief.task)))
    }

    fn generate(input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<details::Generate>> {
        progress::report(10, "designing the change");
        let brief = &input.brief;
        let asked = after_inspect(brief, &input.research, &input.inspect.details)
            .ask::<Architecture<false>, Architecture<true>>(
                "generate",
                &question::generate(brief),
                Tokens { demo: 200, deep: 1_800 },
            )?;
        let confidence = asked.confidence();
        let (files, refused, interfaces) = match &asked.answer {
            Some(answer) => {
                let (files, refused) = check::files(brief, answer);
                (files, refused, answer.interfaces.texts())
            }
            None => (check::fallback(brief, &input.research.places), Vec::new(), Vec::new()),
        };
        let details = details::Generate { files, interfaces, refused, model: asked.model };
        Ok(Generation::new(details).confidence(confidence))
    }

    fn optimize(input: &OptimizeInput<Self>, _context: &Context) -> Result<Optimization<details::Optimize>> {
        progress::report(10, "looking for a simpler way");
        let brief = &input.brief;
        let talk = after_generate(brief, &input.research, &input.inspect.details, &input.generate.details);
        let asked = talk.ask::<Simpler<false>, Simpler<true>>(
            "optimize",
            &question::optimize(brief),
            Tokens { demo: 60, deep: 300 },
        )?;
        let count = |change: &str| {
            let files = input.generate.details.files.iter().filter(|file| file.change == change);
            u32::try_from(files.count()).unwrap_or(u32::MAX)
        };
        let details = details::Optimize {
            changed: count(check::MODIFY),
            created: count(check::CREATE),
            answer: asked.answer,
            model: asked.model,
        };
        Ok(Optimization::new(details).confidence(input.generate.confidence))
    }

    fn review(input: &ReviewInput<Self>, _context: &Context) -> Result<Review<details::Review>> {
        progress::report(10, "checking the design");
        let brief = &input.brief;
        let talk = after_generate(brief, &input.research, &input.inspect.details, &input.generate.details);
        let asked = talk.ask::<Weakness<false>, Weakness<true>>(
            "review",
            &question::review(brief),
            Tokens { demo: 60, deep: 300 },
        )?;
        let review = Review::accept(details::Review { answer: asked.answer, model: asked.model });
        Ok(check::gates(brief, &input.generate.details).into_iter().fold(review, Review::gate))
    }
}

fn talk(brief: &Brief) -> Talk {
    Talk::new("architect-ai", brief)
}

fn after_research(brief: &Brief, research: &details::Research) -> Talk {
    talk(brief).turn("research", &question::research(brief, &research.places), research.answer.as_ref())
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
