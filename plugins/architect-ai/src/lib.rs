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
use rigor::{Question, ResearchOf, Risks, Talk, Trade};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct ArchitectAi;

rigor::phases! {
    /// Says which files a task changes or makes, what each is for, and the interfaces where they meet.
    #[personality(
        id = "architect-ai",
        capabilities(
            model("designs the change"),
            files(read, "looks where the project defines what the task names")
        ),
        limits(wall_ms = 600000)
    )]
    ArchitectAi
}

impl Trade for ArchitectAi {
    const ID: &'static str = "architect-ai";
    const DOING: [&'static str; 5] = [
        "looking at the parts",
        "looking for what may break",
        "designing the change",
        "looking for a simpler way",
        "checking the design",
    ];

    type Facts = details::Facts;
    type Work = details::Design;
    type Measures = details::Measures;
    type Researched = (Parts<false>, Parts<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Simpler<false>, Simpler<true>);
    type Reviewed = (Weakness<false>, Weakness<true>);

    fn facts(brief: &Brief) -> Result<details::Facts> {
        Ok(details::Facts { places: check::places(brief)? })
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, &facts.places)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(_brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        format!("{} place(s) of the project have what the task names", research.facts.places.len())
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Design>> {
        let asked =
            talk.ask::<(Architecture<false>, Architecture<true>)>("generate", &question::generate(brief))?;
        let confidence = asked.confidence();
        let (files, refused, interfaces) = match &asked.answer {
            Some(answer) => {
                let (files, refused) = check::files(brief, answer);
                (files, refused, answer.interfaces.texts())
            }
            None => (check::fallback(brief, &research.facts.places), Vec::new(), Vec::new()),
        };
        let details = details::Design { files, interfaces, refused, model: asked.model };
        Ok(Generation::new(details).confidence(confidence))
    }

    fn retold(brief: &Brief, design: &details::Design, talk: Talk) -> Talk {
        talk.turn("generate", &question::generate(brief), Some(&answer::said(design)))
    }

    fn measures(_facts: &details::Facts, design: &details::Design) -> details::Measures {
        check::measures(design)
    }

    fn optimize(brief: &Brief, _design: &details::Design) -> Question {
        question::optimize(brief)
    }

    fn gates(
        brief: &Brief,
        _facts: &details::Facts,
        made: &Generation<details::Design>,
    ) -> Result<Vec<Gate>> {
        Ok(check::gates(brief, &made.details))
    }

    fn review(brief: &Brief, _design: &details::Design, _failed: &[String]) -> Question {
        question::review(brief)
    }
}
