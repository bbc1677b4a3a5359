//! The personality `govern-ai`: the project against its rules. Licences of dependencies, files that are owed, owners, changelog, the
//! register of risks, and rules of the project's own (`governance.toml`, see `policy.rs`) are judged from files; `go` and `no-go` follow.
//!
//! It writes files about governance and nothing else: no code, no policy, no text of a licence.
//!
//! Start reading at [`GovernAi`], then `rules.rs`; licences are found in `licences.rs`.

mod answer;
mod check;
mod details;
mod licences;
mod policy;
mod question;
mod rules;
mod spdx;
#[cfg(test)]
mod tests;

use answer::{Decider, Lighter, Obligations};
use rigor::maker::{self, Order};
use rigor::{Question, ResearchOf, Risks, Talk, Trade, paths};
use skep_sdk::prelude::*;

/// The type itself is empty: each call is a fresh instance.
pub struct GovernAi;

rigor::phases! {
    /// Holds the project to its rules: licences, owed files, owners, changelog, risks and rules of its own; decides go or no-go.
    #[personality(
        id = "govern-ai",
        capabilities(
            model("writes files about governance"),
            files(read_write, "judges rules from files, writes files about governance"),
        ),
        limits(wall_ms = 600000)
    )]
    GovernAi
}

/// Why a file is not this trade's to write.
fn refuse(path: &str) -> Option<String> {
    let name = paths::name(path);
    let stem = paths::stem(path).to_lowercase();
    if path == policy::PATH {
        return Some(format!("`{path}` is the policy: people decide it"));
    }
    if matches!(stem.as_str(), "license" | "licence" | "copying") {
        return Some(format!("`{path}` is a licence: people choose it and copy its text"));
    }
    let fits = matches!(name, "NOTICE" | "CODEOWNERS" | "AUTHORS") || paths::is_document(path);
    (!fits).then(|| format!("`{path}` is no file about governance"))
}

impl Trade for GovernAi {
    const ID: &'static str = "govern-ai";
    const DOING: [&'static str; 5] = [
        "judging the rules",
        "looking for what a broken rule does",
        "writing files about governance",
        "looking for rules that a program can hold",
        "deciding go or no-go",
    ];

    type Facts = details::Facts;
    type Work = details::Governed;
    type Measures = details::Measures;
    type Researched = (Obligations<false>, Obligations<true>);
    type Inspected = (Risks<false>, Risks<true>);
    type Optimized = (Lighter<false>, Lighter<true>);
    type Reviewed = (Decider<false>, Decider<true>);

    fn facts(brief: &Brief) -> Result<details::Facts> {
        rules::judge(brief)
    }

    fn research(brief: &Brief, facts: &details::Facts) -> Question {
        question::research(brief, facts)
    }

    fn inspect(brief: &Brief) -> Question {
        question::inspect(brief)
    }

    fn reason(_brief: &Brief, research: &ResearchOf<Self>, _answer: Option<&Risks<true>>) -> String {
        let facts = &research.facts;
        format!("{} rule(s), {} before anything is written", facts.rules.len(), check::decision(&facts.rules))
    }

    fn conditions(brief: &Brief) -> Vec<Gate> {
        check::conditions(brief)
    }

    fn make(brief: &Brief, research: &ResearchOf<Self>, talk: Talk) -> Result<Generation<details::Governed>> {
        let told = question::told(brief, &research.facts);
        let read = &research.facts.files;
        let order = Order {
            personality: Self::ID,
            read,
            facts: &told,
            short: question::SHORT,
            deep: question::DEEP,
            refuse: &|path, _piece| Ok(refuse(path)),
        };
        let made = maker::make(brief, &talk, &order)?;
        let rules = rules::judge(brief)?.rules;
        let details = details::Governed {
            summary: made.summary,
            decision: check::decision(&rules).to_owned(),
            changes: made.changes,
            restored: made.restored,
            rules,
            unused: made.unused,
            model: made.model,
        };
        Ok(Generation::new(details).artifacts(made.artifacts).confidence(made.confidence))
    }

    fn measures(facts: &details::Facts, governed: &details::Governed) -> details::Measures {
        check::measures(facts, governed)
    }

    fn optimize(brief: &Brief, _governed: &details::Governed) -> Question {
        question::optimize(brief)
    }

    fn gates(
        brief: &Brief,
        _facts: &details::Facts,
        made: &Generation<details::Governed>,
    ) -> Result<Vec<Gate>> {
        check::gates(brief, &made.details)
    }

    fn review(brief: &Brief, _governed: &details::Governed, failed: &[String]) -> Question {
        question::review(brief, failed)
    }
}
