//! The personality `coder-ai`: it changes the project's files.
//!
//! It chooses the files to show to the model by the words of the task, the plan, the design and a search; asks for edits
//! (a text that stands exactly once, and what replaces it) and whole new files; tries them on the bench, tells the model once what
//! does not fit, and writes what holds. Nothing is written that was not checked, and what a model says of its work is never evidence.
//!
//! It deletes nothing and runs nothing: tests are the host's gates.
//!
//! Start reading at [`CoderAi`], then `work.rs`. Choosing files is `choose.rs`, showing them `material.rs`, trying edits `bench.rs`.

mod answer;
mod bench;
mod choose;
mod details;
mod document;
mod kept;
mod material;
mod question;
#[cfg(test)]
mod tests;
mod work;

use answer::{Idea, Note, Remark};
use rigor::{Risks, Talk, Tokens, content, task};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct CoderAi;

/// Changes the project's files as the task asks.
#[personality(
    id = "coder-ai",
    capabilities(model("writes the change"), files(read_write, "reads the project and writes the change"),),
    limits(wall_ms = 900000)
)]
impl Personality for CoderAi {
    fn research(brief: &Brief, _context: &Context) -> Result<details::Research> {
        progress::report(5, "choosing files to read");
        let candidates = choose::candidates(brief)?;
        let question = question::research(brief, &candidates);
        let asked = talk(brief).ask::<Idea<false>, Idea<true>>(
            "research",
            &question,
            Tokens { demo: 100, deep: 600 },
        )?;
        Ok(details::Research { candidates, answer: asked.answer, model: asked.model })
    }

    fn inspect(input: &InspectInput<Self>, _context: &Context) -> Result<Inspection<details::Inspect>> {
        progress::report(5, "looking for risks of the change");
        let brief = &input.brief;
        let asked = after_research(brief, &input.research).ask::<Risks<false>, Risks<true>>(
            "inspect",
            &question::inspect(brief),
            Tokens { demo: 90, deep: 500 },
        )?;
        let read = choose::chosen(brief, &input.research);
        let reason = if read.is_empty() {
            "the project has no file that the change needs to see".to_owned()
        } else {
            format!("the change is made with sight of {}", read.join(", "))
        };
        let details = details::Inspect { reason, read, answer: asked.answer, model: asked.model };
        Ok(Inspection::go(details).gate(task::stated(&brief.task)))
    }

    fn generate(input: &GenerateInput<Self>, _context: &Context) -> Result<Generation<details::Generate>> {
        // A small model repeats its earlier answers instead of the file that it is asked for, so at demo it does not see them.
        let talk = if rigor::talk::is_deep(&input.brief) {
            after_inspect(&input.brief, &input.research, &input.inspect.details)
        } else {
            talk(&input.brief)
        };
        work::change(&input.brief, &input.inspect.details.read, &talk)
    }

    fn optimize(input: &OptimizeInput<Self>, _context: &Context) -> Result<Optimization<details::Optimize>> {
        progress::report(10, "weighing the change");
        let brief = &input.brief;
        let talk = after_inspect(brief, &input.research, &input.inspect.details);
        let asked = talk.ask::<Note<false>, Note<true>>(
            "optimize",
            &question::optimize(brief, &input.generate.details),
            Tokens { demo: 60, deep: 300 },
        )?;
        let sum = |lines: fn(&details::Change) -> u32| input.generate.details.changes.iter().map(lines).sum();
        let details = details::Optimize {
            lines_added: sum(|change| change.lines_added),
            lines_removed: sum(|change| change.lines_removed),
            answer: asked.answer,
            model: asked.model,
        };
        Ok(Optimization::new(details)
            .artifacts(input.generate.artifacts.iter().cloned())
            .confidence(input.generate.confidence))
    }

    fn review(input: &ReviewInput<Self>, _context: &Context) -> Result<Review<details::Review>> {
        progress::report(10, "checking what was written");
        let brief = &input.brief;
        let mut gates = Vec::new();
        for artifact in &input.optimize.artifacts {
            gates.extend(content::verify(artifact)?);
        }
        gates.push(Gate::of(
            "change-made",
            !input.optimize.artifacts.is_empty()
                && input.generate.details.changes.iter().all(|change| change.note != document::NOTE),
            format!("{}; {} file(s) written", input.generate.details.summary, input.optimize.artifacts.len()),
        ));
        if brief.scope() >= Scope::Mvp {
            let unused = &input.generate.details.unused;
            let evidence =
                if unused.is_empty() { "every edit could be made".to_owned() } else { unused.join("; ") };
            gates.push(Gate::of("edits-made", unused.is_empty(), evidence));
        }
        let talk = after_inspect(brief, &input.research, &input.inspect.details);
        let asked = talk.ask::<Remark<false>, Remark<true>>(
            "review",
            &question::review(brief, &input.generate.details),
            Tokens { demo: 60, deep: 300 },
        )?;
        let review = Review::accept(details::Review { answer: asked.answer, model: asked.model });
        Ok(gates.into_iter().fold(review, Review::gate))
    }
}

fn talk(brief: &Brief) -> Talk {
    Talk::new("coder-ai", brief)
}

fn after_research(brief: &Brief, research: &details::Research) -> Talk {
    talk(brief).turn("research", &question::research(brief, &research.candidates), research.answer.as_ref())
}

/// Questions after the change stand on this too: the files that the change was made from are long and no longer true.
fn after_inspect(brief: &Brief, research: &details::Research, inspect: &details::Inspect) -> Talk {
    after_research(brief, research).turn("inspect", &question::inspect(brief), inspect.answer.as_ref())
}
