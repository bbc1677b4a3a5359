//! The personality `platform-ai`: images, compose files, Kubernetes manifests and pipelines. Each of them is parsed and held against
//! rules: exact images, no root, no privileges, limits, steps that exist, nothing secret baked in.
//!
//! It builds and deploys nothing, and changes no code.
//!
//! Start reading at [`PlatformAi`], then `check.rs`; the rules of images are in `image.rs`, all others in `manifest.rs`.

mod answer;
mod check;
mod details;
mod files;
mod image;
mod manifest;
mod question;
#[cfg(test)]
mod tests;

use answer::{Needs, Smaller, Unseen};
use rigor::maker::{self, Order};
use rigor::{Question, ResearchOf, Risks, Talk, Trade};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct PlatformAi;

rigor::phases! {
    /// Makes images, manifests and pipelines, and holds them against the rules of their kind.
    #[personality(
        id = "platform-ai",
        capabilities(
            model("writes images, manifests and pipelines"),
            files(read_write, "reads the project, writes images, manifests and pipelines"),
        ),
        limits(wall_ms = 600000)
    )]
    PlatformAi
}

impl Trade for PlatformAi {
    const ID: &'static str = "platform-ai";
    const DOING: [&'static str; 5] = [
        "reading images, manifests and pipelines",
        "looking for what may go wrong",
        "writing images, manifests and pipelines",
        "looking for faster builds",
        "checking each file against its rules",
    ];

    type Facts = details::Facts;
    type Work = details::Platform;
    type Measures = details::Measures;
    type Researched = (Needs<false>, Needs<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Smaller<false>, Smaller<true>);
    type Reviewed = (Unseen<false>, Unseen<true>);

    fn facts(brief: &Brief) -> Result<details::Facts> {
        check::facts(brief)
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, facts)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(_brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        format!(
            "{} file(s) of the platform, {} problem(s) in them",
            research.facts.files.len(),
            research.facts.problems.len()
        )
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Platform>> {
        let mut read: Vec<String> = research.facts.files.iter().map(|file| file.path.clone()).collect();
        let manifests =
            ["package.json", "pyproject.toml", "requirements.txt", "Cargo.toml", "go.mod", "Makefile"];
        read.extend(brief.files.iter().filter(|path| manifests.contains(&path.as_str())).cloned());
        let told = question::told(brief, &research.facts);
        let deep = if brief.scope() == Scope::Production {
            format!("{}{}", question::DEEP, question::STRICT)
        } else {
            question::DEEP.to_owned()
        };
        let order = Order {
            personality: Self::ID,
            read: &read,
            facts: &told,
            short: question::SHORT,
            deep: &deep,
            refuse: &|path, piece| {
                Ok(files::problem(path, &piece.now).or_else(|| check::unreadable(path, &piece.now)))
            },
        };
        let made = maker::make(brief, &talk, &order)?;
        let details = details::Platform {
            summary: made.summary,
            changes: made.changes,
            restored: made.restored,
            unused: made.unused,
            model: made.model,
        };
        Ok(Generation::new(details).artifacts(made.artifacts).confidence(made.confidence))
    }

    fn measures(facts: &details::Facts, _made: &details::Platform) -> details::Measures {
        let before = u32::try_from(facts.problems.len()).unwrap_or(u32::MAX);
        check::measures(facts).unwrap_or(details::Measures { problems_before: before, problems_now: before })
    }

    fn optimize(brief: &Brief, _made: &details::Platform) -> Question {
        question::optimize(brief)
    }

    fn gates(
        brief: &Brief,
        _facts: &details::Facts,
        made: &Generation<details::Platform>,
    ) -> Result<Vec<Gate>> {
        check::gates(brief, &made.details)
    }

    fn review(brief: &Brief, _made: &details::Platform, failed: &[String]) -> Question {
        question::review(brief, failed)
    }
}
