//! The personality `evolve-ai`: changes of interfaces and dependencies, and those who have to live with them. It compares the public
//! names before and after, and holds the change to a migration note and to the step that the version has to make.
//!
//! What changes without a name, such as a default or a format, no comparison of names sees; the last question asks for it.
//!
//! Start reading at [`EvolveAi`], then `compare.rs`; manifests are read in `manifest.rs`, public names in `rigor/src/api.rs`.

mod answer;
mod check;
mod compare;
mod details;
mod manifest;
mod question;
#[cfg(test)]
mod tests;

use answer::{Gentler, Unseen, Users};
use rigor::maker::{self, Order};
use rigor::{Question, ResearchOf, Risks, Talk, Trade, earlier, paths};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct EvolveAi;

rigor::phases! {
    /// Changes interfaces and dependencies, and sees that their users get a note and the right version.
    #[personality(
        id = "evolve-ai",
        capabilities(
            model("writes the change and the migration note"),
            files(read_write, "compares public names and dependencies, writes the change"),
        ),
        limits(wall_ms = 900000)
    )]
    EvolveAi
}

impl Trade for EvolveAi {
    const ID: &'static str = "evolve-ai";
    const DOING: [&'static str; 5] = [
        "reading what the project offers and uses",
        "looking for what breaks for users",
        "writing the change and its note",
        "looking for a gentler way",
        "comparing before and after",
    ];

    type Facts = details::Facts;
    type Work = details::Evolved;
    type Measures = details::Measures;
    type Researched = (Users<false>, Users<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Gentler<false>, Gentler<true>);
    type Reviewed = (Unseen<false>, Unseen<true>);

    fn facts(brief: &Brief) -> Result<details::Facts> {
        compare::before(brief)
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, facts)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(_brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        let facts = &research.facts;
        let names: usize = facts.offered.iter().map(|offered| offered.items.len()).sum();
        format!("{names} public name(s), {} manifest(s)", facts.manifests.len())
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Evolved>> {
        let facts = &research.facts;
        let told = question::told(brief, facts);
        let read = read(brief, facts);
        let order = Order {
            personality: Self::ID,
            read: &read,
            facts: &told,
            short: question::SHORT,
            deep: question::DEEP,
            refuse: &|path, piece| {
                if !manifest::is_manifest(path) {
                    return Ok(None);
                }
                Ok(manifest::read(path, &piece.now).err().map(|why| format!("`{path}` is {why}")))
            },
        };
        let made = maker::make(brief, &talk, &order)?;
        let difference = compare::difference(facts, &compare::now()?);
        let details = details::Evolved {
            summary: made.summary,
            changes: made.changes,
            restored: made.restored,
            before: facts.clone(),
            difference,
            unused: made.unused,
            model: made.model,
        };
        Ok(Generation::new(details).artifacts(made.artifacts).confidence(made.confidence))
    }

    fn measures(_facts: &details::Facts, evolved: &details::Evolved) -> details::Measures {
        check::measures(evolved)
    }

    fn optimize(brief: &Brief, evolved: &details::Evolved) -> Question {
        question::optimize(brief, evolved)
    }

    fn gates(
        brief: &Brief,
        _facts: &details::Facts,
        made: &Generation<details::Evolved>,
    ) -> Result<Vec<Gate>> {
        check::gates(brief, &made.details)
    }

    fn review(brief: &Brief, _evolved: &details::Evolved, failed: &[String]) -> Question {
        question::review(brief, failed)
    }
}

/// Files to show: what a failed check, the design or the task names, what offers a name of the task, manifests and the changelog.
fn read(brief: &Brief, facts: &details::Facts) -> Vec<String> {
    let words = rigor::task::words(&brief.task);
    let designed = earlier::members(&earlier::details(brief, "architect-ai"), "files", "path");
    let low = brief.task.to_lowercase();
    let offers = |path: &str| {
        let items = facts.offered.iter().find(|offered| offered.path == path).map(|offered| &offered.items);
        items.into_iter().flatten().any(|item| words.contains(&item.name.to_lowercase()))
    };
    let score = |path: &String| {
        let mut score = 0;
        score += if earlier::is_in_findings(brief, path) { 8 } else { 0 };
        score += if low.contains(&paths::name(path).to_lowercase()) { 8 } else { 0 };
        score += if designed.iter().any(|named| paths::tidy(named) == path) { 4 } else { 0 };
        score += if offers(path) { 4 } else { 0 };
        score += if manifest::is_manifest(path) { 3 } else { 0 };
        score += if paths::name(path).to_lowercase().starts_with("changelog") { 2 } else { 0 };
        score
    };
    let texts: Vec<&String> = brief.files.iter().filter(|path| paths::is_text(path)).collect();
    let mut chosen: Vec<(i32, &String)> = texts
        .iter()
        .map(|path| (score(path), *path))
        .filter(|(score, _)| *score > 0 || texts.len() <= 6)
        .collect();
    chosen.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.cmp(right.1)));
    chosen.into_iter().take(12).map(|(_, path)| path.clone()).collect()
}
