//! The personality `coder-ai`: it changes the project's files.
//!
//! It chooses the files to show to the model by the words of the task, the plan, the design and a search; asks for edits
//! (a text that stands exactly once, and what replaces it) and whole new files; tries them on the bench, tells the model once what
//! does not fit, and writes what holds. Nothing is written that was not checked, and what a model says of its work is never evidence.
//!
//! It deletes nothing and runs nothing: tests are the host's gates.
//!
//! Start reading at [`CoderAi`], then `work.rs`. Choosing files is `choose.rs`, showing them `rigor/src/material.rs`, trying edits `rigor/src/bench.rs`.

mod answer;
mod choose;
mod details;
mod document;
mod question;
#[cfg(test)]
mod tests;
mod work;

use answer::{Idea, Note, Remark};
use rigor::talk::is_deep;
use rigor::{Question, ResearchOf, Risks, Talk, Trade, content};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct CoderAi;

rigor::phases! {
    /// Changes the project's files as the task asks.
    #[personality(
        id = "coder-ai",
        capabilities(model("writes the change"), files(read_write, "reads the project and writes the change"),),
        limits(wall_ms = 900000)
    )]
    CoderAi
}

/// The deliverable is not told again to later phases: the files that the change was made from are long and no longer true.
impl Trade for CoderAi {
    const ID: &'static str = "coder-ai";
    const DOING: [&'static str; 5] = [
        "choosing files to read",
        "looking for risks of the change",
        "reading files",
        "weighing the change",
        "checking what was written",
    ];

    type Facts = details::Facts;
    type Work = details::Changed;
    type Measures = details::Measures;
    type Researched = (Idea<false>, Idea<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Note<false>, Note<true>);
    type Reviewed = (Remark<false>, Remark<true>);

    fn facts(brief: &Brief) -> Result<details::Facts> {
        Ok(details::Facts { candidates: choose::candidates(brief)? })
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, &facts.candidates)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        let read = choose::chosen(brief, research);
        if read.is_empty() {
            "the project has no file that the change needs to see".to_owned()
        } else {
            format!("the change is made with sight of {}", read.join(", "))
        }
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Changed>> {
        // A small model repeats its earlier answers instead of the file that it is asked for, so at demo it does not see them.
        let talk = if is_deep(brief) { talk } else { Talk::new(Self::ID, brief) };
        work::change(brief, &choose::chosen(brief, research), &talk)
    }

    fn measures(_facts: &details::Facts, changed: &details::Changed) -> details::Measures {
        let sum = |lines: fn(&rigor::written::Change) -> u32| changed.changes.iter().map(lines).sum();
        details::Measures {
            lines_added: sum(|change| change.lines_added),
            lines_removed: sum(|change| change.lines_removed),
        }
    }

    fn optimize(brief: &Brief, changed: &details::Changed) -> Question {
        question::optimize(brief, changed)
    }

    fn gates(
        brief: &Brief,
        _facts: &details::Facts,
        made: &Generation<details::Changed>,
    ) -> Result<Vec<Gate>> {
        let mut gates = Vec::new();
        for artifact in &made.artifacts {
            gates.extend(content::verify(artifact)?);
        }
        let changed = &made.details;
        gates.push(if changed.needless {
            Gate::not_run("change-made", "nothing had to be changed")
        } else {
            Gate::of(
                "change-made",
                !made.artifacts.is_empty()
                    && changed.changes.iter().all(|change| change.note != document::NOTE),
                format!("{}; {} file(s) written", changed.summary, made.artifacts.len()),
            )
        });
        if brief.scope() >= Scope::Mvp {
            let unused = &changed.unused;
            let evidence =
                if unused.is_empty() { "every edit could be made".to_owned() } else { unused.join("; ") };
            gates.push(Gate::of("edits-made", unused.is_empty(), evidence));
        }
        Ok(gates)
    }

    fn review(brief: &Brief, changed: &details::Changed, _failed: &[String]) -> Question {
        question::review(brief, changed)
    }
}
